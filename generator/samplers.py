"""A model and settings -> what makes its songs."""

from collections.abc import Callable

from generator import masks
from generator.batch import Sampler
from generator.beam_search import BeamSearch
from generator.config import GenerateConfig
from generator.grammar import Grammar
from generator.meanings import Meanings
from generator.plan import SLOTS
from generator.row import Sampled
from generator.stepper import Stepper, carried, windowed, windowed_and_carried
from models.bundle import Bundle


def grammar_of(model: Bundle, config: GenerateConfig) -> Grammar:
    """What may follow what in a model's songs; raises ValueError if a token is left after which nothing may."""
    vocabulary, encoding = model.vocabulary, model.encoding
    # With one_step a song ends where the one that it follows does.
    ends = model.config["dataset"]["song_marks"] and not config.one_step
    return Grammar.of(vocabulary, encoding, ends=ends, allowed_V=masks.allowed(config, vocabulary, encoding))


def stepper_of(model: Bundle) -> Stepper:
    """The network as it was trained: its state carried, or its window fed again (`--target last`), or both."""
    if model.config["target"] != "last":
        return carried(model.model)
    train, window = model.config["train"], model.config["dataset"]["window"]
    if train.get("carry_state"):
        return windowed_and_carried(model.model, window)
    return windowed(model.model, window, blank_first=train.get("blank_first", False))


def sampler_of(
    model: Bundle,
    config: GenerateConfig,
    *,
    refuses: Callable[[Sampled], str] | None = None,
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
    asked = (stepper_of(model), grammar_of(model, config), config, Meanings.of(model.vocabulary, model.encoding))
    return BeamSearch(*asked) if config.beams else Sampler(*asked, refuses=refuses, slots=slots)
