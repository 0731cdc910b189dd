"""Writes a network's weights for the page: tensors one after another, in the layout in which its script reads them."""

import base64
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import keras

# Formats of the weights that were trained; with the first one the page's songs are those of the model itself.
PRECISIONS = ("float32", "float16")
# A tensor begins at a multiple of so many bytes, as JavaScript's arrays of numbers have to.
_ALIGNMENT = 4
# Tables of small whole numbers.
_WHOLE = ("interval_of_pitch", "degree_of_pitch", "relation_of_interval")
# The page reads from a list which ids name a pitch.
_LEFT_OUT = ("pitch_logits",)


def tensors(model: "keras.Model", precision: str) -> dict[str, npt.NDArray[Any]]:
    """Collects a network's weights by name, products laid out row by row of what they compute.

    Args:
      model: the network.
      precision: format of the weights that were trained, one of `PRECISIONS`; tables that are fixed are not rounded,
        and what 16 bits hold as well has 16 bits.

    Returns:
      `NAME` -> the table of an embedding, [values, width]; `NAME/kernel` and `NAME/bias` of a dense layer,
      [outputs, inputs] and [outputs]; of an LSTM `NAME/kernel` is [4 units, inputs + units], gates in Keras' order
      (input, forget, cell, output); of a normalisation `NAME/gamma` and `NAME/beta`.
    """
    return {
        name: values.astype(_type(name, values, precision if layer.trainable else PRECISIONS[0]))
        for layer in model.layers
        if layer.get_weights() and layer.name not in _LEFT_OUT
        for name, values in _of_layer(type(layer).__name__, layer.name, layer.get_weights())
    }


def _type(name: str, values: npt.NDArray[Any], precision: str) -> npt.DTypeLike:
    """Returns a tensor's type: 16 bits where they hold all of its numbers, such as those of a pack of float16."""
    if name in _WHOLE:
        return np.uint8
    with np.errstate(over="ignore"):
        is_exact = np.array_equal(values.astype(np.float16), values)
    return np.float16 if is_exact else precision


def _of_layer(kind: str, name: str, weights: list[Any]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    if kind == "LSTM":
        kernel, recurrent, bias = weights
        yield f"{name}/kernel", np.concatenate([kernel, recurrent]).T
        yield f"{name}/bias", bias
    elif kind == "Dense":
        yield f"{name}/kernel", weights[0].T
        yield f"{name}/bias", weights[1]
    elif kind == "LayerNormalization":
        yield f"{name}/gamma", weights[0]
        yield f"{name}/beta", weights[1]
    else:
        yield name, weights[0]


def packed(arrays: Mapping[str, npt.NDArray[Any]]) -> tuple[list[dict[str, Any]], str]:
    """Packs tensors one after another.

    Returns:
      For each tensor its name, its shape, its type and the byte at which it begins, a multiple of 4; and all bytes,
      little-endian, in base64.
    """
    entries: list[dict[str, Any]] = []
    content = bytearray()
    for name, values in arrays.items():
        entries.append({"name": name, "shape": list(values.shape), "type": str(values.dtype), "begin": len(content)})
        content += values.astype(values.dtype.newbyteorder("<")).tobytes()
        content += bytes(-len(content) % _ALIGNMENT)
    return entries, base64.b64encode(content).decode()
