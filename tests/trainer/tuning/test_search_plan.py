"""May a search use this directory, and what is refused before work starts."""

import json
import subprocess
import sys

import pytest

from nabi.workspace import paths
from tests.trainer import datasets
from tests.trainer.tuning.test_search import ALL
from trainer import task
from trainer.data.dataset import open_dataset
from trainer.training import model_folder
from trainer.training.warm_start import WarmStart
from trainer.tuning import search_plan
from trainer.tuning.trial import folders_of

FIXED = {key: value for key, value in ALL.items() if key != "dropout"}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(datasets.build(tmp_path_factory.mktemp("data"), {"train": [[4, 5, 6]]}))


@pytest.fixture
def plan(tmp_path, dataset):
    def planned(trials=3, **changed):
        return search_plan.plan(trials, FIXED | changed, model_folder.RunFolders.of(str(tmp_path)), dataset)

    return planned


@pytest.mark.parametrize("trials", [0, -1, 10_000])
def test_number_of_trials(plan, trials):
    with pytest.raises(ValueError, match=rf"--tune {trials} must be in 1\.\.9999: the models to train"):
        plan(trials)


def test_several_machines(plan, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {"worker": ["a:1"]}}))
    assert plan().trials == 3
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker"}}))
    with pytest.raises(ValueError, match="--tune trains on one machine, but TF_CONFIG names 2"):
        plan()


def test_a_trial_has_the_given_settings_and_its_own(plan, tmp_path):
    trial = plan().trial(2, {"dropout": 0.25})
    assert (trial.training.units, trial.training.dropout) == (8, 0.25)
    command = trial.command()
    assert {"--units=8", "--dropout=0.25", "--no-layer_norm", "--learning_rate=0.002"} <= set(command)
    assert f"--model_dir={tmp_path}/trials/trial-0002" in command
    # The configuration that its process reads is this one, key by key.
    given = type(trial.training).given(task._parser().parse_args(command[3:]))
    assert given == trial.training.as_dict()


def test_each_trial_starts_from_the_given_model(tmp_path, dataset):
    warm = WarmStart("a/model", "r")
    wanted = search_plan.plan(3, {}, model_folder.RunFolders.of(str(tmp_path)), dataset, warm)
    assert "--warm_start=a/model" in wanted.trial(1, {}).command()
    assert wanted.request()["warm_start"] == "r"
    assert "units" not in wanted.ranges


def test_trials_lie_below_the_search_in_every_folder():
    usual = folders_of(model_folder.RunFolders.of("m"), 1)
    assert usual == model_folder.RunFolders.of("m/trials/trial-0001")
    elsewhere = folders_of(model_folder.RunFolders.of("m", "gs://c", "t"), 12)
    assert elsewhere == model_folder.RunFolders(
        "m/trials/trial-0012", "gs://c/trials/trial-0012", "t/trials/trial-0012"
    )  # fmt: skip


def test_a_search_goes_on_with_its_own_directory(plan):
    assert not search_plan.is_done(plan())
    search_plan.claim(plan())
    assert not search_plan.is_done(plan())
    assert not search_plan.is_done(plan(9))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seed": 2}, "with --seed 1 instead of 2"),
        ({"units": 9, "steps": 7}, "with --steps 1500 instead of 7, --units 8"),
    ],
)
def test_another_search_is_refused(plan, changed, message):
    search_plan.claim(plan())
    with pytest.raises(ValueError, match=f"holds a search {message}.*; give another --model_dir or --overwrite"):
        search_plan.is_done(plan(**changed))


def test_a_search_needs_training(plan):
    with pytest.raises(ValueError, match="--tune needs --steps of at least 1, not 0"):
        plan(steps=0)


def test_a_search_of_other_settings_or_ranges_is_refused(plan, tmp_path, dataset):
    search_plan.claim(plan())
    wider = search_plan.plan(3, {}, model_folder.RunFolders.of(str(tmp_path)), dataset)
    with pytest.raises(ValueError, match=r"holds a search of dropout instead of learning_rate, units, "):
        search_plan.is_done(wider)
    said = paths.read_json(f"{tmp_path}/tune.json")
    paths.write_json(f"{tmp_path}/tune.json", said | {"searched": {"dropout": "0..1"}})
    with pytest.raises(ValueError, match=r"holds a search in other ranges than dropout \(0\.\.0\.6 by 0\.05\)"):
        search_plan.is_done(plan())


def test_a_model_that_no_search_made_is_refused(plan, tmp_path):
    paths.write_json(f"{tmp_path}/config.json", {"train": {}})
    paths.complete(str(tmp_path), {"request": "r", "content": "c"})
    with pytest.raises(ValueError, match="holds a model that no --tune made; give another --model_dir or --overwrite"):
        search_plan.is_done(plan())


def test_search_and_training_refuse_each_others_unfinished_directory(plan, tmp_path, dataset):
    folders, training = model_folder.RunFolders.of(str(tmp_path)), plan().base
    model_folder.claim(folders, training, dataset, None)
    with pytest.raises(ValueError, match="checkpoints holds checkpoints of a training without --tune"):
        search_plan.is_done(plan())
    model_folder.clear(folders)
    search_plan.claim(plan())
    with pytest.raises(ValueError, match="holds an unfinished search: go on with its --tune, or give another"):
        model_folder.is_done(folders, training, dataset, None)


def test_what_a_killed_trial_left_half_written_is_swept(plan, tmp_path):
    (tmp_path / "trials/trial-0001").mkdir(parents=True)
    (tmp_path / "trials/trial-0001/.model.keras.0f.partial").write_text("half")
    search_plan.claim(plan())
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["tune.json"]


def test_trials_of_a_search_are_cleared_and_a_folder_of_that_name_is_not(plan, tmp_path):
    (tmp_path / "trials").mkdir()
    (tmp_path / "trials/mine.txt").write_text("of the court")
    elsewhere = model_folder.RunFolders.of(str(tmp_path), str(tmp_path / "elsewhere"))
    model_folder.clear(elsewhere)
    assert (tmp_path / "trials/mine.txt").exists()
    search_plan.claim(plan())
    checkpoint = tmp_path / "elsewhere/trials/trial-0001/checkpoint"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_text("large")
    model_folder.clear(elsewhere)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_divergence_is_remembered_of_the_same_run_only(plan, tmp_path, dataset):
    trial = plan().trial(1, {"dropout": 0.25})
    assert trial.result() is None
    model_folder.mark_diverged(trial.folders, trial.training, dataset, None, "nan")
    assert trial.result().diverged
    assert plan().trial(1, {"dropout": 0.5}).result() is None
    # A training that starts there anew has not diverged yet.
    model_folder.claim(trial.folders, trial.training, dataset, None)
    assert trial.result() is None


@pytest.mark.slow
def test_refusals_come_before_anything_is_deleted_and_need_neither_tensorflow_nor_optuna(tmp_path, dataset):
    (tmp_path / "model.keras").write_text("mine")
    given = [f"--{key}={value}" for key, value in ALL.items() if key != "layer_norm"]
    argv = [
        "--data",
        dataset.folder,
        "--model_dir",
        str(tmp_path),
        "--tune",
        "2",
        "--overwrite",
        "--layer_norm",
        *given,
    ]
    script = (
        f"import sys; from trainer import task; code = task.main({argv}); "
        "sys.exit(code + 10 * ('tensorflow' in sys.modules) + 20 * ('optuna' in sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("error: --tune has nothing to search")
    assert (tmp_path / "model.keras").read_text() == "mine"
