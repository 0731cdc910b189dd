"""Compares the sampling speed, in tokens a second, with PyTorch and with the tutorials' method, on an idle machine.

    python -m benchmarks.generation [--torch_python VENV/bin/python] [--sizes 1x128,2x512,3x512] [--turns 3]

The tutorials run the whole window of 100 tokens through Keras' `predict` for each token of one song. PyTorch's nn.LSTM
carries its state and samples 1,024 songs at once by softmax and multinomial. Nabi samples 1,024 songs with the
generator's sampler in two processes, as with `--direct_num_workers=2`: in batches of 64 rows, as a job does, and of 512
rows; at temperature 1 with a grammar's masks, and also with top-k 50 and top-p 0.95. The distributions have an entropy
of about 2 nats a token, as a trained model's. The limit is the rate of one large float32 product; a token costs the
products of the LSTM, 16 U^2 a layer, and those of the logits. PyTorch needs an environment of its own: name its
interpreter.
"""

import argparse
import functools
import os
import sys
from collections.abc import Callable

from benchmarks import workers
from benchmarks.workers import Worker
from nabi.workspace.commands import Parser

VOCABULARY, WINDOW, SONGS = 400, 100, 1024
_STEPS = 32
_SECONDS_A_TURN = 3.0
_PRODUCT = (8192, 512, 2048)
_MODULE = "benchmarks.generation"
_PROCESSES = 2
# Standard deviation of the logits: 400 normal ones give about 2 nats a token, as a model of the chorales does.
_DEVIATION = 4.0


def main() -> int:
    """Runs all systems and prints the table; with --worker, serves one system on standard input and output."""
    parser = Parser("python -m benchmarks.generation", description=__doc__)
    parser.add_argument("--torch_python", help="interpreter of an environment with PyTorch; none: leaves it out")
    parser.add_argument("--sizes", default="1x128,2x512,3x512", help="LAYERSxUNITS, with commas")
    parser.add_argument("--turns", type=int, default=3, help="of which the best counts")
    parser.add_argument("--worker", choices=sorted(_PREPARE), help=argparse.SUPPRESS)
    flags = parser.parse_or_exit()
    if flags.worker:
        return workers.serve(_PREPARE[flags.worker], _SECONDS_A_TURN)
    ours = [Worker(_MODULE, "nabi") for _ in range(_PROCESSES)]
    systems: dict[str, Callable[..., float]] = {"seeds": Worker(_MODULE, "seeds").ask}
    if flags.torch_python:
        systems["torch"] = Worker(_MODULE, "torch", flags.torch_python).ask
    for name, request in _OURS.items():
        systems[name] = functools.partial(_together, ours, *request)
    limit = _together(ours, "product", 0, 0, 0)
    print(f"one float32 product of {_PRODUCT} in each of {_PROCESSES} processes: {limit / 1e9:,.0f} GFLOP/s together")
    print(f"{'size':<8}" + "".join(f"{name:>14}" for name in systems) + _HEADINGS)
    for size in flags.sizes.split(","):
        layers, units = map(int, size.split("x"))
        best = dict.fromkeys(systems, 0.0)
        for _ in range(flags.turns):
            for name, ask in systems.items():
                best[name] = max(best[name], ask(layers, units))
        print(_line(best, layers, units, limit), flush=True)
    return 0


# Column -> (kind, rows), which a request has before layers and units.
_OURS = {"64 rows": ("plain", 64), "64, filters": ("filters", 64), "512 rows": ("plain", 512)}
_HEADINGS = f"{'64/seeds':>10}{'64/torch':>10}{'512/torch':>11}{'filters':>9}{'64/limit':>10}{'512/limit':>11}"


def _together(processes: list[Worker], kind: str, rows: int, layers: int, units: int) -> float:
    for process in processes:
        process.begin(kind, rows, layers, units)
    return sum(process.answer() for process in processes)


def _line(best: dict[str, float], layers: int, units: int, limit: float) -> str:
    plain, many = best["64 rows"], best["512 rows"]
    torch = best.get("torch") or float("nan")
    work = layers * 16 * units * units + 2 * units * VOCABULARY
    rates = "".join(f"{rate:>14,.0f}" if rate >= 100 else f"{rate:>14,.1f}" for rate in best.values())
    costs = 1 - best["64, filters"] / plain
    ratios = f"{plain / best['seeds']:>10,.0f}{plain / torch:>10.2f}{many / torch:>11.2f}{costs:>9.0%}"
    return f"{layers}x{units:<6}{rates}{ratios}{plain * work / limit:>10.2f}{many * work / limit:>11.2f}"


def _network(layers: int, units: int) -> object:
    import keras
    import numpy as np

    from nabi.networks import network

    keras.utils.set_random_seed(1)
    blocked = (0, 1, 2)
    model = network.build(
        network.Architecture(
            vocabulary_size=VOCABULARY, embedding=units, units=units, layers=layers, dropout=0.0, blocked=blocked
        )
    )
    logits = model(np.random.default_rng(1).integers(4, VOCABULARY, (8, WINDOW))).numpy()[:, :, len(blocked) :]
    layer = model.get_layer("logits")
    layer.set_weights([weights * _DEVIATION / logits.std() for weights in layer.get_weights()])
    return model


def _nabi(kind: str, rows: int, layers: int, units: int) -> tuple[float, Callable[[], object]]:
    import numpy as np

    from generator.config import GenerateConfig
    from generator.sampling import stepper
    from generator.sampling.grammar import Grammar
    from generator.sampling.sampler import Sampler
    from generator.sampling.token_content import TokenContents
    from nabi.music.vocabulary import START

    stepper.use_one_thread()
    if kind == "product":
        return _product()
    # Without `<end>`, which would end songs at random. Eight grammar rows, each without one token, cost what a real
    # grammar does.
    legal = np.ones((8, VOCABULARY), np.bool_)
    legal[:, :4] = False
    legal[np.arange(8), np.arange(8) + 4] = False
    following = np.tile(np.arange(VOCABULARY) % 8, (8, 1))
    contents = TokenContents(np.ones(VOCABULARY, np.int64), np.ones(VOCABULARY, np.int64))
    filters = {"top_k": 50, "top_p": 0.95} if kind == "filters" else {"top_p": 1.0}
    config = GenerateConfig(max_tokens=4 * _STEPS, max_repeats=0, **filters)
    network = stepper.carried(_network(layers, units))
    sampler = Sampler(network, Grammar(following, legal), config, contents, slots=rows)
    songs, primers = range(SONGS // _PROCESSES), [(START,)] * (SONGS // _PROCESSES)
    return len(songs) * config.max_tokens, lambda: sampler.sample(songs, primers)


def _product() -> tuple[float, Callable[[], object]]:
    import tensorflow as tf

    m, k, n = _PRODUCT
    left, right = (tf.random.stateless_normal(shape, (1, 2)) for shape in ((m, k), (k, n)))
    product = tf.function(lambda: tf.reduce_max(tf.matmul(left, right)))
    return 2.0 * m * k * n, lambda: product().numpy()


def _seeds(layers: int, units: int) -> tuple[float, Callable[[], object]]:
    import numpy as np

    model, generator = _network(layers, units), np.random.default_rng(1)
    window = generator.integers(4, VOCABULARY, (1, WINDOW))

    def token() -> None:
        nonlocal window
        logits = model.predict(window, verbose=0)[0, -1].astype(np.float64)
        chances = np.exp(logits - logits.max())
        chosen = generator.choice(VOCABULARY, p=chances / chances.sum())
        window = np.append(window[:, 1:], [[chosen]], 1)

    return 1, token


def _torch(layers: int, units: int) -> tuple[float, Callable[[], object]]:
    import torch

    torch.manual_seed(1)
    embedding = torch.nn.Embedding(VOCABULARY, units)
    network, logits = torch.nn.LSTM(units, units, layers), torch.nn.Linear(units, VOCABULARY)
    tokens = torch.zeros(1, SONGS, dtype=torch.long)
    state = (torch.zeros(layers, SONGS, units), torch.zeros(layers, SONGS, units))

    @torch.inference_mode()
    def sample() -> None:
        nonlocal tokens, state
        for _ in range(_STEPS):
            values, state = network(embedding(tokens), state)
            tokens = torch.multinomial(torch.softmax(logits(values[0]), -1), 1).T

    return SONGS * _STEPS, sample


_PREPARE: dict[str, Callable[..., tuple[float, Callable[[], object]]]] = {
    "nabi": _nabi,
    "seeds": _seeds,
    "torch": _torch,
}

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
