"""The trainer as a process with data and model on s3://, through tensorflow-io, on moto's server."""

import importlib.util
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from nabi.networks import trained_model
from nabi.workspace import paths
from tests.trainer import datasets
from trainer import task

HAS_IO = importlib.util.find_spec("tensorflow_io") is not None
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not HAS_IO, reason="tensorflow-io, which opens s3://, has no build for this Python"),
]

FLAGS = (
    *("--steps=6", "--batch_size=4", "--units=8", "--embedding=4", "--layers=1"),
    *("--evaluate_every=3", "--checkpoint_every=3"),
)


@pytest.fixture(scope="module")
def data(s3, tmp_path_factory):
    """A dataset on this machine, and the same at s3://music/data."""
    songs = {"train": datasets.melodies(6), "validation": datasets.melodies(2, seed=1)}
    folder = datasets.build(tmp_path_factory.mktemp("data"), songs, datasets.Recipe(window=6, stride=3))
    for path in pathlib.Path(folder).iterdir():
        s3[0].put_object(Bucket="music", Key=f"data/{path.name}", Body=path.read_bytes())
    return folder


@pytest.fixture(scope="module")
def trained(s3, data):
    """The training's process, ended."""
    return train(s3, "--data=s3://music/data", "--model_dir=s3://music/model", *FLAGS)


def train(s3, *flags):
    command = [sys.executable, "-m", "trainer.task", *flags]
    return subprocess.run(command, env=s3[1], capture_output=True, text=True, timeout=300, check=False)


def test_exit_status_is_that_of_the_work(trained):
    assert trained.returncode == 0, trained.stderr
    assert "pure virtual method" not in trained.stderr
    assert trained.stdout.endswith("the model of step 6 is in s3://music/model\n")


def test_exit_status_of_wrong_use(s3, data):
    done = train(s3, "--data=s3://music/none", "--model_dir=s3://music/other", *FLAGS)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("error: the dataset s3://music/none does not exist, or is empty")


def test_model_is_that_of_local_data(s3, data, trained, tmp_path):
    assert task.main([f"--data={data}", f"--model_dir={tmp_path}/here", *FLAGS]) == 0
    for entry in s3[0].list_objects_v2(Bucket="music", Prefix="model/")["Contents"]:
        path = tmp_path / "there" / entry["Key"].removeprefix("model/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3[0].get_object(Bucket="music", Key=entry["Key"])["Body"].read())
    here, there = (trained_model.load(f"{tmp_path}/{name}").model.get_weights() for name in ("here", "there"))
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(here, there, strict=True))
    assert list((tmp_path / "there" / paths.TENSORBOARD).glob("events*"))
