import pytest

from benchmarks import polyphonic_overlap as overlap

# 13 notes, so 12 intervals, none of them twice in a row the same.
TUNE = [60, 62, 64, 65, 67, 69, 71, 72, 69, 65, 62, 67, 60]
OTHER = [60, 59, 57, 60, 56, 61, 55, 62, 54, 63, 53, 64, 52]


def piece(*melody: int):
    """Frames with a bass note below each note of the melody."""
    return tuple((40, note) for note in melody)


def test_intervals_are_of_the_highest_notes_each_counted_once():
    frames = ((40, 60), (60,), (), (43, 60), (64,), (55, 62), (62,))
    assert overlap.intervals(frames) == (4, -2)
    assert overlap.intervals(()) == overlap.intervals(((60,), (), (60,))) == ()


def test_a_melody_in_another_key_and_rhythm_is_shared_as_a_whole():
    other = piece(*(note + 5 for note in TUNE for _ in range(3)))
    assert overlap.shares([piece(*TUNE)], [piece(*OTHER), other]) == [1]


def test_the_share_is_that_of_the_intervals_in_common_runs():
    # The second tune begins with the note that the first ends with: 24 intervals in all.
    assert overlap.shares([piece(*TUNE, *OTHER)], [piece(*TUNE)]) == [12 / 24]
    # One note more of the training piece: runs overlap, and what they cover is counted once.
    assert overlap.shares([piece(*TUNE, *OTHER)], [piece(*TUNE, *OTHER[:2])]) == [13 / 24]


def test_eleven_intervals_in_common_are_none():
    assert overlap.shares([piece(*TUNE[:-1], *OTHER)], [piece(*TUNE[:-1])]) == [0]


def test_one_training_piece_must_have_it():
    # Each has half: two halves of two pieces do not add up.
    assert overlap.shares([piece(*TUNE, *OTHER)], [piece(*TUNE), piece(*OTHER)]) == [12 / 24]


@pytest.mark.parametrize(("melody", "share"), [([67, 69, 71], 1), ([67, 69, 72], 0), ([60], 0), ([], 0)])
def test_a_short_melody_is_shared_whole_or_not(melody, share):
    assert overlap.shares([piece(*melody)], [piece(*TUNE)]) == [share]
