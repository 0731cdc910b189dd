"""The law of each encoding, for any song."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music.encodings import (
    END,
    START,
    Bands,
    Bars,
    Events,
    Grid,
    Pitch,
    PitchDuration,
    Steps,
    Voices,
    block,
    from_settings,
    read_steps,
    snap,
    tie,
    write_steps,
)
from nabi.music.encodings.token_kinds import pitches_of
from nabi.music.quantisation import ticks_per_quarter
from tests.builders import bands, notes_of, song, songs

# Those of music21, and finer ones: 12, 24 and 120 ticks a quarter note.
DIVISORS = [(4, 3), (8, 6), (8, 6, 5)]


@st.composite
def songs_on_a_grid(draw):
    """The divisors of a grid, and a song on it."""
    divisors = draw(st.sampled_from(DIVISORS))
    return divisors, draw(songs(ticks_per_quarter=ticks_per_quarter(divisors)))


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
    Voices(),
    Voices(divisors=(8, 6, 5)),
    Bars(),
    Bars(divisors=(8, 6, 5)),
    Bands(),
    Bands(velocity_steps=0, program_families=True, divisors=(8, 6, 5)),
    Events(divisors=(8, 6)),
    PitchDuration("codes", divisors=(8, 6, 5)),
    Grid(6, divisors=(8, 6)),
    Steps(15, divisors=(8, 6, 5)),
]


@given(songs_on_a_grid())
def test_events_lose_nothing(on_grid):
    divisors, song = on_grid
    encoding = Events(divisors=divisors)
    assert encoding.decode(encoding.encode(song)) == song


def is_grammatical(encoding, tokens):
    """Whether each token may follow the one before it."""
    kinds = [*itertools.accumulate(tokens, lambda a, b: encoding.kind(b, a), initial=START), END]
    return all(after in encoding.FOLLOWS[before] for before, after in itertools.pairwise(kinds))


METERS = st.sampled_from([None, "4/4", "3/4", "6/8", "2/2", "5/16", "1/32", "31/16", "99/1"])


@pytest.mark.parametrize("kind", [Bars, Voices])
@given(songs_on_a_grid(), METERS, st.sets(st.integers(1, 3000)))
def test_bars_and_voices_say_where_phrases_end(kind, on_grid, meter, ends):
    divisors, song = on_grid
    about = dataclasses.replace(song.about, time_signature=meter, phrase_ends=tuple(sorted(ends)))
    song = dataclasses.replace(song, about=about)
    encoding = kind(divisors=divisors)
    tokens = encoding.encode(song)
    assert encoding.decode(tokens, song.about) == song
    assert encoding.decode(tokens).about.phrase_ends == tuple(end for end in sorted(ends) if end <= song.end)
    assert is_grammatical(encoding, tokens)
    assert len(tokens) <= encoding.most_tokens(song)
    assert set(tokens) <= set(encoding.required())


@pytest.mark.parametrize("kind", [Bars, Voices])
@given(songs_on_a_grid(), METERS)
def test_bars_and_voices_lose_nothing_in_any_meter(kind, on_grid, meter):
    divisors, song = on_grid
    song = dataclasses.replace(song, about=dataclasses.replace(song.about, time_signature=meter))
    encoding = kind(divisors=divisors)
    tokens = encoding.encode(song)
    assert encoding.decode(tokens, song.about) == song
    has_no_key = not any(token.startswith("key:") for token in tokens) and len(song) > 0
    assert len(tokens) == encoding.most_tokens(song) - has_no_key
    assert set(tokens) <= set(encoding.required())


@given(songs_on_a_grid(), st.sets(st.integers(0, 20)))
def test_chords_that_are_not_known_are_spelled_without_loss(on_grid, dropped):
    divisors, song = on_grid
    encoding = Events(divisors=divisors)
    tokens = encoding.encode(song)
    known = {token for index, token in enumerate(tokens) if index not in dropped} | set(encoding.required())
    spelled = encoding.spell(tokens, known)
    assert encoding.decode(spelled) == song
    assert set(spelled) <= known


@given(songs_on_a_grid(), st.sampled_from(["names", "codes"]))
def test_pitch_duration_blocks(on_grid, notation):
    divisors, song = on_grid
    encoding = PitchDuration(notation, divisors=divisors)
    assert encoding.decode(encoding.encode(song)) == block(song)


@given(songs_on_a_grid(), st.integers(1, 7))
def test_grid_snaps(on_grid, step):
    divisors, song = on_grid
    grid = Grid(step, divisors=divisors)
    assert grid.decode(grid.encode(song)) == snap(song, step) == grid.reduce(song)


@given(songs_on_a_grid(), st.booleans(), st.booleans())
def test_grid_options_reduce(on_grid, onset_marks, highest):
    divisors, song = on_grid
    grid = Grid(onset_marks=onset_marks, highest=highest, divisors=divisors)
    assert grid.decode(grid.encode(song)) == grid.reduce(song)
    assert grid.reduce(grid.reduce(song)) == grid.reduce(song)


@given(songs_on_a_grid(), st.integers(1, 7))
def test_steps_tie(on_grid, step):
    divisors, song = on_grid
    steps = Steps(step, divisors=divisors)
    assert steps.decode(steps.encode(song)) == tie(song, step) == steps.reduce(song)


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


@given(songs_on_a_grid(), st.sampled_from(["normal", "voiced"]))
def test_pitch_tokens_survive(on_grid, chords):
    divisors, song = on_grid
    encoding = Pitch(chords, divisors=divisors)
    tokens = encoding.encode(song)
    assert encoding.encode(encoding.decode(tokens)) == tokens


@pytest.mark.parametrize("kind", [Bands, Bars, Events, PitchDuration, Pitch, Grid, Steps, Voices])
def test_a_song_of_another_grid_is_refused(kind):
    with pytest.raises(ValueError, match=r"the song has 12 ticks a quarter note, the encoding 24 \(divisors 8,6\)"):
        kind(divisors=(8, 6)).encode(song((0, 12, 60)))


def test_a_vocabulary_of_events_has_every_length_of_its_grid():
    required = Events(divisors=(8, 6)).required()
    assert len(required) == 128 + 96 + 96
    assert {"d:1/8", "s:1/6", "d:1/24", "d:4"} <= set(required)
    assert Events(divisors=(8, 6, 5)).encode(song((24, 15, 60), ticks_per_quarter=120)) == ["s:1/5", "C4", "d:1/8"]


@pytest.mark.parametrize("encoding", ALL)
@given(data=st.data())
def test_grammar_allows_what_encode_writes(encoding, data):
    song = data.draw(songs(ticks_per_quarter=encoding.ticks_per_quarter))
    assert is_grammatical(encoding, encoding.encode(song))


@st.composite
def bands_and_encodings(draw):
    """An encoding of bands, and a song with parts on its grid, whose phrases may be known."""
    divisors = draw(st.sampled_from(DIVISORS))
    music = draw(bands(ticks_per_quarter=ticks_per_quarter(divisors)))
    about = dataclasses.replace(music.about, phrase_ends=tuple(sorted(draw(st.sets(st.integers(1, 3000), max_size=3)))))
    encoding = Bands(draw(st.sampled_from([0, 1, 8, 32])), draw(st.booleans()), divisors=divisors)
    return dataclasses.replace(music, about=about), encoding


@given(bands_and_encodings())
def test_a_band_is_reduced_and_nothing_else(band_and_encoding):
    music, encoding = band_and_encoding
    tokens, reduced = encoding.encode(music), encoding.reduce(music)
    assert encoding.decode(tokens, music.about) == reduced
    assert encoding.reduce(reduced) == reduced
    assert encoding.encode(reduced) == tokens
    assert set(tokens) <= set(encoding.required())
    assert len(tokens) <= encoding.most_tokens(music)
    assert is_grammatical(encoding, tokens)


@given(bands_and_encodings())
def test_a_reduced_band_has_the_same_notes(band_and_encoding):
    music, encoding = band_and_encoding
    families = encoding.program_families

    def sounding(of):
        players = of.band.instruments
        numbers = [128 if p.is_drums else p.program - p.program % 8 * families for p in players]
        rows = zip(of.notes()[0].tolist(), of.pitches.tolist(), of.note_parts().tolist(), strict=True)
        return {(start, pitch, numbers[part]) for start, pitch, part in rows}

    assert sounding(encoding.reduce(music)) == sounding(music)


@given(songs_on_a_grid(), METERS)
def test_a_song_without_parts_is_a_piano_s(on_grid, meter):
    divisors, song = on_grid
    song = dataclasses.replace(song, about=dataclasses.replace(song.about, time_signature=meter))
    encoding = Bands(divisors=divisors)
    assert encoding.decode(encoding.encode(song), song.about).merged() == song
    is_same = Bars(divisors=divisors).encode(song)
    plain = [t for t in encoding.encode(song) if not t.startswith(("part:", "program:", "velocity:"))]
    assert plain == is_same or meter not in (None, "4/4", "3/4", "6/8", "2/2", "5/16")


@pytest.mark.parametrize("encoding", ALL)
def test_a_grammar_begins_with_the_start(encoding):
    assert next(iter(encoding.FOLLOWS)) == START


@pytest.mark.parametrize("encoding", ALL)
def test_settings_build_the_same_encoding(encoding):
    assert from_settings(json.loads(json.dumps(encoding.settings()))) == encoding


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "midi"}, "one of"),
        ({"name": "grid", "size": 3}, "has no setting"),
        ({"name": "grid", "step": 0}, "step 0"),
        ({"name": "band", "velocity_steps": 33}, r"--velocity_steps 33 must be in 0\.\.32"),
        ({"name": "events", "divisors": [8, 65]}, r"--divisors '8,65' must be .* in 1\.\.64"),
    ],
)
def test_settings_of_no_encoding_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        from_settings(settings)


@pytest.mark.parametrize("encoding", ALL, ids=str)
@given(data=st.data())
def test_tokens_take_the_time_that_lies_between_the_notes_they_say(encoding, data):
    song = data.draw(songs(ticks_per_quarter=encoding.ticks_per_quarter))
    tokens = encoding.encode(song)
    clock = np.cumsum([0, *(encoding.ticks(token) for token in tokens)])[:-1].tolist()
    pitches = [pitches_of(encoding, token) for token in tokens]
    sounding = {(at, pitch) for at, of_token in zip(clock, pitches, strict=True) for pitch in of_token}
    starts, _, struck = (part.tolist() for part in encoding.decode(tokens).notes())
    assert set(zip(starts, struck, strict=True)) <= sounding
    if not isinstance(encoding, Grid | Steps | Voices):
        assert set(zip(starts, struck, strict=True)) == sounding
