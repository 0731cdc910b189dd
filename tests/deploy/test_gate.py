import json

import pytest

from deploy import gate
from songs import layout


def evaluation(nats=1.0, counting=1.5, bits=3.0):
    return {
        "model": {"nats_per_token": nats, "bits_per_token": nats * 1.44, "bits_per_note": bits},
        "baselines": {"5-gram": {"nats_per_token": counting}},
    }


@pytest.fixture
def runs(tmp_path):
    """Writes an evaluated run."""

    def add(name, **figures):
        folder = tmp_path / layout.RUNS / name / layout.MODELS
        folder.mkdir(parents=True)
        (folder / "evaluation-test.json").write_text(json.dumps({"detail": evaluation(**figures)}))

    return add


def champion(folder):
    return json.loads((folder / layout.CHAMPION).read_text())["run"]


def test_the_first_model_that_beats_counting_is_champion(tmp_path, runs, capsys):
    runs("first")
    assert gate.main(["--output", str(tmp_path), "--run", "first"]) == 0
    assert champion(tmp_path) == "first"
    assert "1.0000 nats a token must be below the 5-gram's 1.5000: yes\nfirst is promoted" in capsys.readouterr().out


def test_a_worse_model_leaves_the_champion_and_says_why(tmp_path, runs, capsys):
    runs("first")
    runs("second", bits=3.2)
    for run in ("first", "second"):
        assert gate.main(["--output", str(tmp_path), "--run", run]) == 0
    assert champion(tmp_path) == "first"
    decision = json.loads((tmp_path / layout.RUNS / "second" / gate.DECISION).read_text())
    assert decision["champion"] == "first"
    assert decision["promoted"] is False
    assert decision["reasons"][1] == "3.2000 bits a note must be below the champion's 3.0000 less 0: no"


@pytest.mark.parametrize(("bits", "margin", "promoted"), [(2.9, 0.0, True), (3.0, 0.0, False), (2.9, 0.2, False)])
def test_a_margin_must_be_gained(bits, margin, promoted):
    assert gate.decide(evaluation(bits=bits), evaluation(bits=3.0), margin).promoted is promoted


def test_a_model_worse_than_counting_is_never_promoted():
    assert not gate.decide(evaluation(nats=1.6, bits=1.0), evaluation(), 0).promoted


def test_decided_again_a_champion_stays_champion(tmp_path, runs):
    runs("first")
    for _ in range(2):
        assert gate.run(output=str(tmp_path), run="first", margin=0).promoted
    assert champion(tmp_path) == "first"


def test_a_run_that_was_not_evaluated_is_refused(tmp_path, capsys):
    assert gate.main(["--output", str(tmp_path), "--run", "none"]) == 2
    assert "run `python -m trainer.evaluate` on that model first" in capsys.readouterr().err
