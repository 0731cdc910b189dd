import hypothesis
import pytest
from hypothesis import strategies

import nabi
from nabi.music.encodings import ENCODINGS, Grid
from tests import builders


@hypothesis.given(builders.songs(), strategies.sampled_from(sorted(ENCODINGS)))
def test_what_is_decoded_is_what_the_encoding_keeps(song, name):
    assert nabi.decode(nabi.encode(song, name), name) == ENCODINGS[name]().reduce(song)


@hypothesis.given(builders.songs(ticks_per_quarter=24))
@hypothesis.settings(max_examples=20)
def test_with_its_divisors_a_song_of_a_finer_grid_comes_back(song):
    assert nabi.decode(nabi.encode(song, "events", divisors=(8, 6)), "events", divisors=[8, 6]) == song


def test_an_encoding_that_is_there_already_is_taken():
    song = builders.song((0, 12, 60))
    assert nabi.encode(song, Grid(step=6)) == nabi.encode(song, "grid", step=6) == ["C4", "~C4"]
    with pytest.raises(ValueError, match=r"this grid has its settings already: leave out step"):
        nabi.encode(song, Grid(), step=6)


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        ("event", {}, "unknown encoding event: did you mean events?"),
        ("x", {}, "unknown encoding x; there are band, bars, events, grid, pitch, pitch-duration, steps, voices"),
        ("grid", {"stepp": 6}, "encoding 'grid' has no setting stepp: did you mean step?"),
        ("grid", {"step": 0}, "step 0 must be at least 1 tick"),
        ("events", {"divisors": (8, 6)}, "the song has 12 ticks a quarter note, the encoding 24 (divisors 8,6)"),
    ],
)
def test_what_is_wrong_is_said(name, settings, sentence):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - its beginning is compared
        nabi.encode(builders.song((0, 12, 60)), name, **settings)
    assert str(raised.value).startswith(sentence)
