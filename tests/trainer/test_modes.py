"""Ways of training that the tutorials have, each from the command to the finished model."""

import csv
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import nabi
from nabi.networks.trained_model import load_model
from nabi.workspace import paths
from tests.trainer import datasets
from trainer import evaluate, task
from trainer.config import TrainConfig
from trainer.data import batches, window_arrays
from trainer.data.dataset import open_dataset
from trainer.evaluation import dataset_survey, warnings
from trainer.evaluation.scoring import Evaluator
from trainer.training import history, run_log
from trainer.training.training_network import first_network

pytestmark = pytest.mark.slow

SONGS = {
    "train": datasets.melodies(12),
    "validation": datasets.melodies(3, seed=1),
    "test": datasets.melodies(2, seed=2),
}
FLAGS = {
    "steps": 12, "batch_size": 4, "units": 8, "embedding": 4, "layers": 1, "log_every": 2, "evaluate_every": 4,
    "checkpoint_every": 3, "learning_rate": 0.02,
}  # fmt: skip


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> str:
    return datasets.build(tmp_path_factory.mktemp("dataset"), SONGS, datasets.Recipe(window=6, stride=3, shards=2))


def command(data: str, model_dir: pathlib.Path, *more: str, **flags: object) -> list[str]:
    given = [f"--{key}={value}" for key, value in {**FLAGS, **flags}.items()]
    return ["--data", data, "--model_dir", str(model_dir), *given, *more]


def test_no_step_at_all(tmp_path, dataset, capsys):
    argv = command(dataset, tmp_path, steps=0, schedule="cosine", warmup_steps=5)
    assert task.main(argv) == 0
    assert f"warning: {warnings.UNTRAINED}\n" in capsys.readouterr().out
    metrics = paths.read_json(f"{tmp_path}/metrics.json")
    assert (metrics["steps"], metrics["best_step"], metrics["validation"]["tokens"]) == (0, 0, 63)
    assert (tmp_path / "history.csv").read_text() == ",".join(history.HISTORY_COLUMNS) + "\n"
    first = first_network(TrainConfig(units=8, embedding=4, layers=1), 10, [0, 1, 2])
    for kept, weight in zip(load_model(f"{tmp_path}/model.keras").get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, weight)
    (tmp_path / "COMPLETED").unlink()
    assert task.main(argv) == task.main(argv) == 0
    assert capsys.readouterr().out.endswith(f"{tmp_path} already holds this model: nothing to do\n")
    found = evaluate.run(model=str(tmp_path), data=dataset)
    assert (found["step"], found["warnings"]) == (0, [warnings.UNTRAINED])


def test_a_memory_is_told_in_training_in_scoring_and_in_sampling_and_goes_on_after_a_kill(tmp_path, dataset):
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    flags, lengths = ("--memory", "--carry_state"), {"steps": 200, "evaluate_every": 10, "early_stopping": 0}
    assert task.main(command(dataset, whole, *flags, **lengths)) == 0
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-m", "trainer.task", *command(dataset, halves, *flags, **lengths)],
        env=environment, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        for line in process.stdout:
            if "validation loss" in line:
                process.kill()
    assert paths.completed(str(halves)) is None
    assert task.main(command(dataset, halves, *flags, **lengths)) == 0
    models = [load_model(f"{folder}/model.keras") for folder in (whole, halves)]
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(one, other)
    loss = paths.read_json(f"{whole}/metrics.json")["validation"]["loss_nats"]
    model = nabi.load_model(str(whole))
    songs = nabi.open_dataset(dataset).songs("validation")
    # 3 songs of 20 ids and <end>; the grammar, which scoring does without, forbids an empty song.
    assert -sum(map(model.log_likelihood, songs)) / 63 == pytest.approx(loss, rel=1e-3)
    assert len(model.sample(2, seed=1, max_tokens=20)) == 2


def test_windows_with_a_blank_first_token(tmp_path, dataset):
    argv = command(dataset, tmp_path, "--blank_first", input_features="one-hot")
    assert task.main(argv) == 0
    metrics, model = paths.read_json(f"{tmp_path}/metrics.json"), load_model(f"{tmp_path}/model.keras")
    train, validation = (
        window_arrays.concatenate(list(batches.read_windows(open_dataset(dataset), split)), 6)
        for split in ("train", "validation")
    )
    assert len(train) <= dataset_survey.TRAINING_SAMPLE
    by_hand = {
        "train": Evaluator(model, train.blanked(), last_only=False, carried=False),
        "validation": Evaluator(model, validation, last_only=False),
    }
    for split, evaluator in by_hand.items():
        assert evaluator.score(model.get_weights()).as_dict() == pytest.approx(metrics[split])
    assert "with <start> in place of the first token" in metrics["measured"]
    assert evaluate.run(model=str(tmp_path), data=dataset)["splits"]["train"] == pytest.approx(metrics["train"])


def test_few_windows_are_learnt_and_all_are_scored(tmp_path, dataset, capsys):
    # 72 windows of 12 songs.
    assert task.main(command(dataset, tmp_path, random_windows=4)) == 0
    rows = (tmp_path / "history.csv").read_text().splitlines()[1:]
    # Of 4 windows and a batch of 4, each step is an epoch.
    assert [row.split(",")[1] for row in rows] == [row.split(",")[0] for row in rows]
    assert "72 windows at even distances" in paths.read_json(f"{tmp_path}/metrics.json")["measured"]
    assert task.main(command(dataset, tmp_path / "other", random_windows=73)) == 2
    assert "--random_windows 73 must be in 0..72" in capsys.readouterr().err


def test_accuracy_is_told_wherever_the_loss_is(tmp_path, dataset, capsys, monkeypatch):
    told = command(dataset, tmp_path / "told", "--log_accuracy")
    with monkeypatch.context() as patched:
        patched.setattr(run_log.Reporter, "report", lambda *_, **__: signal.raise_signal(signal.SIGTERM))
        assert task.main(told) == 128 + signal.SIGTERM
    assert task.main(told) == 0
    assert "  accuracy 0." in capsys.readouterr().out
    assert task.main(command(dataset, tmp_path / "untold")) == 0
    with_accuracy, without = (
        list(csv.DictReader((tmp_path / name / "history.csv").open())) for name in ("told", "untold")
    )
    accuracies = [float(row.pop("train_accuracy")) for row in with_accuracy]
    assert with_accuracy == without
    assert all(0 < accuracy < 1 for accuracy in accuracies)
    assert accuracies[-1] > accuracies[0]
    tags = EventAccumulator(str(tmp_path / "told/tensorboard")).Reload().Tags()["tensors"]
    assert {"train_accuracy", "train_loss_nats"} <= set(tags)
