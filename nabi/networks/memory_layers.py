"""The layers by which a network with a memory takes in what it is told, and may copy it; all are stock Keras layers."""

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np

from nabi.networks import interval_layers, positions
from nabi.networks.song_memory import LONGEST_RUN, RUNS, SongMemory, candidates

# Widths of the vectors of a token that may be copied, of the last token of a kind, of a run, of a position, and of the
# features.
_COPIED_WIDTH, _LAST_WIDTH, _RUN_WIDTH, _POSITION_WIDTH, FEATURES = 32, 16, 8, 16, 256
# The layer that keeps the memory's tables of the vocabulary with the model.
_TABLE = "kinds"
_COLUMNS = (
    "ticks_V", "pitches_V", "strikes_V", "keys_V", "sounds_V", "bars_V", "meters_V", "lasts_V",
    "phrases_V", "cadences_V", "returns_V", "plans_V", "players_V", "parts_V", "owned_V",
)  # fmt: skip
# What is kept of these columns is at most about 1, as the network reads it too; a power of two loses no bit.
_SCALE = 128.0


def memory_layers(memory: SongMemory, spread: object) -> list[keras.layers.Layer]:
    """Makes the layers; `spread` is the initializer of embeddings."""
    layers, (size, kinds) = keras.layers, memory.kinds_VxK.shape
    widths = {"recalled": (size, _COPIED_WIDTH), "last_of_kind": (size, _LAST_WIDTH)}
    widths["run_embedding"] = (LONGEST_RUN + 1, _RUN_WIDTH)
    widths |= {f"{name}_embedding": (values, _POSITION_WIDTH) for name, values in positions.SIZES.items()}
    return [
        layers.Embedding(size, kinds + len(_COLUMNS), trainable=False, name=_TABLE),
        *(layers.Embedding(*sizes, embeddings_initializer=spread, name=name) for name, sizes in widths.items()),
        layers.Concatenate(name="with_recalled"),
        layers.Dense(FEATURES, "relu", name="features"),
        layers.Concatenate(name="with_features"),
        layers.Dense(len(candidates(memory.names)) * _COPIED_WIDTH, "sigmoid", name="copy_gate"),
        layers.Concatenate(name="copies"),
        layers.Multiply(name="copied"),
        layers.Concatenate(name="with_copied"),
        *interval_layers.interval_layers(size, spread),
    ]


def keep_memory(model: keras.Model, memory: SongMemory) -> None:
    """Writes a memory's tables into a network that has its layers."""
    columns = np.stack([getattr(memory, name) for name in _COLUMNS], axis=1) / _SCALE
    model.get_layer(_TABLE).set_weights([np.concatenate([memory.kinds_VxK, columns], axis=1)])
    interval_layers.keep_intervals(model, memory)


def memory_of(model: keras.Model) -> SongMemory | None:
    """Returns the memory that a network is told from; None if it has none."""
    if not any(layer.name == _TABLE for layer in model.layers):
        return None
    table = np.asarray(model.get_layer(_TABLE).get_weights()[0], np.float32)
    return SongMemory(table[:, : -len(_COLUMNS)], *(table[:, -len(_COLUMNS) :].T * _SCALE))


def is_told_as_now(model: keras.Model) -> bool:
    """Tells whether a network is told by its memory what `SongMemory.recall` tells; true of one without a memory."""
    tables = [layer for layer in model.layers if layer.name == _TABLE]
    names = [told.name for told in model.inputs[1:]]
    kinds = sum(name.startswith("last_") for name in names)
    return all(table.output_dim == kinds + len(_COLUMNS) and names == list(memory_of(model).names) for table in tables)


def looked_up(names: Sequence[str]) -> list[tuple[str, str]]:
    """Lists what the features are computed of: (embedding, name of what it looks up), in the order of their weights.

    Args:
      names: of `SongMemory`; the last token is called `token`.
    """
    latest = [name for name in names if name.startswith(("last_", "first_bar"))]
    places = (*positions.SIZES, *interval_layers.EMBEDDED)
    return [
        ("embedding", "token"),
        (_TABLE, "token"),
        *(("recalled", name) for name in candidates(names)),
        *(("last_of_kind", name) for name in latest),
        *(("run_embedding", name) for name in RUNS),
        *((f"{name}_embedding", name) for name in places),
    ]


def take_in(
    layers: Mapping[str, Callable], values: object, tokens: object, told: Mapping[str, object]
) -> tuple[object, list]:
    """Joins what is told of each token to its vector.

    Args:
      layers: name -> layer.
      values: vectors of the tokens.
      tokens: their ids.
      told: what `SongMemory.recall` tells of each.

    Returns:
      The vectors of the tokens beside features of all that is told; and what is offered for the logits: the vectors of
      the tokens that may be copied, and the features.
    """
    if "told_lookup" in layers:
        copies, features = layers["told_lookup"](told)
        return layers["with_features"]([values, features]), [copies, features]
    known = {("recalled", name): layers["recalled"](told[name]) for name in candidates(told)}
    copies = list(known.values())
    known["embedding", "token"] = values
    numbers, sources = {"token": tokens, **told}, looked_up(list(told))
    parts = [known[source] if source in known else layers[source[0]](numbers[source[1]]) for source in sources]
    features = layers["features"](layers["with_recalled"](parts))
    return layers["with_features"]([values, features]), [layers["copies"](copies), features]


def offer(layers: Mapping[str, Callable], values: object, offered: list) -> object:
    """Leads what is offered to the logits directly: copies through a gate that the LSTM opens, and the features."""
    copies, features = offered
    return layers["with_copied"]([values, layers["copied"]([layers["copy_gate"](values), copies]), features])
