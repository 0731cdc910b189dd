"""A model and settings -> what makes its songs."""

from collections.abc import Callable

from generator.config import GenerateConfig
from generator.sampling import masks
from generator.sampling.beam_search import BeamSearch
from generator.sampling.grammar import Grammar
from generator.sampling.plan import SLOTS
from generator.sampling.sampler import Sampler
from generator.sampling.song_state import SongIds
from generator.sampling.stepper import Stepper, carried, windowed, windowed_and_carried
from generator.sampling.token_content import TokenContents
from nabi.networks.trained_model import TrainedModel


def grammar_of(model: TrainedModel, config: GenerateConfig) -> Grammar:
    """What may follow what in a model's songs; raises ValueError if a token is left after which nothing may."""
    vocabulary, encoding = model.vocabulary, model.encoding
    # With teacher forcing a song ends where the one that it follows does.
    ends = model.config["dataset"]["song_marks"] and not config.teacher_forced
    return Grammar.of(vocabulary, encoding, ends=ends, allowed_V=masks.allowed(config, vocabulary, encoding))


def stepper_of(model: TrainedModel) -> Stepper:
    """The network as it was trained: its state carried, or its window fed again (`--target last`), or both."""
    if model.config["target"] != "last":
        return carried(model.model)
    train, window = model.config["train"], model.config["dataset"]["window"]
    if train.get("carry_state"):
        return windowed_and_carried(model.model, window)
    return windowed(model.model, window, blank_first=train.get("blank_first", False))


def sampler_of(
    model: TrainedModel,
    config: GenerateConfig,
    *,
    refuses: Callable[[SongIds], str] | None = None,
    slots: int = SLOTS,
) -> Sampler | BeamSearch:
    """What makes songs by these settings.

    Args:
      model: whose songs.
      config: how they are made.
      refuses: why a song has to be made again, in a word, or ""; None: none. A search finds the same again and does
        not ask.
      slots: rows of a batch.
    """
    asked = (stepper_of(model), grammar_of(model, config), config, TokenContents.of(model.vocabulary, model.encoding))
    return BeamSearch(*asked) if config.decoding == "beam" else Sampler(*asked, refuses=refuses, slots=slots)
