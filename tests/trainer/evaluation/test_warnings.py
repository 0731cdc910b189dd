import pytest

from trainer.evaluation import warnings
from trainer.evaluation.warnings import generalization_gap, worse_than_baselines


def evaluations(*losses):
    return [(100 * number, loss) for number, loss in enumerate(losses, 1)]


def score(loss, accuracy=0.5):
    return {"loss_nats": loss, "accuracy": accuracy}


@pytest.mark.parametrize(
    "losses",
    [
        (),
        (3.0, 2.0, 2.0),
        (3.0, 2.0, 2.1, 2.1),
        # Only one evaluation since.
        (3.0, 2.0, 4.0),
        # It rose and came back.
        (2.0, 9.0, 2.05, 2.1),
    ],
)
def test_no_overfitting(losses):
    assert warnings.overfitting(evaluations(*losses)) == ""


def test_overfitting():
    said = warnings.overfitting(evaluations(3.0, 2.0, 2.0, 2.1, 2.14))
    assert said.startswith("The training overfits: after step 200 the validation loss rose from 2.000 to 2.120 nats")
    assert "by 6 % (more than 5 % is too much)" in said


def test_an_untrained_network_is_told_nothing_else():
    losing = {"train": None, "validation": score(2.0)}
    assert warnings.warnings([], losing, {"validation": {"bigram": 1.0}}) == [warnings.UNTRAINED]


def test_memorising_needs_both():
    rising, falling = evaluations(2.0, 2.01), evaluations(2.0, 1.9)
    assert "predicts 96 % of the training tokens" in warnings.memorization(rising, score(0.1, 0.96))
    assert warnings.memorization(rising, score(0.1, 0.95)) == ""
    assert warnings.memorization(falling, score(0.1, 0.96)) == ""
    assert warnings.memorization([], score(0.1, 0.96)) == ""


def test_gap():
    assert "1.190 nats a token against 2.000 in validation, 60 % of it" in generalization_gap(score(1.19), score(2.0))
    assert generalization_gap(score(1.2), score(2.0)) == ""
    assert generalization_gap(score(1.0), None) == ""


def test_losing_names_what_is_better_best_first():
    said = worse_than_baselines("test", score(2.5), {"uniform": 5.0, "unigram": 3.0, "bigram": 2.4, "9-gram": 2.0})
    assert said.startswith(
        "The model loses to the 9-gram in test: 2.500 nats a token against 2.000, and to the bigram (2.400). "
    )
    assert worse_than_baselines("test", score(1.9), {"bigram": 2.5, "5-gram": 2.0}) == ""
    assert worse_than_baselines("test", None, {"5-gram": 2.0}) == worse_than_baselines("train", score(9), None) == ""


@pytest.mark.parametrize(("loss", "nats"), [(2.0, 2.0), (2.0001, 2.0), (0.0, 0.0), (2.0, 2.0004)])
def test_a_tie_is_no_loss(loss, nats):
    # As much as the figures show: "2.000 nats a token against 2.000" would say nothing.
    assert worse_than_baselines("test", score(loss), {"5-gram": nats}) == ""


def test_all_that_is_wrong_in_its_order():
    history = [{"step": step, "validation_loss_nats": loss} for step, loss in evaluations(2.0, None, 3.0, 3.0)]
    scores = {"train": score(0.2, 0.99), "validation": score(2.0), "test": score(2.2)}
    said = warnings.warnings(history, scores, {"validation": {"5-gram": 2.1}, "test": {"5-gram": 2.1}})
    assert [sentence.split(":")[0] for sentence in said] == [
        "The training overfits",
        "The model memorises",
        "The model fits its training songs far better than others",
        "The model loses to the 5-gram in test",
    ]
    assert warnings.warnings(history[:1], {"train": score(1.9), "validation": score(2.0), "test": None}, {}) == []
