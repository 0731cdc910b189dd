"""Biases: changes of the network's logits, before a token is chosen, that depend on the tokens before it."""

# ruff: noqa: N803 - shapes stand in the names of arrays.

from collections.abc import Sequence
from typing import Protocol

import tensorflow as tf

from generator.config import GenerateConfig
from generator.sampling.density import DensityBias
from generator.sampling.held_mask import HeldMask
from generator.sampling.melody import Melody
from generator.sampling.melody_mask import MelodyMask
from generator.sampling.phrase_mask import PhraseMask
from generator.sampling.repetition import RepetitionPenalty
from generator.sampling.token_content import TokenContents


class Bias(Protocol):
    """A change of the logits that depends on a memory of the tokens before, for all rows in a compiled loop."""

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns the memory before the first token; each part is [rows, ...]."""

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns the memory after the next token of each row, int32 [B]."""

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the changed logits, float32 [B, V]; -inf stays."""


def biases(
    config: GenerateConfig,
    contents: TokenContents,
    given: Melody | None = None,
    frame: Sequence[Bias] = (),
) -> list[Bias]:
    """Builds the biases that tokens need and settings select, in the order in which they are applied, masks last."""
    selected: list[Bias] = []
    if config.repetition_penalty > 1:
        selected.append(RepetitionPenalty(contents, config.repetition_penalty, config.repetition_window))
    if config.density > 0:
        selected.append(DensityBias(contents, config.density))
    if contents.is_held_V.any():
        selected.append(HeldMask(contents))
    selected += frame
    if given:
        selected += [MelodyMask(given), PhraseMask(given.phrases)]
    return selected
