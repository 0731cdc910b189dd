import csv
import json
import pathlib
import socket
import subprocess
import sys

import numpy as np
import pytest

from tests.trainer import datasets
from trainer import cluster, task

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


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def histories(folder: pathlib.Path) -> list[list[float]]:
    rows = csv.DictReader((folder / "history.csv").open())
    return [[float(row["train_loss_nats"]), float(row["validation_loss_nats"] or 0)] for row in rows]


def test_two_machines_train_what_one_does(tmp_path, monkeypatch):
    songs = {"train": datasets.melodies(13), "validation": datasets.melodies(3, seed=1)}
    data = datasets.build(tmp_path / "data", songs, datasets.Recipe(window=6, stride=3, shards=2))
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = []
    for index in range(2):
        cluster_of(monkeypatch, "worker", index, worker=addresses)
        argv = [sys.executable, "-m", "trainer.task", "--data", data, "--model_dir", str(tmp_path / "two"), *FLAGS]
        processes.append(subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    said = [process.communicate(timeout=240)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    verdicts = [[line for line in text.splitlines() if "0/30  validation loss " in line] for text in said]
    assert len(verdicts[0]) == 3
    assert verdicts[0] == verdicts[1]
    monkeypatch.delenv("TF_CONFIG")
    assert task.main(["--data", data, "--model_dir", str(tmp_path / "one"), *FLAGS]) == 0
    np.testing.assert_allclose(histories(tmp_path / "two"), histories(tmp_path / "one"), rtol=1e-4, atol=1e-5)
