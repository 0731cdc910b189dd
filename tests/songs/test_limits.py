import pytest

from songs.limits import Limits
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
    assert limits.refusal(MUSIC) == refusal


@pytest.mark.parametrize(
    ("limits", "message"), [({"min_events": 0}, "--min_events 0"), ({"min_events": 3, "max_events": 2}, "at most")]
)
def test_impossible_limits_are_refused(limits, message):
    with pytest.raises(ValueError, match=message):
        Limits(**limits)
