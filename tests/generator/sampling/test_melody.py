import dataclasses

from generator.sampling.melody import Melody
from nabi.music.about import About
from nabi.music.encodings import Voices
from nabi.music.vocabulary import Vocabulary
from tests.builders import song
from tests.generator.models import vocabulary_of

VOCABULARY = vocabulary_of(Voices())
# C5 and, after a rest of an 8th, D5 over a bar line of 1/4.
LINE = dataclasses.replace(song((0, 6, 72), (9, 6, 74)), about=About(sha256="f" * 64, time_signature="1/4"))
MELODY = Melody.of(LINE, Voices(), VOCABULARY)


def tokens(ids: list[int]) -> list[str]:
    return [VOCABULARY.tokens[index] for index in ids]


def test_the_places_are_those_of_the_bars_of_the_line():
    assert tokens(MELODY.place_T)[:2] == ["bar:2", "@1/12"]
    assert tokens(MELODY.place_T)[11:] == ["@11/12", "bar:1", "@1/12", "@1/6", "<end>"]


def test_the_line_is_struck_held_and_silent():
    assert tokens(MELODY.note_T) == (["C5", *["~C5"] * 5, *["<pad>"] * 3, "D5", *["~D5"] * 5, "<pad>"])


def test_what_would_hold_a_note_on_is_known_where_it_ends():
    expected = {6: "~C5", 15: "~D5"}
    assert tokens(MELODY.released_T) == [expected.get(tick, "<pad>") for tick in range(16)]


def test_a_slice_reaches_to_the_next_change_or_bar_line():
    assert MELODY.room_T.tolist() == [6, 5, 4, 3, 2, 1, 3, 2, 1, 3, 2, 1, 3, 2, 1, 0]


def test_the_ids_are_told_by_pitch_length_and_place():
    ids = VOCABULARY.encode(["C5", "~C5", "s:1/2", "@1/2", "bar:2", "meter:3/4", "key:C-major", "last:3"])
    assert MELODY.pitch_V[ids].tolist() == [72, 72, -1, -1, -1, -1, -1, -1]
    assert MELODY.ticks_V[ids].tolist() == [0, 0, 6, 0, 0, 0, 0, 0]
    assert MELODY.is_place_V[ids].tolist() == [False, False, False, True, True, False, True, True]
    special = slice(Vocabulary.special)
    assert not MELODY.is_place_V[special].any()
    assert set(MELODY.pitch_V[special].tolist()) == {-1}
    assert (MELODY.sha256, MELODY.lowest) == ("f" * 64, False)
