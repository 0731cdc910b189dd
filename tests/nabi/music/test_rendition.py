from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music.rendition import ORIGINAL, SCALE, STRETCH, TEMPO, VELOCITY, Rendition, from_settings

KINDS = st.sampled_from([SCALE, STRETCH, TEMPO, VELOCITY])
RENDITIONS = st.builds(Rendition, KINDS, st.fractions(Fraction(1, 4), 4).filter(lambda factor: factor != 1))


@pytest.mark.parametrize(
    "mark", ["2", "*", "*0", "*1/0", "*-1", "*0.5", "**2", "*scale:2", "*louder:2", "*tempo:", "*2 ", "*tempo:2*2"]
)
def test_another_form_is_refused_with_the_form_it_must_have(mark):
    with pytest.raises(ValueError, match=r"is no rendition: it must have the form \*factor, \*stretch:factor"):
        Rendition.parse(mark)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("pitch", Fraction(2)), "another 'pitch': it must be scale, stretch, tempo, velocity"),
        ((TEMPO, Fraction(0)), "factor 0 of tempo must be above 0"),
        ((TEMPO, Fraction(-1)), "factor -1 of tempo must be above 0"),
        ((TEMPO, Fraction(1)), "factor 1 of tempo must be above 0, and not 1"),
        (("", Fraction(2)), "factor 2 of the song itself"),
    ],
)
def test_what_is_no_other_rendition_of_a_song_is_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        Rendition(*parts)


def test_one_that_changes_nothing_has_one_name_alone():
    with pytest.raises(ValueError, match="not 1"):
        Rendition.parse("*1")
    assert Rendition.parse("") == ORIGINAL
    assert str(ORIGINAL) == ""


@given(RENDITIONS)
def test_parse_reads_what_str_writes(rendition):
    assert Rendition.parse(str(rendition)) == rendition


def test_kinds_of_one_factor_have_names_of_their_own():
    names = [str(Rendition(kind, Fraction(3, 2))) for kind in (SCALE, STRETCH, TEMPO, VELOCITY)]
    assert names == ["*3/2", "*stretch:3/2", "*tempo:3/2", "*velocity:3/2"]
    assert [Rendition.parse(name).repeats_notes for name in ("", *names)] == [False, False, False, True, True]


def test_settings_ask_for_one_rendition_a_factor_and_not_for_their_products():
    asked = {"time_scales": ("2", "1/2"), "stretch": ("9/10",), "velocity_scale": ("6/5", "4/5"), "window": 8}
    names = [str(rendition) for rendition in from_settings(asked, in_seconds=True)]
    assert names == ["*1/2", "*2", "*stretch:9/10", "*velocity:4/5", "*velocity:6/5"]


def test_in_quarter_notes_a_song_that_takes_longer_has_a_slower_tempo():
    assert from_settings({"stretch": ["11/10"]}, in_seconds=False) == (Rendition(TEMPO, Fraction(10, 11)),)


def test_a_factor_of_1_and_one_given_twice_ask_for_nothing_more():
    assert from_settings({"time_scales": ["1"], "velocity_scale": ["1", "2", "4/2"]}, in_seconds=False) == (
        Rendition(VELOCITY, Fraction(2)),
    )
    assert from_settings({}, in_seconds=False) == ()
