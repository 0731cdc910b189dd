"""Mask of the tokens that may be sampled: those inside of a key, a scale and a range, and of parts asked for."""

import numpy as np
import numpy.typing as npt

from generator.config import GenerateConfig
from nabi.music import part_choice
from nabi.music.encodings import Encoding
from nabi.music.encodings.band_reduction import DRUMS
from nabi.music.encodings.token_kinds import pitches_named, pitches_of
from nabi.music.vocabulary import Vocabulary


def allowed(config: GenerateConfig, vocabulary: Vocabulary, encoding: Encoding) -> npt.NDArray[np.bool_]:
    """Marks the ids that may be sampled, bool [V]; ids that name no notes always may.

    Raises:
      ValueError: if no token with a note is left.
    """
    special = vocabulary.special
    tokens = vocabulary.tokens[special:]
    pitches_by_token = [pitches_of(encoding, token) for token in tokens]
    legal = [
        _is_legal(config, pitches_named(encoding, token)) and _is_played(config, encoding, token) for token in tokens
    ]
    allowed_V = np.array([True] * special + legal)  # noqa: N806
    if not any(pitches and is_legal for pitches, is_legal in zip(pitches_by_token, legal, strict=True)):
        raise ValueError(
            f"no token of the model's vocabulary has all its notes in {config.lowest}..{config.highest}"
            f"{' and in ' + config.key if config.key else ''}: widen --lowest and --highest, or give another --key"
        )
    return allowed_V


def _is_played(config: GenerateConfig, encoding: Encoding, token: str) -> bool:
    """Checks that a token that lists a part, says who plays, or strikes a drum, is of a part that songs may have."""
    part = (
        DRUMS if encoding.kind(token, before="start") == "drum" else max(encoding.program(token), encoding.part(token))
    )
    # Parts that are given play whether they are asked for or not: the mask of parts says who else may.
    return part < 0 or bool(config.accompany) or config.plays(part_choice.player(part))


def _is_legal(config: GenerateConfig, pitches: tuple[int, ...]) -> bool:
    """Checks that MIDI numbers are all within the range, the key and the scale."""
    classes = config.pitch_classes
    return all(config.lowest <= pitch <= config.highest and pitch % 12 in classes for pitch in pitches)
