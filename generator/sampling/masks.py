"""What songs may be made of: tokens outside of a key, a scale or a range are never sampled."""

import numpy as np
import numpy.typing as npt

from generator.config import GenerateConfig
from nabi.music.encodings import Encoding
from nabi.music.encodings.token_kinds import pitches_of
from nabi.music.vocabulary import Vocabulary


def allowed(config: GenerateConfig, vocabulary: Vocabulary, encoding: Encoding) -> npt.NDArray[np.bool_]:
    """Which ids may be sampled, bool [V]: those without notes among them.

    Raises:
      ValueError: if no token with a note is left.
    """
    special = vocabulary.special
    pitches = [pitches_of(encoding, token) for token in vocabulary.tokens[special:]]
    allowed_V = np.array([True] * special + [_allows(config, some) for some in pitches])  # noqa: N806
    if not any(some and may for some, may in zip(pitches, allowed_V[special:], strict=True)):
        raise ValueError(
            f"no token of the model's vocabulary has all its notes in {config.lowest}..{config.highest}"
            f"{' and in ' + config.key if config.key else ''}: widen --lowest and --highest, or give another --key"
        )
    return allowed_V


def _allows(config: GenerateConfig, pitches: tuple[int, ...]) -> bool:
    """Whether notes of these MIDI numbers may sound."""
    classes = config.pitch_classes
    return all(config.lowest <= pitch <= config.highest and pitch % 12 in classes for pitch in pitches)
