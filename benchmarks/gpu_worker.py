"""Serves benchmarks/gpu.py: measures one job and prints each result as a line of JSON."""

import hashlib
import itertools
import json
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.gpu_jobs import Size
from benchmarks.workers import rate

# (name, whether it needs a GPU, function that prepares a measurement).
Measurement = tuple[str, bool, Callable[[], Callable[[], object]]]
# Steps that are trained in one call, as between two rows of history.csv.
_AT_ONCE = 10
_REPLICAS = (2, 4)


def main() -> int:
    """Measures what the argument asks for."""
    request = json.loads(sys.argv[1])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for result in KINDS[request["kind"]](request):
        print(json.dumps(result), flush=True)
    return 0


def _measured(request: dict[str, Any], measurements: Iterator[tuple[Size, Measurement]]) -> Iterator[dict[str, Any]]:
    """Measures one after the other; one that fails does not end the rest."""
    import tensorflow as tf

    gpu = bool(tf.config.list_physical_devices("GPU"))
    for size, (name, needs_gpu, prepare) in measurements:
        named = {"name": f"{name}, {size}"}
        if needs_gpu and not gpu:
            yield {**named, "skipped": "no GPU"}
        else:
            yield named | guarded(prepare, size.rows * request["window"], request["turn"])


def guarded(prepare: Callable[[], Callable[[], object]], tokens: int, seconds: float) -> dict[str, Any]:
    """Measures tokens a second; returns `rate`, or `failed` with the error in words."""
    try:
        run = prepare()
        run()
        return {"rate": tokens * rate(run, seconds)}
    except Exception as error:
        return {"failed": " ".join(f"{type(error).__name__}: {error}".split())[:300]}


def _sizes(request: dict[str, Any]) -> list[Size]:
    """Returns the sizes; where few are wanted those with the most and the fewest units."""
    sizes = [Size(*parts) for parts in request["sizes"]]
    if not request["options"].get("few"):
        return sizes
    return sorted({min(sizes, key=_units), max(sizes, key=_units)}, key=_units)


def _units(size: Size) -> tuple[int, int]:
    return size.units, size.rows


def _steps(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Measures the trainer's whole step."""
    options = request["options"]
    if options.get("deterministic"):
        from trainer.training import determinism

        determinism.require()

    def measurement(name: str, settings: dict[str, Any], size: Size) -> Measurement:
        """Makes the measurement of a variant; a call trains several steps."""

        def prepare() -> Callable[[], object]:
            learner, steps = _learner(request, size, settings)
            return lambda: learner.run(steps)

        return name, False, prepare

    pairs = (
        (size, measurement(name, each, size)) for name, each in options["variants"].items() for size in _sizes(request)
    )
    for result in _measured(request, pairs):
        yield {**result, "rate": result["rate"] * _AT_ONCE} if "rate" in result else result


def _learner(request: dict[str, Any], size: Size, settings: dict[str, Any], replicas: int = 1) -> tuple[Any, Any]:
    """Makes a learner and the batches of some steps."""
    import numpy as np

    from trainer.config import TrainConfig
    from trainer.data.batch_order import BatchPosition
    from trainer.data.feed import StepBatches
    from trainer.training.step import Learner
    from trainer.training.strategy import make_strategy
    from trainer.training.training_network import first_network

    given = {"layers": size.layers, "units": size.units, "embedding": size.units, "batch_size": size.rows}
    config = TrainConfig.create({**given, "dropout": 0.0, "steps": 1000, **settings})
    learner = Learner(
        make_strategy(replicas, size.rows), config, first_network(config, request["vocabulary"], (0, 1, 2))
    )
    shape = (_AT_ONCE, size.rows, request["window"] + 1)
    tokens = np.random.default_rng(0).integers(4, request["vocabulary"], shape).astype(np.int32)
    begins, epochs = np.ones(shape[:2], np.bool_), np.zeros(_AT_ONCE, np.int64)
    return learner, StepBatches(tokens, begins, BatchPosition(), epochs)


def _torch(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Measures PyTorch's whole step: embedding, LSTM, logits, loss, clipping, fused Adam."""
    from benchmarks import gpu_torch

    for precision in ("float32", "bfloat16"):
        for size in _sizes(request):
            found = guarded(
                lambda size=size, precision=precision: gpu_torch.training_step(
                    size, precision, request["window"], request["vocabulary"]
                ),
                size.rows * request["window"],
                request["turn"],
            )
            yield {"name": f"{precision}, {size}", **found}


def _lstm(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Measures LSTM layers alone, forward and backward, in every way that could be faster."""
    from benchmarks import gpu_lstm

    def measurement(name: str, precision: str, size: Size) -> Measurement:
        """Makes the measurement of a way."""
        needs_gpu, make = ways[name]
        return f"{name}, {precision}", needs_gpu, lambda: make(size, precision, request["window"])

    ways = gpu_lstm.ways(raw_only=bool(request["options"].get("raw")))
    each = itertools.product(_sizes(request), ("float32", "bfloat16", "float16"), ways)
    return _measured(request, ((size, measurement(name, precision, size)) for size, precision, name in each))


def _equal_runs(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Tells whether two processes come to the same weights, bit for bit, with and without `--deterministic`."""
    deterministic = request["options"].get("deterministic")
    if deterministic is None:
        for flag in (True, False):
            runs = [_again(request, deterministic=flag) for _ in range(2)]
            failures = [run["failed"] for run in runs if "failed" in run]
            value = "equal" if runs[0] == runs[1] else "different"
            name = "with --deterministic" if flag else "without"
            yield {"name": name, "failed": failures[0]} if failures else {"name": name, "value": value}
        return
    if deterministic:
        from trainer.training import determinism

        determinism.require()
    size = max((Size(*parts) for parts in request["sizes"]), key=_units)
    learner, steps = _learner(request, size, {"dropout": 0.2})
    learner.run(steps)
    yield {"weights": hashlib.sha256(b"".join(part.tobytes() for part in learner.weights())).hexdigest()}


def _replicas(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Compares the losses that 1, 2 and 4 logical devices come to; each number needs a process of its own."""
    size, count = _sizes(request)[0], request["options"].get("count")
    if count:
        learner, steps = _learner(request, size, {"learning_rate": 0.01}, replicas=count)
        yield {"losses": learner.run(steps)[:5, 0].tolist()}
        return
    base = _again(request, count=1)
    for more in _REPLICAS if size.rows % max(_REPLICAS) == 0 else ():
        found, name = _again(request, count=more), f"{more} logical devices beside 1, 5 steps"
        if "losses" in base and "losses" in found:
            pairs = zip(base["losses"], found["losses"], strict=True)
            far = max(abs(one - other) / abs(one) for one, other in pairs)
            yield {"name": name, "value": f"losses differ by {far:.1e} of themselves at most"}
        else:
            yield {"name": name, "failed": {**base, **found}["failed"]}


def _again(request: dict[str, Any], **options: object) -> dict[str, Any]:
    """Runs a job in another process and returns its only result, or why there is none."""
    command = [sys.executable, "-m", "benchmarks.gpu_worker", json.dumps({**request, "options": options})]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        return {"failed": (done.stderr.strip().splitlines() or ["no result"])[-1][:200]}
    result: dict[str, Any] = json.loads(lines[-1])
    return result


def _profile(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Lists what a step of the largest size spends its time in, by the profiler's trace."""
    import tensorflow as tf

    from benchmarks.gpu_profile import busiest

    size = max((Size(*parts) for parts in request["sizes"]), key=_units)
    learner, steps = _learner(request, size, {})
    learner.run(steps)
    folder = str(pathlib.Path(request["output"], "profile"))
    with tf.profiler.experimental.Profile(folder):
        learner.run(steps)
    for name, share, milliseconds in busiest(folder):
        yield {"name": name, "value": f"{share:.1%}, {milliseconds:.1f} ms"}


def _training(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Trains by the recipe, from start to model."""
    model = pathlib.Path(request["output"], "model")
    command = [sys.executable, "-m", "trainer.task", "--recipe", "chorales", "--data", request["data"]]
    began = time.monotonic()
    done = subprocess.run([*command, "--model_dir", str(model), "--overwrite"], capture_output=True, text=True)
    if done.returncode:
        yield {"name": "chorales", "failed": (done.stderr.strip().splitlines() or ["no message"])[-1][:200]}
        return
    metrics = json.loads((model / "metrics.json").read_text())
    yield {"name": "chorales, from start to model", "value": f"{time.monotonic() - began:.1f} s"}
    yield {"name": "chorales, validation loss", "value": f"{metrics['validation']['loss_nats']:.4f} nats"}


KINDS: dict[str, Callable[[dict[str, Any]], Iterator[dict[str, Any]]]] = {
    "steps": _steps,
    "torch": _torch,
    "lstm": _lstm,
    "equal_runs": _equal_runs,
    "replicas": _replicas,
    "profile": _profile,
    "training": _training,
}

if __name__ == "__main__":
    sys.exit(main())
