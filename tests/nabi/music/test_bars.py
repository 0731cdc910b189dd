import pytest

from nabi.music import bars
from nabi.music.about import About
from nabi.music.song import Song


def of_meter(meter: str | None) -> Song:
    return Song.from_notes([0], [12], [60], About(time_signature=meter))


@pytest.mark.parametrize(
    ("meter", "ticks"),
    [
        ("4/4", 48),
        (None, 48),
        ("3/4", 36),
        ("6/8", 36),
        ("2/2", 48),
        ("3/128", 1.125),
        ("0/4", 48),
        ("x", 48),
        ("", 48),
    ],
)
def test_a_bar_lasts_as_long_as_its_meter_says(meter, ticks):
    assert bars.bar_ticks(of_meter(meter)) == ticks


def test_a_bar_of_a_fine_grid_has_more_ticks():
    fine = Song.from_notes([0], [12], [60], About(time_signature="3/4"), ticks_per_quarter=120)
    assert bars.bar_ticks(fine) == 360
    assert bars.place(fine, 600) == "2:3"


@pytest.mark.parametrize(
    ("meter", "tick", "place"),
    [
        (None, 0, "1:1"), (None, 11, "1:1"), (None, 12, "1:2"), (None, 47, "1:4"), (None, 48, "2:1"),
        ("3/4", 36, "2:1"), ("6/8", 30, "1:6"), ("6/8", 36 * 9, "10:1"),
    ],
)  # fmt: skip
def test_a_place_is_a_bar_and_a_beat(meter, tick, place):
    assert bars.place(of_meter(meter), tick) == place
