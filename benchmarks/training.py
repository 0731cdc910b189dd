"""Compares the speed of Nabi's LSTM, forward and backward, with Keras' and PyTorch's, in turns on an idle machine.

    python -m benchmarks.training [--torch_python VENV/bin/python] [--sizes 1x128,2x512,3x512] [--turns 5]

PyTorch needs an environment of its own (`pip install torch`): name its interpreter. Each system is a process of its own
that waits while another runs. A turn is some steps of each; the best turn counts, since other work of the machine only
slows a turn down. The limit is the rate of one large product, float32 or bfloat16, the best of all systems; the
operations of an LSTM are those of its products: 24 U (I + U) a token and layer.
"""

import argparse
import functools
import sys
from collections.abc import Callable

from benchmarks import workers
from benchmarks.workers import Worker
from nabi.workspace.commands import Parser

ROWS, STEPS = 64, 100
PRECISIONS = ("float32", "bfloat16")
_SECONDS_A_TURN = 1.5
_PRODUCT = (8192, 512, 2048)
_MODULE = "benchmarks.training"


def main() -> int:
    """Runs all systems and prints the table; with --worker, serves one system on standard input and output."""
    parser = Parser("python -m benchmarks.training", description=__doc__)
    parser.add_argument("--torch_python", help="interpreter of an environment with PyTorch; none: leaves it out")
    parser.add_argument("--sizes", default="1x128,2x512,3x512", help="LAYERSxUNITS, with commas")
    parser.add_argument("--turns", type=int, default=5, help="of which the best counts")
    parser.add_argument("--worker", choices=sorted(WORKERS), help=argparse.SUPPRESS)
    flags = parser.parse_or_exit()
    if flags.worker:
        return workers.serve(functools.partial(_prepared, WORKERS[flags.worker]), _SECONDS_A_TURN)
    sizes = [tuple(map(int, size.split("x"))) for size in flags.sizes.split(",")]
    systems = {"nabi": Worker(_MODULE, "nabi"), "keras": Worker(_MODULE, "keras")}
    if flags.torch_python:
        systems["torch"] = Worker(_MODULE, "torch", flags.torch_python)
    for precision in PRECISIONS:
        limit = max(worker.ask("product", precision, 0, 0) for worker in systems.values())
        print(f"\n{precision}: one product of {_PRODUCT} runs at {limit / 1e9:,.0f} GFLOP/s")
        print(f"{'size':<8}" + "".join(f"{name + ' tok/s':>14}" for name in systems) + _HEADINGS)
        for layers, units in sizes:
            best = dict.fromkeys(systems, 0.0)
            for _ in range(flags.turns):
                for name, worker in systems.items():
                    best[name] = max(best[name], worker.ask("train", precision, layers, units))
            print(_line(best, layers, units, limit), flush=True)
    return 0


_HEADINGS = f"{'nabi/torch':>12}{'nabi/keras':>12}{'of limit':>10}"


def _line(best: dict[str, float], layers: int, units: int, limit: float) -> str:
    ratios = [best["nabi"] / best[name] if best.get(name) else float("nan") for name in ("torch", "keras")]
    share = best["nabi"] * layers * 48 * units * units / limit
    rates = "".join(f"{rate:>14,.0f}" for rate in best.values())
    return f"{layers}x{units:<6}{rates}{ratios[0]:>12.2f}{ratios[1]:>12.2f}{share:>10.2f}"


def _prepared(
    system: Callable[[str, str, int, int], Callable[[], object]], kind: str, precision: str, layers: int, units: int
) -> tuple[float, Callable[[], object]]:
    """Prepares a measurement: operations of a product or tokens of a training step, and a function that runs it."""
    m, k, n = _PRODUCT
    return (2.0 * m * k * n if kind == "product" else ROWS * STEPS), system(kind, precision, layers, units)


def _tensorflow(kind: str, precision: str, layers: int, units: int, fused: bool) -> Callable[[], object]:
    import keras
    import tensorflow as tf

    from nabi.networks.fused_lstm import FusedLSTM

    if kind == "product":
        return _tensorflow_product(tf, precision)
    policy = "float32" if precision == "float32" else "mixed_bfloat16"
    kind_of_layer = FusedLSTM if fused else keras.layers.LSTM
    stack = [kind_of_layer(units, return_sequences=True, dtype=policy) for _ in range(layers)]
    inputs = tf.random.stateless_normal((ROWS, STEPS, units), (1, 2))

    def forward(values: tf.Tensor) -> tf.Tensor:
        for layer in stack:
            values = layer(values)
        return tf.reduce_sum(tf.cast(values, tf.float32) ** 2)

    forward(inputs)
    weights = [weight.value for layer in stack for weight in layer.trainable_variables]

    @tf.function
    def step() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = forward(inputs)
        # Depends on all gradients, so that the graph cannot leave out any.
        return [tf.reduce_max(gradient) for gradient in tape.gradient(loss, [inputs, *weights])]

    return lambda: [gradient.numpy() for gradient in step()]


def _tensorflow_product(tf: object, precision: str) -> Callable[[], object]:
    m, k, n = _PRODUCT
    left, right = (tf.cast(tf.random.stateless_normal(shape, (1, 2)), precision) for shape in ((m, k), (k, n)))
    product = tf.function(lambda: tf.reduce_max(tf.matmul(left, right)))
    return lambda: product().numpy()


def _torch(kind: str, precision: str, layers: int, units: int) -> Callable[[], object]:
    import torch

    torch.manual_seed(1)
    dtype = getattr(torch, precision)
    if kind == "product":
        m, k, n = _PRODUCT
        left, right = torch.randn(m, k).to(dtype), torch.randn(k, n).to(dtype)
        out = torch.empty(m, n, dtype=dtype)
        return lambda: torch.matmul(left, right, out=out)
    network = torch.nn.LSTM(units, units, layers).to(dtype)
    inputs = torch.randn(STEPS, ROWS, units).to(dtype).requires_grad_()

    def step() -> None:
        network.zero_grad(set_to_none=True)
        (network(inputs)[0].float() ** 2).sum().backward()

    return step


WORKERS: dict[str, Callable[[str, str, int, int], Callable[[], object]]] = {
    "nabi": lambda *request: _tensorflow(*request, fused=True),
    "keras": lambda *request: _tensorflow(*request, fused=False),
    "torch": _torch,
}

if __name__ == "__main__":
    sys.exit(main())
