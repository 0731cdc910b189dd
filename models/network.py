"""The LSTM, of stock Keras layers only: plain Keras loads what is saved of it, in safe mode."""

from collections.abc import Sequence

import keras


def build(
    *, vocabulary_size: int, embedding: int, units: int, layers: int, dropout: float, blocked: Sequence[int]
) -> keras.Model:
    """Embedding -> stacked LSTM -> logits of the next token at every step.

    Args:
      vocabulary_size: V, ids are 0..V - 1.
      embedding: width of a token's vector.
      units: width of each LSTM layer.
      layers: LSTM layers, at least 1.
      dropout: share of the inputs of each LSTM layer and of the logits dropped in training, in [0, 1).
      blocked: ids that are never predicted; their logits are about -1e9.

    Returns:
      A model from tokens int32 [B, T] to float32 logits [B, T, V].
    """
    tokens_BxT = keras.Input((None,), dtype="int32", name="tokens")  # noqa: N806
    # Keras' own start, within +-0.05, is so near to zero that the LSTM sees hardly any input: it stays at the unigram's
    # loss for hundreds of steps.
    spread = keras.initializers.RandomNormal(stddev=1.0)
    embed = keras.layers.Embedding(vocabulary_size, embedding, embeddings_initializer=spread, name="embedding")
    values = embed(tokens_BxT)
    for layer in range(layers):
        values = keras.layers.Dropout(dropout, name=f"dropout_{layer}")(values)
        values = keras.layers.LSTM(units, return_sequences=True, name=f"lstm_{layer}")(values)
    values = keras.layers.Dropout(dropout, name="dropout_logits")(values)
    logits = keras.layers.Dense(vocabulary_size, dtype="float32", name="logits")(values)
    # A constant offset is a stock layer, so the mask travels with the model.
    offset = [-1e9 if token in blocked else 0.0 for token in range(vocabulary_size)]
    allowed = keras.layers.Rescaling(1.0, offset=offset, dtype="float32", name="allowed_logits")(logits)
    return keras.Model(tokens_BxT, allowed, name="nabi")


def with_state(model: keras.Model) -> keras.Model:
    """The same network, weights copied, with the LSTM's state as input and output; without dropout.

    Args:
      model: what `build` returned, or what Keras loaded of it.

    Returns:
      A model from [tokens int32 [B, T], then per LSTM layer h and c float32 [B, units]] to
      [logits float32 [B, T, V], then per LSTM layer h and c after the last step]. `get_weights()` of both models
      have the same order, so that weights trained further are copied by `set_weights`.
    """
    tokens_BxT = keras.Input((None,), dtype="int32", name="tokens")  # noqa: N806
    values, states_in, states_out = tokens_BxT, [], []
    for layer in model.layers[1:]:
        if isinstance(layer, keras.layers.LSTM):
            state = [keras.Input((layer.units,), name=f"{layer.name}_{part}") for part in "hc"]
            carrying = keras.layers.LSTM.from_config({**layer.get_config(), "return_state": True})
            values, *state_out = carrying(values, initial_state=state)
            states_in += state
            states_out += state_out
        elif not isinstance(layer, keras.layers.Dropout):
            values = type(layer).from_config(layer.get_config())(values)
    stateful = keras.Model([tokens_BxT, *states_in], [values, *states_out], name="nabi_with_state")
    stateful.set_weights(model.get_weights())
    return stateful


def state_sizes(model: keras.Model) -> list[int]:
    """Units of each state input of `with_state(model)`: h and c for every LSTM layer."""
    return [layer.units for layer in model.layers if isinstance(layer, keras.layers.LSTM) for _ in "hc"]
