import argparse
import dataclasses

import pytest

from songs.settings import Settings, setting


@dataclasses.dataclass(frozen=True)
class Kitchen(Settings):
    """Made up."""

    eggs: int = setting(2, "eggs", low=1, high=12)
    salt: float = setting(0.5, "grams", high=9)
    pan: str = setting("iron", "pan", choices=("iron", "steel"))
    cook: str = setting("", "who")
    lid: bool = setting(True, "with a lid")
    no_fire: bool = setting(False, "raw")


def parse(*flags: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    Kitchen.add_flags(parser, "kitchen")
    return Kitchen.given(parser.parse_args(flags))


def test_only_what_is_given_is_there():
    assert parse() == {}
    assert parse("--eggs=3", "--no-lid", "--no_fire", "--cook=") == {
        "eggs": 3,
        "lid": False,
        "no_fire": True,
        "cook": "",
    }


@pytest.mark.parametrize("kitchen", [Kitchen(), Kitchen(eggs=5, salt=0.1 + 0.2, cook="a b", lid=False, no_fire=True)])
def test_flags_give_the_same_settings_again(kitchen):
    assert Kitchen.create(parse(*kitchen.as_flags())) == kitchen


def test_a_whole_number_may_stand_for_a_fraction():
    assert Kitchen.create({"salt": 3}) == Kitchen(salt=3.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"egg": 1}, r"unknown key egg: did you mean eggs\?$"),
        ({"water": 1}, "unknown key water; it must be one of eggs, salt, pan, cook, lid, no_fire"),
        ({"eggs": 0}, r"--eggs 0 must be in 1\.\.12: eggs"),
        ({"eggs": 13}, "--eggs 13 must be in"),
        ({"eggs": True}, "--eggs True must be a whole number in"),
        ({"salt": float("nan")}, "--salt nan must be in"),
        ({"salt": "1"}, "--salt '1' must be a number in"),
        ({"pan": "clay"}, "--pan clay must be in iron or steel"),
        ({"cook": 3}, "--cook 3 must be text$"),
        ({"lid": 1}, "--lid 1 must be a switch in true or false"),
    ],
)
def test_what_is_unknown_or_out_of_range_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Kitchen.create(settings)


def test_help_says_meaning_range_and_default():
    parser = argparse.ArgumentParser()
    Kitchen.add_flags(parser, "kitchen")
    text = " ".join(parser.format_help().split())
    assert "--eggs INT eggs (1..12; default 2)" in text
    assert "--pan NAME pan (iron or steel; default iron)" in text
    assert "--cook TEXT who (default: none)" in text
    assert "--no-no_fire" not in text
