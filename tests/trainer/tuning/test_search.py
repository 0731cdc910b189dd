import dataclasses
import itertools
import math

import pytest

from trainer.config import TrainConfig
from trainer.tuning.search import RANGES, Range, Search, describe, searched

ALL = {
    "learning_rate": 0.002, "units": 8, "layers": 1, "embedding": 4, "dropout": 0.1, "recurrent_dropout": 0.0,
    "layer_norm": False, "weight_decay": 0.0,
}  # fmt: skip


def test_what_is_given_is_not_searched():
    assert list(searched({}, warm=False)) == list(ALL)
    assert list(searched({"units": 256, "steps": 9, "dropout": 0.2}, warm=False)) == [
        "learning_rate", "layers", "embedding", "recurrent_dropout", "layer_norm", "weight_decay",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fixed", "warm", "left_out"),
    [
        ({"input_features": "one-hot"}, False, {"embedding"}),
        ({}, True, {"units", "layers", "embedding", "layer_norm"}),
    ],
)
def test_what_would_be_refused_or_change_nothing_is_not_searched(fixed, warm, left_out):
    assert set(ALL) - set(searched(fixed, warm=warm)) == left_out


def test_nothing_left_says_what_could_be():
    with pytest.raises(ValueError, match=r"--tune has nothing to search: of learning_rate, units, .* all are given"):
        searched(ALL, warm=False)


def test_every_corner_of_the_ranges_is_a_legal_training():
    ends = [legal.choices or (legal.low, legal.high) for legal in RANGES.values()]
    for corner in itertools.product(*ends):
        # Raises where a value is out of range or two contradict each other.
        TrainConfig.create(dict(zip(RANGES, corner, strict=True)))


def test_every_range_is_of_its_settings_type():
    types = {field.name: field.type for field in dataclasses.fields(TrainConfig)}
    for key, legal in RANGES.items():
        assert {type(value) for value in legal.choices or (legal.low, legal.high)} == {types[key]}


def test_ranges_in_words():
    assert str(RANGES["learning_rate"]) == "0.0003..0.01, logarithmic"
    assert str(RANGES["units"]) == "128..512 by 128"
    assert str(RANGES["layer_norm"]) == "no or yes"
    assert str(RANGES["weight_decay"]) == "0 or 0.01 or 0.1"
    assert [describe(value) for value in (True, 0.00123456, 256)] == ["yes", "0.00123", "256"]


def sequence(losses, seed=1, ranges=RANGES):
    """What is asked when these losses are told."""
    search, asked = Search(ranges, seed), []
    for loss in losses:
        asked.append(search.ask())
        search.tell(loss)
    return asked


def test_what_is_asked_is_in_range_and_exact():
    for asked in sequence([1.0] * 12):
        assert 3e-4 <= asked["learning_rate"] <= 1e-2
        assert asked["units"] in (128, 256, 384, 512)
        assert asked["dropout"] in [number / 20 for number in range(13)]
        assert type(asked["layer_norm"]) is bool


def test_the_sequence_depends_on_seed_and_losses_alone():
    losses = [3.0, 2.0, math.inf, 2.5, *[2.0 + number / 10 for number in range(10)]]
    asked = sequence(losses)
    assert sequence(losses) == asked
    assert sequence(losses[:5]) == asked[:5]
    assert sequence(losses, seed=2)[0] != asked[0]
    # The first ten are drawn at random; the eleventh looks at what the ten came to.
    other = sequence([*reversed(losses[:10]), *losses[10:]])
    assert (other[:10] == asked[:10], other[10] == asked[10]) == (True, False)


def test_it_learns_where_the_loss_is_low():
    search, losses = Search({"dropout": Range(0.0, 1.0)}, seed=3), []
    for _ in range(30):
        losses.append(abs(search.ask()["dropout"] - 0.8))
        search.tell(losses[-1])
    assert sum(losses[20:]) < sum(losses[:10]) / 2


def test_a_setting_that_always_diverges_is_left():
    search, asked = Search({"layer_norm": Range(choices=(False, True))}, seed=1), []
    for _ in range(30):
        asked.append(search.ask()["layer_norm"])
        search.tell(math.inf if asked[-1] else 1.0)
    assert asked[:10].count(True) > asked[20:].count(True)
