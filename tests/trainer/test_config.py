import argparse
import dataclasses
import math

import pytest

from trainer.config import TrainConfig


def parse(*argv: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    TrainConfig.add_flags(parser, "training")
    return TrainConfig.given(parser.parse_args(argv))


def test_every_key_is_a_flag_and_absent_unless_given():
    given = parse("--steps", "7", "--dropout", "0.5", "--target", "last")
    assert given == {"steps": 7, "dropout": 0.5, "target": "last"}
    assert parse() == {}


def test_flag_wins_over_recipe():
    assert TrainConfig.create({**{"steps": 5, "units": 8}, **parse("--steps", "9")}) == TrainConfig(steps=9, units=8)


def test_unknown_key_names_the_legal_ones():
    with pytest.raises(ValueError, match=r"^unknown key unitz: did you mean units\?$"):
        TrainConfig.create({"unitz": 3})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("log_every", 1001, r"--log_every 1001 must be in 1\.\.1,000"),
        ("steps", -1, r"--steps -1 must be in 0\.\.1,000,000,000"),
        ("dropout", 1.0, r"--dropout 1\.0 must be in 0\.\.0\.95"),
        ("dropout", float("nan"), "--dropout nan must be in"),
        ("target", "all", "--target 'all' must be one of every, last"),
        ("units", 2.5, r"--units 2\.5 must be a whole number"),
        ("layers", True, "--layers true must be a whole number"),
        ("clip_norm", "1", "--clip_norm '1' must be a number"),
        ("seed", -1, "--seed -1 must be in"),
    ],
)
def test_value_outside_its_range(key, value, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig.create({key: value})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"blank_first": True}, "--blank_first"),
        ({"random_windows": 60}, "--random_windows 60"),
    ],
)
def test_no_state_is_carried_into_windows_that_stand_alone(settings, message):
    with pytest.raises(ValueError, match=f"^{message} needs --no-carry_state, not --carry_state$"):
        TrainConfig(**settings, carry_state=True)


def test_uneven_batch_says_which_sizes_are_even():
    with pytest.raises(ValueError, match=r"--batch_size 10 must be a multiple of the 4 replicas .* try 8 or 12"):
        TrainConfig(batch_size=10, replicas=4)
    assert TrainConfig(batch_size=12, replicas=4).replicas == 4


def test_whole_number_is_a_fraction_where_one_is_meant():
    assert type(TrainConfig.create({"dropout": 0}).dropout) is float


def test_every_key_states_meaning_and_range():
    for field in dataclasses.fields(TrainConfig):
        assert field.metadata["meaning"]
        assert field.type not in (int, float) or math.isfinite(field.metadata["high"])
