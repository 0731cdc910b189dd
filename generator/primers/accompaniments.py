"""Reads the parts of `--accompany`, and the first tokens of songs that keep them."""

import dataclasses
from typing import TYPE_CHECKING

from generator.config import GenerateConfig
from generator.primers import given_files
from generator.sampling.given_parts import GivenParts
from generator.sampling.primer import Primers
from nabi.music import general_midi, part_choice
from nabi.music.encodings import Bands
from nabi.music.encodings.band_reduction import DRUMS
from nabi.music.song import Song
from nabi.music.vocabulary import START

if TYPE_CHECKING:
    from nabi.networks.trained_model import TrainedModel


def primers_of(config: GenerateConfig, model: "TrainedModel") -> Primers:
    """Reads the file's parts: every song begins with their meter, length and key, and keeps them.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, if the model cannot accompany the file.
    """
    encoding = _encoding(model)
    song = _song(config, model, encoding)
    given = GivenParts.of(song, encoding, model.vocabulary)
    _require_others(config, given, model)
    opening = given_files.opening(config, encoding.encode(song), model)
    return Primers(((START, *model.vocabulary.encode(opening).tolist()),), config.seed, given=given)


def _encoding(model: "TrainedModel") -> Bands:
    if not isinstance(model.encoding, Bands):
        raise ValueError(
            f"--accompany needs a model whose tokens say who plays, --encoding {Bands.name}, not "
            f"{model.encoding.name}: train one, as the recipe band does"
        )
    given_files.require_whole(model, "accompany")
    return model.encoding


def _song(config: GenerateConfig, model: "TrainedModel", encoding: Bands) -> Song:
    """Reads all parts of the file as the model's encoding can tell them, without phrases."""
    song = given_files.read("accompany", config.accompany, model, "the parts that are given")
    song = encoding.reduce(dataclasses.replace(song, about=dataclasses.replace(song.about, phrase_ends=())))
    given_files.require_range(config, song.pitches[~song.is_drum()], f"--accompany {config.accompany}")
    return song


def _require_others(config: GenerateConfig, given: GivenParts, model: "TrainedModel") -> None:
    """Raises ValueError if a part that is asked for can only be one that is given."""
    # A model of families has one program of each.
    listed = {model.encoding.part(token) for token in model.vocabulary.tokens[model.vocabulary.special :]}
    free = listed - {-1, *given.parts}
    for word in config.asked_parts:
        if not any(map(part_choice.plays(word), map(part_choice.player, free))):
            names = ", ".join(general_midi.DRUMS if part == DRUMS else str(part) for part in given.parts)
            raise ValueError(
                f"--parts {word} is given by --accompany {config.accompany} already, whose programs are {names}: ask "
                "for other parts"
            )
    if DRUMS not in given.parts and part_choice.DRUMS in config.asked_parts and not given.bars_for_drums():
        raise ValueError(
            f"--accompany {config.accompany} is over before a drum is, a quarter of a quarter note: leave out drums"
        )
