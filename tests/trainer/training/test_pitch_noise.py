"""Wrong notes in what a network reads."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from nabi.music.encodings import Voices
from nabi.music.vocabulary import Vocabulary
from nabi.networks.song_memory import SongMemory
from trainer.training.pitch_noise import PitchNoise

pytestmark = pytest.mark.slow

VOCABULARY = Vocabulary.from_ordered(list(Voices().required()), {})
MEMORY = SongMemory.of(VOCABULARY, Voices())
SONG = ["bar:1", "key:C-major", "last:4", "C4", "~E3", "s:1", "@1", "C-1", "s:1"]


def read(share, *, step=0, steps=10**9, rows=2000):
    ids = np.tile(VOCABULARY.encode(SONG), (rows, 1)).astype(np.int32)
    noise = PitchNoise(MEMORY, share, steps, key=7)
    return noise(tf.constant(ids), tf.constant([step, 0], tf.int64)).numpy()


def test_a_share_of_the_notes_is_moved_by_up_to_four_semitones():
    counts = collections.Counter(VOCABULARY.tokens[note] for note in read(0.2)[:, 3])
    moved = {"G#3", "A3", "Bb3", "B3", "C#4", "D4", "Eb4", "E4"}
    assert set(counts) == {"C4", *moved}
    assert counts["C4"] == pytest.approx(1600, abs=80)
    assert all(counts[note] == pytest.approx(50, abs=30) for note in moved)


def test_held_notes_stay_held_and_what_is_no_note_stays():
    columns = [{VOCABULARY.tokens[token] for token in column} for column in read(0.5).T]
    assert [column for column in columns if len(column) == 1] == [{token} for token in SONG if token[0] in "bkls@"]
    assert columns[4] == {f"~{name}" for name in ("C3", "C#3", "D3", "Eb3", "E3", "F3", "F#3", "G3", "G#3")}


def test_a_note_without_one_below_moves_up_only():
    assert {VOCABULARY.tokens[note] for note in read(0.5)[:, 7]} == {"C-1", "C#-1", "D-1", "Eb-1", "E-1"}


def test_it_is_drawn_by_step_and_row():
    assert (read(0.3, rows=8) == read(0.3, rows=8)).all()
    assert (read(0.3, rows=8) != read(0.3, step=2, rows=8)).any()
    np.testing.assert_array_equal(read(0.3, rows=8)[:3], read(0.3, rows=3))


def test_the_share_falls_steadily_to_none_at_the_last_step():
    moved = [(read(0.5, step=step, steps=4)[:, 3] != read(0, rows=1)[0, 3]).mean() for step in range(4)]
    assert moved == pytest.approx([0.375, 0.25, 0.125, 0], abs=0.03)
