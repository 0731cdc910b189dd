"""Starts a network from another one's weights, also where their vocabularies differ."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nabi.music.vocabulary import Vocabulary
from nabi.networks import trained_model
from nabi.workspace import directories, paths, storage

if TYPE_CHECKING:
    # At run time it would bring TensorFlow.
    import keras


@dataclasses.dataclass(frozen=True)
class WarmStart:
    """A finished model to start from.

    Attributes:
      folder: its model directory.
      request: the fingerprint of the model, so that a resumed run is known to start from the same.
      or_fresh: whether a network that it does not fit starts from its own first weights.
    """

    folder: str
    request: str
    or_fresh: bool = False

    def into(self, start: "keras.Model", vocabulary: Vocabulary) -> str:
        """Carries weights over to a network.

        Args:
          start: the network, with first weights, of the same layers and sizes but for the vocabulary's.
          vocabulary: its tokens.

        Returns:
          What was carried over, in a sentence.

        Raises:
          ValueError: if a layer is missing on either side or of another size, saying which flag would make it fit;
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
        common = [(new, source.vocabulary.ids[token]) for new, token in enumerate(vocabulary.tokens) if
                  token in source.vocabulary.ids]  # fmt: skip
        ids = np.array(common).T
        theirs = {layer.name: layer for layer in source.model.layers}
        self._require_same_network(start, source.model, ids)
        layers = [layer for layer in start.layers if layer.weights]
        # All of them, or none: a network that is half another's would be no start.
        carried = [_carried(layer, theirs.get(layer.name), ids, self.folder) for layer in layers]
        for layer, weights in zip(layers, carried, strict=True):
            layer.set_weights(weights)
        different = len(vocabulary) - len(common)
        return (
            f"started from {self.folder}: {len(common)} of {len(vocabulary)} tokens carried over, "
            f"{different} start{'' if different > 1 else 's'} fresh"
        )

    def _require_same_network(self, start: "keras.Model", source: "keras.Model", ids: npt.NDArray[np.int64]) -> None:
        """Refuses what shapes do not tell: layers that would be dropped, and features of tokens that are others now."""
        names = {layer.name for layer in start.layers}
        dropped = [layer.name for layer in source.layers if layer.weights and layer.name not in names]
        if dropped:
            raise ValueError(
                f"--warm_start {self.folder} does not fit: its layer {', '.join(dropped)} is not in this network: "
                f"{_SAME_FLAGS}"
            )
        mine, theirs = (network.get_layer("embedding").get_weights()[0] for network in (start, source))
        # Features are not learnt: what the layers behind them made of a token's must find the same ones.
        if not start.get_layer("embedding").trainable and not np.array_equal(mine[ids[0]], theirs[ids[1]]):
            raise ValueError(
                f"--warm_start {self.folder} does not fit: its network is told of the tokens in another way: use its "
                f"--input_features, and preprocess with --vocabulary {storage.join(self.folder, paths.VOCABULARY)}"
            )


_SAME_FLAGS = "use its --embedding, --units, --layers and --layer_norm"


def open_warm(folder: str, *, or_fresh: bool = False) -> WarmStart:
    """A finished model directory to start from; needs no TensorFlow.

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
    """A layer's weights with the rows or columns of tokens in common taken from another layer."""
    mine, theirs = layer.get_weights(), source.get_weights() if source else []
    by_token = {"embedding": 0, "logits": -1}
    carried = []
    for own, other in zip(mine, theirs, strict=False):
        axis = by_token.get(layer.name)
        if axis is not None and own.ndim == other.ndim:
            new, old = (np.moveaxis(part, axis, 0) for part in (own.copy(), other))
            if new.shape[1:] == old.shape[1:]:
                new[ids[0]] = old[ids[1]]
                other = np.moveaxis(new, 0, axis)
        if own.shape != other.shape:
            break
        carried.append(other)
    if len(carried) < len(mine):
        raise ValueError(
            f"--warm_start {folder} does not fit: its layer {layer.name} has weights "
            f"{[part.shape for part in theirs]}, this network needs {[part.shape for part in mine]}: "
            f"{_SAME_FLAGS}"
        )
    return carried
