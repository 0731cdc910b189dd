"""The search as a user runs it, each trial a training in a process of its own."""

import pathlib
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable

import pytest

from nabi.networks import trained_model
from nabi.workspace import paths
from tests.trainer import datasets
from trainer import evaluate

pytestmark = pytest.mark.slow

SONGS = {
    "train": datasets.melodies(12),
    "validation": datasets.melodies(3, seed=1),
    "test": datasets.melodies(2, seed=2),
}
# Long enough that a trial can be met in the middle: each evaluation prints a line.
FLAGS = {
    "tune": 2, "steps": 120, "batch_size": 4, "units": 8, "embedding": 4, "layers": 1, "recurrent_dropout": 0,
    "weight_decay": 0, "evaluate_every": 4, "checkpoint_every": 3, "early_stopping": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> str:
    return datasets.build(tmp_path_factory.mktemp("data"), SONGS, datasets.Recipe(window=6, stride=3))


@pytest.fixture(scope="module")
def finished(tmp_path_factory, dataset) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("finished")
    subprocess.run(command(dataset, folder), check=True, stdout=subprocess.DEVNULL)
    return folder


def command(data: str, folder: pathlib.Path) -> list[str]:
    flags = [f"--{key}={value}" for key, value in FLAGS.items()]
    return [sys.executable, "-m", "trainer.task", f"--data={data}", f"--model_dir={folder}", *flags, "--no-layer_norm"]


def signalled(argv: list[str], line: str, number: int) -> int:
    """Runs a command, sends it a signal once it has printed a line that starts so, and returns its exit status."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert any(told.startswith(line) for told in process.stdout)
        process.send_signal(number)
        process.stdout.read()
        return process.wait(60)


def result(folder: pathlib.Path) -> dict[str, object]:
    """What a search leaves, apart from seconds."""
    names = ("vocabulary.json", "metrics.json", "history.csv", "COMPLETED", "tune.json")
    texts = {name: (folder / name).read_bytes() for name in names}
    rows = [row.rpartition(",")[0] for row in (folder / "trials.csv").read_text().splitlines()]
    with zipfile.ZipFile(folder / "model.keras") as model:
        # Beside them Keras writes the time and its objects' places in memory.
        weights = model.read("model.weights.h5")
    return {**texts, "trials": rows, "weights": weights, "config": paths.read_json(str(folder / "config.json"))}


def test_the_best_model_is_like_any_model(finished, dataset, capsys):
    losses = [float(row.split(",")[2]) for row in (finished / "trials.csv").read_text().splitlines()[1:]]
    best = min(range(2), key=losses.__getitem__)
    metrics = paths.read_json(str(finished / "metrics.json"))
    assert metrics["validation"]["loss_nats"] == pytest.approx(losses[best], abs=1e-6)
    assert losses[0] != losses[1]
    trial = trained_model.load(str(finished / "trials" / paths.trial_name(best + 1)))
    published = trained_model.load(str(finished))
    assert [weights.tolist() for weights in published.model.get_weights()] == [
        weights.tolist() for weights in trial.model.get_weights()
    ]
    evaluated = evaluate.run(model=str(finished), data=dataset, split="validation", output=str(finished / "evaluation"))
    assert evaluated["splits"]["validation"]["loss_nats"] == pytest.approx(losses[best], abs=1e-5)


def test_killed_and_stopped_in_the_middle_it_ends_the_same(finished, dataset, tmp_path):
    argv, trials = command(dataset, tmp_path), tmp_path / "trials"
    assert signalled(argv, "trial 1/2  step 8/", signal.SIGKILL) == -signal.SIGKILL
    assert ends(lambda: running(tmp_path))
    assert list((trials / "trial-0001/checkpoints").glob("checkpoint-*"))
    assert not (trials / "trial-0001/COMPLETED").exists()

    assert signalled(argv, "trial 2/2  step 8/", signal.SIGTERM) == 128 + signal.SIGTERM
    assert (trials / "trial-0001/COMPLETED").exists()
    assert not (trials / "trial-0002/COMPLETED").exists()

    ended = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True)
    assert "trial 2/2  resumed at step " in ended.stdout
    assert "trial 1/2  step " not in ended.stdout
    assert result(tmp_path) == result(finished)


def ends(found: Callable[[], list[str]]) -> bool:
    """Whether nothing is found within some seconds."""
    late = time.monotonic() + 10
    while found() and time.monotonic() < late:
        time.sleep(0.01)
    return not found()


def running(folder: pathlib.Path) -> list[str]:
    """The commands of the processes that were given a folder."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(process.read_text(errors="replace").replace("\0", " "))
        except OSError:
            continue
    return [line for line in found if str(folder) in line]
