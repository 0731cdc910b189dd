import numpy as np
import pytest

from nabi.music.encodings import Events, Grid, Pitch, PitchDuration
from nabi.music.vocabulary import Vocabulary
from trainer.data import input_features


def vocabulary(*tokens: str) -> Vocabulary:
    return Vocabulary.from_ordered(tokens, {})


def test_learnt_vectors_need_no_table():
    assert input_features.table("embedding", vocabulary("C4"), Pitch()) is None


def test_one_hot_but_for_what_nobody_played():
    table = input_features.table("one-hot", vocabulary("C4", "E4"), Pitch())
    np.testing.assert_array_equal(table, np.diag([0, 1, 0, 1, 1, 1]))


def test_index_is_the_place_among_the_tokens():
    # The first document on Nabi: code / 13 for 14 codes in a fixed order.
    table = input_features.table("index", vocabulary(*(f"{name}5" for name in ("C", "C#", "D", "Eb", "E"))), Pitch())
    assert table.tolist() == [[0]] * 4 + [[0], [0.25], [0.5], [0.75], [1]]


def test_pitch_and_length_by_their_places():
    # The second document: degree of the scale / 6, and 0 for an eighth or 1 for a quarter.
    tokens = ("G5:1/2", "E5:1", "C5.E5:1", "R:1/2")
    table = input_features.table("pitch-length", vocabulary(*tokens), PitchDuration())
    assert table[4:].tolist() == [[1, 0], [0, 1], [0, 1], [0, 0]]
    assert not table[:4].any()


def test_pitch_of_held_notes():
    assert input_features.table("pitch-length", vocabulary("C4", "~C4.E4"), Grid())[4:].tolist() == [[0, 0], [1, 0]]


def test_tokens_that_are_no_notes_by_themselves():
    with pytest.raises(
        ValueError, match=r"pitch-length needs tokens that are notes by themselves; those of .*'events'"
    ):
        input_features.table("pitch-length", vocabulary("C4", "d:1/2"), Events())
