import contextlib
import csv
import json
import pathlib
import random
import socket
import subprocess
import sys

import numpy as np
import pytest

from tests.trainer import datasets
from trainer import task
from trainer.training import cluster

pytestmark = pytest.mark.slow

FLAGS = [
    "--steps=30", "--batch_size=4", "--units=8", "--embedding=4", "--layers=2", "--log_every=5", "--evaluate_every=10",
    "--checkpoint_every=10", "--learning_rate=0.02", "--carry_state", "--recurrent_dropout=0.2",
]  # fmt: skip


def cluster_of(monkeypatch, kind, index, **jobs):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": jobs, "task": {"type": kind, "index": index}}))


def test_without_tf_config(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert (cluster.workers(), cluster.is_chief()) == (1, True)


def test_the_chief_or_the_first_worker_writes(monkeypatch):
    cluster_of(monkeypatch, "worker", 0, worker=["a:1", "b:1"])
    assert (cluster.workers(), cluster.is_chief()) == (2, True)
    cluster_of(monkeypatch, "worker", 1, worker=["a:1", "b:1"])
    assert not cluster.is_chief()
    cluster_of(monkeypatch, "worker", 0, chief=["c:1"], worker=["a:1", "b:1"])
    assert (cluster.workers(), cluster.is_chief()) == (3, False)
    cluster_of(monkeypatch, "chief", 0, chief=["c:1"], worker=["a:1"])
    assert cluster.is_chief()


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_tf_config_that_is_none(monkeypatch, tmp_path, capsys, text):
    monkeypatch.setenv("TF_CONFIG", text)
    data = datasets.build(tmp_path / "data", {"train": [[4, 5, 6]]})
    assert task.main(["--data", data, "--model_dir", str(tmp_path / "model")]) == 2
    assert "TF_CONFIG must be a JSON object" in capsys.readouterr().err


def test_one_machine_and_its_neighbours_may_be_named(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {"chief": ["c:1"], "ps": {"0": "p:1"}}, "task": None}))
    assert (cluster.workers(), cluster.is_chief()) == (1, True)


@pytest.mark.parametrize(
    ("jobs", "task", "message"),
    [
        (["a:1", "b:1"], {}, "TF_CONFIG must be a JSON object as"),
        ({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": "x"}, "TF_CONFIG must be a JSON object as"),
        ({"worker": "a:1"}, {}, r"the addresses of worker as .* got 'a:1'"),
        ({"worker": ["a", "b:1"]}, {"type": "worker"}, r"got \['a', 'b:1'\]"),
        ({"worker": ["a:1", 2]}, {"type": "worker"}, r"got \['a:1', 2\]"),
        ({"worker": ["a:1", "b:1"]}, None, "this machine is None 0; its task must be one of worker 0, worker 1"),
        ({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": 2}, "is worker 2; its task must be one of"),
        ({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": -1}, "is worker -1; its task must be one of"),
        ({"chief": ["c:1"], "worker": ["a:1"]}, {"type": "evaluator"}, "is evaluator 0; .* of chief 0, worker 0"),
    ],
)
def test_a_cluster_that_cannot_be(monkeypatch, jobs, task, message):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": jobs, "task": task}))
    with pytest.raises(ValueError, match=message):
        cluster.is_chief()


@pytest.mark.parametrize(
    ("more", "message"),
    [(["--replicas=2"], "--replicas 2 is for one machine, but TF_CONFIG names 2"), (["--batch_size=5"], "try 4 or 6")],
)
def test_refused_before_the_other_machine_is_waited_for(monkeypatch, tmp_path, capsys, more, message):
    cluster_of(monkeypatch, "worker", 0, worker=["127.0.0.1:1", "127.0.0.1:2"])
    data = datasets.build(tmp_path / "data", {"train": [[4, 5, 6]]})
    assert task.main(["--data", data, "--model_dir", str(tmp_path / "model"), *more]) == 2
    assert message in capsys.readouterr().err


def start(data: str, models: list[pathlib.Path], monkeypatch, *more: list[str]) -> list[subprocess.Popen]:
    """The same command on two machines, with flags of each."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = []
    for index, (model, flags) in enumerate(zip(models, more or ([], []), strict=True)):
        cluster_of(monkeypatch, "worker", index, worker=addresses)
        argv = [sys.executable, "-m", "trainer.task", "--data", data, "--model_dir", str(model), *FLAGS, *flags]
        processes.append(subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    return processes


def test_machines_that_do_not_do_the_same(tmp_path, monkeypatch):
    data = datasets.build(tmp_path / "data", {"train": datasets.melodies(13)}, datasets.Recipe(window=6))
    both = [tmp_path / "model"] * 2
    said = [one.communicate(timeout=240)[0] for one in start(data, both, monkeypatch, [], ["--seed=2"])]
    assert all("have not the same settings and dataset" in text for text in said), said


def test_a_machine_without_the_checkpoint_and_one_that_is_lost(tmp_path, monkeypatch):
    data = datasets.build(tmp_path / "data", {"train": datasets.melodies(13)}, datasets.Recipe(window=6))
    apart, endless = [tmp_path / "one", tmp_path / "other"], ["--steps=1000000", "--early_stopping=0"]
    processes = start(data, apart, monkeypatch, endless, endless)
    for line in processes[1].stdout:
        if line.startswith("step 20/"):
            break
    processes[1].kill()
    said = processes[0].communicate(timeout=240)[0]
    assert processes[0].returncode == 1
    assert "error: the machines of TF_CONFIG do not work together any more" in said.splitlines()[-1]
    # Only the first machine writes checkpoints, where the other does not see them.
    said = [one.communicate(timeout=240)[0] for one in start(data, apart, monkeypatch, endless, endless)]
    assert all("have not the same step to go on from" in text for text in said), said


def free_ports(count: int) -> list[int]:
    """Ports below those that the system gives to others, such as the tests of another worker, by itself."""
    free = []
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            free.append(port)
    return free[:count]


def histories(folder: pathlib.Path) -> list[list[float]]:
    rows = csv.DictReader((folder / "history.csv").open())
    return [[float(row["train_loss_nats"]), float(row["validation_loss_nats"] or 0)] for row in rows]


def test_two_machines_train_what_one_does(tmp_path, monkeypatch):
    songs = {"train": datasets.melodies(13), "validation": datasets.melodies(3, seed=1)}
    data = datasets.build(tmp_path / "data", songs, datasets.Recipe(window=6, stride=3, shards=2))
    processes = start(data, [tmp_path / "two"] * 2, monkeypatch)
    said = [process.communicate(timeout=240)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    verdicts = [[line for line in text.splitlines() if "0/30  validation loss " in line] for text in said]
    assert len(verdicts[0]) == 3
    assert verdicts[0] == verdicts[1]
    monkeypatch.delenv("TF_CONFIG")
    assert task.main(["--data", data, "--model_dir", str(tmp_path / "one"), *FLAGS]) == 0
    np.testing.assert_allclose(histories(tmp_path / "two"), histories(tmp_path / "one"), rtol=1e-4, atol=1e-5)
