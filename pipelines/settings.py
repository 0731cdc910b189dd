"""What the user chose for a dataset: every setting that changes its content."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from songs import encodings, parts, reading
from songs.encodings import Encoding
from songs.limits import Limits, too_many_tokens
from songs.selection import Selection
from songs.song import Song
from songs.vocabulary import Vocabulary

DUPLICATES = ("drop", "keep")
NEAR_DUPLICATES = ("together", "drop", "keep")
# Encodings whose tokens are of a fixed length or close one.
_IN_STEPS = ("grid", "steps")


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of a dataset, checked.

    Attributes:
      encoding: as `Encoding.settings()` gives them.
      window: targets a record, at least 1.
      stride: tokens from one training window to the next, 1..window.
      song_marks: whether `<start>` and `<end>` stand around each song.
      key_marks: whether `<start>` says in which key the song is (`songs.vocabulary.KEY_MARKS`).
      split: shares of train, validation and test, summing to 1.
      instrument: see `songs.parts.choose`.
      parser: see `songs.reading.PARSERS`.
      max_vocabulary: most tokens besides the special and the required ones; 0: none, if the encoding requires some.
      min_count: a token seen less often in the training split is left out, at least 1.
      vocabulary: a fixed, ordered token list, or None to count.
      duplicates: `drop` writes byte-identical files once, `keep` each time.
      near_duplicates: songs of one tune stay `together` in one split, or all but one are left out (`drop`), or
        nothing is made of it (`keep`).
      selection: which notes a song is made of.
      limits: what it must be like then.
      transpose: semitones that training songs are also written at.
      time_scales: factors, such as `1/2`, of all times that training songs are also written with.
      shards: files of the training split, at least 1; validation and test have an eighth.
    """

    encoding: dict[str, Any]
    window: int
    stride: int
    song_marks: bool = True
    key_marks: bool = False
    split: tuple[float, float, float] = (0.9, 0.05, 0.05)
    instrument: str = "all"
    parser: str = "fast"
    max_vocabulary: int = 20_000
    min_count: int = 1
    vocabulary: tuple[str, ...] | None = None
    duplicates: str = "drop"
    near_duplicates: str = "together"
    selection: Selection = dataclasses.field(default_factory=Selection)
    limits: Limits = dataclasses.field(default_factory=Limits)
    transpose: tuple[int, ...] = ()
    time_scales: tuple[str, ...] = ()
    shards: int = 16

    def __post_init__(self) -> None:
        encodings.from_settings(self.encoding)
        parts.check_instrument(self.instrument)
        _at_least("--window", self.window, 1)
        _at_least("--max_vocabulary", self.max_vocabulary, 0 if self.required_tokens() else 1)
        _at_least("--min_count", self.min_count, 1)
        _at_least("--shards", self.shards, 1)
        if not 1 <= self.stride <= self.window:
            raise ValueError(f"--stride {self.stride} must be in 1..{self.window} (--window): no token may be skipped")
        if len(self.split) != 3 or min(self.split) < 0 or abs(sum(self.split) - 1) > 1e-9 or not self.split[0]:
            raise ValueError(
                f"--split {','.join(map(str, self.split))} must be three shares (train, validation, test) "
                "that add up to 1, train above 0"
            )
        if self.limits.min_steps and self.encoding["name"] not in _IN_STEPS:
            raise ValueError(
                f"--min_steps {self.limits.min_steps} counts steps, and --encoding {self.encoding['name']} has none: "
                f"choose {' or '.join(_IN_STEPS)}, or --min_events"
            )
        if self.key_marks and not self.song_marks:
            raise ValueError("--key_marks are marks of a song's beginning: leave --no-song_marks out")
        _one_of("--parser", self.parser, reading.PARSERS)
        _one_of("--duplicates", self.duplicates, DUPLICATES)
        _one_of("--near_duplicates", self.near_duplicates, NEAR_DUPLICATES)

    @property
    def divisors(self) -> tuple[int, ...]:
        """What times are quantised to (`songs.quantisation`): the encoding's, which knows no other grid."""
        return self.build_encoding().divisors

    @property
    def finds_near_duplicates(self) -> bool:
        """Whether songs are compared, by fingerprints that are made while they are read."""
        return self.near_duplicates != "keep"

    def build_encoding(self) -> Encoding:
        """The encoding of the settings."""
        return encodings.from_settings(self.encoding)

    def refusal(self, song: Song) -> tuple[str, str] | None:
        """Why a song, its notes selected, is left out, in a word and in a sentence; None if it is not."""
        if not len(song):
            return "nothing-left", "none of its notes is in --excerpt and --pitches"
        step = int(self.encoding["step"]) if self.encoding["name"] in _IN_STEPS else 1
        return self._too_many_tokens(song) or self.limits.refusal(song, step) or self._too_short(song)

    def _too_many_tokens(self, song: Song) -> tuple[str, str] | None:
        """Told before anything is encoded: a grid of a long silence may take more memory than there is."""
        return too_many_tokens(song, self.build_encoding(), self.limits.max_tokens_per_note)

    def _too_short(self, song: Song) -> tuple[str, str] | None:
        """The refusal of a song of fewer than 2 tokens, which leaves nothing to predict; only a single event may be."""
        if len(song) >= 2 or self.song_marks or len(self.build_encoding().encode(song)) >= 2:
            return None
        return "too-short", "the song has fewer than 2 tokens"

    def reading(self) -> dict[str, Any]:
        """Those settings that decide which song a file gives."""
        selection = dataclasses.asdict(self.selection)
        return {
            "instrument": self.instrument,
            "parser": self.parser,
            "divisors": list(self.divisors),
            "fingerprint": self.finds_near_duplicates,
            "selection": selection,
        }

    def required_tokens(self) -> Sequence[str]:
        """Tokens that belong to the vocabulary, counted or not."""
        return self.build_encoding().required() if self.vocabulary is None else self.vocabulary

    def make_vocabulary(self, counts: Mapping[str, int]) -> Vocabulary:
        """The vocabulary of counted tokens: the fixed list if there is one, else in descending count."""
        if self.vocabulary is not None:
            return Vocabulary.from_ordered(self.vocabulary, counts, key_marks=self.key_marks)
        return Vocabulary.from_counts(counts, self.required_tokens(), key_marks=self.key_marks)

    def shard_counts(self) -> dict[str, int]:
        """Files of each split that has a share."""
        counts = {"train": self.shards, "validation": max(self.shards // 8, 1), "test": max(self.shards // 8, 1)}
        return {name: count for (name, count), share in zip(counts.items(), self.split, strict=True) if share > 0}

    def to_json(self) -> dict[str, Any]:
        """A JSON object of all settings."""
        return {**dataclasses.asdict(self), "split": list(self.split)}


def _at_least(flag: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"{flag} {value} must be at least {least}")


def _one_of(flag: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ValueError(f"{flag} {value!r} must be one of {', '.join(choices)}")
