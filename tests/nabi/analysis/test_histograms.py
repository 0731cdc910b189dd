import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.analysis.histograms import BINS, distributions, overlap, read, skyline
from nabi.music.keys import find_key
from tests import builders

COUNTS = st.lists(st.integers(0, 10**12), min_size=12, max_size=12).filter(any)
# A bar of D major: a chord of two quarters, two eighths, a rest of a quarter note, and a low note of six quarters.
TUNE = builders.song((0, 24, 62), (0, 24, 66), (24, 6, 69), (30, 6, 76), (48, 72, 42))


def found(song) -> dict[str, dict[int, int]]:
    """What is not 0."""
    return {
        name: {place: int(counts[place]) for place in np.flatnonzero(counts)}
        for name, counts in distributions(song, find_key(song)).items()
    }


def test_the_distributions_of_a_tune():
    assert find_key(TUNE).name == "D major"
    assert found(TUNE) == {
        "pitches": {42: 1, 62: 1, 66: 1, 69: 1, 76: 1},
        "pitch_classes": {2: 1, 4: 1, 6: 2, 9: 1},
        "degrees": {0: 1, 2: 1, 4: 2, 7: 1},
        # From F#4 a third up, then a fifth, then far down.
        "intervals": {13 + 3: 1, 13 + 7: 1, 0: 1},
        "durations": {23: 2, 5: 2, 48: 1},
        # Onsets at the first, third and fifth quarter of ten.
        "density": {0: 7, 1: 1, 2: 2},
        # 12 ticks of rest, 12 of single notes and 72 of the last one, two of 24.
        "polyphony": {0: 12, 1: 84, 2: 24},
    }


def test_silence_before_the_first_note_counts_nothing():
    later = builders.song(*((start + 96, duration, pitch) for start, duration, pitch in builders.notes_of(TUNE)))
    assert found(later) == found(TUNE)
    assert found(builders.song((18, 3, 60)))["density"] == {1: 1}


def test_what_is_more_is_in_the_last_bin():
    cluster = builders.song(*((0, 50, pitch) for pitch in range(60, 80)), (100, 49, 30), (200, 48, 90))
    shown = found(cluster)
    assert shown["polyphony"] == {16: 50, 1: 97, 0: 50 + 51}
    assert shown["durations"] == {48: 21, 47: 1}
    assert shown["density"][16] == 1
    assert shown["intervals"] == {0: 1, 26: 1}


def test_nothing_counts_nothing():
    empty = distributions(builders.song(), None)
    assert {name: len(counts) for name, counts in empty.items()} == BINS
    assert not any(counts.any() for counts in empty.values())


def test_a_rest_of_hours_takes_no_memory():
    shown = found(builders.song((0, 1, 60), (60_000_000, 1, 62)))
    assert shown["density"] == {0: 4_999_999, 1: 2}
    assert shown["polyphony"] == {0: 59_999_999, 1: 2}


def test_the_highest_pitch_of_each_onset_is_the_melody():
    assert skyline(TUNE).tolist() == [66, 69, 76, 42]


@given(builders.songs())
def test_every_note_and_every_tick_is_counted_once(song):
    counts = distributions(song, find_key(song))
    notes = len(song.pitches)
    onsets = len(set(song.start.tolist()))
    assert [counts[name].sum() for name in ("pitches", "pitch_classes", "degrees", "durations", "intervals")] == [
        notes, notes, notes, notes, onsets - 1,
    ]  # fmt: skip
    assert counts["polyphony"].sum() == song.end - song.start[0]
    assert counts["density"].sum() == -(-song.end // 12) - song.start[0] // 12
    assert all(len(counts[name]) == bins and counts[name].min() >= 0 for name, bins in BINS.items())


@given(builders.songs(), st.integers(0, 6))
def test_only_pitches_depend_on_the_key_that_a_song_is_played_in(song, semitones):
    song = builders.song(*((start, duration, min(pitch, 120)) for start, duration, pitch in builders.notes_of(song)))
    key = find_key(song)
    moved = song.transpose(semitones)
    moved_key = key and type(key)(key.name, (key.tonic + semitones) % 12, key.correlation, key.lead)
    before, after = distributions(song, key), distributions(moved, moved_key)
    for name in set(BINS) - {"pitches", "pitch_classes"}:
        assert before[name].tolist() == after[name].tolist()
    assert np.roll(before["pitches"], semitones).tolist() == after["pitches"].tolist()


def test_overlaps():
    assert overlap([1, 1, 0], [0, 1, 1]) == 0.5
    assert overlap([3, 1], [1, 3]) == 0.5
    assert overlap([9, 0], [0, 2]) == 0
    assert overlap([1, 3], [100, 300]) == 1
    assert overlap([0, 0], [1, 0]) is None
    with pytest.raises(ValueError, match="histograms of 2 and of 3 bins"):
        overlap([1, 1], [1, 1, 1])


@given(COUNTS, COUNTS)
def test_overlap_is_symmetric_and_a_share(one, other):
    assert overlap(one, other) == overlap(other, one)
    assert 0 <= overlap(one, other) <= 1


@given(COUNTS, st.integers(1, 1000))
def test_a_distribution_overlaps_wholly_with_itself_at_any_size(counts, times):
    assert overlap(counts, [times * count for count in counts]) == pytest.approx(1, abs=1e-12)


def test_what_json_has_held_is_read():
    counts = {name: distributed.tolist() for name, distributed in distributions(TUNE, find_key(TUNE)).items()}
    assert {name: distributed.tolist() for name, distributed in read(counts).items()} == counts


@pytest.mark.parametrize("wrong", [None, [1] * 11, [1] * 11 + [-1], [1] * 11 + [0.5], {"0": 1}, [1] * 11 + [True]])
def test_what_is_no_histogram_is_named(wrong):
    counts = {name: [0] * bins for name, bins in BINS.items()}
    with pytest.raises(ValueError, match="degrees must be 12 counts"):
        read({**counts, "degrees": wrong})
