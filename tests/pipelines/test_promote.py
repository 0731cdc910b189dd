import json

import pytest

from nabi.workspace import champion, paths
from pipelines import promote


@pytest.fixture
def trained(tmp_path):
    """Makes a run with a finished model; judged against a champion ("": by itself) if one is given."""

    def add(name, against=None, better=False, passed=None):
        run = tmp_path / paths.RUNS / name
        (run / paths.MODELS).mkdir(parents=True)
        (run / paths.MODELS / paths.COMPLETED).write_text(json.dumps({"request": "a", "content": "b"}))
        if against is not None:
            theirs = str(tmp_path / paths.RUNS / against / paths.MODELS) if against else ""
            reasons = ["it has not learnt enough"]
            passed = better if passed is None else passed
            decision = {"promote": better, "passed": passed, "champion": theirs, "reasons": reasons}
            (run / paths.GATE).mkdir()
            (run / paths.GATE / paths.DECISION).write_text(json.dumps(decision))

    return add


def promoted(folder, run, capsys):
    """The exit status and what is said."""
    status = promote.main(["--output", str(folder), "--run", run])
    return status, "".join(capsys.readouterr()).strip()


def test_the_first_run_is_the_champion_and_stays_it(tmp_path, trained, capsys):
    trained("r1", against="", better=True)
    assert promoted(tmp_path, "r1", capsys) == (0, "run r1 is the champion")
    assert promoted(tmp_path, "r1", capsys) == (0, "run r1 is the champion already")
    assert champion.read(str(tmp_path)).run == "r1"


def test_a_better_run_takes_its_place_and_the_old_one_does_not_come_back(tmp_path, trained, capsys):
    trained("r1", against="", better=True)
    trained("r2", against="r1", better=True)
    promoted(tmp_path, "r1", capsys)
    assert promoted(tmp_path, "r2", capsys) == (0, "run r2 is the champion after r1")
    assert promoted(tmp_path, "r1", capsys)[1].startswith("run r1 was the champion before r2")
    assert champion.read(str(tmp_path)).run == "r2"


def test_a_worse_run_leaves_it_and_says_why(tmp_path, trained, capsys):
    trained("r1", against="", better=True)
    trained("r2", against="r1")
    promoted(tmp_path, "r1", capsys)
    status, said = promoted(tmp_path, "r2", capsys)
    assert (status, said.split("\n  ")[:2]) == (
        0,
        ["run r2 is not promoted, r1 stays the champion:", "it has not learnt enough"],
    )
    assert said.endswith("gate/decision.html")
    assert champion.read(str(tmp_path)).run == "r1"


def test_a_first_run_that_failed_is_the_champion_and_says_so(tmp_path, trained, capsys):
    trained("r1", against="", better=True, passed=False)
    status, said = promoted(tmp_path, "r1", capsys)
    assert (status, champion.read(str(tmp_path)).run) == (0, "r1")
    assert said.startswith("warning: run r1 is the first champion")
    assert "it has not learnt enough" in said


def test_a_first_run_that_the_gate_refused_is_not(tmp_path, trained, capsys):
    trained("r1", against="", better=False)
    status, said = promoted(tmp_path, "r1", capsys)
    assert (status, champion.read(str(tmp_path)).run) == (0, "")
    assert "and there is no champion (--first_must_pass)" in said


def test_a_first_run_that_was_not_judged_is_refused(tmp_path, trained, capsys):
    trained("r1")
    status, said = promoted(tmp_path, "r1", capsys)
    assert (status, champion.read(str(tmp_path)).run) == (2, "")
    assert "was not judged by itself, as a first champion is" in said


@pytest.mark.parametrize("against", ["", "r0"])
def test_a_run_that_was_not_judged_against_this_champion_is_refused(tmp_path, trained, capsys, against):
    trained("r1", against="", better=True)
    trained("r2", against=against, better=True)
    promoted(tmp_path, "r1", capsys)
    status, said = promoted(tmp_path, "r2", capsys)
    assert (status, champion.read(str(tmp_path)).run) == (2, "r1")
    assert said.startswith("promote: run r2 was not judged against the champion r1")


def test_a_run_without_a_model_is_refused(tmp_path, capsys):
    status, said = promoted(tmp_path, "none", capsys)
    assert status == 2
    assert "run `python -m trainer.task` first" in said
    assert not (tmp_path / paths.CHAMPION).exists()
