import re

import pytest

from nabi.pages.scatter import Dot, scatter
from tests.nabi.pages.elements import Elements


def test_dots_lie_in_their_place():
    drawn = scatter([Dot(0, 1.0, "a"), Dot(0.5, 2.0, "b", "second"), Dot(1, 3.0, "c")], "losses", [(0.5, "mid")])
    # From 0.84 to 3.16: a little room below the least and above the largest.
    assert re.findall(r'class="(\w+) dot" d="M([\d.]+ [\d.]+)L\2"', drawn) == [
        ("first", "0.00 93.10"),
        ("second", "50.00 50.00"),
        ("first", "100.00 6.90"),
    ]
    assert re.findall(r'bottom:([\d.]+)%">([\d.]+)<', drawn) == [
        ("6.90", "1"),
        ("28.45", "1.5"),
        ("50.00", "2"),
        ("71.55", "2.5"),
        ("93.10", "3"),
    ]
    assert "left:50.00%" in drawn
    assert Elements(drawn).open == []


def test_a_dot_without_a_value_lies_above_all():
    drawn = scatter([Dot(0.25, None, "gone", "faint"), Dot(0.5, 2.0, "")], "", [])
    assert 'class="faint dot" d="M25.00 0.00L25.00 0.00"><title>gone<' in drawn
    # A height that is the only one lies in the middle.
    assert 'd="M50.00 50.00L50.00 50.00"' in drawn


@pytest.mark.parametrize("found", [[], [Dot(0.5, None, "")], [Dot(0.5, 0.0, "")]])
def test_little_to_draw(found):
    drawn = scatter(found, "", [])
    assert drawn.count("<title>") == len(found)
    assert "nan" not in drawn


def test_texts_stay_texts():
    drawn = scatter([Dot(0, 1.0, "<a>")], '"><b>', [(0, "<i>")])
    assert not {tag for tag, _ in Elements(drawn).found} & {"a", "b", "i"}
