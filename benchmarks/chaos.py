"""Kills the trainer (kill -9) at random instants and restarts it until it ends, and compares the results.

    python -m benchmarks.chaos --data DATASET_DIR [--kills 50] [--seed 1]

One run is not disturbed. Another is killed again and again at instants that are uniform over the duration of the first:
while it starts, trains, writes a checkpoint, evaluates or exports. If it ends before all kills are used up, another
begins. In the end weights, optimizer, best model and history.csv must equal those of the undisturbed run, bit for bit.
"""

import pathlib
import random
import subprocess
import sys
import tempfile
import time

import numpy as np

from nabi.workspace import paths
from nabi.workspace.commands import Parser
from trainer.training.checkpoint import Checkpoints, Snapshot

# Large enough that writing a checkpoint takes its share of the time.
FLAGS = [
    "--steps=60", "--batch_size=8", "--units=256", "--embedding=64", "--layers=2", "--log_every=2",
    "--evaluate_every=6", "--checkpoint_every=3", "--early_stopping=0", "--carry_state", "--recurrent_dropout=0.1",
]  # fmt: skip

_EXPORT = (paths.HISTORY, paths.METRICS, paths.CONFIG, paths.VOCABULARY)


def main() -> int:
    """Prints each kill and the verdict; returns 1 if anything differs."""
    parser = Parser("python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", required=True, help="a finished dataset directory")
    flags = parser.parse_or_exit()
    with tempfile.TemporaryDirectory() as folder:
        differences = torment(flags.data, pathlib.Path(folder), kills=flags.kills, seed=flags.seed)
    print("\n".join(differences) or f"{flags.kills} kills, and not a bit differs")
    return 1 if differences else 0


def torment(data: str, folder: pathlib.Path, *, kills: int, seed: int, flags: list[str] | None = None) -> list[str]:
    """Trains once undisturbed and once under kills; returns the differences in words."""
    flags = flags or FLAGS
    began = time.monotonic()
    subprocess.run(_command(data, folder / "peace", flags), check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    chance = random.Random(seed)
    done = 0
    while done < kills:
        model = folder / f"war-{done:03d}"
        while done < kills and not _ended(_command(data, model, flags), chance.uniform(0, seconds)):
            done += 1
            print(
                f"kill {done}/{kills}: checkpoints of steps {Checkpoints(str(model / 'checkpoints')).steps()}",
                flush=True,
            )
        subprocess.run(_command(data, model, flags), check=True, stdout=subprocess.DEVNULL)
        if different := differences(folder / "peace", model):
            return different
    return []


def _command(data: str, model: pathlib.Path, flags: list[str]) -> list[str]:
    return [sys.executable, "-m", "trainer.task", "--data", data, "--model_dir", str(model), *flags]


def _ended(command: list[str], within: float) -> bool:
    """Runs a command and kills it after some seconds; returns True if it had ended by itself."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return process.wait(within) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False


def differences(expected: pathlib.Path, actual: pathlib.Path) -> list[str]:
    """Lists the differences between two model directories, wall-clock times aside."""
    texts = [name for name in _EXPORT if (expected / name).read_bytes() != (actual / name).read_bytes()]
    ours, theirs = (Checkpoints(str(folder / paths.CHECKPOINTS)).latest()[0] for folder in (expected, actual))
    if ours is None or theirs is None or (ours.step, ours.position) != (theirs.step, theirs.position):
        return [*texts, "the last checkpoints"]
    pairs = zip(_numbers(ours), _numbers(theirs), strict=True)
    return [*texts, *(f"array {index}" for index, (a, b) in enumerate(pairs) if not np.array_equal(a, b))]


def _numbers(snapshot: Snapshot) -> list[np.ndarray]:
    best = snapshot.best
    return [*snapshot.variables, *snapshot.state, *best.weights, np.array([best.step, best.loss, best.stale])]


if __name__ == "__main__":
    sys.exit(main())
