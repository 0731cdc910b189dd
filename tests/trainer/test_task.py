"""The command as a user runs it, on datasets of a few songs."""

import pathlib
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks import chaos
from nabi.analysis.style_reference import load_if_there
from nabi.workspace import paths
from tests.trainer import datasets
from trainer import task
from trainer.data.batches import read_windows
from trainer.data.dataset import open_dataset
from trainer.data.window_arrays import concatenate
from trainer.evaluation.scoring import Evaluator
from trainer.training import history, run_log, train
from trainer.training.checkpoint import Checkpoints

pytestmark = pytest.mark.slow

SONGS = {
    "train": [*datasets.melodies(12), [4, 1, 5, 6]],
    "validation": datasets.melodies(3, seed=1),
    "test": datasets.melodies(2, seed=2),
}
FLAGS = {
    "steps": 12, "batch_size": 4, "units": 8, "embedding": 4, "layers": 1, "log_every": 2, "evaluate_every": 4,
    "checkpoint_every": 3, "learning_rate": 0.02,
}  # fmt: skip


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> str:
    recipe = datasets.Recipe(window=6, stride=3, shards=2)
    return datasets.build(tmp_path_factory.mktemp("dataset"), SONGS, recipe)


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> str:
    """A dataset for tests of what is not the training: without held-out songs, which each training would score."""
    return datasets.build(tmp_path_factory.mktemp("bare"), {"train": SONGS["train"][:4]}, datasets.Recipe(window=6))


@pytest.fixture(scope="module")
def finished(tmp_path_factory, dataset) -> str:
    folder = str(tmp_path_factory.mktemp("model"))
    assert task.main(command(dataset, folder)) == 0
    return folder


def command(data: str, model_dir: object, *more: str, **flags: object) -> list[str]:
    pairs = [(f"--{key}", str(value)) for key, value in {**FLAGS, **flags}.items()]
    return ["--data", data, "--model_dir", str(model_dir), *(part for pair in pairs for part in pair), *more]


def exported_score(folder: object, data: str, window: int) -> dict[str, float]:
    """The validation figures of the model as plain Keras loads it."""
    model = keras.models.load_model(f"{folder}/model.keras", safe_mode=True)
    windows = concatenate(list(read_windows(open_dataset(data), "validation")), window=window)
    return Evaluator(model, windows, last_only=False).score(model.get_weights()).as_dict()


def text(folder: object, name: str) -> str:
    return (pathlib.Path(str(folder)) / name).read_text()


def test_model_directory_is_whole(finished, dataset):
    there = {path.name for path in pathlib.Path(finished).iterdir()}
    assert there == {
        "model.keras", "vocabulary.json", "config.json", "metrics.json", "history.csv", "timing.csv", "curves.png",
        "copies.index", "reference.json", "tensorboard", "checkpoints", "COMPLETED",
    }  # fmt: skip
    config = paths.read_json(f"{finished}/config.json")
    assert (config["train"]["units"], config["dataset"]["window"], config["content"]) == (8, 6, "c")
    assert paths.completed(finished)["content"] == "c"
    assert text(finished, "vocabulary.json") == text(dataset, "vocabulary.json")
    assert list((pathlib.Path(finished) / "tensorboard").glob("events.*"))
    splits = paths.read_object(f"{dataset}/dataset.json", "splits")["splits"]
    reference = load_if_there(finished, "c")
    assert reference.train.songs == splits["train"]["songs"]
    assert reference.validation.songs == splits["validation"]["songs"]


def test_metrics(finished):
    metrics = paths.read_json(f"{finished}/metrics.json")
    for split in ("train", "validation", "test"):
        assert set(metrics[split]) == {"loss_nats", "bits", "perplexity", "accuracy", "tokens"}
    # 3 songs of 20 ids with <start> before and <end> behind: 21 targets each.
    assert metrics["validation"]["tokens"] == 63
    best = metrics["best_ngram"]
    assert set(metrics["baselines"]["test"]) == {"uniform", "unigram", "bigram", "5-gram", best["name"]}
    assert best["chosen_on"] == "validation"
    assert metrics["baselines"]["validation"][best["name"]] == min(metrics["baselines"]["validation"].values())
    assert metrics["baselines"]["validation"]["uniform"] == pytest.approx(np.log(7))
    # 12 songs of 20 ids and one of 4, with both marks.
    assert metrics["baselines_counted"] == {"songs": 13, "tokens": 270, "whole_split": True}
    assert metrics["unknown_share"] == {"train": pytest.approx(1 / (12 * 21 + 5)), "validation": 0, "test": 0}


def test_history_has_a_row_at_every_interval(finished):
    rows = text(finished, "history.csv").splitlines()
    assert rows[0] == ",".join(history.HISTORY_COLUMNS)
    assert [int(row.split(",")[0]) for row in rows[1:]] == [2, 3, 4, 6, 8, 9, 10, 12]
    assert [int(row.split(",")[0]) for row in rows[1:] if row.split(",")[3]] == [4, 8, 12]
    assert len(text(finished, "timing.csv").splitlines()) == len(rows)


def test_best_weights_are_exported_also_where_they_are_not_the_last(tmp_path):
    # Validation songs descend where training songs climb: the more is learnt, the worse they are predicted.
    falling = [song[::-1] for song in datasets.melodies(3, seed=1)]
    data = datasets.build(tmp_path / "data", {"train": datasets.melodies(12), "validation": falling})
    assert task.main(command(data, tmp_path / "model", learning_rate=0.1, early_stopping=0)) == 0
    rows = [row.split(",") for row in text(tmp_path / "model", "history.csv").splitlines()[1:]]
    by_step = {int(row[0]): float(row[3]) for row in rows if row[3]}
    best = min(by_step, key=by_step.get)
    assert by_step[best] < by_step[12] - 0.1
    metrics = paths.read_json(str(tmp_path / "model/metrics.json"))
    assert (metrics["best_step"], metrics["steps"]) == (best, 12)
    assert metrics["validation"]["loss_nats"] == pytest.approx(by_step[best], abs=1e-5)
    assert exported_score(tmp_path / "model", data, window=4) == metrics["validation"]


def test_finished_model_is_left_alone(finished, dataset, capsys):
    before = (pathlib.Path(finished) / "model.keras").stat().st_mtime_ns
    assert task.main(command(dataset, finished)) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert (pathlib.Path(finished) / "model.keras").stat().st_mtime_ns == before


def test_finished_model_of_another_configuration(finished, dataset, capsys):
    assert task.main(command(dataset, finished, units=9)) == 2
    assert (
        "holds a model with --units 8 instead of 9; give another --model_dir or --overwrite" in capsys.readouterr().err
    )


def test_killed_at_random_instants_ends_the_same(tmp_path, dataset):
    """`make chaos` does it 50 times."""
    flags = [part for part in command(dataset, "", steps=40, carry_state="")[4:] if part]
    assert chaos.torment(dataset, tmp_path, kills=2, seed=1, flags=flags) == []
    assert text(tmp_path / "peace", "history.csv").count("\n") > 20


def test_each_signal_leaves_a_checkpoint(tmp_path, dataset, finished, capsys, monkeypatch):
    with monkeypatch.context() as patched:
        for number in (signal.SIGTERM, signal.SIGINT):
            patched.setattr(run_log.Reporter, "report", lambda *_, number=number, **__: signal.raise_signal(number))
            assert task.main(command(dataset, tmp_path)) == 128 + number
    assert task.main(command(dataset, tmp_path)) == 0
    said = capsys.readouterr().out
    assert "resumed at step 2\n" in said
    assert "resumed at step 3\n" in said
    assert text(tmp_path, "history.csv") == text(finished, "history.csv")


def test_early_stopping_and_training_loss_without_validation(tmp_path, capsys):
    data = datasets.build(tmp_path / "data", {"train": [[4, 5, 6, 7]]})
    flags = {"learning_rate": 1e-8, "dropout": 0.9, "early_stopping": 1, "steps": 200, "evaluate_every": 2}
    assert task.main(command(data, tmp_path / "model", **flags)) == 0
    assert "training (there is nothing to validate on) loss" in capsys.readouterr().out
    metrics = paths.read_json(str(tmp_path / "model/metrics.json"))
    assert metrics["steps"] < 200
    assert metrics["validation"] is metrics["test"] is metrics["baselines"]["test"] is metrics["best_ngram"] is None


def test_target_last(tmp_path, capsys):
    recipe = datasets.Recipe(window=4, stride=1, song_marks=False)
    songs = {"train": [datasets.melodies(1, length=54)[0]], "validation": [[4, 5, 6, 7, 8, 9, 4, 5, 6]]}
    data = datasets.build(tmp_path / "data", songs, recipe)
    assert task.main(command(data, tmp_path / "model", target="last", steps=2)) == 0
    metrics = paths.read_json(str(tmp_path / "model/metrics.json"))
    assert (metrics["train"]["tokens"], metrics["validation"]["tokens"]) == (50, 2)
    short = datasets.build(tmp_path / "short", {"train": [[4, 5]]})
    assert task.main(command(short, tmp_path / "other", target="last")) == 2
    assert "--target last needs full windows" in capsys.readouterr().err


def test_the_end_says_what_stands_against_the_model(tmp_path, dataset, capsys):
    assert task.main(command(dataset, tmp_path, steps=2)) == 0
    said = capsys.readouterr().out
    assert "baselines counted on 13 songs, 270 tokens: all of the training split; of the n-grams up to 14 the " in said
    assert "copies of 13 training songs will be found from 20 notes in a row on; validation songs copy " in said
    assert "warning: The model loses to the " in said


def test_overwrite_replaces_and_leaves_other_files(tmp_path, bare):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "evaluation-test.html").write_text("of the model before")
    assert task.main(command(bare, tmp_path, steps=0)) == 0
    assert task.main(command(bare, tmp_path, "--overwrite", steps=1)) == 0
    assert paths.read_json(f"{tmp_path}/metrics.json")["steps"] == 1
    assert text(tmp_path, "notes.txt") == "mine"
    assert not (tmp_path / "evaluation-test.html").exists()


def test_checkpoint_of_another_dataset_or_configuration(tmp_path, bare, capsys, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(run_log.Reporter, "report", lambda *_, **__: signal.raise_signal(signal.SIGTERM))
        task.main(command(bare, tmp_path / "model"))
    other = datasets.build(tmp_path / "other", {"train": SONGS["train"][:4]}, datasets.Recipe(window=6), content="d")
    assert task.main(command(other, tmp_path / "model")) == 2
    assert "was made from another dataset than" in capsys.readouterr().err
    assert task.main(command(bare, tmp_path / "model", seed=2)) == 2
    assert "was made with --seed 1 instead of 2; give another --model_dir or --overwrite" in capsys.readouterr().err


def test_diverging_says_what_to_try(tmp_path, bare, capsys, monkeypatch):
    run = train.Learner.run
    monkeypatch.setattr(train.Learner, "run", lambda *arguments: run(*arguments) * np.nan)
    assert task.main(command(bare, tmp_path)) == 1
    said = "the training loss became nan at step 1 with --learning_rate 0.02"
    assert said in capsys.readouterr().err
    # For a search, which does not try it again.
    assert paths.read_json(str(tmp_path / "DIVERGED"))["error"].startswith(said)
    assert not (tmp_path / "COMPLETED").exists()


def test_a_model_remembers_how_its_recipe_samples(tmp_path, bare):
    recipe = tmp_path / "mine.toml"
    recipe.write_text('[[train]]\nname = "a"\nsteps = 0\nunits = 5\n[[generate]]\nname = "calm"\ntemperature = 0.7\n')
    argv = ["--data", bare, "--model_dir", str(tmp_path / "m"), "--recipe", str(recipe)]
    assert task.main(argv) == 0
    said = paths.read_json(str(tmp_path / "m" / paths.SAMPLING))
    assert said == {"recipe": f"{recipe}:calm", "settings": {"temperature": 0.7}}
    assert task.main(command(bare, tmp_path / "m", "--overwrite", steps=0)) == 0
    assert not (tmp_path / "m" / paths.SAMPLING).exists()


def test_recipe_and_flags(tmp_path, bare):
    recipe = tmp_path / "mine.toml"
    recipe.write_text('[[train]]\nname = "a"\nunits = 5\n[[train]]\nname = "b"\nunits = 6\nsteps = 1\nlog_every = 3\n')
    argv = ["--data", bare, "--model_dir", str(tmp_path / "m"), "--recipe", f"{recipe}:b", "--log_every", "2"]
    assert task.main([*argv, "--layers", "1", "--batch_size", "2"]) == 0
    config = paths.read_json(str(tmp_path / "m/config.json"))["train"]
    assert (config["units"], config["steps"], config["log_every"]) == (6, 1, 2)
    assert not (tmp_path / "m" / paths.SAMPLING).exists()
    recipe.write_text('[[train]]\nname = "a"\nunitz = 5\n')
    assert task.main(["--data", bare, "--model_dir", str(tmp_path / "n"), "--recipe", str(recipe)]) == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--steps", "-1"], "--steps -1 must be in"),
        (["--batch_size", "5", "--replicas", "2"], "--batch_size 5 must be a multiple of the 2 replicas"),
        (["--data", "/nowhere"], "the dataset /nowhere does not exist, or is empty: run"),
        (["--model_dir", "/proc/nabi"], "cannot write /proc/nabi"),
        (["--tensorboard_dir", "/proc/nabi"], "cannot write /proc/nabi"),
        (["--recipe", "nothing"], "recipe 'nothing' is neither"),
        (["--stpes", "4"], "unknown flag --stpes: did you mean --steps?; `python -m trainer.task --help` lists"),
        (["--steps", "many"], "--steps 'many' must be a whole number"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_2(dataset, tmp_path, capsys, more, message):
    assert task.main([*command(dataset, tmp_path), *more]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {message}")
    assert error.count("\n") == 1


def test_vertex_variables_are_defaults(monkeypatch, dataset, tmp_path, finished):
    monkeypatch.setenv("AIP_MODEL_DIR", f"{tmp_path}/model/")
    monkeypatch.setenv("AIP_CHECKPOINT_DIR", f"{tmp_path}/checkpoints/")
    monkeypatch.setenv("AIP_TENSORBOARD_LOG_DIR", f"{tmp_path}/logs/")
    argv = command(dataset, "x")
    assert task.main(argv[:2] + argv[4:]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"model", "checkpoints", "logs"}
    assert text(tmp_path / "model", "history.csv") == text(finished, "history.csv")


def test_without_model_dir(monkeypatch, capsys):
    monkeypatch.delenv("AIP_MODEL_DIR", raising=False)
    assert task.main(["--data", "d"]) == 2
    assert "--model_dir is needed" in capsys.readouterr().err


def test_help_and_checks_need_no_tensorflow():
    script = "import sys; from trainer import task; code = task.main(['--data', '/nowhere', '--model_dir', '/tmp/m'])"
    result = subprocess.run([sys.executable, "-c", f"{script}; sys.exit(code + 10 * ('tensorflow' in sys.modules))"])
    assert result.returncode == 2


def test_exported_model_loads_in_plain_keras(finished, dataset):
    assert exported_score(finished, dataset, window=6) == paths.read_json(f"{finished}/metrics.json")["validation"]
    model = keras.models.load_model(f"{finished}/model.keras", safe_mode=True)
    logits = model(np.array([[2, 4, 5]])).numpy()
    assert logits.shape == (1, 3, 10)
    assert (logits[..., :3] < -1e8).all()
    assert (np.abs(logits[..., 3:]) < 100).all()


def test_overwrite_never_deletes_what_the_run_needs_or_does_not_own(tmp_path, finished, dataset, capsys):
    other = tmp_path / "project"
    other.mkdir()
    (other / "config.json").write_text("{}")
    (tmp_path / "link").symlink_to(finished)
    for model, more, said in [
        (dataset, [], "is the dataset"),
        (tmp_path / "link", ["--warm_start", f"{finished}/"], "would be written over by --model_dir"),
        (tmp_path / "m", ["--checkpoint_dir", str(other)], "holds files that are no checkpoints"),
        (tmp_path / "m", ["--checkpoint_dir", finished], "holds files that are no checkpoints"),
        (tmp_path / "m", ["--checkpoint_dir", f"{tmp_path}/m/"], "is the --model_dir"),
    ]:
        assert task.main(command(dataset, model, "--overwrite", *more)) == 2
        assert said in capsys.readouterr().err
    assert all((pathlib.Path(folder) / "COMPLETED").exists() for folder in (dataset, finished))
    assert (other / "config.json").exists()


def test_overwrite_deletes_nothing_but_checkpoints_in_a_checkpoint_folder(tmp_path, bare):
    checkpoints = tmp_path / "checkpoints"
    argv = command(bare, tmp_path / "model", "--checkpoint_dir", str(checkpoints), steps=2)
    assert task.main(argv) == 0
    (checkpoints / "notes.txt").write_text("mine")
    assert task.main([*argv, "--overwrite", "--checkpoint_every=1"]) == 0
    assert (checkpoints / "notes.txt").read_text() == "mine"
    assert Checkpoints(str(checkpoints)).steps() == [1, 2]


@pytest.mark.parametrize("target", ["every", "last"])
def test_a_validation_split_without_a_known_token_is_none(tmp_path, target):
    # A loss of 0 nats over 0 tokens would be the best at the first look.
    recipe = datasets.Recipe(window=6, stride=3, song_marks=False)
    data = datasets.build(tmp_path / "data", {"train": datasets.melodies(2), "validation": [[1] * 8]}, recipe)
    assert task.main(command(data, tmp_path / "model", target=target, early_stopping=1)) == 0
    metrics = paths.read_json(str(tmp_path / "model/metrics.json"))
    assert metrics["best_step"] > 4
    assert metrics["validation"] is None


def test_nothing_known_to_train_on(tmp_path, capsys):
    recipe = datasets.Recipe(tokens=0, song_marks=False)
    data = datasets.build(tmp_path / "data", {"train": [[1] * 9], "validation": [[1] * 4]}, recipe)
    assert task.main(command(data, tmp_path / "model")) == 2
    assert "is in its vocabulary of 4: preprocess with a --vocabulary of these songs" in capsys.readouterr().err


def test_a_checkpoint_that_another_run_left_beside_its_own_settings(tmp_path, bare, capsys, monkeypatch):
    # Two commands of different settings started at once: the last to start says whose folder it is.
    with monkeypatch.context() as patched:
        patched.setattr(run_log.Reporter, "report", lambda *_, **__: signal.raise_signal(signal.SIGTERM))
        assert task.main(command(bare, tmp_path)) == 128 + signal.SIGTERM
    claimed = paths.read_json(f"{tmp_path}/checkpoints/config.json")
    paths.write_json(f"{tmp_path}/checkpoints/config.json", {**claimed, "train": {**claimed["train"], "seed": 2}})
    assert task.main(command(bare, tmp_path, seed=2)) == 2
    assert "is of a run with other settings or of another dataset: give another" in capsys.readouterr().err


def test_what_a_kill_left_half_written_is_swept_away(tmp_path, bare):
    left = [tmp_path / "checkpoints/.checkpoint-000000009.npz.0123.partial", tmp_path / ".model.keras.0123.partial"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    assert task.main(command(bare, tmp_path, steps=1)) == 0
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[9,9] on /job:x"), "shape"),
        (MemoryError(), "in the main memory"),
    ],
)
def test_too_little_memory_says_what_to_try(tmp_path, bare, capsys, monkeypatch, error, said):
    def fail(*_):
        raise error

    monkeypatch.setattr(train.Learner, "run", fail)
    assert task.main(command(bare, tmp_path)) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: there is too little memory for this training (")
    assert said in message
    assert "try a smaller --batch_size" in message
