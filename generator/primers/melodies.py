"""Reads the line of `--harmonize`, and the first tokens of songs that keep it."""

import dataclasses
import itertools
import pathlib
from typing import TYPE_CHECKING

from generator.config import GenerateConfig
from generator.primers import song_files
from generator.sampling.melody import Melody
from generator.sampling.primer import Primers
from nabi.music import note_names
from nabi.music.encodings import Voices
from nabi.music.keys import KEY_NAMES, major_or_minor
from nabi.music.outer_lines import outer_line
from nabi.music.song import Song
from nabi.music.vocabulary import START
from nabi.workspace import storage

if TYPE_CHECKING:
    from nabi.networks.trained_model import TrainedModel


def check(path: str) -> None:
    """Raises ValueError if the file of a melody is a local one that does not exist."""
    if path and not storage.scheme_of(path) and not pathlib.Path(path).is_file():
        state = "is a folder" if pathlib.Path(path).is_dir() else "is not there"
        raise ValueError(f"--harmonize {path} {state}: name a MIDI file")


def primers_of(config: GenerateConfig, model: "TrainedModel") -> Primers:
    """Reads the file's highest or lowest line: every song begins with its meter and key, and keeps it.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, if the model cannot harmonise the file.
    """
    encoding = _encoding(model)
    line = _line(config, model, encoding)
    melody = Melody.of(line, encoding, model.vocabulary, lowest=config.keeps_bass)
    opening = _opening(config, encoding.encode(line), model)
    return Primers(((START, *model.vocabulary.encode(opening).tolist()),), config.seed, melody=melody)


def _encoding(model: "TrainedModel") -> Voices:
    """Returns the model's encoding; raises ValueError if its songs cannot keep a line to its end."""
    encoding = model.encoding
    if not isinstance(encoding, Voices):
        raise ValueError(
            f"--harmonize needs a model whose tokens say all that sounds at every change, --encoding {Voices.name}, "
            f"not {encoding.name}: train one, as the recipe chorales does"
        )
    if not model.config["dataset"]["song_marks"]:
        raise ValueError(
            "--harmonize: the model was trained without song marks, so that none of its songs ends: train with them"
        )
    unknown = [token for token in encoding.required() if token not in model.vocabulary.ids]
    if unknown:
        raise ValueError(
            f"--harmonize: the model's vocabulary lacks {unknown[0]!r} and {len(unknown) - 1} more tokens of "
            f"{encoding.name}, which a melody may need: preprocess without --vocabulary"
        )
    return encoding


def _line(config: GenerateConfig, model: "TrainedModel", encoding: Voices) -> Song:
    """Reads the line on the model's grid, with the meter of `--meter`, if it is given, or else of the file."""
    path = config.harmonize
    try:
        song = song_files.read(path, encoding, **song_files.as_trained(model.config["dataset"]))
    except ValueError as error:
        raise ValueError(f"--harmonize {error}") from error
    if not len(song):
        raise ValueError(f"--harmonize {path} has no notes: name a file with a melody")
    line = outer_line(song, lowest=config.keeps_bass)
    for pitch in (int(line.pitches.min()), int(line.pitches.max())):
        if not config.lowest <= pitch <= config.highest:
            raise ValueError(
                f"--harmonize {path} has the note {note_names.PITCH_NAMES[pitch]} ({pitch}), outside of "
                f"{config.lowest}..{config.highest}: widen --lowest and --highest, which hold for all voices"
            )
    meter = config.meter or song.about.time_signature
    return dataclasses.replace(line, about=dataclasses.replace(song.about, time_signature=meter))


def _opening(config: GenerateConfig, tokens: list[str], model: "TrainedModel") -> list[str]:
    """Returns the tokens before the first note, with the key of `--key`, if it is given, instead of the line's."""
    encoding = model.encoding
    kinds = ("meter", "bar", "key", "last")
    opening = list(itertools.takewhile(lambda token: encoding.kind(token, before="start") in kinds, tokens))
    key = major_or_minor(config.in_key) if config.in_key else None
    if key is None:
        return opening
    number = 1 + KEY_NAMES.index(key)
    named = [token for token in model.vocabulary.tokens if encoding.key_number(token) == number]
    *before, last = (token for token in opening if not encoding.key_number(token))
    return [*before, *named, last]
