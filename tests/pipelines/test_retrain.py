import subprocess
import sys

import pytest

from pipelines import jobs, retrain, runs
from songs import champion, layout, storage
from tests import builders


def retrain_in_a_process(*flags):
    command = [sys.executable, "-m", "pipelines.retrain", *map(str, flags)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_failed_job_ends_the_run_with_its_last_line(tmp_path):
    (tmp_path / "bad.mid").write_bytes(b"not MIDI")
    done = retrain_in_a_process("--input", tmp_path / "bad.mid", "--output", tmp_path / "runs")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("preprocess failed with status 1: none of 1 files gave a song")
    assert not (tmp_path / "runs" / "champion").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--input", "/none"], "--input /none matches no file"),
        ([], "give --input"),
        (["--recipe", "unheard"], "recipe 'unheard' is neither"),
        (
            ["--input", "x", "--train=--steps='6"],
            '--train "--steps=\'6" must be flags as a terminal takes them (No closing',
        ),
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

    def run(*, fresh=False, **more):
        flags = {"inputs": [str(tmp_path / "music")], "output": str(tmp_path / "out"), "recipe": None}
        folder = retrain.run(**flags, more=more, fresh=fresh)
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
    assert f"the songs and the settings are those of {first}: the champion {first} stays" in caplog.text


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


def test_other_thresholds_judge_again(tmp_path, fake, retrained):
    retrained()
    add_file(tmp_path)
    fake.content, fake.promote = "grown", False
    retrained()
    fake.took()
    fake.promote = True
    run = retrained(gate=["--min_gate_songs=5"])
    assert fake.took() == ["gate", "generate"]
    assert champion_of(tmp_path) == run


def test_fresh_weights_are_another_run(fake, retrained):
    retrained()
    fake.took()
    retrained(fresh=True)
    assert "train" in fake.took()


@pytest.mark.parametrize("gone", ["model", "dataset"])
def test_a_champion_that_is_gone_is_told_before_work(tmp_path, fake, retrained, gone):
    first = retrained()
    fake.took()
    add_file(tmp_path)
    (tmp_path / "out" / "runs" / first / gone / "COMPLETED").unlink()
    with pytest.raises(ValueError, match=f"{first}/{gone} of the champion is not there any more"):
        retrained()
    assert fake.took() == []


def test_the_songs_of_what_a_rollback_withdrew_are_not_trained_on_again(tmp_path, fake, retrained, caplog):
    caplog.set_level("INFO")
    retrained()
    add_file(tmp_path)
    fake.content = "grown"
    retrained()
    champion.rollback(str(tmp_path / "out"))
    fake.took()
    (tmp_path / "music" / "b.mid").touch()
    retrained()
    assert fake.took() == ["preprocess"]
    assert "which a rollback took back" in caplog.text


@pytest.mark.parametrize("output", ["music/out", "music/deep/../out", "."])
def test_songs_of_its_own_are_no_input(tmp_path, monkeypatch, output):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "music" / "runs").mkdir(parents=True)
    for place in ("music", "runs"):
        (tmp_path / place).mkdir(exist_ok=True)
        (tmp_path / place / "a.mid").write_bytes(builders.scale())
    with pytest.raises(ValueError, match=f"the songs that --output {output} gets would be input"):
        retrain.run(inputs=["music", "**/*.mid"], output=output, recipe=None, more={})


def test_an_output_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "a.mid").write_bytes(builders.scale())
    (tmp_path / "out").write_text("a file")
    with pytest.raises(storage.StorageError, match=r"cannot write below --output .*out: Not a directory"):
        retrain.run(inputs=[str(tmp_path / "a.mid")], output=str(tmp_path / "out"), recipe=None, more={})


def test_a_watch_ends_with_what_is_wrong_at_first_and_outlives_it_later(monkeypatch):
    outcomes = [None, ValueError("--input music matches no file"), KeyboardInterrupt()]

    def work():
        if outcome := outcomes.pop(0):
            raise outcome

    monkeypatch.setattr(retrain.time, "sleep", lambda seconds: None)
    with pytest.raises(KeyboardInterrupt):
        retrain.watch(work, minutes=10)
    outcomes = [ValueError("wrong")]
    with pytest.raises(ValueError, match="wrong"):
        retrain.watch(work, minutes=10)


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
