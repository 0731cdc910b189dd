import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music.rendition import Rendition
from nabi.music.song_id import SongId

WHOLE = "0123456789abcdef" * 4
DIGITS = st.binary(min_size=32, max_size=32).map(bytes.hex)
IDS = st.builds(
    SongId,
    DIGITS | DIGITS.map(lambda digits: digits[:16]),
    tune=st.sampled_from(["", "1", "12", "3.2"]),
    copy=st.integers(0, 1200),
    rendition=st.sampled_from(["", "*1/2", "*stretch:11/10", "*tempo:10/11", "*velocity:6/5"]).map(Rendition.parse),
)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (WHOLE, (WHOLE, "", 0, "")),
        (f"{WHOLE}#2", (WHOLE, "2", 0, "")),
        (f"{WHOLE}#3.2+1", (WHOLE, "3.2", 1, "")),
        (f"{WHOLE}*2", (WHOLE, "", 0, "*2")),
        (f"{WHOLE}#2+12*1/2", (WHOLE, "2", 12, "*1/2")),
        (f"{WHOLE}+1*velocity:6/5", (WHOLE, "", 1, "*velocity:6/5")),
    ],
)
def test_a_name_is_its_parts(name, parts):
    song = SongId.parse(name)
    assert (song.sha256, song.tune, song.copy, str(song.rendition)) == parts
    assert str(song) == name


@given(IDS)
def test_parse_reads_what_str_writes(song):
    assert SongId.parse(str(song)) == song


@given(IDS)
def test_short_is_a_name_that_is_as_short_as_it_can_be(song):
    short = SongId.parse(song.short)
    assert len(short.sha256) == 16
    assert str(song) == song.sha256 + song.short[16:]
    assert short.short == song.short


def test_tunes_and_copies_of_one_file_have_short_names_of_their_own():
    assert [SongId.parse(f"{WHOLE}{marks}").short for marks in ("", "#1", "#2", "+1")] == [
        WHOLE[:16],
        WHOLE[:16] + "#1",
        WHOLE[:16] + "#2",
        WHOLE[:16] + "+1",
    ]


def test_only_a_song_that_is_all_of_its_file_is_whole():
    names = [f"{WHOLE}{marks}" for marks in ("", "#1", "+1", "*2", "*tempo:2")]
    assert [SongId.parse(name).is_whole_file for name in names] == [True, False, False, False, False]


@pytest.mark.parametrize("name", ["", "#1", "a#", "a+", "a+0", "a+b", "a+1#2", "a#1#2"])
def test_another_form_is_refused_with_the_form_it_must_have(name):
    with pytest.raises(ValueError, match=r"must have the form sha256\[#tune\]\[\+copy\]\[\*rendition\]"):
        SongId.parse(name)


@pytest.mark.parametrize("mark", ["*0", "*1/0", "*2+1", "*tempo:2*2", "*louder:2"])
def test_another_rendition_is_refused_with_the_name_and_the_form_it_must_have(mark):
    message = f"'a{mark}' is no name of a song: '{mark}' is no rendition: it must have the form *factor"
    with pytest.raises(ValueError, match=re.escape(message)):
        SongId.parse(f"a{mark}")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"sha256": ""}, "the hash '' of a song"),
        ({"sha256": "a+1"}, r"the hash 'a\+1' of a song"),
        ({"tune": "1*2"}, r"the tune '1\*2' of the file a "),
        ({"copy": -1}, "the copy -1 of the song a must be at least 0"),
    ],
)
def test_parts_that_no_name_can_hold_are_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        SongId(**{"sha256": "a", **parts})
