import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nabi.music import phrases
from nabi.music.about import About
from tests.builders import song, songs


def phrased(music, *ends):
    return dataclasses.replace(music, about=About(phrase_ends=ends))


def test_phrases_end_within_the_song():
    assert phrases.ends(phrased(song((0, 24, 60)), 0, 12, 24, 25)).tolist() == [12, 24]


def test_a_phrase_comes_again_with_all_its_notes_at_their_times():
    theme = [(0, 6, 60), (6, 6, 62), (0, 12, 48)]
    again = [(start + 24, duration, pitch) for start, duration, pitch in theme]
    changed = [(48, 6, 60), (54, 6, 64), (48, 12, 48)]
    music = phrased(song(*theme, (12, 12, 64), *again, (36, 12, 64), *changed), 12, 24, 36, 48, 60)
    assert phrases.returns(music) == [0, 0, 2, 2, 0]
    assert phrases.firsts(music) == [0, 1, 0, 1, 4]


def test_the_nearest_of_equal_phrases_counts_and_silence_is_none():
    assert phrases.returns(phrased(song((0, 12, 60), (12, 12, 60), (24, 12, 60)), 12, 24, 36)) == [0, 1, 1]
    assert phrases.returns(phrased(song((0, 3, 60), (60, 3, 60)), 12, 24, 36)) == [0, 0, 0]
    # As long as the notes are, the phrase is not.
    assert phrases.returns(phrased(song((0, 6, 60), (12, 6, 60), (18, 6, 60), (36, 6, 60)), 12, 18, 30)) == [0, 0, 2]


def test_a_cadence_has_the_outer_notes_that_sound_last():
    # The soprano rests up to 24, the alto from 12 to 18, the bass ends at 36.
    chorale = song((0, 12, 72), (24, 12, 74), (0, 12, 67), (18, 18, 69), (0, 36, 48), (60, 1, 50))
    assert phrases.cadences(phrased(chorale, 12, 15, 24, 25, 36, 37)).tolist() == [
        [72, 48], [48, 48], [69, 48], [74, 48], [74, 48], [-1, -1],
    ]  # fmt: skip


@given(songs(), st.sets(st.integers(1, 300)))
def test_no_note_sounds_beyond_a_cadence(music, ticks):
    music = phrased(music, *sorted(ticks))
    start, duration, pitch = (column.astype(np.int64) for column in music.notes())
    for tick, outer in zip(phrases.ends(music).tolist(), phrases.cadences(music).tolist(), strict=True):
        sounding = pitch[(start < tick) & (tick <= start + duration)]
        assert outer == ([sounding.max(), sounding.min()] if len(sounding) else [-1, -1])


def test_the_first_phrase_begins_with_the_first_note():
    upbeat = phrased(song((36, 12, 60), (48, 12, 62), (60, 12, 60), (72, 12, 62)), 60, 84)
    assert phrases.spans(upbeat) == [(36, 60), (60, 84)]
    assert phrases.returns(upbeat) == [0, 1]
    assert phrases.spans(phrased(song((36, 12, 60)), 24, 48)) == [(0, 24), (24, 48)]
    assert phrases.spans(song((36, 12, 60))) == []
