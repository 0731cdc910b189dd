"""The network of stacked LSTM layers, of stock Keras layers only, so that plain Keras loads it in safe mode.

The names of its layers decide how they are connected; `nabi.networks.variants` connects copies of them in the same way
for training, for scoring and for sampling.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses
from collections.abc import Callable, Mapping

import keras
import numpy as np
import numpy.typing as npt

from nabi.networks.interval_layers import with_intervals
from nabi.networks.memory_layers import keep_memory, memory_layers, offer, take_in
from nabi.networks.song_memory import SongMemory


@dataclasses.dataclass(frozen=True)
class Architecture:
    """Layers and sizes of a network.

    Attributes:
      vocabulary_size: V, ids are 0..V - 1.
      embedding: width of a token's vector.
      units: width of each LSTM layer.
      layers: LSTM layers, at least 1.
      dropout: share of the inputs of each LSTM layer and of the logits dropped in training, in [0, 1).
      blocked: ids that are never predicted; their logits are about -1e9.
      variational_dropout: drops the same values at all steps of a window (Gal and Ghahramani 2016).
      layer_norm: normalises what each LSTM layer puts out (Ba, Kiros and Hinton 2016).
      residual: adds an LSTM layer's input to its output where both are as wide (He et al. 2015).
      tied_embeddings: logits are products with the tokens' vectors (Press and Wolf 2017).
    """

    vocabulary_size: int
    embedding: int
    units: int
    layers: int
    dropout: float
    blocked: tuple[int, ...]
    variational_dropout: bool = False
    layer_norm: bool = False
    residual: bool = False
    tied_embeddings: bool = False


def build(
    architecture: Architecture, features: npt.NDArray[np.float32] | None = None, memory: SongMemory | None = None
) -> keras.Model:
    """Builds the network: embedding -> stacked LSTM -> logits of the next token at every step.

    Args:
      architecture: its layers and sizes.
      features: float32 [V, F], input representation of each token instead of a learned embedding; never trained.
      memory: what the network is told of the song's earlier tokens; None: nothing.

    Returns:
      A model from tokens int32 [B, T] to float32 logits [B, T, V]. With a memory its inputs are the tokens and what
      `SongMemory.recall` tells of each, int32 [B, T] each.
    """
    layers = {layer.name: layer for layer in _layers(architecture, features, memory)}
    tokens_BxT = keras.Input((None,), dtype="int32", name="tokens")
    told = {name: keras.Input((None,), dtype="int32", name=name) for name in (memory.names if memory else ())}
    logits = connect(layers, tokens_BxT, {}, told=told)[0]
    model = keras.Model([tokens_BxT, *told.values()] if memory else tokens_BxT, logits, name="nabi")
    if memory:
        keep_memory(model, memory)
    if features is not None:
        model.get_layer("embedding").set_weights([features])
    return model


def _layers(
    architecture: Architecture, features: npt.NDArray[np.float32] | None, memory: SongMemory | None
) -> list[keras.layers.Layer]:
    layers, size = keras.layers, architecture.vocabulary_size
    # Keras' initial embeddings, within +-0.05, are so small that the loss stays at the unigram's for hundreds of steps.
    # Tied embeddings are also the weights of the logits and start smaller, so that logits are about 1.
    spread = keras.initializers.RandomNormal(
        stddev=architecture.embedding**-0.5 if architecture.tied_embeddings else 1.0
    )
    embedding = layers.ReversibleEmbedding if architecture.tied_embeddings else layers.Embedding
    width = architecture.embedding if features is None else features.shape[1]
    stack = [embedding(size, width, embeddings_initializer=spread, trainable=features is None, name="embedding")]
    stack += memory_layers(memory, spread) if memory else []
    # One mask for all steps of a window: Keras broadcasts it over the axes of size 1.
    noise_shape = (None, 1, None) if architecture.variational_dropout else None
    for index in range(architecture.layers):
        stack.append(layers.Dropout(architecture.dropout, noise_shape, name=f"dropout_{index}"))
        stack.append(layers.LSTM(architecture.units, return_sequences=True, name=f"lstm_{index}"))
        if architecture.layer_norm:
            stack.append(layers.LayerNormalization(name=f"norm_{index}"))
        if architecture.residual and (index or (architecture.units == width and not memory)):
            stack.append(layers.Add(name=f"residual_{index}"))
    stack.append(layers.Dropout(architecture.dropout, noise_shape, name="dropout_logits"))
    if architecture.tied_embeddings:
        stack.append(layers.Dense(width, name="to_embedding"))
    else:
        stack.append(layers.Dense(size, dtype="float32", name="logits"))
    # A stock layer with a constant offset, so that the mask is saved with the model.
    offset = [-1e9 if token in architecture.blocked else 0.0 for token in range(size)]
    stack.append(layers.Rescaling(1.0, offset=offset, dtype="float32", name="allowed_logits"))
    return stack


def connect(
    layers: Mapping[str, Callable],
    tokens_BxT: object,
    states: Mapping[str, list],
    masks: Mapping[str, object] | None = None,
    told: Mapping[str, object] | None = None,
) -> tuple[object, list]:
    """Connects the layers by their names, in the one way that all variants share.

    Args:
      layers: name -> layer.
      tokens_BxT: the input.
      states: name of an LSTM layer -> its first h and c; empty: zeros, and no state is returned.
      masks: name of an LSTM layer -> its recurrent mask.
      told: what `SongMemory.recall` tells of each token; None or empty for a network without a memory.

    Returns:
      The logits, and h and c after the last step of every LSTM layer in `states`.
    """
    values, last = layers["embedding"](tokens_BxT), []
    values, offered = take_in(layers, values, tokens_BxT, told) if told else (values, [])
    for index in range(sum(name.startswith("lstm_") for name in layers)):
        before = values
        values, name = layers[f"dropout_{index}"](values), f"lstm_{index}"
        options = {"recurrent_mask": masks[name]} if masks else {}
        if states:
            values, *state = layers[name](values, initial_state=states[name], **options)
            last += state
        else:
            values = layers[name](values, **options)
        if f"norm_{index}" in layers:
            values = layers[f"norm_{index}"](values)
        if f"residual_{index}" in layers:
            values = layers[f"residual_{index}"]([before, values])
    if not told:
        return layers["allowed_logits"](_logits(layers, layers["dropout_logits"](values))), last
    # What is offered is dropped too: else it leads the training songs past dropout to the logits, learnt by heart.
    values = layers["dropout_logits"](offer(layers, values, offered))
    return layers["allowed_logits"](with_intervals(layers, _logits(layers, values), values, told)), last


def _logits(layers: Mapping[str, Callable], values: object) -> object:
    if "to_embedding" in layers:
        return layers["embedding"](layers["to_embedding"](values), reverse=True)
    return layers["logits"](values)
