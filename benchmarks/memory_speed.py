"""Compares the sampling speed of a model that has a memory with that of the same LSTM without one, in turns.

    python -m benchmarks.memory_speed --model MODEL [--turns 10] [--rows 64]

Both sample with the model's vocabulary, grammar and masks, on one thread, as a worker of a job does; the network
without a memory is not trained. A turn is the processor time of 128 positions of all rows, which another process on the
core slows less than it does the clock.
"""

import argparse
import dataclasses
import time
from collections.abc import Callable

import numpy as np

from generator.config import GenerateConfig
from generator.sampling import samplers, stepper
from nabi.music.vocabulary import START
from nabi.networks import network, trained_model
from nabi.networks.trained_model import TrainedModel

_POSITIONS = 128
# Those of the recipe `chorales`: no filter, and a temperature of the rhythm.
_SAMPLING = GenerateConfig(
    max_tokens=_POSITIONS, temperature=0.65, rhythm_temperature=0.9, top_p=1.0, max_repeats=0, seed=1
)


def without_memory(model: TrainedModel) -> TrainedModel:
    """Returns the model with an untrained network of the same sizes that has no memory."""
    layers = {layer.name: layer for layer in model.model.layers}
    lstms = [layer for name, layer in layers.items() if name.startswith("lstm_")]
    architecture = network.Architecture(
        vocabulary_size=len(model.vocabulary),
        embedding=layers["embedding"].output_dim,
        units=lstms[0].units,
        layers=len(lstms),
        dropout=0.0,
        blocked=tuple(model.vocabulary.unpredicted(song_marks=True)),
    )
    return dataclasses.replace(model, model=network.build(architecture))


def runner(model: TrainedModel, rows: int) -> Callable[[], float]:
    """Returns a function that samples a song in each row and returns the processor time of a position, in seconds."""
    sampler = samplers.sampler_of(model, _SAMPLING, slots=rows)

    def run() -> float:
        """Samples once."""
        begun = time.process_time()
        songs = sampler.sample(range(rows), [(START,)] * rows)
        assert max(len(song.tokens) for song in songs) == _POSITIONS
        return (time.process_time() - begun) / _POSITIONS

    run()
    return run


def main() -> None:
    """Prints the tokens a second of both, and the ratio of each turn's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a model directory, trained with --memory")
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--rows", type=int, default=64)
    args = parser.parse_args()
    stepper.use_one_thread()
    model = trained_model.load(args.model)
    runs = {"memory": runner(model, args.rows), "plain": runner(without_memory(model), args.rows)}
    seconds = np.array([[run() for run in runs.values()] for _ in range(args.turns)])
    for name, column in zip(runs, seconds.T, strict=True):
        rates = args.rows / column
        print(f"{name:8}{np.median(rates):>10,.0f} tokens a second (best {rates.max():,.0f})")
    ratios = np.sort(seconds[:, 1] / seconds[:, 0])
    print(f"ratio   {np.median(ratios):>10.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
