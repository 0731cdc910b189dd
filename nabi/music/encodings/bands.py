"""`band`: the notes of all parts, in bars: `bar:2` `part:40` `program:40` `velocity:6` `C5` `d:1` `drum:36` `s:1`."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np

from nabi.music import general_midi, note_names, performance_steps
from nabi.music.about import About
from nabi.music.encodings.band_reduction import (
    DRUMS,
    bar_lines,
    borders,
    drum_ticks,
    instrument,
    meters,
    programs,
    reduced,
)
from nabi.music.encodings.band_state import DRUMS_PART, BandReader
from nabi.music.encodings.base import END, START, as_sum
from nabi.music.encodings.metred import DURATION, LONGEST_BAR, METER, Ints, Metred, frame_kind
from nabi.music.song import Song
from nabi.music.timeline import Timeline

DRUM, PART, PROGRAM, VELOCITY, TEMPO = "drum:", "part:", "program:", "velocity:", "tempo:"
_PREFIXES = {DRUM: "drum", PART: "part", PROGRAM: "program", VELOCITY: "velocity", TEMPO: "tempo"}
_DRUMS_PART = f"{PART}{DRUMS_PART}"
# What the notes of a slice begin with.
_NOTES = frozenset({"program", "velocity", "note", "drum"})
_CONTENT = _NOTES | {"tempo", "shift"}
_AFTER_A_NOTE = _NOTES | {"shift"}


@dataclasses.dataclass(frozen=True)
class Bands(Metred):
    """Writes the notes of all parts, in slices from onset to onset or bar line, with the frame of `Metred`.

    In a slice parts come by their programs, drums last, and a part's notes from the top down, each with its duration;
    drums have none (`drum:36`). A program stands where another one than before goes on, a velocity where a part's
    changes, tempo and meter where the song's do. The song begins with the parts that it has (`part:40` `part:drums`),
    by their programs. A song without a band is a piano's.

    >>> from nabi.music.band import Instrument
    >>> duo = [Instrument("Violin", 40), Instrument("Drums", 0, is_drums=True)]
    >>> song = Song.from_parts([0, 0, 12], [12, 3, 12], [72, 36, 74], [0, 1, 0], [90, 60, 90], instruments=duo)
    >>> " ".join(Bands().encode(song))
    'bar:1 key:G-minor last:2 part:40 part:drums program:40 velocity:6 C5 d:1 velocity:4 drum:36 s:1 @1 D5 d:1 s:1'

    No music is out of vocabulary. Parts of one program are one, as are all drums.

    Attributes:
      velocity_steps: velocities that are told apart, 0..32; 0: none, every note has that of `performance_steps`.
      program_families: write General MIDI's families, each as its first program, instead of programs.

    Law: `decode(encode(song), song.about) == reduce(song)`.
    """

    name: ClassVar[str] = "band"
    PARTS: ClassVar[bool] = True
    FOLLOWS: ClassVar[Mapping[str, frozenset[str]]] = {
        START: frozenset({"meter", "bar"}),
        "meter": frozenset({"bar"}),
        "bar": _CONTENT | {"meter change", "key", "last", "phrase", "again"},
        "meter change": _CONTENT | {"phrase", "again"},
        "key": frozenset({"last"}),
        "last": frozenset({"part"}),
        "part": _CONTENT | {"part", "phrase", "again"},
        "place": _CONTENT | {"phrase", "again"},
        "phrase": _CONTENT | {"phrase", "cadence"},
        "cadence": _CONTENT | {"cadence"},
        "again": _CONTENT,
        "tempo": _AFTER_A_NOTE,
        "program": frozenset({"velocity", "note"}),
        "velocity": frozenset({"note", "drum"}),
        "note": frozenset({"duration", "longest duration"}),
        "duration": _AFTER_A_NOTE,
        "longest duration": _AFTER_A_NOTE | {"duration", "longest duration"},
        "drum": _AFTER_A_NOTE,
        "shift": frozenset({"bar", "place", END}),
    }

    velocity_steps: int = 8
    program_families: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError for a number of steps outside its range."""
        super().__post_init__()
        if not 0 <= self.velocity_steps <= performance_steps.MOST_VELOCITY_STEPS:
            raise ValueError(
                f"--velocity_steps {self.velocity_steps} must be in 0..{performance_steps.MOST_VELOCITY_STEPS}"
            )

    def encode(self, song: Song) -> list[str]:
        """Writes the slices up to the last note's end; after the last onset they end at bar lines."""
        song = self.reduce(song)
        assert song.band
        ticks = borders(song)
        start, duration, pitch = (column.astype(np.int64) for column in song.notes())
        of_notes = programs(song)[song.note_parts()]
        order = np.lexsort((-pitch, of_notes, start))
        steps = performance_steps.velocity_steps(song.band.velocity, self.velocity_steps)[order].tolist()
        columns = (column[order].tolist() for column in (of_notes, pitch, duration))
        notes = self._note_tokens(zip(*columns, steps, strict=True))
        tempi = {
            tick: (f"{TEMPO}{performance_steps.nearest_tempo(microseconds)}",)
            for tick, microseconds in song.band.timeline.tempi.tolist()
        }
        first = np.searchsorted(start[order], ticks).tolist()
        written = list(notes)
        slices = (
            itertools.chain(tempi.get(border, ()), *written[begin:end])
            for border, (begin, end) in zip(ticks.tolist(), itertools.pairwise(first), strict=False)
        )
        return self.framed(song, ticks, slices)

    def decode(self, tokens: Sequence[str], about: About | None = None) -> Song:
        """Reads tokens as a song; a last note that has no duration yet is left out.

        Raises:
          ValueError: naming a token of another form, or a duration without a note before it.
        """
        reader = BandReader(self.velocity_steps)
        for before, token in itertools.pairwise(["", *tokens]):
            kind, said = self.kind(token, frame_kind(before)), token.partition(":")[2]
            if kind == "shift":
                reader.now += self.ticks(token)
            elif kind == "note":
                reader.note(note_names.parse_pitch(token))
            elif kind.endswith("duration"):
                reader.lengthen(self.length(said), token)
            else:
                reader.read(kind, token, said)
        rows = np.array([note for note in reader.notes if note[1]], np.int64).reshape(-1, 5)
        start, duration, pitch, program, velocity = rows.T
        used, part = np.unique(program, return_inverse=True)
        return Song.from_parts(
            start,
            np.where(program == DRUMS, drum_ticks(self.ticks_per_quarter), duration),
            pitch,
            part,
            velocity,
            instruments=[instrument(number, families=self.program_families) for number in used.tolist()],
            timeline=Timeline.of(reader.tempi, reader.meters),
            about=about if about is not None else self.about(tokens),
            ticks_per_quarter=self.ticks_per_quarter,
        )

    def most_tokens(self, song: Song) -> int:
        """Counts four tokens a note, those of its duration, two a slice, and those of meter, tempo and the plan."""
        if not len(song):
            return 0
        # Drums have another length there, and so the song another end.
        song = self.reduce(song)
        assert song.band
        _, duration, _ = song.notes()
        longest = LONGEST_BAR * self.ticks_per_quarter
        durations = int((-(-duration.astype(np.int64) // longest)).sum())
        changes = len(song.band.timeline.tempi) + len(song.band.timeline.meters)
        plans = self.most_plan_tokens(song) + len(song.band.instruments)
        return 3 * len(duration) + durations + 2 * len(borders(song)) + changes + plans

    def reduce(self, song: Song) -> Song:
        """Returns the song that survives encoding; see `nabi.music.encodings.band_reduction`."""
        return reduced(self.checked(song), self.velocity_steps, families=self.program_families)

    def kind(self, token: str, before: str) -> str:
        """Returns the kind of a token of the frame (`frame_kind`), `meter change` after a bar's number, or `part`,
        `program`, `velocity`, `tempo`, `drum`, `note`, `duration`, `longest duration`."""
        if token.startswith(DURATION):
            return "longest duration" if token == f"{DURATION}{LONGEST_BAR}" else "duration"
        if kind := frame_kind(token):
            return "meter change" if kind == "meter" and before == "bar" else kind
        return next((kind for prefix, kind in _PREFIXES.items() if token.startswith(prefix)), "note")

    def required(self) -> tuple[str, ...]:
        """Returns every pitch, drum, duration, part, program, velocity, tempo, and the tokens of every frame."""
        longest = LONGEST_BAR * self.ticks_per_quarter
        size = general_midi.FAMILY_SIZE if self.program_families else 1
        return (
            *note_names.PITCH_NAMES,
            *(f"{DRUM}{pitch}" for pitch in range(128)),
            *(DURATION + self.quarters(length) for length in range(1, longest + 1)),
            *(f"{prefix}{program}" for prefix in (PART, PROGRAM) for program in range(0, 128, size)),
            _DRUMS_PART,
            *(f"{VELOCITY}{step}" for step in range(1, self.velocity_steps + 1)),
            *(f"{TEMPO}{tempo}" for tempo in performance_steps.TEMPI),
            *super().required(),
        )

    def program(self, token: str) -> int:
        """Returns the program, or the first of the family, that a token says plays on; -1 for any other token.

        >>> Bands().program("program:40"), Bands().program("C4")
        (40, -1)
        """
        return int(token.removeprefix(PROGRAM)) if token.startswith(PROGRAM) else -1

    def part(self, token: str) -> int:
        """Returns the program of a part that a token says the song has, 128 for drums; -1 for any other token.

        >>> Bands().part("part:drums"), Bands().part("part:40"), Bands().part("program:40")
        (128, 40, -1)
        """
        if token == _DRUMS_PART:
            return DRUMS
        return int(token.removeprefix(PART)) if token.startswith(PART) else -1

    def plan(self, song: Song) -> list[str]:
        """Returns the tokens of the key, if one is found, of the last bar's length, and of the parts, drums last."""
        parts = [_DRUMS_PART if number == DRUMS else f"{PART}{number}" for number in programs(song).tolist()]
        return [*super().plan(song), *parts]

    def number(self, token: str) -> int:
        """Returns 1 more than the MIDI number of a drum; of any other token what every frame tells.

        >>> Bands().number("drum:36"), Bands().number("bar:2")
        (37, 2)
        """
        return int(token.removeprefix(DRUM)) + 1 if token.startswith(DRUM) else super().number(token)

    def bar_lines(self, song: Song) -> Ints:
        """Returns the bar lines of a song whose meter may change: there a bar begins, whatever is left of the last."""
        return bar_lines(song) if song.band else super().bar_lines(song)

    def meter_changes(self, song: Song) -> dict[int, tuple[str, ...]]:
        """Maps the bar lines at which another meter begins, later than the song, to its token."""
        return {tick: (f"{METER}{beats}/{unit}",) for tick, beats, unit in meters(song) if 0 < tick < song.end}

    def meter_tokens(self, song: Song) -> tuple[str, ...]:
        """Returns the token of the time signature that the song begins with, if there is one."""
        return tuple(f"{METER}{beats}/{unit}" for tick, beats, unit in meters(song) if tick == 0)

    def _note_tokens(self, notes: Iterator[tuple[int, int, int, int]]) -> Iterator[tuple[str, ...]]:
        """Yields the tokens of each note of a song: of (program, pitch, duration, velocity step), in order."""
        program, steps = -1, dict.fromkeys(range(DRUMS + 1), 0)
        for number, pitch, ticks, step in notes:
            head: tuple[str, ...] = ()
            if number not in (program, DRUMS):
                program, head = number, (f"{PROGRAM}{number}",)
            if steps[number] != step:
                steps[number] = step
                head = (*head, f"{VELOCITY}{step}")
            if number == DRUMS:
                yield (*head, f"{DRUM}{pitch}")
            else:
                yield (*head, note_names.PITCH_NAMES[pitch], *self._duration(ticks))

    def _duration(self, ticks: int) -> tuple[str, ...]:
        return as_sum(DURATION, ticks, self.ticks_per_quarter, LONGEST_BAR)
