"""Reads the line of `--harmonize`, and the first tokens of songs that keep it."""

import dataclasses
from typing import TYPE_CHECKING

from generator.config import GenerateConfig
from generator.primers import given_files
from generator.sampling.melody import Melody
from generator.sampling.primer import Primers
from nabi.music.encodings import Voices
from nabi.music.outer_lines import outer_line
from nabi.music.song import Song
from nabi.music.vocabulary import START

if TYPE_CHECKING:
    from nabi.networks.trained_model import TrainedModel


def primers_of(config: GenerateConfig, model: "TrainedModel") -> Primers:
    """Reads the file's highest or lowest line: every song begins with its meter and key, and keeps it.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, if the model cannot harmonise the file.
    """
    encoding = _encoding(model)
    line = _line(config, model)
    melody = Melody.of(line, encoding, model.vocabulary, lowest=config.keeps_bass)
    opening = given_files.opening(config, encoding.encode(line), model)
    return Primers(((START, *model.vocabulary.encode(opening).tolist()),), config.seed, given=melody)


def _encoding(model: "TrainedModel") -> Voices:
    """Returns the model's encoding; raises ValueError if its songs cannot keep a line to its end."""
    encoding = model.encoding
    if not isinstance(encoding, Voices):
        raise ValueError(
            f"--harmonize needs a model whose tokens say all that sounds at every change, --encoding {Voices.name}, "
            f"not {encoding.name}: train one, as the recipe chorales does"
        )
    given_files.require_whole(model, "harmonize")
    return encoding


def _line(config: GenerateConfig, model: "TrainedModel") -> Song:
    """Reads the line on the model's grid, with the meter of `--meter`, if it is given, or else of the file."""
    song = given_files.read("harmonize", config.harmonize, model, "a melody")
    line = outer_line(song, lowest=config.keeps_bass)
    given_files.require_range(config, line.pitches, f"--harmonize {config.harmonize}")
    meter = config.meter or song.about.time_signature
    return dataclasses.replace(line, about=dataclasses.replace(song.about, time_signature=meter))
