"""The network of stacked LSTM layers, of stock Keras layers only, so that plain Keras loads it in safe mode.

The names of its layers decide how they are connected; `variant` connects copies of them in the same way for training,
for scoring and for sampling.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nabi.networks import song_memory
from nabi.networks.fused_lstm import FusedLSTM, cell
from nabi.networks.song_memory import RecallLayer, SongMemory

# A dropout layer of the network -> the layer in its place.
DropoutFor = Callable[[keras.layers.Dropout], Callable]

# (name of an LSTM layer, its state h float32 [B, units]) -> factors of h in all its recurrent products, [B, units].
RecurrentMaskFor = Callable[[str, object], object]


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
    told = memory.told if memory else 0
    names = ["tokens", *(f"told_{number}" for number in range(told))]
    inputs = [keras.Input((None,), dtype="int32", name=name) for name in names]
    logits = _connect(layers, inputs[0], {}, recalled=inputs[1:])[0]
    model = keras.Model(inputs if memory else inputs[0], logits, name="nabi")
    if memory:
        table = np.concatenate([memory.kinds_VxK, memory.moves_V[:, None]], axis=1)
        model.get_layer("kinds").set_weights([table])
    if features is not None:
        model.get_layer("embedding").set_weights([features])
    return model


# Widths of the vectors of a token that may be copied, of the last token of a kind, and of a run.
_COPIED_WIDTH, _LAST_WIDTH, _RUN_WIDTH = 32, 16, 8
# Tokens that may be copied: continuation, first continuation and aligned token.
_COPIES = 3


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
    if memory:
        kinds = memory.kinds_VxK.shape[1] + 1
        stack.append(layers.Embedding(size, kinds, trainable=False, name="kinds"))
        stack.append(layers.Embedding(size, _COPIED_WIDTH, embeddings_initializer=spread, name="recalled"))
        stack.append(layers.Embedding(size, _LAST_WIDTH, embeddings_initializer=spread, name="last_of_kind"))
        stack.append(
            layers.Embedding(
                song_memory.LONGEST_RUN + 1, _RUN_WIDTH, embeddings_initializer=spread, name="run_embedding"
            )
        )
        stack.append(layers.Concatenate(name="with_recalled"))
        stack.append(layers.Dense(_COPIES * _COPIED_WIDTH, "sigmoid", name="copy_gate"))
        stack.append(layers.Concatenate(name="copies"))
        stack.append(layers.Multiply(name="copied"))
        stack.append(layers.Concatenate(name="with_copied"))
    # One mask for all steps of a window: Keras broadcasts it over the axes of size 1.
    noise_shape = (None, 1, None) if architecture.variational_dropout else None
    for index in range(architecture.layers):
        stack.append(layers.Dropout(architecture.dropout, noise_shape, name=f"dropout_{index}"))
        stack.append(layers.LSTM(architecture.units, return_sequences=True, name=f"lstm_{index}"))
        if architecture.layer_norm:
            stack.append(layers.LayerNormalization(name=f"norm_{index}"))
        if architecture.residual and architecture.units == (width if index == 0 else architecture.units):
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


def _connect(
    layers: Mapping[str, Callable],
    tokens_BxT: object,
    states: Mapping[str, list],
    masks: Mapping[str, object] | None = None,
    recalled: Sequence = (),
) -> tuple[object, list]:
    """Connects the layers by their names, in the one way that all variants share.

    Args:
      layers: name -> layer.
      tokens_BxT: the input.
      states: name of an LSTM layer -> its first h and c; empty: zeros, and no state is returned.
      masks: name of an LSTM layer -> its recurrent mask.
      recalled: what `SongMemory.recall` tells of each token; empty for a network without a memory.

    Returns:
      The logits, and h and c after the last step of every LSTM layer in `states`.
    """
    values, last = layers["embedding"](tokens_BxT), []
    if recalled:
        run, tokens, last_tokens = recalled[0], recalled[1 : 1 + _COPIES], recalled[1 + _COPIES :]
        copies = [layers["recalled"](token) for token in tokens]
        more = [layers["last_of_kind"](token) for token in last_tokens]
        kinds = layers["kinds"](tokens_BxT)
        values = layers["with_recalled"]([values, kinds, *copies, *more, layers["run_embedding"](run)])
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
    if recalled:
        # What is recalled goes to the logits directly, through a gate that the LSTM opens.
        copied = layers["copied"]([layers["copy_gate"](values), layers["copies"](copies)])
        values = layers["with_copied"]([values, copied])
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
    """Copies a network with its weights for another use.

    Args:
      model: a network of `build`, or loaded by Keras.
      state: true makes the LSTM's state an input and an output.
      fused: true takes `nabi.networks.fused_lstm.FusedLSTM` as LSTM layers.
      precision: Keras' dtype policy for all layers but those of the logits, which stay float32.
      dropout: makes the layer in the place of each Dropout layer; None leaves dropout out.
      recurrent_mask: makes recurrent dropout; needs `state` and `fused`.
      inputs: additional inputs of the model, which `dropout` and `recurrent_mask` read.

    Returns:
      A model from [tokens int32 [B, T], `inputs`, then for each LSTM layer h and c float32 [B, units]] to
      [logits float32 [B, T, V], then for each LSTM layer h and c after the last step]. `get_weights()` of all
      variants have the same order, so that `set_weights` copies weights from one to another.
    """
    layers: dict[str, Callable] = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layers[layer.name] = dropout(layer) if dropout else _unchanged
        elif not isinstance(layer, keras.layers.InputLayer):
            layers[layer.name] = _copy(layer, state=state, fused=fused, precision=precision)
    states = _state_inputs(model) if state else {}
    masks = {name: recurrent_mask(name, h) for name, (h, _) in states.items()} if recurrent_mask else None
    tokens_BxT = keras.Input((None,), dtype="int32", name="tokens")
    flat = [part for pair in states.values() for part in pair]
    recalled: list = []
    remembered: list = []
    if memory := memory_of(model):
        before = [keras.Input((size,), name=f"memory_{part}") for part, size in enumerate(memory.sizes)]
        recalled, remembered = RecallLayer(memory)(tokens_BxT, before)
        flat = [*flat, *before]
    logits, last = _connect(layers, tokens_BxT, states, masks, recalled)
    last = [*last, *remembered]
    copy = keras.Model([tokens_BxT, *inputs, *flat], [logits, *last], name="nabi_with_state" if state else "nabi")
    copy.set_weights(model.get_weights())
    return copy


def _state_inputs(model: keras.Model) -> dict[str, list]:
    """Makes the inputs h and c of each LSTM layer, by the layer's name."""
    lstms = [layer for layer in model.layers if isinstance(layer, keras.layers.LSTM)]
    return {layer.name: [keras.Input((layer.units,), name=f"{layer.name}_{part}") for part in "hc"] for layer in lstms}


def _copy(layer: keras.layers.Layer, *, state: bool, fused: bool, precision: str) -> keras.layers.Layer:
    config, kind = layer.get_config(), type(layer)
    if not layer.name.endswith("logits"):
        config["dtype"] = precision
    if isinstance(layer, keras.layers.LSTM):
        config["return_state"] = state
        kind = FusedLSTM if fused else keras.layers.LSTM
    return kind.from_config(config)


def stepwise(model: keras.Model) -> Callable[[object, list], tuple[object, list]]:
    """Makes a single step of the network for sampling, without dropout and without a loop.

    Args:
      model: a network of `build`, or loaded by Keras; its weights are copied.

    Returns:
      A function of the last tokens' ids int32 [B] and, for each LSTM layer, h and c float32 [B, units], to the logits
      float32 [B, V] of the next tokens and the next h and c.
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
    memory = memory_of(model)
    recall = tf.function(memory.recall, jit_compile=True) if memory else lambda *_: ([], [])

    def advance(last_B: object, state: list) -> tuple[object, list]:
        """Runs one step."""
        lstm, remembered = state[: 2 * len(names)], state[2 * len(names) :]
        pairs = dict(zip(names, zip(lstm[::2], lstm[1::2], strict=True), strict=True))
        recalled, remembered = recall(last_B, remembered)
        logits, last = _connect(layers, last_B, pairs, recalled=recalled)
        return logits, [*last, *remembered]

    return advance


def state_sizes(model: keras.Model) -> list[int]:
    """Returns the width of each part of the network's state: h and c of every LSTM layer, and its memory."""
    units = [layer.units for layer in model.layers if isinstance(layer, keras.layers.LSTM) for _ in "hc"]
    memory = memory_of(model)
    return [*units, *(memory.sizes if memory else ())]


def memory_of(model: keras.Model) -> SongMemory | None:
    """Returns the memory that a network is told from; None if it has none."""
    if not any(layer.name == "kinds" for layer in model.layers):
        return None
    table = np.asarray(model.get_layer("kinds").get_weights()[0], np.float32)
    return SongMemory(table[:, :-1], table[:, -1])


def _unchanged(values: object) -> object:
    return values
