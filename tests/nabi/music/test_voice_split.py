import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music import voice_split
from nabi.music.song import Song
from tests import builders
from tests.builders import notes_of, song

# Four voices in quarter notes: C5 B4 C5, G4 G4 G4, E4 D4 E4 (the alto and tenor cross nothing), C3 G3 C3.
CHORALE = [
    (12 * at, 12, pitch)
    for at, chord in enumerate([(72, 67, 64, 48), (71, 67, 62, 55), (72, 67, 64, 48)])
    for pitch in chord
]


def split(*notes: tuple[int, int, int]) -> list[tuple[str, list[tuple[int, int, int]]]]:
    return [(part.name, notes_of(part.song)) for part in voice_split.parts(song(*notes))]


def test_four_voices_are_soprano_alto_tenor_and_bass():
    assert split(*CHORALE) == [
        ("Soprano", [(0, 12, 72), (12, 12, 71), (24, 12, 72)]),
        ("Alto", [(0, 12, 67), (12, 12, 67), (24, 12, 67)]),
        ("Tenor", [(0, 12, 64), (12, 12, 62), (24, 12, 64)]),
        ("Bass", [(0, 12, 48), (12, 12, 55), (24, 12, 48)]),
    ]


def test_voices_of_another_number_are_counted_from_the_top():
    assert split((0, 12, 60), (0, 12, 67), (12, 6, 59), (18, 6, 57), (12, 12, 65)) == [
        ("Voice 1", [(0, 12, 67), (12, 12, 65)]),
        ("Voice 2", [(0, 12, 60), (12, 6, 59), (18, 6, 57)]),
    ]


def test_a_held_note_stays_in_its_voice_and_a_higher_one_may_begin_below_it():
    # The upper voice holds C5 while the lower goes up to D5: they cross.
    assert split((0, 48, 72), (0, 24, 60), (24, 24, 74)) == [
        ("Voice 1", [(0, 48, 72)]),
        ("Voice 2", [(0, 24, 60), (24, 24, 74)]),
    ]


def test_a_voice_that_rests_is_the_one_whose_notes_are_farthest():
    # In the second chord the tenor is silent.
    notes = [*CHORALE, *((36 + 12 * at, 12, pitch) for at in range(1) for pitch in (72, 67, 48))]
    assert [len(own) for _, own in split(*notes)] == [4, 4, 3, 4]


def test_a_note_too_many_is_in_the_voice_that_is_nearest():
    assert split(*CHORALE, (30, 6, 73))[0] == ("Soprano", [(0, 12, 72), (12, 12, 71), (24, 12, 72), (30, 6, 73)])


@pytest.mark.parametrize(
    "notes",
    [
        (),
        # One voice.
        ((0, 12, 60), (12, 12, 62)),
        # Two notes for half the time.
        ((0, 24, 60), (0, 12, 67)),
        # Ten voices.
        tuple((0, 12, pitch) for pitch in range(60, 70)),
    ],
)
def test_other_music_has_no_voices(notes):
    assert split(*notes) == []


@pytest.mark.parametrize(("length", "voices"), [(16, 0), (15, 0), (12, 2)])
def test_silence_does_not_count_and_three_quarters_of_the_rest_are_enough(length, voices):
    """Two notes for 36 ticks, and one for `length`, after a long silence."""
    assert len(split((0, 36, 60), (0, 36, 67), (480, length, 60))) == voices


@st.composite
def steady(draw) -> Song:
    """Songs of mostly as many notes as voices; some are left out or added."""
    voices, chords = draw(st.integers(2, 5)), draw(st.integers(1, 10))
    notes = [
        (12 * at, draw(st.sampled_from([6, 12, 12, 12, 24])), pitch)
        for at in range(chords)
        for pitch in draw(st.sets(st.integers(40, 80), min_size=voices, max_size=voices))
    ]
    return song(*notes)


@given(music=steady() | builders.songs())
def test_each_note_is_in_one_part(music):
    parts = voice_split.parts(music)
    if parts:
        assert sorted(note for part in parts for note in notes_of(part.song)) == sorted(notes_of(music))
        columns = zip(*(note for part in parts for note in notes_of(part.song)), strict=True)
        assert music.with_notes(*columns) == music
        assert all(part.song.about == music.about for part in parts)
        assert len({part.name for part in parts}) == len(parts)
