import dataclasses

import pytest

from nabi.music.about import About
from nabi.music.limits import Limits
from tests.builders import song

MUSIC = song((0, 12, 60), (12, 12, 60), (24, 13, 64))


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        (Limits(), None),
        (Limits(3, 3, 2, 4), None),
        (Limits(min_events=4), ("too-few-events", "3; --min_events is 4")),
        (Limits(max_events=2), ("too-many-events", "3; --max_events is 2")),
        (Limits(min_pitches=3), ("too-few-pitches", "2; --min_pitches is 3")),
        (Limits(max_quarters=3), ("too-many-quarters", "4; --max_quarters is 3")),
    ],
)
def test_each_limit_has_its_reason(limits, refusal):
    assert limits.refusal(MUSIC, step=3) == refusal


def test_a_fine_grid_makes_no_song_longer():
    fine = song((0, 24, 60), (24, 25, 64), ticks_per_quarter=24)
    assert Limits(max_quarters=3).refusal(fine, step=6) is None
    assert Limits(max_quarters=2).refusal(fine, step=6) == ("too-many-quarters", "3; --max_quarters is 2")


@pytest.mark.parametrize(("step", "steps"), [(3, 12), (6, 6), (12, 3)])
def test_steps_are_counted_to_the_end_rounded_to_a_step(step, steps):
    assert Limits(min_steps=steps).refusal(MUSIC, step) is None
    assert Limits(min_steps=steps + 1).refusal(MUSIC, step) == (
        "too-few-steps",
        f"{steps}; --min_steps is {steps + 1}",
    )


@pytest.mark.parametrize(
    ("meter", "kept"), [("4/4", True), ("2/2", True), (None, True), ("6/4", False), ("3/4", False)]
)
def test_meters_are_numerators_and_a_silent_file_is_in_four(meter, kept):
    music = dataclasses.replace(MUSIC, about=About(time_signature=meter))
    refusal = Limits(meters=(2, 4)).refusal(music, step=3)
    assert refusal == (None if kept else ("other-meter", f"{meter}; --meters is 2,4"))
