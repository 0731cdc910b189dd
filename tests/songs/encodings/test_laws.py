"""The law of each encoding, for any song."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from songs.encodings import (
    END,
    START,
    Events,
    Grid,
    Pitch,
    PitchDuration,
    Steps,
    block,
    from_settings,
    read_steps,
    snap,
    tie,
    write_steps,
)
from songs.encodings.sorts import pitches_of
from tests.builders import notes_of, songs

ALL = [
    Events(),
    PitchDuration(),
    Pitch(),
    Pitch("voiced", 3),
    Grid(),
    Grid(4),
    Grid(highest=True),
    Grid(onset_marks=False),
    Steps(),
    Steps(5),
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


@given(songs(), st.integers(1, 7))
def test_steps_tie(song, step):
    assert Steps(step).decode(Steps(step).encode(song)) == tie(song, step) == Steps(step).reduce(song)


def sounding(song):
    """(tick, pitch) of all that sounds."""
    return {(tick, pitch) for start, length, pitch in notes_of(song) for tick in range(start, start + length)}


@given(songs(), st.integers(1, 7))
def test_what_is_tied_sounds_as_what_is_snapped_and_no_two_notes_of_a_pitch_touch(song, step):
    tied = tie(song, step)
    assert sounding(tied) == sounding(snap(song, step))
    assert not {(start, pitch) for start, _, pitch in notes_of(tied)} & {
        (start + length, pitch) for start, length, pitch in notes_of(tied)
    }


# Steps of a song, the last one not silent: what the grammar of `steps` allows.
STEPS = st.lists(st.sets(st.sampled_from([0, 59, 60, 61, 127])), max_size=8).map(lambda steps: [*steps, {60}])


@given(STEPS)
def test_steps_survive_in_tokens_and_tokens_in_songs(steps):
    tokens = write_steps(steps)
    assert read_steps(tokens) == [sorted(pitches) for pitches in steps]
    assert Steps().encode(Steps().decode(tokens)) == tokens


@given(songs(), st.sampled_from(["normal", "voiced"]))
def test_pitch_tokens_survive(song, chords):
    tokens = Pitch(chords).encode(song)
    assert Pitch(chords).encode(Pitch(chords).decode(tokens)) == tokens


@pytest.mark.parametrize("encoding", ALL)
@given(song=songs())
def test_grammar_allows_what_encode_writes(encoding, song):
    kinds = [*itertools.accumulate(encoding.encode(song), lambda a, b: encoding.kind(b, a), initial=START), END]
    assert all(after in encoding.FOLLOWS[before] for before, after in itertools.pairwise(kinds))


@pytest.mark.parametrize("encoding", ALL)
def test_a_grammar_begins_with_the_start(encoding):
    assert next(iter(encoding.FOLLOWS)) == START


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


@pytest.mark.parametrize("encoding", ALL, ids=str)
@given(songs())
def test_tokens_take_the_time_that_lies_between_the_notes_they_say(encoding, song):
    tokens = encoding.encode(song)
    clock = np.cumsum([0, *(encoding.ticks(token) for token in tokens)])[:-1].tolist()
    pitches = [pitches_of(encoding, token) for token in tokens]
    sounding = {(at, pitch) for at, of_token in zip(clock, pitches, strict=True) for pitch in of_token}
    starts, _, struck = (part.tolist() for part in encoding.decode(tokens).notes())
    assert set(zip(starts, struck, strict=True)) <= sounding
    if not isinstance(encoding, Grid | Steps):
        assert set(zip(starts, struck, strict=True)) == sounding
