"""Networks for another use: with state in and out for training and scoring, or a step at a time for sampling."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from collections.abc import Callable

import keras

from nabi.networks.fused_lstm import FusedLSTM, cell
from nabi.networks.lookups import lookups
from nabi.networks.memory_layers import memory_of
from nabi.networks.network import connect
from nabi.networks.recall_layer import RecallLayer

# A dropout layer of the network -> the layer in its place.
DropoutFor = Callable[[keras.layers.Dropout], Callable]

# (name of an LSTM layer, its state h float32 [B, units]) -> factors of h in all its recurrent products, [B, units].
RecurrentMaskFor = Callable[[str, object], object]


def variant(
    model: keras.Model,
    *,
    state: bool,
    fused: bool = False,
    xla: bool = False,
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
      xla: true for a network that XLA compiles as a whole; needs `fused`.
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
            # One layer in the place of one: Keras orders layers, and so weights, by their depth in the graph.
            layers[layer.name] = dropout(layer) if dropout else keras.layers.Identity(name=layer.name)
        elif not isinstance(layer, keras.layers.InputLayer):
            layers[layer.name] = _copy(layer, state=state, fused=fused, xla=xla, precision=precision)
    states = _state_inputs(model) if state else {}
    masks = {name: recurrent_mask(name, h) for name, (h, _) in states.items()} if recurrent_mask else None
    tokens_BxT = keras.Input((None,), dtype="int32", name="tokens")
    before, told, after = _recalled(model, tokens_BxT)
    logits, last = connect(layers, tokens_BxT, states, masks, told)
    flat = [*(part for pair in states.values() for part in pair), *before]
    copy = keras.Model(
        [tokens_BxT, *inputs, *flat], [logits, *last, *after], name="nabi_with_state" if state else "nabi"
    )
    copy.set_weights(model.get_weights())
    return copy


def _recalled(model: keras.Model, tokens_BxT: object) -> tuple[list, dict[str, object], list]:
    """Returns the state of a network's memory as inputs, what is told, and the state after; empty without one."""
    memory = memory_of(model)
    if not memory:
        return [], {}, []
    before = [keras.Input((size,), name=f"memory_{part}") for part, size in enumerate(memory.sizes)]
    return before, *RecallLayer(memory)(tokens_BxT, before)


def _state_inputs(model: keras.Model) -> dict[str, list]:
    """Makes the inputs h and c of each LSTM layer, by the layer's name."""
    lstms = [layer for layer in model.layers if isinstance(layer, keras.layers.LSTM)]
    return {layer.name: [keras.Input((layer.units,), name=f"{layer.name}_{part}") for part in "hc"] for layer in lstms}


def _copy(layer: keras.layers.Layer, *, state: bool, fused: bool, xla: bool, precision: str) -> keras.layers.Layer:
    config, kind = layer.get_config(), type(layer)
    if not layer.name.endswith("logits"):
        config["dtype"] = precision
    if isinstance(layer, keras.layers.LSTM):
        config["return_state"] = state
        if fused:
            return FusedLSTM.from_config({**config, "xla": xla})
    return kind.from_config(config)


def stepwise(model: keras.Model) -> Callable[[object, list], tuple[object, list]]:
    """Makes a single step of the network for sampling, without dropout and without a loop.

    Args:
      model: a network of `build`, or loaded by Keras; its weights are copied.

    Returns:
      A function of the last tokens' ids int32 [B] and, for each LSTM layer, h and c float32 [B, units], then the state
      of the memory, to the logits float32 [B, V] of the next tokens and the next state. With a third argument, bool
      [B], it tells of the song's past only in the rows that are true.
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
    recall, replaced = lookups(model, memory) if memory else (lambda *_: ({}, []), {})
    layers |= replaced

    def advance(last_B: object, state: list, told_B: object = None) -> tuple[object, list]:
        """Runs one step."""
        lstm, remembered = state[: 2 * len(names)], state[2 * len(names) :]
        pairs = dict(zip(names, zip(lstm[::2], lstm[1::2], strict=True), strict=True))
        told, remembered = recall(last_B, remembered, told_B)
        logits, last = connect(layers, last_B, pairs, told=told)
        return logits, [*last, *remembered]

    return advance


def state_sizes(model: keras.Model) -> list[int]:
    """Returns the width of each part of the network's state: h and c of every LSTM layer, and its memory."""
    units = [layer.units for layer in model.layers if isinstance(layer, keras.layers.LSTM) for _ in "hc"]
    memory = memory_of(model)
    return [*units, *(memory.sizes if memory else ())]


def _unchanged(values: object) -> object:
    return values
