"""What moves the network's logits before a token is chosen, by what came before: the biases that a job asks for."""

# ruff: noqa: N803 - shapes stand in the names of arrays.

from typing import Protocol

import tensorflow as tf

from generator.config import GenerateConfig
from generator.sampling.density import DensityBias
from generator.sampling.repetition import RepetitionPenalty
from generator.sampling.token_content import TokenContents


class Bias(Protocol):
    """A function of the logits and of a memory of the tokens before; all in a compiled loop, all rows at once."""

    def nothing(self, rows: int) -> list[tf.Tensor]:
        """The memory before the first token; each part is [rows, ...]."""

    def after(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """The memory after the next token of each row, int32 [B]."""

    def on(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """The logits, float32 [B, V], moved; -inf stays."""


def biases(config: GenerateConfig, meanings: TokenContents) -> list[Bias]:
    """Those that the settings ask for, in the order in which they work."""
    chosen: list[Bias] = []
    if config.repetition_penalty > 1:
        chosen.append(RepetitionPenalty(meanings, config.repetition_penalty, config.repetition_window))
    if config.density > 0:
        chosen.append(DensityBias(meanings, config.density))
    return chosen
