"""Tables by which a network with a memory takes in the numbers that it is told, for sampling: a token at a time.

In training a product of many tokens at once costs less than its parts. For one token of each song it is the other way
round: an embedding and the product after it are one lookup in a table of their products, which is computed once. The
results are those of the layers but for rounding.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nabi.networks import lstm_loops
from nabi.networks.interval_layers import DEGREES, relations_of
from nabi.networks.intervals import INTERVALS, PAIR_NAMES, PITCHES, REFERENCES
from nabi.networks.memory_layers import FEATURES, looked_up
from nabi.networks.song_memory import SongMemory, candidates, withheld

# What the tables of features may take, in bytes; each process of a job has its own.
MOST_BYTES = 64 * 2**20
# What is told besides: rows of the tables, the ids of the tokens that may be copied, and the numbers of intervals.
_ROWS, _COPIES, _INTERVALS = "rows", "copies", "intervals"
_OF_INTERVALS = (*REFERENCES, *PAIR_NAMES, "key")

_compiled = functools.partial(tf.function, jit_compile=True, autograph=False)


def lookups(model: keras.Model, memory: SongMemory) -> tuple[Callable, dict[str, Callable]]:
    """Makes the step of a network's memory, and what stands in the place of some layers.

    Returns:
      `SongMemory.recall`, compiled, with a third argument: bool [B], in which rows the song's past is told, or None for
      all; and the functions, by the names that connect them.
    """
    lstm_loops.start_xla()
    # What is not allowed is blocked where intervals are added: as a layer it would be two more passes over the logits.
    intervals = {"interval_lookup": interval_lookup(model), "allowed_logits": lambda logits_BxV: logits_BxV}
    sources = looked_up(memory.names)
    if sum(model.get_layer(layer).input_dim for layer, _ in sources) * FEATURES * 4 > MOST_BYTES:
        recall = functools.partial(_recalled, memory, lambda token_B, told: told | _of_intervals(told))
        return _compiled(recall), intervals
    tables = feature_tables(model, sources)
    starts = np.cumsum([0, *map(len, tables[:-1])])

    def as_rows(token_B: Any, told: dict[str, Any]) -> dict[str, Any]:
        """Returns what is told as rows of tables: fewer tensors, since each costs time to hand over."""
        numbers = {"token": token_B, **told}
        copied_BxC = tf.stack([told[name] for name in candidates(told)], axis=1)
        rows_BxN = tf.stack([numbers[name] for _, name in sources], axis=1) + starts
        # One column: TensorFlow would give a change of the shape of integers to oneDNN, which complains on some CPUs.
        return _of_intervals(told) | {_ROWS: tf.reshape(rows_BxN, [-1]), _COPIES: copied_BxC}

    recall = _compiled(functools.partial(_recalled, memory, as_rows))
    return recall, {**intervals, "told_lookup": told_lookup(np.concatenate(tables), _table(model, "recalled"))}


def _recalled(
    memory: SongMemory, as_told: Callable, token_B: Any, state: list[Any], told_B: Any = None
) -> tuple[dict[str, Any], list[Any]]:
    """Reads one more token of each song, and returns what is told in the form of `as_told`, and the state."""
    told, state = memory.recall(token_B, state)
    return as_told(token_B, told if told_B is None else withheld(told, told_B)), state


def _of_intervals(told: Mapping[str, Any]) -> dict[str, Any]:
    """Joins the numbers that `interval_lookup` reads, int32 [`_OF_INTERVALS`, B]."""
    return {_INTERVALS: tf.stack([told[name] for name in _OF_INTERVALS])}


def feature_tables(model: keras.Model, sources: Sequence[tuple[str, str]]) -> list[npt.NDArray[np.float32]]:
    """Computes what each number that is told adds to the features, before their nonlinearity.

    Args:
      model: a network with a memory.
      sources: (embedding, name of what it looks up), in the order of the features' weights.

    Returns:
      Of each source float32 [values, FEATURES]; the first has the bias besides.
    """
    kernel, bias = model.get_layer("features").get_weights()
    vectors = [_table(model, layer) for layer, _ in sources]
    ends = np.cumsum([part.shape[1] for part in vectors])
    first, *others = (part @ block for part, block in zip(vectors, np.split(kernel, ends[:-1]), strict=True))
    return [first + bias, *others]


def told_lookup(
    table: npt.NDArray[np.float32], copied: npt.NDArray[np.float32]
) -> Callable[[Mapping[str, Any]], tuple[Any, Any]]:
    """Makes the function of what is told to the vectors of the tokens that may be copied, and the features.

    Args:
      table: all tables, one below the other; the rows that are told are added up. The number of songs must be known
        when the step is traced.
      copied: float32 [V, width], the vectors. TensorFlow takes a whole one at once; XLA would compute its id anew for
        each number of it.
    """
    kept, vectors = tf.constant(table), tf.constant(copied)

    def looked(told: Mapping[str, Any]) -> tuple[Any, Any]:
        """Returns float32 [B, candidates x width] and [B, FEATURES]."""
        count, copied = told[_COPIES].shape
        each = told[_ROWS].shape[0] // count
        # One of the few sums of rows that is computed several numbers at once, which XLA's is not.
        sums = tf.sparse.segment_sum(kept, told[_ROWS], np.repeat(np.arange(count), each))
        copies = tf.reshape(tf.gather(vectors, told[_COPIES]), [count, copied * vectors.shape[1]])
        return copies, tf.nn.relu(tf.ensure_shape(sums, [count, FEATURES]))

    return looked


def interval_lookup(model: keras.Model) -> Callable[[Any, Mapping[str, Any], Any], Any]:
    """Makes what `nabi.networks.interval_layers.with_intervals` computes of the scores, and blocks what is not allowed.

    What depends on the own interval is added up first, by interval; then what depends on the pitch, by pitch; then the
    sum is given to the ids. Each is compiled by itself: in one, XLA would compute each sum anew for each of its uses.

    Returns:
      A function of the scores that the layer `interval_logits` gives, float32 [B, S], of what is told, and of the
      logits, float32 [B, V], to the logits that the layer `allowed_logits` would give of their sum.
    """
    interval_QxP, degree_KxP = (_whole(model, name) for name in ("interval_of_pitch", "degree_of_pitch"))
    relation_MxI = _whole(model, "relation_of_interval")
    logits = {name: tf.constant(_table(model, f"{name}_logits")) for name in PAIR_NAMES}
    named_PxV = _table(model, "pitch_logits")
    # Ids of no pitch take the column after the last one, which is 0.
    pitch_V = tf.constant(np.where(named_PxV.any(axis=0), named_PxV.argmax(axis=0), PITCHES), tf.int32)
    blocked_V = tf.constant(model.get_layer("allowed_logits").offset, tf.float32)

    @_compiled
    def by_interval(scores_BxS: Any, numbers_NxB: Any) -> Any:
        """Adds up what depends on the own interval, [B, INTERVALS]."""
        told, total = _named(numbers_NxB), scores_BxS[:, :INTERVALS]
        for number, name in enumerate(PAIR_NAMES):
            relation_BxI = tf.gather(relation_MxI, told[name]) + relations_of(number)
            total += tf.gather(logits[name], told[name]) + _taken(scores_BxS, relation_BxI)
        return total

    @_compiled
    def by_pitch(own_BxI: Any, scores_BxS: Any, numbers_NxB: Any) -> Any:
        """Adds up what depends on the pitch, [B, PITCHES]."""
        told = _named(numbers_NxB)
        total = _taken(own_BxI, tf.gather(interval_QxP, told["own"]))
        for number, name in enumerate(REFERENCES[1:], 1):
            total += _taken(scores_BxS, tf.gather(interval_QxP, told[name]) + number * INTERVALS)
        return total + _taken(scores_BxS, tf.gather(degree_KxP, told["key"]) + DEGREES)

    @_compiled
    def by_id(scores_BxP: Any, logits_BxV: Any) -> Any:
        """Adds to the logit of each id the score of its pitch, and what blocks it."""
        return logits_BxV + tf.gather(tf.pad(scores_BxP, [[0, 0], [0, 1]]), pitch_V, axis=1) + blocked_V

    def scored(scores_BxS: Any, told: Mapping[str, Any], logits_BxV: Any) -> Any:
        """Returns the logits with what intervals add, and what is not allowed blocked."""
        numbers_NxB = told[_INTERVALS]
        return by_id(by_pitch(by_interval(scores_BxS, numbers_NxB), scores_BxS, numbers_NxB), logits_BxV)

    return scored


def _named(numbers_NxB: Any) -> dict[str, Any]:
    return dict(zip(_OF_INTERVALS, tf.unstack(numbers_NxB), strict=True))


def _table(model: keras.Model, layer: str) -> npt.NDArray[np.float32]:
    return model.get_layer(layer).get_weights()[0]


def _whole(model: keras.Model, layer: str) -> tf.Tensor:
    """Returns a fixed table of whole numbers."""
    return tf.constant(_table(model, layer), tf.int32)


def _taken(scores_BxS: Any, numbers_BxN: Any) -> Any:
    return tf.gather(scores_BxS, numbers_BxN, axis=1, batch_dims=1)
