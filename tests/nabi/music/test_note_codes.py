import pytest
from hypothesis import given, strategies

from nabi.music import note_codes
from nabi.music.encodings import PitchDuration, block
from tests.builders import notes_of, song, songs

USUAL = (4, 3)


def test_a_letter_is_a_white_key_from_c5_and_a_number_a_fraction_of_a_whole_note():
    assert notes_of(note_codes.tune("c4 g8 b16 e6", USUAL)) == [(0, 12, 72), (12, 6, 79), (18, 3, 83), (21, 8, 76)]


@pytest.mark.parametrize(
    ("divisors", "denominators"),
    [
        (USUAL, (1, 2, 3, 4, 6, 8, 12, 16)),
        ((8, 6), (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)),
        ((4, 5), (1, 2, 4, 5, 8, 10, 16, 20)),
    ],
)
def test_a_number_is_one_whose_length_a_divisor_reaches(divisors, denominators):
    assert note_codes.denominators(divisors) == denominators
    with pytest.raises(ValueError, match=f"'g64' is no code such as g8 by --divisors {divisors[0]},{divisors[1]}"):
        note_codes.tune("g64", divisors)


@given(strategies.sampled_from("cdefgab"), strategies.data())
def test_every_code_is_read_and_written(letter, data):
    divisors = data.draw(strategies.sampled_from([USUAL, (8, 6), (8, 6, 5)]))
    code = f"{letter}{data.draw(strategies.sampled_from(note_codes.denominators(divisors)))}"
    pitch, ticks = note_codes.read(code, divisors)
    assert note_codes.write((pitch,), ticks, divisors) == code
    assert note_codes.is_code(code, divisors)


@pytest.mark.parametrize(
    ("pitches", "ticks"),
    [((73,), 6), ((60,), 6), ((84,), 6), ((72, 76), 6), ((72,), 18), ((72,), 2), ((72,), 96)],
    ids=["black", "octave 4", "octave 6", "chord", "dotted", "off music21's grid", "two whole notes"],
)
def test_what_no_code_says_has_none(pitches, ticks):
    assert note_codes.write(pitches, ticks, USUAL) is None


@pytest.mark.parametrize("text", ["g8 h4", "g", "g5", "G8", "g8:1", "g08"])
def test_what_is_no_code_is_named(text):
    with pytest.raises(ValueError, match=rf"'{text.split()[-1]}' is no code such as g8"):
        note_codes.tune(text, USUAL)


def test_a_tune_of_nothing_is_refused():
    with pytest.raises(ValueError, match="needs codes after it"):
        note_codes.tune(" ", USUAL)


def test_the_notation_writes_codes_where_it_can_and_names_elsewhere():
    music = song((0, 6, 79), (6, 12, 73), (24, 12, 72), (24, 12, 76), (36, 24, 72))
    tokens = ["g8", "C#5:1", "R:1/2", "C5.E5:1", "c2"]
    assert PitchDuration(notation="codes").encode(music) == tokens
    assert PitchDuration().decode(tokens) == music
    assert PitchDuration(notation="codes").ticks("c2") == 24


@given(songs())
def test_the_notation_loses_nothing(music):
    encoding = PitchDuration(notation="codes")
    assert encoding.decode(encoding.encode(music)) == block(music)


def test_an_unknown_notation_is_refused():
    with pytest.raises(ValueError, match="notation 'letters' must be one of names, codes"):
        PitchDuration(notation="letters")
