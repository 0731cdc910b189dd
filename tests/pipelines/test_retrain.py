import subprocess
import sys

import pytest

from nabi.workspace import champion, paths, storage
from nabi.workspace.ledger import LedgerRow
from pipelines import retrain
from pipelines.retraining import jobs, runs
from tests import builders


def retrain_in_a_process(*flags):
    command = [sys.executable, "-m", "pipelines.retrain", *map(str, flags)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_failed_job_ends_the_run_with_its_last_line(tmp_path):
    (tmp_path / "bad.mid").write_bytes(b"not MIDI")
    done = retrain_in_a_process("--input", tmp_path / "bad.mid", "--output", tmp_path / "runs")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("preprocess failed with status 1: none of 1 files gave a song")
    assert not (tmp_path / "runs" / "champion").exists()


@pytest.mark.slow
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


def ledger_rows(songs, split):
    """The least of a ledger that others read, of so many songs."""
    named = [f"{index:016x}{'0' * 48}" for index in range(1, songs + 1)]
    return [LedgerRow(name, "read", sha256=name, split=split).as_dict() for name in named]


class FakeJobs:
    """Jobs that leave the least that others need, and a gate that decides as it is told.

    Attributes:
      ran: the names of those that ran.
      jobs: the last of each name.
      promote: what the gate says.
      passed: whether a first champion passes, too.
      content: the fingerprint of the datasets that are made.
      held_out: songs in the test split of those.
    """

    def __init__(self, folder):
        self.folder, self.ran, self.jobs, self.content = folder, [], {}, "made"
        self.promote, self.passed, self.held_out = True, True, 10

    def start(self, job):
        self.ran.append(job.name)
        self.jobs[job.name] = job
        folder = self.folder / job.folder
        if job.name == jobs.GATE:
            flags = dict(flag.partition("=")[::2] for flag in job.arguments)
            champion = flags.get("--champion", "")
            decision = {
                "promote": self.promote,
                "passed": self.passed,
                "champion": champion,
                "reasons": ["it is worse"],
            }
            paths.write_json(str(folder / paths.DECISION), decision)
            return
        if job.name == jobs.PREPROCESS:
            rows = ledger_rows(self.held_out, "test")
            paths.write_rows(str(folder / paths.rows_name(paths.LEDGER, 0, 1)), rows)
        if job.name == jobs.TRAIN:
            paths.write_json(str(folder / paths.CONFIG), {})
        paths.complete(str(folder), {"request": "asked", "content": self.content})

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

    def run(*, fresh=False, recipe=None, **more):
        flags = {"inputs": [str(tmp_path / "music")], "output": str(tmp_path / "out"), "recipe": recipe}
        folder = retrain.run(**flags, job_flags=more, fresh=fresh)
        return folder.rpartition("/")[2]

    return run


def champion_of(tmp_path):
    return champion.read(str(tmp_path / "out")).run


def add_file(tmp_path):
    (tmp_path / "music" / "b.mid").write_bytes(builders.scale(7))


def test_the_first_run_is_promoted_and_run_again_it_is_no_work(tmp_path, fake, retrained, capsys):
    first = retrained()
    # Songs to judge it by, and its own.
    assert fake.took() == ["preprocess", "train", "generate", "gate", "generate"]
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
    first = fake.took()
    retrained(train=["--steps=9"])
    assert fake.took() == first == ["preprocess", "train", "generate", "gate", "generate"]


def test_a_first_model_that_fails_is_champion_with_a_warning(tmp_path, fake, retrained, caplog):
    fake.passed = False
    assert retrained() == champion_of(tmp_path)
    (warning,) = (record for record in caplog.records if "although checks failed" in record.message)
    assert (warning.levelname, "it is worse" in warning.message) == ("WARNING", True)
    assert fake.took()[-1] == "generate"


def test_a_first_model_that_the_gate_refuses_makes_no_songs_and_says_why(tmp_path, fake, retrained, caplog, capsys):
    caplog.set_level("INFO")
    fake.passed = fake.promote = False
    retrained(gate=["--first_must_pass"])
    assert champion_of(tmp_path) == ""
    assert fake.took() == ["preprocess", "train", "generate", "gate"]
    assert "it is worse" in caplog.text
    assert "no songs were made: there is no champion" in capsys.readouterr().out


def test_too_few_songs_to_judge_by_are_told_before_the_training(tmp_path, fake, retrained, caplog):
    fake.held_out = 3
    first = retrained()
    assert "only 3 songs are held out that no model was trained on, of 10 that it takes" in caplog.text
    fake.took()
    add_file(tmp_path)
    fake.content = "grown"
    with pytest.raises(ValueError, match=r'none was trained: .*--gate="--min_gate_songs=3"'):
        retrained()
    assert fake.took() == ["preprocess"]
    second = retrained(gate=["--min_gate_songs=3"])
    assert fake.took() == ["train", "generate", "gate", "generate"]
    assert champion_of(tmp_path) == second != first


def test_one_song_judges_nobody(tmp_path, fake, retrained):
    retrained()
    add_file(tmp_path)
    fake.content, fake.held_out = "grown", 1
    with pytest.raises(ValueError, match="only 1 song is held out") as raised:
        retrained()
    assert "or ask for fewer" not in str(raised.value)


def test_what_the_model_before_the_champion_was_trained_on_judges_nobody(tmp_path, fake, retrained):
    first = retrained()
    # All ten were in the training of the model that the champion was started from.
    old = str(tmp_path / "old")
    rows = ledger_rows(10, "train")
    paths.write_rows(f"{old}/dataset/{paths.rows_name(paths.LEDGER, 0, 1)}", rows)
    paths.write_json(f"{old}/model/{paths.CONFIG}", {"data": f"{old}/dataset"})
    for place in ("dataset", "model"):
        paths.complete(f"{old}/{place}", {"request": "o", "content": "o"})
    config = tmp_path / "out" / "runs" / first / "model" / paths.CONFIG
    paths.write_json(str(config), {"warm_started_from": f"{old}/model"})
    add_file(tmp_path)
    fake.content = "grown"
    with pytest.raises(ValueError, match="only 0 songs are held out"):
        retrained(fresh=True)


def test_other_sampling_flags_sample_from_the_same_model_beside_the_first_songs(tmp_path, fake, retrained, capsys):
    first = retrained()
    fake.took()
    assert retrained(generate=["--num_songs=3"]) == first
    assert fake.took() == ["generate"]
    more = fake.jobs["generate"]
    assert "--num_songs=3" in more.arguments
    assert more.folder.startswith(f"{tmp_path}/out/runs/{first}/songs-")
    assert f"{more.folder}/index.html" in capsys.readouterr().out
    # Both are there already.
    retrained(generate=["--num_songs=3"])
    retrained()
    assert fake.took() == []
    assert f"{first}/songs/index.html" in capsys.readouterr().out


def test_touched_files_and_other_sampling_flags_sample_from_the_champion(tmp_path, fake, retrained):
    first = retrained()
    fake.took()
    (tmp_path / "music" / "a.mid").touch()
    retrained(generate=["--seed=5"])
    assert fake.took() == ["preprocess", "generate"]
    assert f"/runs/{first}/songs-" in fake.jobs["generate"].folder


def test_a_recipes_other_sampling_is_no_other_model(tmp_path, fake, retrained):
    recipe = tmp_path / "mine.toml"
    text = '[[train]]\nname = "a"\nunits = 8\n[[generate]]\nname = "x"\nseed = {}\n'
    recipe.write_text(text.format(1))
    first = retrained(recipe=str(recipe))
    fake.took()
    recipe.write_text(text.format(2))
    assert retrained(recipe=str(recipe)) == first
    assert fake.took() == ["generate"]
    recipe.write_text(text.replace("8", "9").format(2))
    assert retrained(recipe=str(recipe)) != first


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"train": ["--stpes=9"]}, r"train: unknown flag --stpes: did you mean --steps\?"),
        ({"train": ["--units=0"]}, "train: --units 0 must be in 1"),
        ({"generate": ["--temprature=1"]}, r"generate: unknown flag --temprature .* did you mean --temperature\?"),
        ({"generate": ["--top_p=2"]}, "generate: --top_p 2.0 must be in"),
        ({"gate": ["--min_gian=1"]}, r"gate: unknown flag --min_gian: did you mean --min_gain\?"),
        ({"preprocess": ["--windw=8"]}, r"preprocess: unknown flag --windw .* did you mean --window\?"),
        ({"preprocess": ["--direct_num_worker=2"]}, r"preprocess: .* did you mean --direct_num_workers\?"),
        ({"preprocess": ["--stride=900"]}, "preprocess: --stride 900 must be in 1..128"),
    ],
)
def test_the_flags_of_all_jobs_are_checked_before_the_first_one(tmp_path, fake, retrained, flags, message):
    with pytest.raises(ValueError, match=message):
        retrained(**flags)
    assert fake.took() == []
    assert not (tmp_path / "out").exists()


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
        with pytest.raises(ValueError, match="another retraining job"), runs.exclusive(str(tmp_path / "out")):
            raise AssertionError
        fake.start(job)

    monkeypatch.setattr(jobs, "start", start_another)
    retrained()
    assert "train" in fake.ran


@pytest.mark.slow
def test_a_job_that_has_not_ended_yet_keeps_others_out(tmp_path):
    with runs.exclusive(str(tmp_path)):
        job = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    with pytest.raises(ValueError, match="another retraining job works in"), runs.exclusive(str(tmp_path)):
        raise AssertionError
    job.communicate(b"\n")
    with runs.exclusive(str(tmp_path)):
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
        retrain.run(inputs=["music", "**/*.mid"], output=output, recipe=None, job_flags={})


def test_an_output_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "a.mid").write_bytes(builders.scale())
    (tmp_path / "out").write_text("a file")
    with pytest.raises(storage.StorageError, match=r"cannot write below --output .*out: Not a directory"):
        retrain.run(inputs=[str(tmp_path / "a.mid")], output=str(tmp_path / "out"), recipe=None, job_flags={})


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


@pytest.mark.slow
def test_rollback_by_flag(tmp_path):
    done = retrain_in_a_process("--output", tmp_path / "runs", "--rollback")
    assert done.returncode == 2
    assert "no champion before the first to go back to" in done.stderr
