"""`--deterministic` as a user gives it: in processes of their own, since it holds for a whole process."""

import subprocess
import sys

import pytest
import tensorflow as tf

from benchmarks import chaos
from tests.trainer import datasets
from trainer import task
from trainer.training import determinism, strategy

pytestmark = pytest.mark.slow

FLAGS = [
    "--steps=40", "--batch_size=4", "--units=8", "--embedding=4", "--layers=2", "--log_every=2", "--evaluate_every=4",
    "--checkpoint_every=3", "--learning_rate=0.02", "--carry_state", "--dropout=0.2", "--recurrent_dropout=0.2",
    "--deterministic",
]  # fmt: skip
TELLS = """
import os, sys
from trainer import task
assert task.main(sys.argv[1:]) == 0
from tensorflow.python.framework import config
print(config.is_op_determinism_enabled(), os.environ.get("CUBLAS_WORKSPACE_CONFIG"))
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> str:
    songs = {"train": datasets.melodies(13), "validation": datasets.melodies(3, seed=1)}
    recipe = datasets.Recipe(window=6, stride=3, shards=2)
    return datasets.build(tmp_path_factory.mktemp("dataset"), songs, recipe)


def test_it_is_on_for_the_whole_process(tmp_path, dataset):
    argv = ["--data", dataset, "--model_dir", str(tmp_path / "model"), "--steps=0", "--units=4", "--deterministic"]
    found = subprocess.run([sys.executable, "-c", TELLS, *argv], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "True :4096:2"


def test_two_runs_are_equal_one_of_them_killed(tmp_path, dataset):
    assert chaos.torment(dataset, tmp_path, kills=1, seed=1, flags=FLAGS) == []


@pytest.mark.gpu
@pytest.mark.skipif(not tf.config.list_physical_devices("GPU"), reason="no GPU")
@pytest.mark.parametrize("more", [[], ["--recurrent_dropout=0"], ["--precision=mixed_bfloat16"], ["--xla"]])
def test_two_runs_are_equal_on_a_gpu(tmp_path, dataset, more):
    wide = ["--units=128", "--embedding=64", "--batch_size=64"]
    assert chaos.torment(dataset, tmp_path, kills=2, seed=1, flags=[*FLAGS, *wide, *more]) == []


def test_work_spaces_that_make_no_two_runs_equal(tmp_path, dataset, monkeypatch, capsys):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8:4096:2")
    assert task.main(["--data", dataset, "--model_dir", str(tmp_path), "--deterministic"]) == 2
    assert capsys.readouterr().err.startswith("error: --deterministic needs CUBLAS_WORKSPACE_CONFIG to be one of")


def test_an_operation_that_knows_no_deterministic_way_is_named():
    def fails(message: str) -> None:
        with strategy.one_sentence_errors():
            raise tf.errors.UnimplementedError(None, None, message)

    with pytest.raises(ValueError, match=r"--deterministic cannot be had on this device \(Deterministic GPU .* Foo\)"):
        fails("Deterministic GPU implementation not available of Foo")
    with pytest.raises(tf.errors.UnimplementedError):
        fails("something else")


def test_legal_work_spaces_stay(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    called = []
    monkeypatch.setattr(tf.config.experimental, "enable_op_determinism", lambda: called.append(True))
    determinism.require()
    assert called == [True]
