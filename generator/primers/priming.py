"""Interpretation of `--primer`: a file, a split, tokens or nothing, and the primers that it gives."""

import dataclasses
import logging
import pathlib
from typing import TYPE_CHECKING

from generator.config import GenerateConfig
from generator.flag_values import FROM_START
from generator.primers import given_files, song_files
from generator.primers.primer_names import split_and_song
from generator.primers.primer_reader import PrimerReader
from generator.sampling.grammar import Grammar
from generator.sampling.primer import Primers, given_length
from nabi.music import bars
from nabi.music.keys import major_or_minor
from nabi.music.vocabulary import START
from nabi.music.windows import SPLITS
from nabi.networks import remote_files
from nabi.workspace import directories, file_endings, storage

if TYPE_CHECKING:
    from nabi.networks.trained_model import TrainedModel

# Tokens taken of a file or a window by default. A model trained with `--target last` gets a whole window.
PRIMER_TOKENS = 32
# Limit of tokens where `--primer_bars` limits the primer.
_MOST_TOKENS = 10_000


def is_file(primer: str) -> bool:
    """Checks that a primer names a file, local or remote, which need not exist."""
    if primer == FROM_START or split_and_song(primer)[0]:
        return False
    is_path = not any(character.isspace() for character in primer) and (
        "/" in primer or primer.lower().endswith(file_endings.SONGS)
    )
    return is_path or bool(storage.scheme_of(primer)) or pathlib.Path(primer).is_file()


def check(primer: str) -> None:
    """Raises ValueError if a primer is a local file that does not exist."""
    if is_file(primer) and not storage.scheme_of(primer) and not pathlib.Path(primer).is_file():
        state = "is a folder" if pathlib.Path(primer).is_dir() else "is not there"
        raise ValueError(f"--primer {primer} {state}: name a MIDI file, a score, one of {', '.join(SPLITS)}, or tokens")


def located(config: GenerateConfig) -> GenerateConfig:
    """Resolves `data` to a dataset directory, and makes remote paths of `data` and of given songs readable.

    Raises:
      ValueError: if a primer or a melody is a local file that does not exist, or `data` is no dataset.
      nabi.workspace.storage.StorageError: if a path cannot be accessed.
    """
    check(config.primer)
    for flag in ("harmonize", "accompany"):
        given_files.check(flag, getattr(config, flag))
    remote_files.open_schemes(config.data, config.primer, config.harmonize, config.accompany)
    if not config.data:
        return config
    return dataclasses.replace(config, data=directories.find(config.data, directories.DATASET))


def primers_of(config: GenerateConfig, model: "TrainedModel") -> Primers:
    """Reads the primers of a job in the model's encoding; with teacher forcing these are the songs that are followed.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, if no primer can be read.
    """
    dataset = model.config["dataset"]
    reader = PrimerReader(
        model.vocabulary,
        model.encoding,
        Grammar.of(model.vocabulary, model.encoding, ends=dataset["song_marks"]),
        song_marks=dataset["song_marks"],
        tokens=_tokens(config, model),
        ticks=round(config.primer_bars * bars.quarters(config.meter) * model.encoding.ticks_per_quarter),
        blank_first=model.config["train"].get("blank_first", False),
        bars=config.max_bars,
    )
    primers = _read(config, model, reader)
    if config.teacher_forced:
        primers = _long_enough(primers, config)
    return dataclasses.replace(primers, variations=config.variations)


def _read(config: GenerateConfig, model: "TrainedModel", reader: PrimerReader) -> Primers:
    dataset = model.config["dataset"]
    if config.primer == FROM_START:
        if not reader.song_marks and not reader.blank_first:
            logging.warning(
                "--primer start: the model was trained without song marks and never saw a beginning: --primer train, a "
                "MIDI file or tokens give it one that it knows"
            )
        key = major_or_minor(config.in_key) if config.in_key and config.moves else None
        opening = model.vocabulary.encode(model.encoding.opening(config.max_bars, config.meter, key or ""))
        return Primers(((START, *opening.tolist()),), config.seed)
    split, song = split_and_song(config.primer)
    if split:
        data = config.data or model.config["data"]
        remote_files.open_schemes(data)
        content = model.config["content"]
        if song:
            return reader.from_source(data, split, song, content=content)
        return reader.from_split(data, split, seed=config.seed, content=content, songs=config.teacher_forced)
    if is_file(config.primer):
        return reader.from_file(config.primer, move=config.primer_transpose, **song_files.as_trained(dataset))
    return reader.from_tokens(config.primer)


def _long_enough(primers: Primers, config: GenerateConfig) -> Primers:
    """Keeps the songs that are longer than the part that `--primer_tokens` gives."""
    longer = tuple(song for song in primers.pool if len(song) > given_length(song, config.primer_tokens))
    if not longer:
        raise ValueError(
            f"--decoding teacher_forced: --primer {config.primer} has no song of more than the {config.primer_tokens} "
            "tokens that --primer_tokens gives: give fewer"
        )
    return dataclasses.replace(primers, pool=longer)


def _tokens(config: GenerateConfig, model: "TrainedModel") -> int:
    """Limits the tokens of a primer."""
    if config.teacher_forced:
        return config.primer_tokens + config.max_tokens
    if config.primer_tokens:
        return config.primer_tokens
    if config.primer_bars:
        return _MOST_TOKENS
    if not split_and_song(config.primer)[0] and not is_file(config.primer):
        # Tokens as text are taken whole.
        return len(config.primer.split())
    return int(model.config["dataset"]["window"]) if model.config["target"] == "last" else PRIMER_TOKENS
