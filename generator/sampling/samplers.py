"""Builds the grammar, the stepper and the sampler of a model."""

from collections.abc import Callable

from generator.config import GenerateConfig
from generator.sampling.beam_search import BeamSearch
from generator.sampling.bias import Bias
from generator.sampling.frame_mask import FrameMask
from generator.sampling.given_parts import GivenParts
from generator.sampling.given_parts_mask import GivenPartsMask
from generator.sampling.grammar import Grammar
from generator.sampling.masks import allowed
from generator.sampling.melody import Melody
from generator.sampling.order_mask import OrderMask
from generator.sampling.part_list_mask import PartListMask
from generator.sampling.part_mask import LATEST_BAR, PartMask
from generator.sampling.part_tables import PartTables
from generator.sampling.plan import SLOTS
from generator.sampling.sampler import Sampler
from generator.sampling.song_state import SongIds
from generator.sampling.stepper import Stepper, carried, windowed, windowed_and_carried
from generator.sampling.token_content import TokenContents
from nabi.music.encodings import Voices
from nabi.music.encodings.metred import LONGEST_BAR, Metred
from nabi.networks.trained_model import TrainedModel


def grammar_of(model: TrainedModel, config: GenerateConfig) -> Grammar:
    """Builds the grammar of a model's songs; raises ValueError if some token has no legal successor."""
    vocabulary, encoding = model.vocabulary, model.encoding
    # With teacher forcing a song ends where the song that it follows does.
    ends = model.config["dataset"]["song_marks"] and not config.teacher_forced
    return Grammar.of(vocabulary, encoding, ends=ends, allowed_V=allowed(config, vocabulary, encoding))


def stepper_of(model: TrainedModel) -> Stepper:
    """Builds a stepper that runs the network as in training: with carried state, or window by window, or both."""
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
    given: Melody | GivenParts | None = None,
    refuses: Callable[[SongIds], str] | None = None,
    slots: int = SLOTS,
) -> Sampler | BeamSearch:
    """Builds the sampler of a model, or its beam search with `--decoding beam`.

    Args:
      model: the model.
      config: choice of tokens, and limits of a song.
      given: line or parts that every song keeps; None: none. A beam search has none.
      refuses: song -> one-word reason to sample it again, or ""; None: every song is kept. A beam search, which would
        find the same song again, ignores it.
      slots: rows of a batch.
    """
    contents = TokenContents.of(model.vocabulary, model.encoding)
    arguments = (stepper_of(model), grammar_of(model, config), config, contents)
    if config.decoding == "beam":
        return BeamSearch(*arguments)
    frame = frame_of(model, config, contents, given)
    line = given if isinstance(given, Melody) else None
    return Sampler(*arguments, given=line, frame=frame, refuses=refuses, slots=slots)


def frame_of(
    model: TrainedModel,
    config: GenerateConfig,
    contents: TokenContents,
    given: Melody | GivenParts | None = None,
) -> list[Bias]:
    """Builds the masks of given parts, and of what no song of a model's encoding has; none where songs have no end.

    With teacher forcing a song is fed that may not be true where another was chosen.
    """
    if not model.config["dataset"]["song_marks"] or config.teacher_forced:
        return []
    masks: list[Bias] = []
    # Given parts have the frame of their song.
    if isinstance(model.encoding, Metred) and not isinstance(given, GivenParts):
        masks.append(FrameMask.of(model.vocabulary, model.encoding))
    if isinstance(model.encoding, Voices):
        masks.append(OrderMask(contents))
    if model.encoding.PARTS:
        tables = PartTables.of(
            model.vocabulary,
            model.encoding,
            config.ranges_of_programs,
            config.asked_parts,
            may_have=config.plays,
            given=given.parts if isinstance(given, GivenParts) else (),
            allowed_V=allowed(config, model.vocabulary, model.encoding),
        )
        # Who comes in looks at what given parts leave.
        masks += [GivenPartsMask(given, tables.floor)] if isinstance(given, GivenParts) else []
        masks += [PartListMask(tables), PartMask(tables, _latest_bar(config, contents, given))]
    return masks


def _latest_bar(config: GenerateConfig, contents: TokenContents, given: Melody | GivenParts | None) -> int:
    """Returns the bar in which parts that are asked for come in at the latest, so that none does after the song."""
    if isinstance(given, GivenParts):
        return min(LATEST_BAR, given.bars_for_drums())
    longest, limit = LONGEST_BAR * contents.ticks_per_quarter, config.max_ticks(contents.ticks_per_quarter)
    return min(LATEST_BAR, -(-limit // longest)) if limit else LATEST_BAR
