import numpy as np
import pytest
import tensorflow as tf

from generator.sampling.repetition import RepetitionPenalty
from generator.sampling.token_content import TokenContents

pytestmark = pytest.mark.slow

MEANINGS = TokenContents(np.array([0, 0, 0, 1, 1, 2]), np.zeros(6, np.int64))
PENALTY = RepetitionPenalty(MEANINGS, factor=2.0, window=2)


def lowered(memory: list[tf.Tensor]) -> list[list[int]]:
    """Which ids have a lower logit, in each row."""
    return [np.flatnonzero(row < 1).tolist() for row in PENALTY.apply(tf.ones([2, 6]), memory).numpy()]


def test_the_last_tokens_are_remembered_and_older_ones_forgotten():
    memory = PENALTY.initial(rows=2)
    assert lowered(memory) == [[], []]
    for ids in ([4, 5], [4, 3], [5, 3]):
        memory = PENALTY.update(memory, np.array(ids))
    assert lowered(memory) == [[4, 5], [3]]
    memory = PENALTY.update(memory, np.array([5, 4]))
    assert lowered(memory) == [[5], [3, 4]]


def test_a_logit_below_0_is_lowered_too_and_one_of_no_note_never():
    memory = PENALTY.update(PENALTY.update(PENALTY.initial(rows=1), np.array([2])), np.array([4]))
    assert PENALTY.apply(tf.constant([[9.0, 9, 3, 4, -4, -np.inf]]), memory).numpy().tolist() == [
        [9, 9, 3, 4, -8, -np.inf]
    ]
