"""The network of stacked LSTM layers, of stock Keras layers only: plain Keras loads what is saved of it, in safe mode.

A network is told by the names of its layers; `variant` connects copies of them in the same way for training, for
scoring and for sampling.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses
from collections.abc import Callable, Mapping

import keras
import numpy as np
import numpy.typing as npt

from nabi.networks.fused_lstm import FusedLSTM, cell

# A dropout layer of the network -> what stands in its place.
DropoutFor = Callable[[keras.layers.Dropout], Callable]

# (name of an LSTM layer, its state h float32 [B, units]) -> the factors of h in all its recurrent products.
RecurrentMaskFor = Callable[[str, object], object]


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What a network is made of.

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


def build(architecture: Architecture, features: npt.NDArray[np.float32] | None = None) -> keras.Model:
    """Embedding -> stacked LSTM -> logits of the next token at every step.

    Args:
      architecture: its layers and sizes.
      features: float32 [V, F], what the LSTM is told of each token instead of a learnt vector; never trained.

    Returns:
      A model from tokens int32 [B, T] to float32 logits [B, T, V].
    """
    layers = {layer.name: layer for layer in _layers(architecture, features)}
    tokens_BxT = keras.Input((None,), dtype="int32", name="tokens")
    model = keras.Model(tokens_BxT, _connect(layers, tokens_BxT, {})[0], name="nabi")
    if features is not None:
        model.get_layer("embedding").set_weights([features])
    return model


def _layers(wanted: Architecture, features: npt.NDArray[np.float32] | None) -> list[keras.layers.Layer]:
    layers, size = keras.layers, wanted.vocabulary_size
    # Keras' own start, within +-0.05, is so near to zero that the LSTM sees hardly any input: it stays at the unigram's
    # loss for hundreds of steps. Tied vectors are also the logits' weights, whose start must keep logits near 1.
    spread = keras.initializers.RandomNormal(stddev=wanted.embedding**-0.5 if wanted.tied_embeddings else 1.0)
    embedding = layers.ReversibleEmbedding if wanted.tied_embeddings else layers.Embedding
    width = wanted.embedding if features is None else features.shape[1]
    made = [embedding(size, width, embeddings_initializer=spread, trainable=features is None, name="embedding")]
    # One mask for all steps of a window: Keras broadcasts it over the axes of size 1.
    noise_shape = (None, 1, None) if wanted.variational_dropout else None
    for index in range(wanted.layers):
        made.append(layers.Dropout(wanted.dropout, noise_shape, name=f"dropout_{index}"))
        made.append(layers.LSTM(wanted.units, return_sequences=True, name=f"lstm_{index}"))
        if wanted.layer_norm:
            made.append(layers.LayerNormalization(name=f"norm_{index}"))
        if wanted.residual and wanted.units == (width if index == 0 else wanted.units):
            made.append(layers.Add(name=f"residual_{index}"))
    made.append(layers.Dropout(wanted.dropout, noise_shape, name="dropout_logits"))
    if wanted.tied_embeddings:
        made.append(layers.Dense(width, name="to_embedding"))
    else:
        made.append(layers.Dense(size, dtype="float32", name="logits"))
    # A constant offset is a stock layer, so the mask travels with the model.
    offset = [-1e9 if token in wanted.blocked else 0.0 for token in range(size)]
    made.append(layers.Rescaling(1.0, offset=offset, dtype="float32", name="allowed_logits"))
    return made


def _connect(
    layers: Mapping[str, Callable],
    tokens_BxT: object,
    states: Mapping[str, list],
    masks: Mapping[str, object] | None = None,
) -> tuple[object, list]:
    """The one way in which the layers are connected, by their names.

    Args:
      layers: name -> layer.
      tokens_BxT: the input.
      states: name of an LSTM layer -> its first h and c; empty: zeros, and no state is given back.
      masks: name of an LSTM layer -> its recurrent mask.

    Returns:
      The logits, and h and c after the last step of every LSTM layer in `states`.
    """
    values, last = layers["embedding"](tokens_BxT), []
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
    values = layers["dropout_logits"](values)
    if "to_embedding" in layers:
        logits = layers["embedding"](layers["to_embedding"](values), reverse=True)
    else:
        logits = layers["logits"](values)
    return layers["allowed_logits"](logits), last


def variant(
    model: keras.Model,
    *,
    state: bool,
    fused: bool = False,
    precision: str = "float32",
    dropout: DropoutFor | None = None,
    recurrent_mask: RecurrentMaskFor | None = None,
    inputs: tuple = (),
) -> keras.Model:
    """The same network with copies of its weights, put together for another use.

    Args:
      model: what `build` returned, or what Keras loaded of it.
      state: whether the LSTM's state is input and output.
      fused: whether LSTM layers are our own (`nabi.networks.fused_lstm.FusedLSTM`).
      precision: Keras' policy for all layers but those that make logits, which stay in float32.
      dropout: what to put in the place of each Dropout layer; None leaves dropout out.
      recurrent_mask: recurrent dropout; needs `state` and `fused`.
      inputs: further inputs of the model, which `dropout` and `recurrent_mask` read.

    Returns:
      A model from [tokens int32 [B, T], `inputs`, then per LSTM layer h and c float32 [B, units]] to
      [logits float32 [B, T, V], then per LSTM layer h and c after the last step]. `get_weights()` of all variants
      have the same order, so that weights trained further are copied by `set_weights`.
    """
    layers: dict[str, Callable] = {}
    states = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layers[layer.name] = dropout(layer) if dropout else _unchanged
        elif not isinstance(layer, keras.layers.InputLayer):
            layers[layer.name] = _copy(layer, state=state, fused=fused, precision=precision)
        if isinstance(layer, keras.layers.LSTM) and state:
            states[layer.name] = [keras.Input((layer.units,), name=f"{layer.name}_{part}") for part in "hc"]
    masks = {name: recurrent_mask(name, h) for name, (h, _) in states.items()} if recurrent_mask else None
    tokens_BxT = keras.Input((None,), dtype="int32", name="tokens")
    logits, last = _connect(layers, tokens_BxT, states, masks)
    flat = [part for pair in states.values() for part in pair]
    copy = keras.Model([tokens_BxT, *inputs, *flat], [logits, *last], name="nabi_with_state" if state else "nabi")
    copy.set_weights(model.get_weights())
    return copy


def _copy(layer: keras.layers.Layer, *, state: bool, fused: bool, precision: str) -> keras.layers.Layer:
    config, kind = layer.get_config(), type(layer)
    if not layer.name.endswith("logits"):
        config["dtype"] = precision
    if isinstance(layer, keras.layers.LSTM):
        config["return_state"] = state
        kind = FusedLSTM if fused else keras.layers.LSTM
    return kind.from_config(config)


def stepwise(model: keras.Model) -> Callable[[object, list], tuple[object, list]]:
    """The network one token at a time, for sampling: no dropout, and no loop inside.

    Args:
      model: what `build` returned, or what Keras loaded of it; its weights are copied.

    Returns:
      A function of the last token's ids int32 [B] and, per LSTM layer, h and c float32 [B, units], to the next token's
      logits float32 [B, V] and the next h and c.
    """
    layers: dict[str, Callable] = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.LSTM):
            layers[layer.name] = cell(*layer.get_weights())
        elif isinstance(layer, keras.layers.Dropout):
            layers[layer.name] = _unchanged
        else:
            layers[layer.name] = layer
    names = [layer.name for layer in model.layers if isinstance(layer, keras.layers.LSTM)]

    def advance(last_B: object, state: list) -> tuple[object, list]:
        pairs = dict(zip(names, zip(state[::2], state[1::2], strict=True), strict=True))
        return _connect(layers, last_B, pairs)

    return advance


def state_sizes(model: keras.Model) -> list[int]:
    """Units of each part of the network's state: h and c for every LSTM layer."""
    return [layer.units for layer in model.layers if isinstance(layer, keras.layers.LSTM) for _ in "hc"]


def _unchanged(values: object) -> object:
    return values
