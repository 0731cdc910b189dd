"""The network of a run: with its first weights, and in the form in which it is trained."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import numpy.typing as npt

from nabi.networks import network, variants
from nabi.networks.song_memory import SongMemory
from trainer.config import TrainConfig
from trainer.training.dropout import DropoutMask, MaskedDropout

# A layer's dropout key is seed * this + the layer's number, so that no two layers of a run drop alike.
_LAYERS_PER_SEED = 2**16


def training_model(start: keras.Model, config: TrainConfig, *, fused: bool = True) -> keras.Model:
    """Builds the network in its training form: state in and out, dropout by (seed, step, layer, row), its precision."""
    draw = keras.Input(batch_shape=(2,), dtype="int64", name="draw")
    names = [layer.name for layer in start.layers]

    def mask(layer: type[DropoutMask], name: str, rate: float, shared_steps: bool) -> DropoutMask:
        """Makes the dropout mask of a layer; its key is unique in the run."""
        key = config.seed * _LAYERS_PER_SEED + names.index(name)
        return layer(rate, key, shared_steps=shared_steps, name=f"{name}_mask", dtype=config.precision)

    def dropout(layer: keras.layers.Dropout) -> Callable:
        """Replaces a Dropout layer."""
        dropped = mask(MaskedDropout, layer.name, layer.rate, config.variational_dropout)
        return lambda values: dropped(values, draw)

    def recurrent_mask(name: str, h: object) -> object:
        """Draws the mask of an LSTM layer's state."""
        return mask(DropoutMask, name, config.recurrent_dropout, shared_steps=False)(h, draw)

    return variants.variant(
        start,
        state=True,
        fused=fused,
        xla=config.xla,
        precision=config.precision,
        dropout=dropout if config.dropout else None,
        recurrent_mask=recurrent_mask if config.recurrent_dropout else None,
        inputs=(draw,),
    )


def first_network(
    config: TrainConfig,
    vocabulary_size: int,
    blocked: Sequence[int],
    features: npt.NDArray[np.float32] | None = None,
    memory: SongMemory | None = None,
) -> keras.Model:
    """Builds the network of a configuration with the first weights of its seed; call it outside a strategy's scope."""
    keras.utils.set_random_seed(config.seed)
    architecture = network.Architecture(
        vocabulary_size=vocabulary_size,
        embedding=config.embedding,
        units=config.units,
        layers=config.layers,
        dropout=config.dropout,
        blocked=tuple(blocked),
        variational_dropout=config.variational_dropout,
        layer_norm=config.layer_norm,
        residual=config.residual,
        tied_embeddings=config.tied_embeddings,
    )
    return network.build(architecture, features, memory)
