import json
import subprocess
import sys

import pytest

from pipelines import jobs, retrain
from tests import builders


def retrain_in_a_process(*flags):
    command = [sys.executable, "-m", "pipelines.retrain", *map(str, flags)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_failed_job_ends_the_run_with_its_last_lines(tmp_path):
    (tmp_path / "bad.mid").write_bytes(b"not MIDI")
    done = retrain_in_a_process("--input", tmp_path / "bad.mid", "--output", tmp_path / "runs")
    assert done.returncode == 1
    assert "preprocess failed with status 1; its last lines:" in done.stderr
    assert "none of 1 files gave a song" in done.stderr
    assert not (tmp_path / "runs" / "champion").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--input", "/none"], "--input /none matches no file"),
        ([], "give --input"),
        (["--recipe", "unheard"], "recipe 'unheard' is neither"),
    ],
)
def test_wrong_flags_end_with_one_sentence(tmp_path, flags, message):
    done = retrain_in_a_process("--output", tmp_path / "runs", *flags)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr


@pytest.fixture
def recorded(monkeypatch, tmp_path):
    """Runs whose jobs only leave a COMPLETED; the names of those that ran."""
    ran = []

    def record(job):
        ran.append(job.name)
        folder = tmp_path / job.folder
        folder.mkdir(parents=True)
        (folder / "COMPLETED").write_text(json.dumps({"request": "asked", "content": "made"}))

    monkeypatch.setattr(jobs, "start", record)
    return ran


def test_finished_jobs_are_skipped_and_other_settings_are_another_run(tmp_path, recorded, capsys):
    (tmp_path / "a.mid").write_bytes(builders.scale())
    asked = {"inputs": [str(tmp_path / "a.mid")], "output": str(tmp_path / "runs"), "recipe": None}
    first = retrain.run(**asked, more={})
    assert recorded == ["preprocess", "train", "generate"]
    assert retrain.run(**asked, more={}) == first
    assert len(recorded) == 3
    assert retrain.run(**asked, more={"train": ["--steps=9"]}) != first
    assert len(recorded) == 6
    champion = json.loads((tmp_path / "runs" / "champion").read_text())["run"]
    assert (tmp_path / "runs" / "runs" / champion / "songs").is_dir()
    assert f"{first}/songs/index.html" in capsys.readouterr().out
