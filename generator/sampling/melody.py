"""The line that harmonised songs keep, as tables over time: what it sounds, where its bars are and where it changes."""

# ruff: noqa: N815 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import numpy.typing as npt

from generator.sampling.melody_phrases import MelodyPhrases
from nabi.music.encodings import Voices
from nabi.music.encodings.grid import HELD_MARK
from nabi.music.encodings.metred import PHRASES
from nabi.music.encodings.token_kinds import pitches_of
from nabi.music.note_names import PITCH_NAMES
from nabi.music.song import Song
from nabi.music.vocabulary import END, Vocabulary

# Kinds of tokens of a slice before its notes; key and last bar stand in the first slice only, and are given.
_BEFORE_NOTES = ("bar", "place", "key", "last", *PHRASES)

_Ints = npt.NDArray[np.int32]


@dataclasses.dataclass(frozen=True, eq=False)
class Melody:
    """A line of T ticks that is the highest or the lowest voice of a song in the encoding `voices`, in V ids.

    Tables over ticks tell of a slice that begins at each tick from 0 to the line's end, T.

    Attributes:
      place_T: int32 [T + 1], id of the slice's first token, a bar or a place; `<end>` at T.
      note_T: int32 [T + 1], id of the line's pitch, struck or held; `<pad>` in a rest and at T.
      released_T: int32 [T + 1], id that would hold on the line's note that ends at this tick; `<pad>` where none ends.
      room_T: int32 [T + 1], ticks to the line's next change or bar line; 0 at T.
      pitch_V: int32 [V], MIDI number of an id that strikes or holds a pitch; -1 of any other.
      ticks_V: int32 [V], ticks of an id that is a slice's length; 0 of any other.
      is_place_V: bool [V], True for an id that stands before a slice's notes: a place or a bar, the key, the last bar,
        a phrase.
      is_phrase_V: bool [V], True for an id that tells of a phrase.
      phrases: the line's, by which these are true or not.
      lowest: True if all other voices are above the line, False if they are below it.
      sha256: of the file that it was read from, in hexadecimal.
    """

    place_T: _Ints
    note_T: _Ints
    released_T: _Ints
    room_T: _Ints
    pitch_V: _Ints
    ticks_V: _Ints
    is_place_V: npt.NDArray[np.bool_]
    is_phrase_V: npt.NDArray[np.bool_]
    phrases: MelodyPhrases
    lowest: bool
    sha256: str

    @classmethod
    def of(cls, line: Song, encoding: Voices, vocabulary: Vocabulary, *, lowest: bool = False) -> "Melody":
        """Builds the tables.

        Args:
          line: at least one note, no two at once.
          encoding: of the model.
          vocabulary: of the model, with all tokens that the encoding requires.
          lowest: True if it is the lowest voice, False if it is the highest.
        """
        places = encoding.places(line, np.arange(line.end))
        is_line = [encoding.kind(token, before="shift") == "bar" for token in places]
        notes, released = _sounding(line, vocabulary)
        music = vocabulary.tokens[vocabulary.special :]
        pitches = [next(iter(pitches_of(encoding, token)), -1) for token in music]
        ticks = [encoding.ticks(token) for token in music]
        kinds = [""] * vocabulary.special + [encoding.kind(token, before="shift") for token in music]
        special = vocabulary.special
        return cls(
            np.append(vocabulary.encode(places), END).astype(np.int32),
            notes,
            released,
            _room(line, np.flatnonzero(is_line)),
            np.array([-1] * special + pitches, np.int32),
            np.array([0] * special + ticks, np.int32),
            np.isin(kinds, _BEFORE_NOTES),
            np.isin(kinds, list(PHRASES)),
            MelodyPhrases.of(line, encoding, vocabulary, lowest=lowest),
            lowest,
            line.about.sha256,
        )


def _sounding(line: Song, vocabulary: Vocabulary) -> tuple[_Ints, _Ints]:
    """Returns `note_T` and `released_T`."""
    struck, held = (vocabulary.encode(mark + name for name in PITCH_NAMES) for mark in ("", HELD_MARK))
    notes, released = np.zeros((2, line.end + 1), np.int32)
    for start, duration, pitch in zip(*(column.tolist() for column in line.notes()), strict=True):
        end = start + duration
        notes[start:end] = held[pitch]
        notes[start] = struck[pitch]
        released[end] = held[pitch]
    return notes, released


def _room(line: Song, bar_lines: npt.NDArray[np.int64]) -> _Ints:
    """Returns `room_T`."""
    start, duration, _ = line.notes()
    borders = np.unique(np.concatenate([bar_lines, start, start + duration]))
    now = np.arange(line.end + 1)
    following = np.minimum(np.searchsorted(borders, now, side="right"), len(borders) - 1)
    room: _Ints = (borders[following] - now).astype(np.int32)
    return room
