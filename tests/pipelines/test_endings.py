"""Ctrl-C and a full disk amid the work of real jobs, in this process and in Beam's workers."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from nabi.workspace import paths
from tests import builders
from tests.generator.models import write_model

pytestmark = pytest.mark.slow

ONE = ["--direct_num_workers=1"]
TWO = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]
# What every process of a job has in its environment.
MARK = "NABI_TEST_JOB"


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    for key in range(200):
        (folder / f"{key:03}.mid").write_bytes(builders.scale(key % 40))
    return folder


def preprocess(music: pathlib.Path, output: pathlib.Path) -> list[str]:
    return ["pipelines.preprocess", "--input", str(music), "--output", str(output), "--window=8", "--shards=1"]


def start(command: list[str], mark: pathlib.Path) -> subprocess.Popen[str]:
    """Starts a job as a terminal does, as the first process of a group."""
    # Tests that ran in this process may have let TensorFlow say more.
    own = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**own, MARK: str(mark)},
    )


def wait(found: Callable[[], object]) -> bool:
    late = time.monotonic() + 120
    while not found() and time.monotonic() < late:
        time.sleep(0.02)
    return bool(found())


def processes(mark: pathlib.Path) -> list[str]:
    """The processes of a job."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{MARK}={mark}\0" in (process / "environ").read_text(errors="replace"):
                found.append((process / "cmdline").read_text(errors="replace").replace("\0", " "))
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("workers", "least"), [(ONE, 2), (TWO, 5)])
def test_a_signal_amid_reading_is_one_sentence_and_no_process_stays(music, tmp_path, number, workers, least):
    output = tmp_path / "out"
    with start([*preprocess(music, output), *workers], tmp_path) as job:
        assert wait(lambda: list(output.glob("staging/*.progress")))
        assert len(processes(tmp_path)) >= least
        # Ctrl-C reaches the whole group, a scheduler's signal the first process.
        (os.killpg if number == signal.SIGINT else os.kill)(job.pid, number)
        said = job.communicate()[0].splitlines()
        assert job.returncode == 128 + number
    assert said[0] == f"reading 200 files into {output}"
    assert [line for line in said[1:] if not line.startswith("read ")] == [
        "preprocess stopped: start the same command again to go on"
    ]
    assert wait(lambda: not processes(tmp_path))
    assert paths.completed(str(output)) is None


def test_the_same_command_goes_on(music, tmp_path):
    output = tmp_path / "out"
    with start(preprocess(music, output), tmp_path) as job:
        assert job.stdout.readline().startswith("reading 200 files")
        # Beam is being imported.
        job.send_signal(signal.SIGINT)
        assert "Traceback" not in job.communicate()[0]
        assert job.returncode == 130
    with start(preprocess(music, output), tmp_path) as job:
        job.communicate()
        assert job.returncode == 0
    assert paths.completed(str(output))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_job_of_retraining_ends_with_it(music, tmp_path, number):
    output = tmp_path / "out"
    command = ["pipelines.retrain", "--input", str(music), "--output", str(output), "--preprocess=--window=8"]
    with start(command, tmp_path) as job:
        assert any(line.startswith("reading 200 files") for line in job.stdout)
        job.send_signal(number)
        said = job.communicate()[0].splitlines()
        assert job.returncode == (130 if number == signal.SIGINT else -number)
    if number == signal.SIGINT:
        assert said[-1] == "retrain stopped: start the same command again to go on"
        assert sum("stopped" in line for line in said) == 1
    assert wait(lambda: not processes(tmp_path))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model"))


def generate(model: str, output: pathlib.Path, workers: list[str]) -> list[str]:
    return [
        "generator.generate",
        "--model",
        model,
        "--output",
        str(output),
        "--num_songs=300",
        "--max_tokens=100",
        "--audio=none",
        *workers,
    ]


def test_ctrl_c_amid_sampling_is_one_sentence_and_no_process_stays(model, tmp_path):
    output = tmp_path / "songs"
    with start(generate(model, output, TWO), tmp_path) as job:
        assert wait(lambda: list(output.glob("*.mid")))
        os.killpg(job.pid, signal.SIGINT)
        said = job.communicate()[0].splitlines()
        assert job.returncode == 130
    assert [line for line in said[1:] if " of 300 songs" not in line] == [
        "generate stopped: start the same command again to go on"
    ]
    assert wait(lambda: not processes(tmp_path))
    assert paths.completed(str(output)) is None


def test_a_full_disk_amid_sampling_is_one_sentence(model, tmp_path, small_disk):
    output = small_disk / "songs"
    with start([*generate(model, output, ONE), "--max_tokens=20"], tmp_path) as job:
        said = job.communicate()[0].splitlines()
        assert job.returncode == 1
    told = [line for line in said[1:] if " of 300 songs" not in line]
    assert len(told) == 1
    assert told[0].startswith(f"generate failed: cannot write {small_disk}")
    assert ": No space left on device; the batches made so far stay" in told[0]
    assert wait(lambda: not processes(tmp_path))


@pytest.mark.parametrize("workers", [ONE, TWO])
def test_a_full_disk_is_one_sentence_from_workers_too(music, tmp_path, small_disk, workers):
    output = small_disk / "out"
    with start([*preprocess(music, output), *workers], tmp_path) as job:
        said = job.communicate()[0].splitlines()
        assert job.returncode == 1
    told = [line for line in said if not line.startswith(("reading ", "read ", "all 200 files are read"))]
    assert len(told) == 1
    assert told[0].startswith(f"preprocess failed: cannot write {small_disk}")
    assert told[0].endswith(": No space left on device; nothing is published: the same command begins anew")
    assert paths.completed(str(output)) is None
    assert wait(lambda: not processes(tmp_path))
