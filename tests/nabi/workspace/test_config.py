import argparse
import dataclasses

import pytest

from nabi.workspace import setting_kinds
from nabi.workspace.config import Config, setting


@dataclasses.dataclass(frozen=True)
class Kitchen(Config):
    """Made up."""

    BY_HAND = ("door",)

    eggs: int = setting(2, "eggs", low=1, high=12)
    salt: float = setting(0.5, "grams", high=9)
    pan: str = setting("iron", "pan", choices=("iron", "steel"))
    cook: str = setting("", "who")
    lid: bool = setting(True, "with a lid")
    raw: bool = setting(False, "raw, at 100 %")
    crust: int = setting(0, "minutes", needs={"pan": ("iron",), "raw": (False,)})
    guests: int | None = setting(None, "at the table", low=1, unset="whoever comes", section="the meal")
    hours: tuple[int, int] | None = setting(None, "open", kind=setting_kinds.pair("two hours, such as 8,10", most=24))
    thirds: tuple[float, ...] = setting(
        (0.5, 0.25, 0.25), "of the cake", kind=setting_kinds.shares("three shares", count=3)
    )
    floors: tuple[int, ...] = setting((), "served", kind=setting_kinds.whole_range("floors -2..2", low=-2, high=2))
    dishes: tuple[str, ...] = setting((), "served", kind=setting_kinds.Texts())


def parse(*flags: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    Kitchen.add_flags(parser, "kitchen")
    return Kitchen.given(parser.parse_args(flags))


def test_only_what_is_given_is_there():
    assert parse() == {}
    assert parse("--eggs=3", "--no-lid", "--raw", "--cook=") == {
        "eggs": 3,
        "lid": False,
        "raw": True,
        "cook": "",
    }


@pytest.mark.parametrize(
    "kitchen",
    [
        Kitchen(),
        Kitchen(eggs=5, salt=0.1 + 0.2, cook="a b", lid=False, raw=True),
        Kitchen(guests=3, hours=(8, 8), thirds=(0.1 + 0.2, 0.5, 0.2 - 1e-17), floors=(-2, 1), dishes=("a,b", "c")),
    ],
)
def test_flags_give_the_same_settings_again(kitchen):
    assert Kitchen.create(parse(*kitchen.as_flags())) == kitchen


def test_a_recipe_has_texts_and_lists():
    table = {"hours": "8, 10", "thirds": [1, 0, 0], "floors": "-1..1", "dishes": ["soup"]}
    assert Kitchen.create(table) == Kitchen(hours=(8, 10), thirds=(1.0, 0.0, 0.0), floors=(-1, 0, 1), dishes=("soup",))


def test_what_is_empty_is_not_given_where_nothing_is_legal():
    assert Kitchen.create({"hours": "", "floors": "", "guests": None}) == Kitchen()


def test_a_whole_number_may_stand_for_a_fraction():
    assert Kitchen.create({"salt": 3}) == Kitchen(salt=3.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"egg": 1}, r"unknown key egg: did you mean eggs\?$"),
        ({"water": 1}, "unknown key water; it must be one of eggs, salt, pan, cook, lid, raw, crust, guests"),
        ({"eggs": 0}, r"--eggs 0 must be in 1\.\.12: eggs"),
        ({"eggs": 13}, "--eggs 13 must be in"),
        ({"eggs": True}, "--eggs true must be a whole number in"),
        ({"salt": float("nan")}, "--salt nan must be in"),
        ({"salt": "1"}, "--salt '1' must be a number in"),
        ({"pan": "clay"}, "--pan 'clay' must be one of iron, steel: pan"),
        ({"cook": 3}, "--cook 3 must be text in quotes: who$"),
        ({"lid": 1}, "--lid 1 must be true or false"),
        ({"door": 1}, "door is given by hand, --door, not by a recipe"),
        ({"guests": 0}, "--guests 0 must be at least 1: at the table"),
        ({"guests": 1.5}, "--guests 1.5 must be a whole number at least 1"),
        ({"hours": "8"}, "--hours '8' must be two hours, such as 8,10: open"),
        ({"hours": (9, 8)}, "--hours 9,8 must be two hours"),
        ({"hours": "8,25"}, "--hours '8,25' must be two hours"),
        ({"hours": [8, 9]}, r"--hours \[8, 9\] must be text in quotes: two hours"),
        ({"hours": None, "thirds": None}, "--thirds None must be text in quotes, or a list of numbers: three shares"),
        ({"thirds": [0.5, 0.4, 0.2]}, r"--thirds \[0.5, 0.4, 0.2\] must be three shares"),
        ({"thirds": "1,0"}, "--thirds '1,0' must be three shares"),
        ({"thirds": "0,1,0"}, "--thirds '0,1,0' must be three shares"),
        ({"thirds": [True, 0, 0]}, r"--thirds \[True, 0, 0\] must be text in quotes, or a list of numbers"),
        ({"floors": "1..-1"}, "--floors '1..-1' must be floors"),
        ({"floors": "-3..0"}, "--floors '-3..0' must be floors"),
        ({"dishes": "soup"}, "--dishes 'soup' must be a list of texts"),
        ({"crust": 5, "pan": "steel"}, "--crust 5 needs --pan iron, not --pan steel"),
        ({"crust": 5, "raw": True}, "--crust 5 needs --no-raw, not --raw"),
        ({"dishes": []}, r"--dishes \[\] must be a list of texts"),
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
    assert "--raw, --no-raw raw, at 100 % (default: no)" in text
    assert "the meal: --guests INT at the table (1 or more; default: whoever comes)" in text
    assert "--thirds TEXT of the cake (three shares; default 0.5,0.25,0.25)" in text
    assert "--crust INT minutes (0 or more; needs --pan iron; needs --no-raw; default 0)" in text
