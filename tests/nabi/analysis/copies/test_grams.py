import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nabi.analysis.copies.grams import NOTES, NOTES_WITHOUT_TIME, Gram, Notes, after, winnow
from nabi.music.encodings import Events, Grid, Pitch, PitchDuration, Steps
from nabi.music.song import Event, Song
from tests import builders
from tests.nabi.analysis.copies.music import walk


def hashes(song: Song, gram: Gram | None = None) -> list[int]:
    return (gram or Gram(3)).hashes(Notes.of(song)).tolist()


def test_notes_stand_by_onset_and_pitch_whatever_their_durations():
    # As an event of (0, 12) with C4 and G4 and one of (0, 6) with E4, E4 would come last.
    notes = Notes.of(builders.song((0, 12, 60), (0, 12, 67), (0, 6, 64), (12, 3, 40)))
    assert notes.pitch.tolist() == [60, 64, 67, 40]
    assert notes.onset.tolist() == [0, 0, 0, 12]
    assert notes.end.tolist() == [12, 6, 12, 15]


def test_a_song_of_n_notes_has_one_n_gram_and_a_shorter_one_none():
    assert [len(hashes(walk(1, length), Gram(12))) for length in (0, 1, 11, 12, 13)] == [0, 0, 0, 1, 2]


def test_hashes_are_the_same_on_every_machine_and_day():
    assert hashes(builders.song((0, 6, 60), (6, 6, 64), (6, 6, 67), (18, 6, 60))) == [
        6642186167392428241,
        2118158121211634104,
    ]


@given(st.integers(0, 10**6), st.integers(-29, 27), st.integers(0, 1000))
def test_transposition_and_a_later_beginning_change_nothing(seed, semitones, ticks):
    song = walk(seed)
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    assert hashes(Song.from_notes(start + ticks, duration, pitch + semitones)) == hashes(song)


@given(st.integers(0, 10**6))
def test_durations_change_nothing(seed):
    song = walk(seed)
    start, _, pitch = song.notes()
    assert hashes(Song.from_notes(start, np.ones(len(start)), pitch)) == hashes(song)


@pytest.mark.parametrize("change", [(0, 0, 1), (1, 0, 0)])
def test_another_pitch_or_onset_changes_the_grams_that_have_it(change):
    notes = [(12 * index, 6, 60 + index**2 % 7) for index in range(9)]
    other = list(notes)
    other[4] = tuple(value + more for value, more in zip(notes[4], change, strict=True))
    same = [one == two for one, two in zip(hashes(builders.song(*notes)), hashes(builders.song(*other)), strict=True)]
    assert same == [True, True, False, False, False, True, True]


def test_without_octaves_an_octave_changes_nothing():
    song = builders.song((0, 6, 60), (6, 6, 67), (12, 6, 64))
    lower = builders.song((0, 6, 60), (6, 6, 55), (12, 6, 64))
    assert hashes(song, Gram(3, octaves=False)) == hashes(lower, Gram(3, octaves=False))
    assert hashes(song) != hashes(lower)


@pytest.mark.parametrize("encoding", [Events(), PitchDuration(), Grid(), Steps(), Pitch(chords="voiced")])
def test_encodings_that_keep_octaves_compare_twelve_notes(encoding):
    assert Gram.of(encoding) == Gram(NOTES, octaves=True)


def test_normal_orders_compare_more_notes_without_octaves():
    assert Gram.of(Pitch()) == Gram(NOTES_WITHOUT_TIME, octaves=False)


@given(st.integers(-12, 12))
def test_a_transposed_song_in_normal_orders_has_the_same_grams(semitones):
    # Chords with one normal order each: of an augmented triad the transposition may choose another root.
    song = Song.from_events(
        Event(12 * index, pitches, 12)
        for index, pitches in enumerate([(60, 64, 67), (72,), (57, 60, 64), (40,), (62, 65, 69), (81,)])
    )
    gram, pitch = Gram(5, octaves=False), Pitch()
    assert hashes(pitch.reduce(song.transpose(semitones)), gram) == hashes(pitch.reduce(song), gram)


def test_the_first_notes_are_left_out_in_the_order_of_onset_and_pitch():
    song = builders.song((0, 12, 67), (0, 12, 60), (0, 6, 64), (12, 3, 40), (15, 2, 41))
    assert builders.notes_of(after(song, 2)) == [(0, 12, 67), (12, 3, 40), (15, 2, 41)]
    assert builders.notes_of(after(song, 4)) == [(15, 2, 41)]
    assert after(song, 0) is song
    assert len(after(song, 9)) == 0


def selected_by_definition(values: list[int], window: int) -> set[int]:
    """Every window's smallest value, of equal ones the last, and both ends."""
    if not values:
        return set()
    chosen = {0, len(values) - 1}
    for begin in range(max(len(values) - window + 1, 1)):
        inside = range(begin, min(begin + window, len(values)))
        chosen.add(min(inside, key=lambda place: (values[place], -place)))
    return chosen


def columns(songs: list[list[int]]) -> tuple[np.ndarray, ...]:
    ends = np.cumsum([len(song) for song in songs])
    first = np.repeat(ends - [len(song) for song in songs], [len(song) for song in songs])
    last = np.repeat(ends - 1, [len(song) for song in songs])
    values = np.array([value for song in songs for value in song], np.uint64)
    return values, np.arange(len(values)), first, last


VALUES = st.lists(st.lists(st.integers(0, 5), max_size=15), max_size=4)


@given(VALUES, st.integers(1, 9))
@example([[1, 1, 1, 1], [0]], 2)
def test_winnowing_selects_the_smallest_of_every_window(songs, window):
    begins = np.cumsum([0, *(len(song) for song in songs)])
    expected = {
        int(begin) + place
        for begin, song in zip(begins, songs, strict=False)
        for place in selected_by_definition(song, window)
    }
    assert set(np.flatnonzero(winnow(*columns(songs), window)).tolist()) == expected


@given(VALUES, st.integers(1, 9), st.integers(0, 9))
def test_a_selection_can_be_thinned_as_if_all_were_there(songs, window, more):
    values, places, first, last = columns(songs)
    kept = winnow(values, places, first, last, window)
    thinned = winnow(values[kept], places[kept], first[kept], last[kept], window + more)
    assert places[kept][thinned].tolist() == np.flatnonzero(winnow(values, places, first, last, window + more)).tolist()
