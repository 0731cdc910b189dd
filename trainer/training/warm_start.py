"""Starts a network from the weights of a finished model, also where their vocabularies differ."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nabi.music.vocabulary import Vocabulary
from nabi.networks import trained_model
from nabi.workspace import directories, paths, storage

if TYPE_CHECKING:
    # It imports TensorFlow, which checks before the training do without.
    import keras


@dataclasses.dataclass(frozen=True)
class WarmStart:
    """A finished model to start from.

    Attributes:
      folder: its model directory.
      request: the model's fingerprint, by which a resumed run is known to have started from it.
      or_fresh: True if a network that the model does not fit starts from its own first weights.
    """

    folder: str
    request: str
    or_fresh: bool = False

    def into(self, start: "keras.Model", vocabulary: Vocabulary) -> str:
        """Copies the model's weights into a network; weights of tokens that only the network has stay as they are.

        Args:
          start: the network with its first weights; of the same layers and sizes, but for the vocabulary's.
          vocabulary: the network's tokens.

        Returns:
          A sentence that says what was copied.

        Raises:
          ValueError: if a layer is missing on either side or has another size, naming the flags that would make it fit;
            not with `or_fresh`.
        """
        try:
            return self._carry_over(start, vocabulary)
        except ValueError as error:
            if not self.or_fresh:
                raise
            return f"started from first weights, since {error}"

    def _carry_over(self, start: "keras.Model", vocabulary: Vocabulary) -> str:
        source = trained_model.load(self.folder)
        source_ids = source.vocabulary.ids
        common = [(new, source_ids[token]) for new, token in enumerate(vocabulary.tokens) if token in source_ids]
        ids = np.array(common).T
        source_layers = {layer.name: layer for layer in source.model.layers}
        self._require_same_network(start, source.model, ids)
        layers = [layer for layer in start.layers if layer.weights]
        # All layers are checked before one is changed: a network must not be left half copied.
        carried = [_carried(layer, source_layers.get(layer.name), ids, self.folder) for layer in layers]
        for layer, weights in zip(layers, carried, strict=True):
            layer.set_weights(weights)
        different = len(vocabulary) - len(common)
        return (
            f"started from {self.folder}: {len(common)} of {len(vocabulary)} tokens carried over, "
            f"{different} start{'s' if different == 1 else ''} fresh"
        )

    def _require_same_network(self, start: "keras.Model", source: "keras.Model", ids: npt.NDArray[np.int64]) -> None:
        """Raises ValueError if a layer of the model would be dropped, or if tokens have other input features."""
        names = {layer.name for layer in start.layers}
        dropped = [layer.name for layer in source.layers if layer.weights and layer.name not in names]
        if dropped:
            raise ValueError(
                f"--warm_start {self.folder} does not fit: its layer {', '.join(dropped)} is not in this network: "
                f"{_SAME_FLAGS}"
            )
        new, old = (network.get_layer("embedding").get_weights()[0] for network in (start, source))
        # Fixed features are not learned: the layers above them were trained on the features of the model's tokens.
        if not start.get_layer("embedding").trainable and not np.array_equal(new[ids[0]], old[ids[1]]):
            raise ValueError(
                f"--warm_start {self.folder} does not fit: its tokens have other input features: use its "
                f"--input_features, and preprocess with --vocabulary {storage.join(self.folder, paths.VOCABULARY)}"
            )


_SAME_FLAGS = "use its --embedding, --units, --layers, --layer_norm and --memory"


def open_warm(folder: str, *, or_fresh: bool = False) -> WarmStart:
    """Opens a finished model directory to start from; needs no TensorFlow.

    Args:
      folder: see `nabi.workspace.directories.find`.
      or_fresh: see `WarmStart`.

    Raises:
      ValueError: if it is unfinished.
      nabi.workspace.storage.StorageError: if it cannot be read.
    """
    folder = directories.model(folder)
    marks = paths.require_completed(folder, "model", f"python -m trainer.task --model_dir {folder}")
    paths.read_object(storage.join(folder, paths.CONFIG), "vocabulary", "encoding")
    trained_model.load_vocabulary(folder)
    return WarmStart(folder, marks["request"], or_fresh)


def _carried(
    layer: "keras.layers.Layer", source: "keras.layers.Layer | None", ids: npt.NDArray[np.int64], folder: str
) -> list[npt.NDArray]:
    """Returns the weights of a source layer, in the order of the layer's own tokens where weights belong to tokens.

    Args:
      layer: of the network.
      source: of the same name in the model; None if it has none.
      ids: int64 [2, C], of the C tokens in common: ids of the network, ids of the model.
      folder: the model directory, for the message.
    """
    own_weights, source_weights = layer.get_weights(), source.get_weights() if source else []
    if not layer.trainable:
        # Tables of the vocabulary are this vocabulary's own, in its own order.
        return own_weights
    token_axes = {"embedding": 0, "logits": -1, "recalled": 0, "last_of_kind": 0}
    carried = []
    for own, other in zip(own_weights, source_weights, strict=False):
        axis = token_axes.get(layer.name)
        if axis is not None and own.ndim == other.ndim:
            new, old = (np.moveaxis(part, axis, 0) for part in (own.copy(), other))
            if new.shape[1:] == old.shape[1:]:
                new[ids[0]] = old[ids[1]]
                other = np.moveaxis(new, 0, axis)
        if own.shape != other.shape:
            break
        carried.append(other)
    if len(carried) < len(own_weights):
        raise ValueError(
            f"--warm_start {folder} does not fit: its layer {layer.name} has weights "
            f"{[part.shape for part in source_weights]}, this network needs {[part.shape for part in own_weights]}: "
            f"{_SAME_FLAGS}"
        )
    return carried
