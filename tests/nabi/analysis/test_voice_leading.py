import numpy as np
import pytest
from hypothesis import given

from nabi.analysis.slices import Slices
from nabi.analysis.voice_leading import parallels, recurrence, top_voice
from tests import builders
from tests.nabi.analysis.chords import chords, melody

# Eight steps that hold no figure of their own.
THEME = [2, 2, 1, 2, 2, 2, 1, -5]


def counted(song):
    found = parallels(Slices.of(song))
    return (found["parallel_fifths"], found["parallel_octaves"]) if found else None


def recurring(song):
    return recurrence(*top_voice(Slices.of(song)))


def test_slices_hold_what_sounds_at_each_onset():
    slices = Slices.of(builders.song((0, 36, 48), (0, 12, 60), (12, 6, 64), (24, 12, 60)))
    assert (slices.start.tolist(), slices.length.tolist()) == ([0, 12, 24], [12, 12, 12])
    assert (slices.count.tolist(), slices.pitches.tolist()) == ([2, 2, 2], [48, 60, 48, 64, 48, 60])
    assert (slices.bass.tolist(), slices.top.tolist()) == ([48] * 3, [60, 64, 60])


def test_parallels_of_two_voices():
    two = chords((1, 60, 67), (1, 62, 69), (1, 64, 76), (1, 65, 77), (1, 65, 77), (1, 67, 74))
    # Of five changes the first is a parallel fifth and the third a parallel octave; repeating is no motion.
    assert counted(two) == (20, 20)


def test_compound_fifths_and_fifths_in_contrary_motion():
    assert counted(chords((1, 48, 67), (1, 50, 69))) == (100, 0)
    assert counted(chords((1, 60, 67), (1, 55, 74))) == (0, 0)
    # Octaves that are left and reached in one direction by other intervals.
    assert counted(chords((1, 60, 72), (1, 65, 84))) == (0, 0)


def test_every_pair_of_voices_counts_and_a_held_bass_does_not():
    # All four voices move in parallel: one fifth and one octave, and then two fifths, one of them compound.
    assert counted(chords((1, 48, 55, 60, 63), (1, 50, 57, 62, 65))) == (100, 100)
    assert counted(chords((1, 48, 55, 63, 67), (1, 50, 57, 65, 69))) == (200, 100)
    held = builders.song((0, 24, 48), (0, 12, 55), (0, 12, 60), (12, 12, 57), (12, 12, 62))
    assert counted(held) == (0, 0)


def test_changes_count_between_chords_of_the_usual_number_of_notes():
    song = chords((2, 60, 64, 67), (1, 62, 69), (1, 64, 71), (2, 60, 64, 67), (2, 62, 66, 69))
    # Three notes sound for six quarters, two for two: only the last change counts, a parallel fifth.
    assert counted(song) == (100, 0)


def test_melodies_and_clusters_have_no_voices_to_be_parallel():
    assert counted(melody(THEME)) is None
    assert counted(chords((1, 60, 67))) is None
    assert counted(chords((1, *range(60, 69)), (1, *range(62, 71)))) is None


def test_a_note_below_the_top_voice_is_none_of_its_notes():
    intervals, times = top_voice(Slices.of(builders.song((0, 24, 72), (12, 12, 60), (24, 12, 74), (36, 12, 77))))
    assert (intervals.tolist(), times.tolist()) == ([2, 3], [24, 12])


@pytest.mark.parametrize(
    ("intervals", "percentage"),
    [
        # Nine notes, and again three semitones lower: 16 of 17 steps.
        ([*THEME, -3, *THEME], 100 * 16 / 17),
        ([*THEME, *THEME], 100),
        # One step of the second time is another.
        ([*THEME, -3, *THEME[:-1], -4], 0),
        # A figure that only overlaps itself does not come again.
        ([1] * 15, 0),
        ([1] * 16, 100),
        (THEME, 0),
        ([2], 0),
    ],
)
def test_figures_that_come_again(intervals, percentage):
    assert recurring(melody(intervals, first=40)) == pytest.approx(percentage)


def test_a_figure_in_another_rhythm_is_another():
    slow, fast = melody(THEME), melody(THEME, quarters=0.5)
    start, duration, pitch = (np.concatenate(pair) for pair in zip(slow.notes(), fast.notes(), strict=True))
    start[len(slow) :] += slow.end
    assert recurring(slow.with_notes(start, duration, pitch)) == 0


def test_a_single_note_has_no_step():
    assert recurring(builders.song((0, 12, 60))) is None


@given(builders.songs())
def test_slices_are_what_is_found_tick_by_tick(song):
    slices = Slices.of(song)
    notes = builders.notes_of(song)
    for at, start in enumerate(slices.start.tolist()):
        sounding = sorted(pitch for begin, length, pitch in notes if begin <= start < begin + length)
        assert slices.pitches[slices.offsets[at] : slices.offsets[at + 1]].tolist() == sounding
        assert slices.struck[at] == max(pitch for begin, _, pitch in notes if begin == start)
    assert slices.length.sum() == song.end - song.start[0]
