"""The layers by which a network with a memory takes in what it is told, and may copy it; all are stock Keras layers."""

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np

from nabi.networks import voice_leading
from nabi.networks.song_memory import LONGEST_RUN, SongMemory

# Widths of the vectors of a token that may be copied, of the last token of a kind, and of a run.
_COPIED_WIDTH, _LAST_WIDTH, _RUN_WIDTH = 32, 16, 8
# Tokens that may be copied: continuation, first continuation and aligned token.
_COPIES = 3
# The layer that keeps the memory's table of kinds with the model.
_TABLE = "kinds"


def memory_layers(memory: SongMemory, spread: object) -> list[keras.layers.Layer]:
    """Makes the layers; `spread` is the initializer of embeddings."""
    layers, (size, kinds) = keras.layers, memory.kinds_VxK.shape
    widths = {"recalled": (size, _COPIED_WIDTH), "last_of_kind": (size, _LAST_WIDTH)}
    widths["run_embedding"] = (LONGEST_RUN + 1, _RUN_WIDTH)
    return [
        layers.Embedding(size, kinds + 4, trainable=False, name=_TABLE),
        *(layers.Embedding(*sizes, embeddings_initializer=spread, name=name) for name, sizes in widths.items()),
        layers.Concatenate(name="with_recalled"),
        layers.Dense(_COPIES * _COPIED_WIDTH, "sigmoid", name="copy_gate"),
        layers.Concatenate(name="copies"),
        layers.Multiply(name="copied"),
        layers.Concatenate(name="with_copied"),
        *voice_leading.leading_layers(size, spread),
    ]


def keep_memory(model: keras.Model, memory: SongMemory) -> None:
    """Writes a memory's table into a network that has its layers."""
    columns = np.stack([memory.moves_V, memory.pitches_V, memory.strikes_V, memory.keys_V], axis=1)
    model.get_layer(_TABLE).set_weights([np.concatenate([memory.kinds_VxK, columns], axis=1)])
    voice_leading.keep_tables(model, memory.pitches_V, memory.strikes_V)


def memory_of(model: keras.Model) -> SongMemory | None:
    """Returns the memory that a network is told from; None if it has none."""
    if not any(layer.name == _TABLE for layer in model.layers):
        return None
    table = np.asarray(model.get_layer(_TABLE).get_weights()[0], np.float32)
    return SongMemory(table[:, :-4], *table[:, -4:].T)


def take_in(
    layers: Mapping[str, Callable], values: object, tokens: object, recalled: Sequence
) -> tuple[object, Sequence]:
    """Joins what is told of each token to its vector.

    Args:
      layers: name -> layer.
      values: vectors of the tokens.
      tokens: their ids.
      recalled: what `SongMemory.recall` tells of each.

    Returns:
      The wider vectors, and the vectors of the tokens that may be copied.
    """
    run, candidates, last_tokens = recalled[0], recalled[1 : 1 + _COPIES], recalled[1 + _COPIES : -voice_leading.TOLD]
    leading = recalled[-voice_leading.TOLD :]
    copies = [layers["recalled"](token) for token in candidates]
    more = [layers["last_of_kind"](token) for token in last_tokens]
    parts = [values, layers[_TABLE](tokens), *copies, *more, layers["run_embedding"](run)]
    parts += voice_leading.intervals(layers, leading)
    return layers["with_recalled"](parts), copies


def offer_copies(layers: Mapping[str, Callable], values: object, copies: Sequence) -> object:
    """Leads the vectors that may be copied to the logits directly, through a gate that the LSTM opens."""
    copied = layers["copied"]([layers["copy_gate"](values), layers["copies"](copies)])
    return layers["with_copied"]([values, copied])
