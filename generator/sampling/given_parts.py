"""The parts of a band that accompanied songs keep, as the tokens that are forced, one after another."""

# ruff: noqa: N815 - shapes stand in the names of arrays.

import dataclasses
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from nabi.music.encodings import Bands
from nabi.music.encodings.band_reduction import DRUMS, drum_ticks, programs
from nabi.music.encodings.token_kinds import kind_of, pitches_of
from nabi.music.song import Song
from nabi.music.vocabulary import END, PAD, Vocabulary

# The part of a token that belongs to none: of a tempo, or of another meter.
NOBODY = -1
# Beyond all parts: nothing is due.
LAST = DRUMS + 1
# Kinds of tokens that only given songs have where parts are given.
TOLD = ("meter", "tempo")
_PLAYED = ("velocity", "note", "duration", "drum")

_Ints = npt.NDArray[np.int32]


@dataclasses.dataclass(frozen=True, eq=False)
class GivenParts:
    """N tokens of a song of T ticks in the encoding `band` that every song has, in V ids; its end is that of all.

    Attributes:
      token_N: int32 [N + 1], ids in their order, without frame and programs; `<pad>` at N.
      tick_N: int32 [N + 1], when each stands; at N the song's end.
      part_N: int32 [N + 1], who plays it, by its program, drums 128; `NOBODY` for tempo and meter; `LAST` at N.
      begins_N: bool [N + 1], True for the first token of a part in a slice.
      place_T: int32 [T + 1], id of the first token of a slice that begins at each tick, a bar or a place; `<end>` at T.
      line_T: int32 [T + 1], the next bar line after each tick, or T.
      program_V: int32 [V], program that an id says; -1 of any other.
      ticks_V, durations_V: int32 [V], ticks of an id that is a slice's length, or a note's; 0 of any other.
      kind_V: kind of each id (`kind_of`), "" of a special one.
      pitch_V: int32 [V], MIDI number of an id that is a note; -1 of any other.
      drums_listed: id that lists drums among a song's parts.
      drum_ticks: ticks that a drum sounds.
      parts: the given parts, ascending.
      sha256: of the file that they were read from, in hexadecimal.
    """

    token_N: _Ints
    tick_N: _Ints
    part_N: _Ints
    begins_N: npt.NDArray[np.bool_]
    place_T: _Ints
    line_T: _Ints
    program_V: _Ints
    ticks_V: _Ints
    durations_V: _Ints
    kind_V: npt.NDArray[np.str_]
    pitch_V: _Ints
    drums_listed: int
    drum_ticks: int
    parts: tuple[int, ...]
    sha256: str

    @classmethod
    def of(cls, song: Song, encoding: Bands, vocabulary: Vocabulary) -> "GivenParts":
        """Builds the tables.

        Args:
          song: at least one note, without phrases.
          encoding: of the model.
          vocabulary: of the model, with all tokens that the encoding requires.
        """
        rows = list(_rows(encoding.encode(song), encoding))
        tokens, ticks, parts = zip(*rows, strict=True) if rows else ((), (), ())
        reduced, special = encoding.reduce(song), vocabulary.special
        music = vocabulary.tokens[special:]
        before = [(), *zip(ticks, parts, strict=True)]
        begins = [now != then for now, then in zip(zip(ticks, parts, strict=True), before, strict=False)]
        pitches = [next(iter(pitches_of(encoding, token)), -1) for token in music]
        kinds = [kind_of(encoding, token) for token in music]
        columns = [encoding.program(token) for token in music], [encoding.ticks(token) for token in music]
        durations = [encoding.duration(token) for token in music]
        lines, now = np.append(encoding.bar_lines(reduced), reduced.end), np.arange(reduced.end + 1)
        return cls(
            np.append(vocabulary.encode(tokens), PAD).astype(np.int32),
            np.array([*ticks, reduced.end], np.int32),
            np.array([*parts, LAST], np.int32),
            np.array([*begins, True]),
            np.append(vocabulary.encode(encoding.places(reduced, now[:-1])), END).astype(np.int32),
            lines[np.minimum(np.searchsorted(lines, now, side="right"), len(lines) - 1)].astype(np.int32),
            np.array([-1] * special + columns[0], np.int32),
            np.array([0] * special + columns[1], np.int32),
            np.array([0] * special + durations, np.int32),
            np.array([""] * special + kinds),
            np.array([-1] * special + pitches, np.int32),
            special + [encoding.part(token) for token in music].index(DRUMS),
            drum_ticks(encoding.ticks_per_quarter),
            tuple(programs(reduced).tolist()),
            song.about.sha256,
        )

    def bars_for_drums(self) -> int:
        """Counts the bars that begin early enough for a drum to end with the song."""
        begins = np.unique(np.append(0, self.line_T[:-1]))
        return int((begins + self.drum_ticks <= self.tick_N[-1]).sum())


def _rows(tokens: Iterable[str], encoding: Bands) -> Iterable[tuple[str, int, int]]:
    """Yields the tokens that are forced, with their ticks and their parts."""
    tick, program, velocity = 0, NOBODY, ""
    for number, token in enumerate(tokens):
        kind = kind_of(encoding, token)
        # The first token is the meter that the song begins with; whose a velocity is the note after it tells.
        if kind in TOLD and number:
            yield token, tick, NOBODY
        elif kind == "velocity":
            velocity = token
        elif kind in _PLAYED:
            part = DRUMS if kind == "drum" else program
            yield from ((said, tick, part) for said in (velocity, token) if said)
            velocity = ""
        program = encoding.program(token) if kind == "program" else program
        tick += encoding.ticks(token)
