"""The settings of a dataset: one frozen object, from flags and a recipe alike, that Beam's workers get."""

import dataclasses
import fractions
import functools
from typing import TypeVar

from nabi.music import encodings, note_names, part_choice, quantisation, rendition
from nabi.music.encodings import Encoding
from nabi.music.limits import MAX_TOKENS_PER_NOTE, Limits
from nabi.music.performance_steps import MOST_VELOCITY_STEPS
from nabi.music.rendition import Rendition
from nabi.music.selection import MAX_SILENCE, Selection
from nabi.music.vocabulary import read_token_list
from nabi.reading import read_settings
from nabi.reading.read_settings import ReadSettings
from nabi.workspace import setting_kinds
from nabi.workspace.config import Config, setting
from nabi.workspace.setting_kinds import Several, Texts
from pipelines.contradictions import contradictions

TITLE = "input (also keys of a recipe's [preprocess], as are all below)"

# Encodings that cut a song into steps of equal length.
IN_STEPS = ("grid", "steps")
# Default length of a step, in quarter notes; encodings that are not here have none.
_STEPS = {"grid": "1/4", "steps": "1/4", "pitch": "1/2"}
_OPTIONS = ("chords", "notation", "onset_marks", "highest", "velocity_steps", "program_families")

Part = TypeVar("Part", Selection, Limits)


def _factors(example: str) -> Several:
    bounds = {"low": fractions.Fraction(1, 4), "high": fractions.Fraction(4)}
    return setting_kinds.factors(f"factors in 1/4..4, such as {example}", **bounds)


@dataclasses.dataclass(frozen=True)
class PreprocessConfig(Config):
    """Settings of a dataset; each key is a flag of the same name and a key of a recipe's `[preprocess]`.

    `vocabulary` is the path of a file, which is read later, on the machine that preprocesses, or the tokens themselves.
    """

    BY_HAND = ("output", "recipe", "reuse", "dry_run", "overwrite")

    input: tuple[str, ...] = setting(
        (),
        "a file, a folder (with its subfolders), a glob in quotes, corpus:bach-chorales (Bach's chorales, part of "
        "music21), or a tune in codes, a letter and a fraction of a whole note: codes:'g8 e8 e4'; repeatable; local or "
        "gs://",
        kind=Texts(),
    )
    keep_songs: bool = setting(
        False, "write the songs that were read beside the records, so that a later run may --reuse them"
    )
    parser: str = setting(
        "fast",
        "MIDI parser: fast gives the songs of music21, the reference, some 100 times faster",
        choices=read_settings.PARSERS,
        section="what is read",
    )
    instrument: str = setting(
        "all",
        "instrument: all, first (the first part that has notes), piano, drums, or a General MIDI program 0-127; only "
        "where the encoding says who plays (band) all has the drums too",
    )
    time: str = setting(
        read_settings.QUARTERS,
        "time MIDI in quarter notes, or, for recordings that no beat fits, in seconds: a quarter note is half a second "
        "then, and --divisors 50, the default, gives steps of 10 ms",
        choices=read_settings.TIMES,
    )
    divisors: tuple[int, ...] = setting(
        quantisation.DEFAULT,
        "quantise times to the nearest of these parts of a quarter note, music21's quarterLengthDivisors: 4,3 keeps "
        "16ths and triplets, 8,6 32nds and sextuplets too, 8,6,5 quintuplets as well; a finer grid has more tokens",
        kind=Several(quantisation.parse, quantisation.LEGAL, int),
    )
    parts: tuple[str, ...] = setting(
        (part_choice.ALL,),
        "band: the parts that are kept",
        kind=Several(part_choice.parse, part_choice.LEGAL, str),
        needs={"encoding": ("band",)},
    )
    max_parts: int | None = setting(
        None, "band: keep so many parts, those with the most notes", low=1, needs={"encoding": ("band",)}
    )
    pedal: str = setting(
        "drop",
        "sustain pedal: drop it, or extend the notes that end while it is down until it goes up",
        choices=("drop", "extend"),
    )
    pitches: tuple[int, int] | None = setting(
        None,
        "read only notes from the lowest to the highest of two MIDI numbers",
        kind=setting_kinds.pair("two MIDI numbers 0..127, the lowest first, such as 24,101", most=127),
    )
    max_silence: int = setting(
        MAX_SILENCE,
        "most quarter notes in which no note begins or ends: longer silences, and chords held as long, are shortened "
        "by whole bars",
        low=1,
    )
    duplicates: str = setting("drop", "byte-identical files: drop all but one, or keep each", choices=("drop", "keep"))
    near_duplicates: str = setting(
        "together",
        "songs of one tune, in any key, tempo or file: keep together in one split, drop all but one, or keep as if "
        "they were unrelated",
        choices=("together", "drop", "keep"),
    )
    parse_timeout: float = setting(120.0, "seconds that reading one file may take before it is lost", low=0.001)
    # On top of what the process has at its start.
    parse_memory: int = setting(2048, "MiB of memory that reading one file may take", low=128)
    max_lost_fraction: float = setting(
        0.1, "fail, after the ledger is written, if a larger share of the files cannot be read", high=1
    )

    min_events: int | None = setting(
        None,
        "fewest notes and chords",
        low=1,
        section="which songs are kept (the others are in the ledger, as filtered)",
    )
    max_events: int | None = setting(None, "most notes and chords", low=1)
    min_pitches: int | None = setting(None, "fewest different pitches", low=1)
    max_quarters: int | None = setting(None, "greatest length in quarter notes", low=1)
    min_steps: int | None = setting(None, "shortest length in steps (--step)", low=1, needs={"encoding": IN_STEPS})
    max_tokens_per_note: int = setting(MAX_TOKENS_PER_NOTE, "most tokens a note, on the average of a song", low=1)
    meters: tuple[int, ...] = setting(
        (),
        "legal numerators of a song's first time signature",
        kind=setting_kinds.whole_numbers("whole numbers, at least 1, such as 2,4", least=1),
    )

    encoding: str = setting(
        "events",
        "events loses nothing; pitch-duration is one token an event; pitch drops time, as the Keras + music21 article "
        "does; grid is a piano roll, one token a step; steps spells each step note by note; bars and voices also say "
        "bars and places in them: bars as notes with durations, voices as all that sounds at every change; band also "
        "says who plays, drums, velocity, tempo and changes of meter",
        choices=tuple(sorted(encodings.ENCODINGS)),
        section="how a song is written",
    )
    velocity_steps: int | None = setting(
        None,
        "band: velocities that are told apart; 0: none, every note is as loud",
        low=0,
        high=MOST_VELOCITY_STEPS,
        needs={"encoding": ("band",)},
        unset="8",
    )
    program_families: bool | None = setting(
        None,
        "band: tell General MIDI's 16 families of instruments apart instead of its 128 programs",
        needs={"encoding": ("band",)},
        unset="no",
    )
    step: str | None = setting(
        None,
        "grid, steps: length of a step; pitch: length of a decoded event; in quarter notes",
        unset="1/4, of pitch 1/2",
    )
    song_marks: bool = setting(True, "put <start> and <end> around each song")

    window: int = setting(128, "targets a record", low=1, section="vocabulary, splits and windows")
    stride: int | None = setting(
        None, "tokens from one training window to the next, 1..window", low=1, unset="the window"
    )
    split: tuple[float, ...] = setting(
        (0.9, 0.05, 0.05),
        "share of the songs for each split",
        kind=setting_kinds.shares(
            "three shares (train, validation, test) that add up to 1, train above 0, such as 0.9,0.05,0.05", count=3
        ),
    )
    max_vocabulary: int = setting(
        20_000,
        "most tokens kept, by count, besides those that an encoding always has; 0: none, so that events and steps "
        "write every chord as its notes",
    )
    min_count: int = setting(1, "drop tokens counted less often than this in the training split", low=1)
    transpose: tuple[int, ...] = setting(
        (),
        "augmentation: also write training songs this many semitones higher",
        kind=setting_kinds.whole_range(
            "in -60..60, a range such as -5..6, the smaller bound first, or a list such as -2,3", low=-60, high=60
        ),
    )
    time_scales: tuple[str, ...] = setting(
        (),
        "augmentation: also write training songs with all times multiplied by this, where their rhythm stays exact; "
        "each factor of --time_scales, --stretch and --velocity_scale is one more copy, in every key of --transpose",
        kind=_factors("1/2,2"),
    )
    stretch: tuple[str, ...] = setting(
        (),
        "augmentation, with --encoding band or --time seconds: also write training songs that take this many times as "
        "long: tempi are divided by it, or, in seconds, all times multiplied and rounded to the grid",
        kind=_factors("0.95,1.05"),
    )
    velocity_scale: tuple[str, ...] = setting(
        (),
        "augmentation, with --velocity_steps: also write training songs with every velocity multiplied by this, within "
        "1-127",
        kind=_factors("0.8,1.2"),
        needs={"encoding": ("band",)},
    )
    shards: int = setting(16, "files of the training split; the others have an eighth", low=1)

    excerpt: tuple[int, int] | None = setting(
        None,
        "read only notes that begin from one quarter note of each file to before another",
        kind=setting_kinds.pair("two ascending quarter notes, such as 16,32", apart=1),
        section="as the tutorials do (also keys of a recipe's [preprocess])",
    )
    chords: str | None = setting(
        None,
        "pitch: chords as normal order 4.7.11 or as pitches E4.G4.B4",
        choices=("normal", "voiced"),
        unset="normal",
    )
    notation: str | None = setting(
        None,
        "pitch-duration: notes as names, Eb5:1/2, or as codes where possible, g8",
        choices=encodings.NOTATIONS,
        unset="names",
    )
    onset_marks: bool | None = setting(None, "grid: tell a held note from one struck again", unset="yes")
    highest: bool | None = setting(None, "grid: keep only the highest note of each step", unset="no")
    vocabulary: tuple[str, ...] | str | None = setting(
        None,
        "fixed vocabulary: a file with one token a line, or a vocabulary.json; in a recipe also a list",
        kind=Texts(file=True),
        unset="counted",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "divisors", read_settings.divisors_in(self.time, self.divisors))
        self.read_settings()
        if isinstance(self.vocabulary, tuple):
            object.__setattr__(self, "vocabulary", tuple(read_token_list("\n".join(self.vocabulary))))
        for wrong, message in contradictions(self):
            if wrong:
                raise ValueError(message)

    @property
    def training_stride(self) -> int:
        """Tokens from one training window to the next."""
        return self.window if self.stride is None else self.stride

    @functools.cached_property
    def selection(self) -> Selection:
        """Notes of a file that its song is made of."""
        return self._part(Selection)

    @functools.cached_property
    def limits(self) -> Limits:
        """Limits that a song must keep to."""
        return self._part(Limits)

    @functools.cached_property
    def renditions(self) -> tuple[Rendition, ...]:
        """Other ways to play each training song, of which windows are written too."""
        return rendition.from_settings(self.as_dict(), in_seconds=self.time == read_settings.SECONDS)

    def _part(self, kind: type[Part]) -> Part:
        return kind(**{field.name: getattr(self, field.name) for field in dataclasses.fields(kind)})

    def read_settings(self, *, fingerprint: bool = True) -> ReadSettings:
        """Returns the settings of the readers; raises ValueError for one outside its range."""
        parts = self.build_encoding().PARTS
        return ReadSettings(self.instrument, self.parser, self.divisors, parts, self.pedal, fingerprint, self.time)

    def build_encoding(self) -> Encoding:
        """Builds the encoding; raises ValueError for an option that it does not have."""
        options = {name: getattr(self, name) for name in _OPTIONS if getattr(self, name) is not None}
        step = _STEPS.get(self.encoding) if self.step is None else self.step
        if step is not None:
            options["step"] = self._ticks(step)
        return encodings.from_settings({"name": self.encoding, "divisors": self.divisors, **options})

    def _ticks(self, step: str) -> int:
        try:
            return note_names.parse_duration(step, quantisation.ticks_per_quarter(self.divisors))
        except ValueError as error:
            divisors = quantisation.written(self.divisors)
            raise ValueError(f"--step {step}, with --divisors {divisors}: {error}") from error
