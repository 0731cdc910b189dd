import subprocess
import sys

import pytest

from pipelines import jobs, retrain, runs
from songs import champion, layout
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


class FakeJobs:
    """Jobs that only leave a COMPLETED, and a gate that decides as it is told.

    Attributes:
      ran: the names of those that ran.
      promote: what the gate says.
      content: the fingerprint of the datasets that are made.
    """

    def __init__(self, folder):
        self.folder, self.ran, self.promote, self.content = folder, [], True, "made"

    def start(self, job):
        self.ran.append(job.name)
        folder = self.folder / job.folder
        if job.name == jobs.GATE:
            champion = job.arguments[job.arguments.index("--champion") + 1]
            decision = {"promote": self.promote, "champion": champion, "reasons": ["it is worse"]}
            layout.write_json(str(folder / layout.DECISION), decision)
        else:
            layout.complete(str(folder), {"request": "asked", "content": self.content})

    def took(self):
        """The names since the last time."""
        ran, self.ran = self.ran, []
        return ran


@pytest.fixture
def fake(monkeypatch, tmp_path):
    made = FakeJobs(tmp_path)
    monkeypatch.setattr(jobs, "start", made.start)
    return made


@pytest.fixture
def retrained(tmp_path, fake):
    """Runs the job over a folder of files; returns the name of its run."""
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "a.mid").write_bytes(builders.scale())

    def run(**more):
        flags = {"inputs": [str(tmp_path / "music")], "output": str(tmp_path / "out"), "recipe": None}
        folder = retrain.run(**flags, more=more)
        return folder.rpartition("/")[2]

    return run


def champion_of(tmp_path):
    return champion.read(str(tmp_path / "out")).run


def add_file(tmp_path):
    (tmp_path / "music" / "b.mid").write_bytes(builders.scale(7))


def test_the_first_run_is_promoted_and_run_again_it_is_no_work(tmp_path, fake, retrained, capsys):
    first = retrained()
    assert fake.took() == ["preprocess", "train", "generate"]
    assert champion_of(tmp_path) == first
    assert retrained() == first
    assert fake.took() == []
    assert f"{first}/songs/index.html" in capsys.readouterr().out


def test_new_files_are_judged_before_they_are_promoted(tmp_path, fake, retrained):
    first = retrained()
    fake.took()
    add_file(tmp_path)
    fake.content = "grown"
    second = retrained()
    assert fake.took() == ["preprocess", "train", "generate", "gate", "generate"]
    assert champion_of(tmp_path) == second != first


def test_a_worse_model_is_not_promoted_and_makes_no_songs(tmp_path, fake, retrained, caplog):
    caplog.set_level("INFO")
    first = retrained()
    fake.took()
    add_file(tmp_path)
    fake.content, fake.promote = "grown", False
    second = retrained()
    assert fake.took() == ["preprocess", "train", "generate", "gate"]
    assert champion_of(tmp_path) == first
    assert "it is worse" in caplog.text
    # Judged once, and not again.
    assert retrained() == second
    assert fake.took() == []


def test_files_that_changed_without_their_songs_end_the_run_early(tmp_path, fake, retrained, caplog):
    caplog.set_level("INFO")
    first = retrained()
    fake.took()
    add_file(tmp_path)
    retrained()
    assert fake.took() == ["preprocess"]
    assert f"the songs in them did not: the champion {first} stays" in caplog.text


def test_other_settings_are_another_run_that_is_judged_too(fake, retrained):
    retrained()
    retrained(train=["--steps=9"])
    assert fake.took() == ["preprocess", "train", "generate", "preprocess", "train", "generate", "gate", "generate"]


def test_what_a_rollback_withdrew_is_not_promoted_again(tmp_path, fake, retrained):
    first = retrained()
    add_file(tmp_path)
    fake.content = "grown"
    retrained()
    fake.took()
    champion.rollback(str(tmp_path / "out"))
    retrained()
    assert fake.took() == []
    assert champion_of(tmp_path) == first


def test_a_run_that_was_judged_against_an_earlier_champion_is_judged_again(tmp_path, fake, retrained):
    retrained()
    add_file(tmp_path)
    fake.content, fake.promote = "grown", False
    retrained()
    fake.promote = True
    retrained(train=["--steps=9"])
    fake.took()
    retrained()
    # The songs that it was judged by are there already.
    assert fake.took() == ["gate", "generate"]


def test_a_failed_run_leaves_the_champion_alone(tmp_path, fake, retrained, monkeypatch):
    first = retrained()
    add_file(tmp_path)
    fake.content = "grown"

    def fail(job):
        if job.name == jobs.GATE:
            raise jobs.JobFailedError("killed")
        fake.start(job)

    monkeypatch.setattr(jobs, "start", fail)
    with pytest.raises(jobs.JobFailedError):
        retrained()
    assert champion_of(tmp_path) == first


def test_two_jobs_at_once_in_one_directory_are_one(tmp_path, fake, retrained, monkeypatch):
    def start_another(job):
        with pytest.raises(ValueError, match="another retraining job"), runs.alone(str(tmp_path / "out")):
            raise AssertionError
        fake.start(job)

    monkeypatch.setattr(jobs, "start", start_another)
    retrained()
    assert "train" in fake.ran


def test_a_job_that_outlives_its_parent_keeps_others_out(tmp_path):
    with runs.alone(str(tmp_path)):
        job = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    with pytest.raises(ValueError, match="or what is left of one, works in"), runs.alone(str(tmp_path)):
        raise AssertionError
    job.communicate(b"\n")
    with runs.alone(str(tmp_path)):
        pass


def test_a_watch_goes_on_after_a_failure(monkeypatch):
    slept, worked = [], []

    def work():
        worked.append(True)
        if len(worked) == 1:
            raise jobs.JobFailedError("it failed")

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(retrain.time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        retrain.watch(work, minutes=10)
    assert len(worked) == 2
    assert slept == [pytest.approx(600, abs=5)] * 2


def test_rollback_by_flag(tmp_path):
    done = retrain_in_a_process("--output", tmp_path / "runs", "--rollback")
    assert done.returncode == 2
    assert "no champion before the first to go back to" in done.stderr
