"""The jobs as processes, every path of them in a bucket, compared with the same on this machine."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

from generator import generate
from nabi.networks import trained_model
from nabi.workspace import paths, storage
from pipelines import preprocess
from tests import builders
from tests.cloud import metadata
from tests.cloud.gcs import BUCKET
from trainer import task

pytestmark = pytest.mark.slow

RECIPE = """
[preprocess]
window = 16
split = "0.6,0.2,0.2"
shards = 2

[[train]]
name = "tiny"
steps = 60
batch_size = 4
units = 16
embedding = 8
layers = 1
evaluate_every = 10
checkpoint_every = 10

[[generate]]
name = "two"
num_songs = 2
max_tokens = 40
audio = "none"
"""
ROOT = f"gs://{BUCKET}/chain"
DIRECTORIES = (paths.DATA, paths.MODELS, paths.SONGS)


def music():
    """Names and bytes of the input: six files, and six more in an archive."""
    files = {f"{index}.mid": builders.scale(12, 48 + index) for index in range(12)}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in list(files)[6:]:
            packed.writestr(zipfile.ZipInfo(f"more/{name}"), files.pop(name))
    return {**files, "more.zip": archive.getvalue()}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE)
    return str(path)


@pytest.fixture(scope="module")
def local(tmp_path_factory, recipe):
    """The directories of the jobs' results on this machine."""
    folder = tmp_path_factory.mktemp("local")
    for name, data in music().items():
        storage.write_bytes(f"{folder}/music/{name}", data)
    data, model, songs = (f"{folder}/{name}" for name in DIRECTORIES)
    preprocess.main(["--recipe", recipe, "--input", f"{folder}/music", "--output", data])
    assert task.main(["--recipe", recipe, "--data", data, "--model_dir", model]) == 0
    assert generate.main(["--recipe", recipe, "--model", model, "--output", songs]) == 0
    return {name: f"{folder}/{name}" for name in DIRECTORIES}


@pytest.fixture(scope="module")
def files(gcs):
    """`nabi.workspace.storage` of this process on the emulator, as long as this module's tests run."""
    from nabi.workspace.storage.gcs import CloudFiles

    patch = pytest.MonkeyPatch()
    patch.setenv("STORAGE_EMULATOR_HOST", gcs.address)
    patch.setitem(storage._FILE_SYSTEMS, "gs", CloudFiles())
    yield
    patch.undo()


@pytest.fixture(scope="module")
def on_gs(gcs, files, google_environment, recipe):
    """The directories of the same run in the bucket, killed in mid-training and gone on with; two workers read."""
    for name, data in music().items():
        storage.write_bytes(f"{ROOT}/music/{name}", data)
    flags = f"--train=--checkpoint_dir={ROOT}/checkpoints --tensorboard_dir={ROOT}/board"
    command = [sys.executable, "-m", "pipelines.retrain", "--recipe", recipe, "--input", f"{ROOT}/music"]
    command += ["--output", f"{ROOT}/out", flags]
    command += ["--preprocess=--direct_num_workers=2 --direct_running_mode=multi_processing"]
    # Of its own group, so that a kill takes all, as the end of a machine does.
    with subprocess.Popen(
        command, env=google_environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(lambda: gcs.names("chain/checkpoints/checkpoint-") or process.poll() is not None)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    assert not gcs.names("chain/out/champion")
    done = run(*command[2:], environment=google_environment)
    return directories(f"{ROOT}/out"), done.stdout


def wait_for(condition):
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def run(module, *flags, environment=None):
    done = subprocess.run(
        [sys.executable, "-m", module, *flags], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def directories(output):
    folder = storage.join(output, paths.RUNS, paths.read_json(storage.join(output, paths.CHAMPION))["run"])
    return {name: storage.join(folder, name) for name in DIRECTORIES}


def contents(folder, *endings):
    """Name -> bytes of the files that end so."""
    found = {info.path.removeprefix(f"{folder}/"): info.path for info in storage.match(folder)}
    return {name: storage.read_bytes(path) for name, path in found.items() if name.endswith(endings)}


def test_dataset_of_two_worker_processes_is_the_same(local, on_gs):
    here, there = local[paths.DATA], on_gs[0][paths.DATA]
    records = contents(here, ".tfrecord", paths.VOCABULARY)
    assert len(records) == 5
    assert contents(there, ".tfrecord", paths.VOCABULARY) == records
    assert not storage.exists(f"{there}/{paths.STAGING}")
    rows = [row for path in paths.rows_paths(there, paths.LEDGER) for row in paths.read_rows(path)]
    assert [row["outcome"] for row in rows] == ["read"] * 12
    assert rows[-1]["source"] == f"{ROOT}/music/more.zip!more/9.mid"


def test_model_that_was_killed_on_the_way_is_the_same(local, on_gs):
    assert "resumed at step" in on_gs[1]
    here, there = (trained_model.load(run_[paths.MODELS]).model.get_weights() for run_ in (local, on_gs[0]))
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(here, there, strict=True))
    name = paths.HISTORY
    assert contents(on_gs[0][paths.MODELS], name) == contents(local[paths.MODELS], name)


def test_checkpoints_and_events_lie_where_they_were_sent(on_gs, tls_front):
    assert list(storage.match(f"{ROOT}/board/events*"))
    assert not storage.exists(f"{on_gs[0][paths.MODELS]}/{paths.CHECKPOINTS}")
    # TensorFlow's own client was used, with the machine's account.
    assert f"Bearer {metadata.TOKEN}" in tls_front.authorizations


def test_songs_are_the_same(local, on_gs):
    here, there = local[paths.SONGS], on_gs[0][paths.SONGS]
    songs = contents(here, ".mid", ".jsonl", ".png")
    assert len(songs) == 5
    assert contents(there, ".mid", ".jsonl", ".png") == songs
    assert storage.exists(f"{there}/{paths.INDEX}")


def test_evaluation(on_gs, google_environment):
    flags = ("--model", on_gs[0][paths.MODELS], "--data", on_gs[0][paths.DATA], "--output", f"{ROOT}/evaluation")
    run("trainer.evaluate", *flags, environment=google_environment)
    found = paths.read_json(f"{ROOT}/evaluation/evaluation-test.json")
    metrics = paths.read_json(f"{on_gs[0][paths.MODELS]}/{paths.METRICS}")
    assert found["splits"]["test"]["loss_nats"] == pytest.approx(metrics["test"]["loss_nats"])
    assert list(storage.match(f"{ROOT}/evaluation/tensorboard/**events*"))
