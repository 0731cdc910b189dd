import numpy as np
import pytest

from trainer.judging import gate_checks

METRICS = {"test": {"loss_nats": 1.0}, "baselines": {"test": {"5-gram": 1.4, "13-gram": 1.2, "unigram": 3.0}}}


def passed(check):
    return check.passed, check.value


@pytest.mark.parametrize(("songs", "least", "verdict"), [(10, 10, True), (9, 10, False), (0, 1, False)])
def test_songs_to_judge_by(songs, least, verdict):
    assert passed(gate_checks.enough(songs, least)) == (verdict, songs)


@pytest.mark.parametrize(
    ("interval", "least", "verdict"),
    [
        ((0.01, 0.2), 0.0, True),
        ((0.0, 0.2), 0.0, False),
        ((-0.01, 0.2), 0.0, False),
        ((0.01, 0.2), 0.05, False),
        ((-0.01, 0.2), -0.05, True),
    ],
    ids=["above", "touching", "reaching below", "not enough", "a loss that is allowed"],
)
def test_the_whole_interval_has_to_be_above_the_least_gain(interval, least, verdict):
    check = gate_checks.better(2.0, 1.9, interval, least)
    assert check.passed is verdict
    assert check.value == pytest.approx(0.1)


def test_a_gain_that_may_be_chance_says_so():
    assert "may be chance" in gate_checks.better(2.0, 1.9, (-0.1, 0.3), 0.0).said
    assert "may be chance" not in gate_checks.better(2.0, 1.9, (0.05, 0.15), 0.0).said
    assert "may be chance" not in gate_checks.better(1.9, 2.0, (-0.3, 0.1), 0.0).said


@pytest.mark.parametrize(
    ("loss", "verdict"), [(1.1, True), (1.2, False), (1.3, False)], ids=["below", "the same", "above"]
)
def test_the_best_of_counting_has_to_be_beaten(loss, verdict):
    check = gate_checks.beats_counting({**METRICS, "test": {"loss_nats": loss}}, "test")
    assert check.passed is verdict
    assert check.said == f"{loss:.4f} nats a token in test, the 13-gram 1.2000"


def test_a_part_of_the_training_split_is_said_to_be_one():
    counted = {"songs": 9, "tokens": 5000, "whole_split": False}
    said = gate_checks.beats_counting({**METRICS, "baselines_counted": counted}, "test").said
    assert said.endswith("the 13-gram 1.2000, which counted the first 5,000 training tokens")


def test_counting_is_the_best_of_the_n_grams():
    check = gate_checks.beats_counting(
        {"test": {"loss_nats": 1.0}, "baselines": {"test": {"unigram": 3.0, "14-gram": 0.9, "5-gram": 1.2}}}, "test"
    )
    assert (check.passed, check.value) == (False, pytest.approx(-0.1))
    assert "the 14-gram 0.9000" in check.said


@pytest.mark.parametrize("metrics", [{}, {"test": None, "baselines": {}}, {**METRICS, "baselines": {"test": {}}}])
def test_nothing_to_compare_with_is_no_pass(metrics):
    assert passed(gate_checks.beats_counting(metrics, "test")) == (False, None)


def test_copies_and_loops_are_means_over_songs():
    rows = [{"copied_share": 0.2, "attempts": 0}, {"copied_share": 0.6, "attempts": 3}]
    assert passed(gate_checks.copies(rows, 0.5)) == (True, pytest.approx(0.4))
    assert passed(gate_checks.copies(rows, 0.3)) == (False, pytest.approx(0.4))
    assert passed(gate_checks.loops(rows, 0.5)) == (True, 0.5)
    assert passed(gate_checks.loops(rows, 0.4)) == (False, 0.5)
    assert passed(gate_checks.copies([], 0.5)) == (False, None)


def test_likeness_is_measured_by_validation_songs():
    summary = {
        "distributions": {
            "pitches": {"overlap": 0.4, "validation_overlap": 0.8},
            "durations": {"overlap": 0.9, "validation_overlap": 0.9},
            "polyphony": {"overlap": None, "validation_overlap": 0.9},
        }
    }
    assert passed(gate_checks.likeness(summary, 0.75)) == (True, 0.75)
    assert passed(gate_checks.likeness(summary, 0.8)) == (False, 0.75)
    assert passed(gate_checks.likeness({"distributions": {}}, 0.1)) == (False, None)


def test_the_interval_holds_what_the_songs_agree_on():
    notes = np.full(50, 100)
    champion = np.linspace(190, 210, 50)
    low, high = gate_checks.interval(champion, champion - 20, notes)
    assert (low, high) == pytest.approx((0.2, 0.2))
    # Of songs that disagree the interval reaches to both sides.
    low, high = gate_checks.interval(champion, champion + np.where(np.arange(50) % 2, 20, -20), notes)
    assert low < 0 < high


def test_reasons_are_the_checks_that_failed():
    checks = [gate_checks.enough(3, 10), gate_checks.enough(12, 10)]
    (reason,) = gate_checks.reasons(checks)
    assert reason.startswith("songs to judge by: 3 songs were held out")
    assert reason.endswith("it has to be at least 10")


@pytest.mark.parametrize(
    "wrong", [{"min_gate_songs": 1}, {"min_gain": float("nan")}, {"max_copied_share": 50.0}, {"min_likeness": -1.0}]
)
def test_a_threshold_out_of_range_is_told(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"--{name} .* must be in "):
        gate_checks.Thresholds(**wrong)
