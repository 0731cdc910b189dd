"""The search with trials that end at once; with real ones it is in test_tune_processes.py."""

import csv
import io
import math
import pathlib

import pytest

from nabi.workspace import paths, storage
from tests.trainer import datasets
from tests.trainer.fake_trials import FakeChild
from trainer import task
from trainer.tuning import tune

pytestmark = pytest.mark.slow

# All but the learning rate and the dropout.
FIXED = ("--units", "8", "--layers", "1", "--embedding", "4", "--recurrent_dropout", "0", "--no-layer_norm")


# What the first five trials of seed 1 come to: the third diverges, the fifth is the best.
LOSSES = {0.45: 2.5, 0.15: 2.25, 0.05: math.inf, 0.2: 2.375, 0.35: 2.125}


def loss_of(config):
    return LOSSES[config.dropout]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> str:
    return datasets.build(tmp_path_factory.mktemp("data"), {"train": [[4, 5, 6]], "validation": [[4, 5]]})


@pytest.fixture
def ran(monkeypatch) -> list:
    trained: list = []
    monkeypatch.setattr(tune, "ChildProcess", lambda: FakeChild(loss_of, trained))
    return trained


def command(dataset, model, trials, *more) -> list[str]:
    given = [*FIXED, "--weight_decay", "0"]
    return ["--data", dataset, "--model_dir", str(model), "--tune", str(trials), *given, *more]


def table(model) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((pathlib.Path(model) / "trials.csv").read_text())))


def files(model) -> dict[str, bytes]:
    found = sorted(path for path in pathlib.Path(model).rglob("*") if path.is_file())
    return {str(path.relative_to(model)): path.read_bytes() for path in found}


def test_the_best_trial_is_published_whole(tmp_path, dataset, ran, capsys):
    assert task.main(command(dataset, tmp_path, 5)) == 0
    rows = table(tmp_path)
    assert [row["loss_nats"] for row in rows] == ["2.500000", "2.250000", "", "2.375000", "2.125000"]
    assert [row["outcome"] for row in rows] == ["finished", "finished", "diverged", "finished", "finished"]
    assert [(row["learning_rate"], row["dropout"]) for row in rows] == [
        (str(config.learning_rate), str(config.dropout)) for config in ran
    ]
    trial = tmp_path / "trials/trial-0005"
    published = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert published == {
        "model.keras", "vocabulary.json", "config.json", "metrics.json", "history.csv", "timing.csv", "curves.png",
        "copies.index", "reference.json", "COMPLETED", "tune.json", "trials.csv", "tune.html",
    }  # fmt: skip
    for name in published - {"config.json", "tune.json", "trials.csv", "tune.html"}:
        assert (tmp_path / name).read_bytes() == (trial / name).read_bytes()
    config = paths.read_json(str(tmp_path / "config.json"))
    assert config.pop("tune") == {"trial": 5, "trials": 5}
    assert config == paths.read_json(str(trial / "config.json"))
    assert f"the model of trial 5 is in {tmp_path}\n" in capsys.readouterr().out
    assert not list(tmp_path.rglob("checkpoints"))


def test_progress_and_table(tmp_path, dataset, ran, capsys):
    assert task.main(command(dataset, tmp_path, 3)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(", about 0:0")[0] for line in lines[:10]] == [
        "searching learning_rate (0.0003..0.01, logarithmic), dropout (0..0.6 by 0.05)",
        "trial 1/3: learning_rate 0.00129, dropout 0.45",
        "trial 1/3  step 1/1",
        "trial 1/3: loss 2.5000 nats, the best so far",
        "trial 2/3: learning_rate 0.0003, dropout 0.15",
        "trial 2/3  step 1/1",
        "trial 2/3: loss 2.2500 nats, the best so far",
        "trial 3/3: learning_rate 0.000502, dropout 0.05",
        "trial 3/3  step 1/1",
        "trial 3/3: diverged; best so far: 2.2500 nats of trial 2",
    ]
    assert "about 0:0" in lines[3]
    assert [line.split()[0] for line in lines[10:14]] == ["trial", "2", "1", "3"]
    assert lines[-2:] == [f"{tmp_path}/tune.html", f"the model of trial 2 is in {tmp_path}"]


def test_a_finished_search_is_left_alone_and_a_larger_one_goes_on(tmp_path, dataset, ran, capsys):
    assert task.main(command(dataset, tmp_path, 2)) == 0
    assert task.main(command(dataset, tmp_path, 2)) == 0
    assert capsys.readouterr().out.endswith("already holds the best of this search: nothing to do\n")
    (tmp_path / "evaluation-test.html").write_text("of the model before")
    assert task.main(command(dataset, tmp_path, 4)) == 0
    assert len(ran) == 4
    assert not (tmp_path / "evaluation-test.html").exists()
    at_once = tmp_path / "other"
    assert task.main(command(dataset, at_once, 4)) == 0
    assert table(tmp_path) == table(at_once)
    # And back: the first two alone.
    assert task.main(command(dataset, tmp_path, 2)) == 0
    assert (len(ran), len(table(tmp_path))) == (8, 2)


class KilledError(BaseException):
    pass


def killed_at(monkeypatch, operation: int) -> None:
    """From the `operation`th writing or deleting of a file on, nothing happens any more."""
    done = iter(range(1, 10_000))
    write, delete = storage.LocalFiles.write, storage.LocalFiles.delete

    def counted(method):
        def instead(self, path):
            if next(done) >= operation:
                raise KilledError
            return method(self, path)

        return instead

    monkeypatch.setattr(storage.LocalFiles, "write", counted(write))
    monkeypatch.setattr(storage.LocalFiles, "delete", counted(delete))


def test_killed_at_each_file_it_ends_the_same(tmp_path, dataset, ran, monkeypatch):
    argv = command(dataset, tmp_path / "m", 3)
    assert task.main(argv) == 0
    peace, kills = files(tmp_path / "m"), 0
    while True:
        storage.delete(str(tmp_path / "m"))
        with monkeypatch.context() as patched:
            killed_at(patched, kills + 1)
            try:
                task.main(argv)
                break
            except KilledError:
                kills += 1
        left = files(tmp_path / "m")
        if "COMPLETED" in left:
            assert all(left[name] == peace[name] for name in ("model.keras", "config.json", "metrics.json"))
        assert task.main(argv) == 0
        assert files(tmp_path / "m") == peace
    assert kills > 60


def test_a_model_stays_usable_while_a_larger_search_goes_on(tmp_path, dataset, ran, monkeypatch):
    assert task.main(command(dataset, tmp_path, 1)) == 0
    before = files(tmp_path)
    with monkeypatch.context() as patched:
        killed_at(patched, 30)
        with pytest.raises(KilledError):
            task.main(command(dataset, tmp_path, 3))
    after = files(tmp_path)
    assert after.keys() > before.keys()
    names = ("model.keras", "config.json", "COMPLETED")
    assert [after[name] for name in names] == [before[name] for name in names]
    # Who wants the smaller one after all gets its table back.
    assert task.main(command(dataset, tmp_path, 1)) == 0
    assert {name: data for name, data in files(tmp_path).items() if name in before} == before


def test_the_same_settings_are_not_trained_twice(tmp_path, dataset, monkeypatch):
    trained: list = []
    monkeypatch.setattr(tune, "ChildProcess", lambda: FakeChild(lambda config: 1.0 + config.layer_norm, trained))
    argv = command(dataset, tmp_path, 6, "--dropout", "0", "--learning_rate", "0.001")
    argv.remove("--no-layer_norm")
    assert task.main(argv) == 0
    assert sorted(config.layer_norm for config in trained) == [False, True]
    rows = table(tmp_path)
    assert {(row["layer_norm"], row["loss_nats"]) for row in rows} == {("False", "1.000000"), ("True", "2.000000")}
    assert len(rows) == 6


def test_all_diverged(tmp_path, dataset, monkeypatch, capsys):
    monkeypatch.setattr(tune, "ChildProcess", lambda: FakeChild(lambda config: math.inf, []))
    assert task.main(command(dataset, tmp_path, 2)) == 1
    assert "error: every trial diverged, so there is no model" in capsys.readouterr().err
    assert not (tmp_path / "COMPLETED").exists()
    assert [row["outcome"] for row in table(tmp_path)] == ["diverged", "diverged"]


@pytest.mark.parametrize(("status", "exit_status"), [(2, 2), (-9, 137)])
def test_a_trial_that_fails_ends_the_search(tmp_path, dataset, ran, monkeypatch, capsys, status, exit_status):
    with monkeypatch.context() as patched:
        patched.setattr(FakeChild, "run", lambda *_: status)
        assert task.main(command(dataset, tmp_path, 2)) == exit_status
    assert f"error: trial 1/2 ended with exit status {exit_status}, see above" in capsys.readouterr().err
    assert task.main(command(dataset, tmp_path, 2)) == 0


def test_a_trial_that_is_stopped_stops_the_search(tmp_path, dataset, monkeypatch, capsys):
    def stop(child, command, show):
        child.caught.append(15)
        return 143

    monkeypatch.setattr(tune, "ChildProcess", lambda: FakeChild(loss_of, []))
    monkeypatch.setattr(FakeChild, "run", stop)
    assert task.main(command(dataset, tmp_path, 2)) == 143
    assert capsys.readouterr().err == "train stopped: start the same command again to go on\n"


def test_overwrite_starts_afresh_and_leaves_other_files(tmp_path, dataset, ran):
    (tmp_path / "notes.txt").write_text("mine")
    assert task.main(command(dataset, tmp_path, 2)) == 0
    assert task.main(command(dataset, tmp_path, 1, "--overwrite", "--steps", "9")) == 0
    assert len(ran) == 3
    assert [path.name for path in (tmp_path / "trials").iterdir()] == ["trial-0001"]
    assert (tmp_path / "notes.txt").read_text() == "mine"
