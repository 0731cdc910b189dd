"""Consequences of a dataset's settings: songs left out, vocabulary, shards, and the settings in `dataset.json`."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from nabi.music.encodings import Encoding
from nabi.music.limits import too_many_tokens
from nabi.music.song import Song
from nabi.music.vocabulary import Vocabulary
from pipelines.config import IN_STEPS, PreprocessConfig


def refusal(config: PreprocessConfig, song: Song) -> tuple[str, str] | None:
    """Returns the reason why a song is left out, as a word and a sentence; None if it is kept.

    Args:
      config: the dataset's settings.
      song: the song after `config.selection`.
    """
    if not len(song):
        return "nothing-left", "none of its notes is in --excerpt and --pitches"
    encoding = config.build_encoding()
    step = int(str(encoding.settings()["step"])) if config.encoding in IN_STEPS else 1
    # First the check that encodes nothing: a long silence as a grid may take more memory than there is.
    too_many = too_many_tokens(song, encoding, config.max_tokens_per_note)
    return too_many or config.limits.refusal(song, step) or _too_short(song, encoding, config.song_marks)


def _too_short(song: Song, encoding: Encoding, song_marks: bool) -> tuple[str, str] | None:
    """Refuses a song of fewer than 2 tokens, which leaves nothing to predict."""
    # Two events are at least two tokens in every encoding, so that only a single event needs to be encoded.
    if len(song) >= 2 or song_marks or len(encoding.encode(song)) >= 2:
        return None
    return "too-short", "the song has fewer than 2 tokens"


def finds_near_duplicates(config: PreprocessConfig) -> bool:
    """Returns true if songs are compared, by fingerprints computed while they are read."""
    return config.near_duplicates != "keep"


def required_tokens(config: PreprocessConfig) -> Sequence[str]:
    """Returns the tokens that belong to the vocabulary however rare they are."""
    return config.build_encoding().required() if config.vocabulary is None else config.vocabulary


def make_vocabulary(config: PreprocessConfig, counts: Mapping[str, int]) -> Vocabulary:
    """Makes the vocabulary: the fixed list with its counts if there is one, else counted tokens, commonest first."""
    if config.vocabulary is not None:
        return Vocabulary.from_ordered(config.vocabulary, counts)
    return Vocabulary.from_counts(counts, required_tokens(config))


def shard_counts(config: PreprocessConfig) -> dict[str, int]:
    """Returns the number of record files of each split whose share is above 0."""
    held_out = max(config.shards // 8, 1)
    counts = {"train": config.shards, "validation": held_out, "test": held_out}
    return {name: count for (name, count), share in zip(counts.items(), config.split, strict=True) if share > 0}


def reading_settings(config: PreprocessConfig) -> dict[str, Any]:
    """Returns the settings that decide which song a file gives."""
    return {
        "instrument": config.instrument,
        "parser": config.parser,
        "divisors": list(config.divisors),
        "parts": config.build_encoding().PARTS,
        "pedal": config.pedal,
        "time": config.time,
        "fingerprint": finds_near_duplicates(config),
        "selection": dataclasses.asdict(config.selection),
    }


def content_settings(config: PreprocessConfig) -> dict[str, Any]:
    """Returns the settings that decide a dataset's content, as `dataset.json` holds them."""
    return {
        "encoding": config.build_encoding().settings(),
        "window": config.window,
        "stride": config.training_stride,
        "song_marks": config.song_marks,
        "split": list(config.split),
        "instrument": config.instrument,
        "parser": config.parser,
        "pedal": config.pedal,
        "time": config.time,
        "max_vocabulary": config.max_vocabulary,
        "min_count": config.min_count,
        "vocabulary": config.vocabulary,
        "duplicates": config.duplicates,
        "near_duplicates": config.near_duplicates,
        "selection": dataclasses.asdict(config.selection),
        "limits": dataclasses.asdict(config.limits),
        "transpose": config.transpose,
        "time_scales": config.time_scales,
        "stretch": config.stretch,
        "velocity_scale": config.velocity_scale,
        "shards": config.shards,
    }
