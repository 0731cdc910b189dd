"""Measures a GPU in one go: training steps beside PyTorch's, ways that could be faster, determinism, a whole run.

    python -m benchmarks.gpu --output OUT [--data DATASET] [--torch_python PYTHON] [--seconds 480]

Each job is a process, guarded: what fails or does not fit into the time left is said, and the next one goes on. OUT
gets `gpu.json` and `gpu.md` after each job, and the trace of a profile. Without a GPU it runs too, at small `--sizes`,
and says what it left out. With --data a model is trained by the recipe `chorales`, from start to model.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.gpu_jobs import JOBS, Job, Size
from nabi.workspace.commands import Parser

SIZES = "1x128x64,2x512x64,2x512x512,3x1024x256"
# A process that is started has at least this to import TensorFlow and to measure something.
_SHORTEST = 15.0


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the jobs and prints the table."""
    flags = _parser().parse_args(argv)
    output, deadline = pathlib.Path(flags.output), time.monotonic() + flags.seconds
    output.mkdir(parents=True, exist_ok=True)
    results: list[dict[str, Any]] = []
    for job in (job for job in JOBS if not flags.jobs or job.name in flags.jobs):
        left = deadline - time.monotonic()
        if left < min(_SHORTEST, job.seconds):
            found = [{"name": "", "skipped": f"{max(left, 0):.0f} s are left"}]
        else:
            found = run(job, flags, min(job.seconds * flags.patience, left))
        results += [{"job": job.name, **result} for result in found]
        (output / "gpu.json").write_text(json.dumps(results, indent=1) + "\n")
        (output / "gpu.md").write_text(table(results))
    print(table(results), end="")
    return 0


def run(job: Job, flags: argparse.Namespace, seconds: float) -> list[dict[str, Any]]:
    """Runs a job in a process, which is ended after some seconds; returns what it has printed up to then.

    Returns:
      Dictionaries of `name` and one of `rate` (tokens a second), `value`, `skipped` and `failed` (why).
    """
    reason = why_not(job, flags)
    if reason:
        return [{"name": "", "skipped": reason}]
    request = {
        **dataclasses.asdict(job),
        **{name: getattr(flags, name) for name in ("window", "vocabulary", "turn", "data", "output")},
        "sizes": [dataclasses.astuple(size) for size in flags.sizes],
    }
    python = flags.torch_python if job.kind == "torch" else sys.executable
    command = [python, "-m", "benchmarks.gpu_worker", json.dumps(request)]
    environment = (torch_environment() if job.kind == "torch" else dict(os.environ)) | job.environment
    # A session of its own, so that what the process has started ends with it.
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    timer = threading.Timer(seconds, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    said, complaints = process.communicate()
    timer.cancel()
    found = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    if process.returncode == -signal.SIGKILL:
        found.append({"name": "", "failed": f"ended after {seconds:.0f} s"})
    elif process.returncode:
        last = (complaints.strip().splitlines() or [""])[-1]
        found.append({"name": "", "failed": f"exit status {process.returncode}: {last[:200]}"})
    return found


def why_not(job: Job, flags: argparse.Namespace) -> str | None:
    """Returns why a job is left out; None if it is not."""
    if job.kind == "torch" and not flags.torch_python:
        return "no --torch_python"
    if job.kind == "training" and not flags.data:
        return "no --data"
    return None


def torch_environment() -> dict[str, str]:
    """Returns the environment for PyTorch, which brings its own CUDA: without TensorFlow's packages and libraries."""
    folders = filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":"))
    kept = [folder for folder in folders if not any(pathlib.Path(folder).glob("libcudnn*"))]
    return {**os.environ, "PYTHONPATH": str(pathlib.Path.cwd()), "LD_LIBRARY_PATH": ":".join(kept)}


def table(results: Iterable[dict[str, Any]]) -> str:
    """Formats results as a table in Markdown."""
    lines = ["| job | measured | result |", "|---|---|---|"]
    for result in results:
        if "rate" in result:
            text = f"{result['rate'] / 1e6:,.3f} million tokens a second"
        elif "value" in result:
            text = str(result["value"])
        else:
            text = f"left out: {result['skipped']}" if "skipped" in result else f"failed: {result['failed']}"
        lines.append(f"| {result['job']} | {result['name']} | {text} |")
    return "\n".join(lines) + "\n"


def _parser() -> Parser:
    parser = Parser("python -m benchmarks.gpu", description=__doc__)
    add = parser.add_argument
    add("--output", default=os.environ.get("OUT"), required="OUT" not in os.environ, help="folder of the results")
    add("--data", help="a finished dataset of the recipe chorales, on which a model is trained; none: leaves it out")
    add("--torch_python", help="interpreter of an environment with PyTorch; none: leaves it out")
    add("--seconds", type=float, default=480, help="after which no job is started or goes on")
    add("--patience", type=float, default=1.0, help="factor of the time that a job may take")
    add("--sizes", type=_sizes, default=SIZES, help="LAYERSxUNITSxROWS, with commas")
    add("--window", type=int, default=128, help="tokens of a window")
    add("--vocabulary", type=int, default=400)
    add("--turn", type=float, default=1.2, help="seconds of a measurement")
    add("--jobs", type=lambda text: text.split(","), default=[], help="names of jobs, with commas; none: all")
    return parser


def _sizes(text: str) -> list[Size]:
    return [Size.parse(part) for part in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
