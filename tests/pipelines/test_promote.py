import json

import pytest

from pipelines import promote
from songs import champion, layout


@pytest.fixture
def trained(tmp_path):
    """Makes a run with a finished model; judged if a champion and a verdict are given."""

    def add(name, against="", better=False):
        run = tmp_path / layout.RUNS / name
        (run / layout.MODELS).mkdir(parents=True)
        (run / layout.MODELS / layout.COMPLETED).write_text(json.dumps({"request": "a", "content": "b"}))
        if against:
            theirs = str(tmp_path / layout.RUNS / against / layout.MODELS)
            decision = {"promote": better, "champion": theirs, "reasons": ["it has not learnt enough"]}
            (run / layout.GATE).mkdir()
            (run / layout.GATE / layout.DECISION).write_text(json.dumps(decision))

    return add


def promoted(folder, run, capsys):
    """The exit status and what is said."""
    status = promote.main(["--output", str(folder), "--run", run])
    return status, "".join(capsys.readouterr()).strip()


def test_the_first_run_is_the_champion_and_stays_it(tmp_path, trained, capsys):
    trained("r1")
    assert promoted(tmp_path, "r1", capsys) == (0, "run r1 is the champion")
    assert promoted(tmp_path, "r1", capsys) == (0, "run r1 is the champion already")
    assert champion.read(str(tmp_path)).run == "r1"


def test_a_better_run_takes_its_place_and_the_old_one_does_not_come_back(tmp_path, trained, capsys):
    trained("r1")
    trained("r2", against="r1", better=True)
    promoted(tmp_path, "r1", capsys)
    assert promoted(tmp_path, "r2", capsys) == (0, "run r2 is the champion after r1")
    assert promoted(tmp_path, "r1", capsys)[1].startswith("run r1 was the champion before r2")
    assert champion.read(str(tmp_path)).run == "r2"


def test_a_worse_run_leaves_it_and_says_why(tmp_path, trained, capsys):
    trained("r1")
    trained("r2", against="r1")
    promoted(tmp_path, "r1", capsys)
    status, said = promoted(tmp_path, "r2", capsys)
    assert (status, said.split("\n  ")[:2]) == (
        0,
        ["run r2 is not promoted, r1 stays the champion:", "it has not learnt enough"],
    )
    assert said.endswith("gate/decision.html")
    assert champion.read(str(tmp_path)).run == "r1"


@pytest.mark.parametrize("against", ["", "r0"])
def test_a_run_that_was_not_judged_against_this_champion_is_refused(tmp_path, trained, capsys, against):
    trained("r1")
    trained("r2", against=against, better=True)
    promoted(tmp_path, "r1", capsys)
    status, said = promoted(tmp_path, "r2", capsys)
    assert (status, champion.read(str(tmp_path)).run) == (2, "r1")
    assert said.startswith("promote: run r2 was not judged against the champion r1")


def test_a_run_without_a_model_is_refused(tmp_path, capsys):
    status, said = promoted(tmp_path, "none", capsys)
    assert status == 2
    assert "run `python -m trainer.task` first" in said
    assert not (tmp_path / layout.CHAMPION).exists()
