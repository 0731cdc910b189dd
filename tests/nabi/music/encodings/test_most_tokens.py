"""What a song costs in tokens, told before they are written; and rolls that are written part by part."""

import pytest
from hypothesis import given

from nabi.music.canonical_form import MAX_TICKS
from nabi.music.encodings import from_settings, snap, tie
from nabi.music.encodings.events import Events
from nabi.music.encodings.grid import Grid
from nabi.music.encodings.steps import Steps
from tests.builders import song, songs

ENCODINGS = [
    from_settings(settings)
    for settings in (
        {"name": "pitch"},
        {"name": "pitch-duration"},
        {"name": "events"},
        {"name": "grid"},
        {"name": "grid", "step": 5, "highest": True},
        {"name": "steps", "step": 1},
        {"name": "voices"},
        {"name": "bars"},
        {"name": "band"},
    )
]


@given(songs())
def test_no_encoding_takes_more_tokens_than_it_told(music):
    for encoding in ENCODINGS:
        tokens = encoding.encode(music)
        assert len(tokens) <= encoding.most_tokens(music)
        assert len(encoding.spell(tokens, frozenset(encoding.required()))) <= encoding.most_tokens(music)


@pytest.mark.parametrize(
    ("encoding", "tokens"),
    # Of a note from 0 to 12, and one from 120 to 216 with its chord: 40 + 32 steps; 4 + 3 * 32 sounding ones.
    [(ENCODINGS[0], 2), (ENCODINGS[1], 4), (Events(), 4 + 1 + 3 * 2 + 3), (Grid(), 72), (Steps(), 72 + 4 + 3 * 32)],
)
def test_tokens_of_a_small_song(encoding, tokens):
    assert encoding.most_tokens(song((0, 12, 60), (120, 96, 60), (120, 96, 64), (120, 96, 67))) == tokens


def test_the_cost_of_the_longest_song_is_told_without_paying_it():
    longest = song((0, 12, 60), (MAX_TICKS // 2, MAX_TICKS // 2, 62))
    assert [encoding.most_tokens(longest) > 10**6 for encoding in ENCODINGS[2:]] == [True] * 7


# Notes that begin before, at and behind the border of two parts of 4,096 steps, and one that is held through three.
LONG = song(
    *((12 * beat, 12, 60) for beat in range(2000)), (0, 25_000, 48), (12_285, 9, 67), (12_288, 3, 72), (12_291, 3, 72)
)


def test_a_roll_of_several_parts_is_the_roll():
    for step in (1, 3):
        assert Grid(step).decode(Grid(step).encode(LONG)) == Grid(step).reduce(LONG) == snap(LONG, step)
        assert Steps(step).decode(Steps(step).encode(LONG)) == tie(LONG, step)
        assert len(tie(LONG, step)) == 4
