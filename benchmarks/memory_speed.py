"""Compares the sampling speed of a network with a memory with that of the same LSTM without one, in turns.

    python -m benchmarks.memory_speed --data DATASET [--size 2x256] [--turns 20]

Both sample with the dataset's vocabulary, grammar and masks, 64 rows at once on one thread, as a worker of a job does.
They are not trained, on which the time does not depend. A turn is the processor time of 128 positions of all rows,
which another process on the core slows less than it does the clock.
"""

import argparse
import time
from collections.abc import Callable

import keras
import numpy as np

import nabi
from generator.config import GenerateConfig
from generator.sampling import samplers, stepper
from generator.sampling.plan import SLOTS
from nabi.music.vocabulary import START
from nabi.networks import network
from nabi.networks.song_memory import SongMemory
from nabi.networks.trained_model import TrainedModel

_POSITIONS = 128
_EMBEDDING = 64
# As the recipe `chorales` samples: without filters, and rhythm and phrases at temperatures of their own.
_SAMPLING = GenerateConfig(
    max_tokens=_POSITIONS,
    temperature=0.65,
    rhythm_temperature=0.9,
    phrase_temperature=0.35,
    top_p=1.0,
    max_repeats=0,
    seed=1,
)


def model_of(dataset: nabi.Dataset, layers: int, units: int, memory: SongMemory | None) -> TrainedModel:
    """Builds an untrained model of a dataset's songs."""
    keras.utils.set_random_seed(1)
    architecture = network.Architecture(
        vocabulary_size=len(dataset.vocabulary),
        embedding=_EMBEDDING,
        units=units,
        layers=layers,
        dropout=0.0,
        blocked=tuple(dataset.vocabulary.unpredicted(song_marks=True)),
    )
    config = {"target": "every", "dataset": {"song_marks": True}}
    return TrainedModel(network.build(architecture, memory=memory), dataset.vocabulary, dataset.encoding, config, {})


def runner(model: TrainedModel) -> Callable[[], float]:
    """Returns a function that samples a song in each row and returns the processor time of a position, in seconds."""
    sampler = samplers.sampler_of(model, _SAMPLING)

    def run() -> float:
        """Samples once."""
        begun = time.process_time()
        songs = sampler.sample(range(SLOTS), [(START,)] * SLOTS)
        if max(len(song.tokens) for song in songs) < _POSITIONS:
            raise ValueError(f"all songs ended within {_POSITIONS} tokens")
        return (time.process_time() - begun) / _POSITIONS

    run()
    return run


def main() -> None:
    """Prints the tokens a second of both, and the ratio of each turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="a dataset")
    parser.add_argument("--size", default="2x256", help="LAYERSxUNITS")
    parser.add_argument("--turns", type=int, default=20)
    args = parser.parse_args()
    stepper.use_one_thread()
    dataset = nabi.open_dataset(args.data)
    layers, units = map(int, args.size.split("x"))
    memories = (SongMemory.of(dataset.vocabulary, dataset.encoding), None)
    runs = [runner(model_of(dataset, layers, units, memory)) for memory in memories]
    seconds = np.array([[run() for run in runs] for _ in range(args.turns)])
    for name, column in zip(("with a memory", "without"), seconds.T, strict=True):
        print(f"{name:14}{SLOTS / np.median(column):>8,.0f} tokens a second, at best {SLOTS / column.min():,.0f}")
    ratios = np.sort(seconds[:, 1] / seconds[:, 0])
    print(f"ratio {np.median(ratios):.2f}, {ratios[0]:.2f} to {ratios[-1]:.2f}; of the best {_of_best(seconds):.2f}")


def _of_best(seconds: np.ndarray) -> float:
    with_memory, without = seconds.min(axis=0)
    return float(without / with_memory)


if __name__ == "__main__":
    main()
