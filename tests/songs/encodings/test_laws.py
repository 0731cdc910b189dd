"""The law of each encoding, for any song."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songs.encodings import END, START, Events, Grid, Pitch, PitchDuration, block, from_settings, snap
from tests.builders import songs

ALL = [
    Events(),
    PitchDuration(),
    Pitch(),
    Pitch("voiced", 3),
    Grid(),
    Grid(4),
    Grid(highest=True),
    Grid(onset_marks=False),
]


@given(songs())
def test_events_lose_nothing(song):
    assert Events().decode(Events().encode(song)) == song


@given(songs(), st.sets(st.integers(0, 20)))
def test_chords_that_are_not_known_are_spelled_without_loss(song, dropped):
    tokens = Events().encode(song)
    known = {token for index, token in enumerate(tokens) if index not in dropped}
    spelled = Events().spell(tokens, known | set(Events().required()))
    assert Events().decode(spelled) == song
    assert set(spelled) <= known | set(Events().required())


@given(songs())
def test_pitch_duration_blocks(song):
    assert PitchDuration().decode(PitchDuration().encode(song)) == block(song)


@given(songs(), st.integers(1, 7))
def test_grid_snaps(song, step):
    assert Grid(step).decode(Grid(step).encode(song)) == snap(song, step) == Grid(step).reduce(song)


@given(songs(), st.booleans(), st.booleans())
def test_grid_options_reduce(song, onset_marks, highest):
    grid = Grid(onset_marks=onset_marks, highest=highest)
    assert grid.decode(grid.encode(song)) == grid.reduce(song)
    assert grid.reduce(grid.reduce(song)) == grid.reduce(song)


@given(songs(), st.sampled_from(["normal", "voiced"]))
def test_pitch_tokens_survive(song, chords):
    tokens = Pitch(chords).encode(song)
    assert Pitch(chords).encode(Pitch(chords).decode(tokens)) == tokens


@pytest.mark.parametrize("encoding", ALL)
@given(song=songs())
def test_grammar_allows_what_encode_writes(encoding, song):
    kinds = [START, *map(encoding.kind, encoding.encode(song)), END]
    assert all(after in encoding.FOLLOWS[before] for before, after in itertools.pairwise(kinds))


@pytest.mark.parametrize("encoding", ALL)
def test_settings_build_the_same_encoding(encoding):
    assert from_settings(encoding.settings()) == encoding


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "midi"}, "one of"),
        ({"name": "grid", "size": 3}, "does not take"),
        ({"name": "grid", "step": 0}, "step 0"),
    ],
)
def test_settings_of_no_encoding_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        from_settings(settings)
