import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from nabi.analysis import copies
from nabi.analysis.copies import runs
from nabi.music.about import About
from nabi.music.song import Song
from tests import builders
from tests.nabi.analysis.copies.music import FOREIGN, index_of, monotonous, part, plant, walk


@given(
    seed=st.integers(0, 1000),
    which=st.integers(0, 3),
    first=st.integers(0, 80),
    length=st.integers(12, 80),
    most=st.sampled_from([10**6, 150, 60, 20]),
    semitones=st.integers(-20, 20),
    before=st.integers(0, 20),
    after=st.integers(0, 20),
)
def test_every_run_that_is_long_enough_is_found_where_it_is(seed, which, first, length, most, semitones, before, after):
    songs = [walk(4 * seed + number, 90) for number in range(4)]
    index = index_of(*songs, most=most)
    assume(length >= index.notes_to_find)
    onset, pitch = part(songs[which], first, first + length)
    length = len(onset)
    assume(length >= index.notes_to_find)
    found = copies.find(plant(onset, pitch, before=before, after=after, semitones=semitones), index)
    (run,) = found.stretches()
    missed = index.window - 1
    assert before <= run.first <= before + missed
    assert before + length - missed <= run.first + run.notes <= before + length
    assert run.source == index.songs[which]
    assert run.semitones == semitones
    assert run.there == copies.Notes.of(songs[which]).onset[first + run.first - before]
    assert run.start == before * FOREIGN + run.there - onset[0]
    assert found.share == run.notes / (before + length + after)
    assert found.longest == run


@given(st.integers(0, 1000), st.sampled_from([10**6, 100, 30]))
def test_a_training_song_is_copied_from_its_first_note_to_its_last(seed, most):
    song = walk(seed, 70)
    found = copies.find(song.transpose(5), index_of(walk(seed + 1, 50), song, most=most))
    assert found.share == 1
    (run,) = found.stretches()
    assert (run.first, run.notes, run.there, run.semitones) == (0, len(song.pitches), 0 + run.start, 5)


@given(st.integers(0, 1000), st.sampled_from([10**6, 50]))
@settings(max_examples=30)
def test_nothing_is_found_in_a_song_that_shares_nothing(seed, most):
    index = index_of(walk(seed), walk(seed + 1), most=most)
    found = copies.find(walk(seed, waits=(1, 5, 7)), index)
    assert (found.share, found.longest, found.longest_bars, found.stretches()) == (0, None, 0, [])
    assert not found.copied.any()


@given(st.integers(0, 1000), st.integers(0, 50))
@settings(max_examples=30)
def test_a_run_of_one_note_less_than_n_is_no_copy(seed, first):
    song = walk(seed, 70)
    onset, pitch = part(song, first, first + 11)
    assert copies.find(plant(onset, pitch, before=3, after=3), index_of(song)).share == 0


def steps(song: Song) -> list[tuple[int, int]]:
    notes = copies.Notes.of(song)
    return list(zip(np.diff(notes.onset).tolist(), np.diff(notes.pitch).tolist(), strict=True))


@given(monotonous(), st.lists(monotonous(), max_size=4), st.integers(2, 8))
def test_with_all_n_grams_kept_it_is_what_comparing_note_by_note_finds(song, training, n):
    gram = copies.Gram(n)
    found = copies.find(song, index_of(*training, gram=gram))
    own, theirs = steps(song), [steps(other) for other in training]
    copied, longest = set(), 0
    for first, after in itertools.combinations(range(len(own) + 1), 2):
        run = own[first:after]
        if after - first >= n - 1 and any(
            run == other[place : place + len(run)] for other in theirs for place in range(len(other))
        ):
            copied |= set(range(first, after + 1))
            longest = max(longest, len(run) + 1)
    assert set(np.flatnonzero(found.copied).tolist()) == copied
    assert max((run.notes for run in found.widest), default=0) == longest
    assert {note for run in found.stretches() for note in range(run.first, run.first + run.notes)} == copied


@given(st.lists(monotonous(80), min_size=1, max_size=3), st.integers(5, 60))
@example([builders.song(*((12 * index, 3, 60) for index in range(40)))], 8)
def test_thinned_it_finds_no_note_that_all_n_grams_do_not_find(songs, most):
    thinned, whole = (index_of(*songs[1:], songs[0], gram=copies.Gram(4), most=size) for size in (most, 10**6))
    assume(thinned.window < 4)
    for song in songs:
        assert not (copies.find(song, thinned).copied & ~copies.find(song, whole).copied).any()


def test_what_repeats_counts_once():
    """One note 40 times, and a figure of 4 notes 10 times."""
    note = builders.song(*((12 * index, 3, 60) for index in range(40)))
    figure = builders.song(*((6 * index, 3, [60, 67, 64, 67][index % 4]) for index in range(40)))
    for song, different in ((note, 12), (figure, 15), (walk(1, 40), 40)):
        run = copies.find(song, index_of(song)).longest
        assert (run.notes, run.different) == (len(song.pitches), min(different, len(song.pitches)))


def test_the_longest_run_has_most_different_notes():
    loop = builders.song(*((12 * index, 3, 60) for index in range(60)))
    tune = walk(2, 20)
    onset, pitch = part(tune, 0, 20)
    found = copies.find(
        plant(
            np.concatenate([onset, onset[-1] + 300 + 12 * np.arange(60)]),
            np.concatenate([pitch, np.full(60, 60)]),
            before=2,
            after=2,
        ),
        index_of(loop, tune),
    )
    assert found.longest.source.song == "song 1"
    assert {run.source.song for run in found.stretches()} == {"song 0", "song 1"}


def test_bars_follow_the_meter_and_end_where_the_next_note_is_struck():
    training = walk(3, 24, waits=(12,))
    onset, pitch = part(training, 0, 24)
    # 24 quarters in a row, the last of 3 ticks; a foreign note 7 ticks after the last onset.
    for after, ticks in ((0, 23 * 12 + 3), (1, 23 * 12 + 3)):
        song = plant(onset, pitch, before=1, after=after)
        found = copies.find(song, index_of(training))
        assert found.longest_bars == pytest.approx(ticks / 48)
        assert copies.longest_bars(song, index_of(training)) == found.longest_bars
        start, duration, pitches = song.notes()
        waltz = Song.from_notes(start, duration, pitches, About(time_signature="3/4"))
        assert copies.longest_bars(waltz, index_of(training)) == pytest.approx(ticks / 36)
    held = Song.from_notes(song.notes()[0], np.full(len(song.pitches), 200), song.pitches)
    assert copies.find(held, index_of(training)).longest.end == FOREIGN + 23 * 12 + FOREIGN


def test_of_equal_runs_the_song_that_more_is_copied_from_is_named_and_the_others_are_counted():
    first, second = walk(1, 60), walk(2, 60)
    onset, pitch = part(first, 10, 30)
    joined = plant(*part(second, 20, 60), before=0, after=0)
    training = [plant(onset, pitch, before=9, after=after, gap=11) for after in (0, 2)] + [first]
    middle = plant(onset, pitch, before=1, after=1)
    run = copies.find(middle, index_of(*training)).longest
    assert (run.source.song, run.others) == ("song 0", 2)
    more = plant(*part(first, 0, 60), before=1, after=1)
    assert copies.find(more, index_of(*training)).longest.source.song == "song 2"
    assert copies.find(joined, index_of(*training)).share == 0


def test_a_run_does_not_cross_from_one_training_song_to_the_next():
    """The one ends as the other begins, and the song has both without a gap."""
    whole = walk(4, 60)
    one, other = (plant(*part(whole, *ends), before=0, after=0) for ends in ((0, 30), (30, 60)))
    found = copies.find(whole, index_of(one, other))
    assert [(run.first, run.notes, run.source.song) for run in found.stretches()] == [
        (0, 30, "song 0"),
        (30, 30, "song 1"),
    ]


def test_a_copy_with_one_wrong_note_is_two_runs():
    song = walk(5, 60)
    onset, pitch = part(song, 0, 60)
    pitch = pitch + (np.arange(len(pitch)) == 30)
    found = copies.find(Song.from_notes(onset, np.full(len(pitch), 3), pitch), index_of(song))
    assert [(run.first, run.notes) for run in found.stretches()] == [(0, 30), (31, len(pitch) - 31)]
    assert found.share == 1 - 1 / len(pitch)


def test_where_places_are_too_many_the_song_is_still_found_copied():
    loop = builders.song(*((12 * index, 3, 60) for index in range(300)))
    index = index_of(loop, loop, loop)
    assert len(index.find(index.gram.hashes(copies.Notes.of(loop)), most=5000)[0]) <= 5000
    few = runs._chains(index, *index.find(index.gram.hashes(copies.Notes.of(loop)), most=5000))
    assert len(few)
    assert set(few.first.tolist()) | set(few.last.tolist()) <= set(range(289))


def test_without_octaves_the_smallest_interval_is_told():
    song = walk(6, 30)
    for semitones, told in ((0, 0), (13, 1), (7, -5), (-6, 6)):
        assert (
            copies.find(
                song.transpose(semitones), index_of(song, gram=copies.Gram(12, octaves=False))
            ).longest.semitones
            == told
        )


def test_a_song_without_notes_copies_nothing():
    found = copies.find(builders.song(), index_of(walk(1)))
    assert (found.share, found.longest, found.longest_bars) == (0, None, 0)


def test_the_verdict_is_told_among_validation_songs():
    training = walk(1, 60)
    index = index_of(training)
    copy = plant(*part(training, 0, 30), before=30, after=40)
    assert copies.find(copy, index).verdict == "there are no validation songs to compare with"
    assert copies.find(walk(9), index).verdict == "copies no run of 12 notes"
    for figures, verdict in (
        ([(30, 1.0, 0.3)] * 3, "copies as much as most validation songs, in all and in a row"),
        ([(0, 0.0, 0.0)] * 3, "copies more than every validation song, in all and in a row"),
        (
            [(99, 9.0, 0.1)] * 3,
            "copies more than every validation song in all, less than every validation song in a row",
        ),
    ):
        judged = dataclasses.replace(index, held_out=copies.HeldOut.of(figures))
        assert copies.find(copy, judged).verdict == verdict
