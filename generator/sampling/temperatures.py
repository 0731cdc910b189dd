"""Temperatures of the choice within groups of tokens: rhythm, and the plan of phrases."""

# ruff: noqa: N806, N815 - shapes stand in the names of arrays.

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from generator.config import GenerateConfig
from generator.sampling.token_content import TokenContents


class Group(NamedTuple):
    """Tokens with a temperature of their own.

    Attributes:
      ids_V: bool, True for the group's ids.
      temperature: of the choice among them, above 0.
    """

    ids_V: npt.NDArray[np.bool_]
    temperature: float


def groups(config: GenerateConfig, contents: TokenContents) -> tuple[Group, ...]:
    """Returns the groups that take another temperature than `--temperature`; no token is in two of them."""
    is_phrase_V = contents.is_phrase_V if len(contents.is_phrase_V) else np.zeros(len(contents.notes_V), np.bool_)
    is_rhythm_V = (contents.notes_V == 0) & ~is_phrase_V
    chosen = (Group(is_rhythm_V, config.rhythm_temperature), Group(is_phrase_V, config.phrase_temperature))
    return tuple(group for group in chosen if group.temperature and group.ids_V.any())
