"""Jobs as processes with all paths on s3://, on moto's server: through tensorflow-io and through fsspec."""

import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from nabi.networks import trained_model
from nabi.workspace import paths
from tests.trainer import datasets
from trainer import task

pytestmark = pytest.mark.slow

HAS_IO = importlib.util.find_spec("tensorflow_io") is not None
NO_IO = pytest.mark.skipif(not HAS_IO, reason="tensorflow-io has no build for this Python")

SPLITS = ("train", "validation", "test")
FLAGS = (
    *("--steps=6", "--batch_size=4", "--units=8", "--embedding=4", "--layers=1"),
    *("--evaluate_every=3", "--checkpoint_every=3"),
)


@pytest.fixture(scope="module")
def data(s3, tmp_path_factory):
    """A dataset on this machine, and the same at s3://music/data."""
    songs = {split: datasets.melodies(6 if split == "train" else 2, seed=len(split)) for split in SPLITS}
    folder = datasets.build(tmp_path_factory.mktemp("data"), songs, datasets.Recipe(window=6, stride=3))
    for path in pathlib.Path(folder).iterdir():
        s3[0].put_object(Bucket="music", Key=f"data/{path.name}", Body=path.read_bytes())
    return folder


@pytest.fixture(scope="module")
def local(data, tmp_path_factory):
    """The model that the same training makes on this machine."""
    folder = str(tmp_path_factory.mktemp("local") / "model")
    assert task.main([f"--data={data}", f"--model_dir={folder}", *FLAGS]) == 0
    return folder


@pytest.fixture(scope="module", params=[pytest.param("tensorflow-io", marks=NO_IO), "fsspec"])
def way(request):
    return request.param


@pytest.fixture(scope="module")
def environment(s3, way, tmp_path_factory):
    """The environment of the jobs; for fsspec one where tensorflow-io does not load."""
    return without(s3[1], tmp_path_factory.mktemp("hidden"), "tensorflow_io") if way == "fsspec" else s3[1]


def without(environment, folder, *packages):
    """An environment in which importing some packages fails."""
    for package in packages:
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text("raise ImportError('hidden by a test')")
    return {**environment, "PYTHONPATH": f"{folder}:{environment.get('PYTHONPATH', '')}".rstrip(":")}


@pytest.fixture(scope="module")
def trained(environment, way, data):
    """The training's process, ended."""
    return run(environment, "trainer.task", "--data=s3://music/data", f"--model_dir=s3://music/{way}/model", *FLAGS)


def run(environment, module, *flags):
    command = [sys.executable, "-m", module, *flags]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1200, check=False)


def keys(s3, prefix):
    return [entry["Key"] for entry in s3[0].list_objects_v2(Bucket="music", Prefix=prefix).get("Contents", [])]


def test_exit_status_is_that_of_the_work(trained, way):
    assert trained.returncode == 0, trained.stderr
    assert "pure virtual method" not in trained.stderr
    assert trained.stdout.endswith(f"the model of step 6 is in s3://music/{way}/model\n")


def test_exit_status_of_wrong_use(environment, data):
    done = run(environment, "trainer.task", "--data=s3://music/none", "--model_dir=s3://music/other", *FLAGS)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("error: the dataset s3://music/none does not exist, or is empty")


def test_model_is_that_of_local_data(s3, way, local, trained, tmp_path):
    for key in keys(s3, f"{way}/model/"):
        path = tmp_path / key.removeprefix(f"{way}/model/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3[0].get_object(Bucket="music", Key=key)["Body"].read())
    here, there = (trained_model.load(folder).model.get_weights() for folder in (local, str(tmp_path)))
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(here, there, strict=True))


def test_events_are_those_of_the_training(s3, way, trained, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (key,) = keys(s3, f"{way}/model/{paths.TENSORBOARD}/events")
    (tmp_path / "events.out.tfevents.1").write_bytes(s3[0].get_object(Bucket="music", Key=key)["Body"].read())
    accumulator = EventAccumulator(str(tmp_path)).Reload()
    assert [event.step for event in accumulator.Tensors("validation_loss_nats")] == [3, 6]


def test_evaluation_is_that_of_the_local_model(s3, way, environment, data, local, trained):
    output = f"{way}/evaluation"
    folders = ("--model", f"s3://music/{way}/model", "--data", "s3://music/data", "--output", f"s3://music/{output}")
    done = run(environment, "trainer.evaluate", *folders)
    assert done.returncode == 0, done.stderr
    figures = json.loads(s3[0].get_object(Bucket="music", Key=f"{output}/evaluation-test.json")["Body"].read())
    metrics = paths.read_json(f"{local}/{paths.METRICS}")
    assert figures["splits"]["test"]["loss_nats"] == pytest.approx(metrics["test"]["loss_nats"])
    assert len(keys(s3, f"{output}/tensorboard/evaluation-test/events")) == 1


FACE = """
import sys
import nabi

song = nabi.Song.from_notes(start=[0, 12], duration=[12, 24], pitch=[60, 64])
nabi.write(song, "s3://music/face/tune.mid")
assert list(nabi.read("s3://music/face/tune.mid")) == list(song)
assert "tensorflow" not in sys.modules or sys.argv[1:]
if sys.argv[1:]:
    dataset = nabi.open_dataset("s3://music/data")
    windows = [row for inputs, _ in dataset.tf_dataset("train", batch_size=4) for row in inputs.numpy().tolist()]
    assert windows == dataset.windows("train").inputs.tolist() != []
    assert sorted(map(len, windows)) == [6] * len(windows)
print("all is right", flush=True)
"""


def test_library_reads_and_writes(environment, way, data):
    done = subprocess.run([sys.executable, "-c", FACE, "all"], env=environment, capture_output=True, text=True)
    assert done.stdout == "all is right\n", done.stderr
    # The interpreter's shutdown aborts in tensorflow-io's client; the jobs leave without one.
    assert way == "tensorflow-io" or done.returncode == 0


def test_library_reads_and_writes_without_tensorflow(s3, tmp_path):
    environment = without(s3[1], tmp_path, "tensorflow", "tensorflow_io", "keras")
    done = subprocess.run([sys.executable, "-c", FACE], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_sentence_without_what_opens_it(s3, tmp_path):
    environment = without(s3[1], tmp_path, "tensorflow_io")
    code = "import sys; sys.modules['s3fs'] = None; import nabi; nabi.read('s3://music/a.mid')"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == (
        "ValueError: s3:// cannot be opened here: install fsspec with s3fs and adlfs (pip install 'nabi[remote]'), or "
        "tensorflow-io 0.37.1 with tensorflow 2.16 or 2.17, or copy the files to a local folder"
    )
