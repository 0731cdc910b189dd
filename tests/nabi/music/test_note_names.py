import itertools

import pytest
from music21 import chord

from nabi.music import note_names


def test_names_of_the_borders_and_of_middle_c():
    assert (note_names.PITCH_NAMES[0], note_names.PITCH_NAMES[60], note_names.PITCH_NAMES[127]) == ("C-1", "C4", "G9")
    assert note_names.chord_name((63, 70)) == "Eb4.Bb4"


@pytest.mark.parametrize("pitch", [-1, 128])
def test_what_is_no_midi_number_has_no_name(pitch):
    with pytest.raises(ValueError, match=rf"{pitch} is no MIDI number in 0\.\.127"):
        note_names.chord_name((60, pitch))


def test_every_pitch_name_reads_back():
    assert [note_names.parse_chord(name) for name in note_names.PITCH_NAMES] == [(midi,) for midi in range(128)]


@pytest.mark.parametrize("name", ["H4", "C", "D#4", "C10", "B-2", ""])
def test_what_is_no_pitch_name_is_refused(name):
    with pytest.raises(ValueError, match="pitch name"):
        note_names.parse_chord(name)
    with pytest.raises(ValueError, match="pitch name"):
        note_names.parse_pitch(name)


def test_a_pitch_is_one_number_and_a_chord_is_none():
    assert note_names.parse_pitch("Eb4") == 63
    with pytest.raises(ValueError, match=r"'C4\.E4' is no pitch name"):
        note_names.parse_pitch("C4.E4")


def test_normal_order_is_music21s_for_every_chord_type():
    classes = [some for size in range(1, 13) for some in itertools.combinations(range(12), size)][::7]
    assert [note_names.normal_order(some) for some in classes] == [
        tuple(chord.Chord([60 + pitch_class for pitch_class in some]).normalOrder) for some in classes
    ]


def test_normal_order_decodes_to_its_lowest_ascending_voicing():
    assert note_names.parse_classes("9.0.4") == (69, 72, 76)
    assert note_names.parse_classes("0") == (60, 72)


@pytest.mark.parametrize("name", ["12", "4.4"])
def test_classes_must_be_different_and_below_twelve(name):
    with pytest.raises(ValueError, match=r"0\.\.11"):
        note_names.parse_classes(name)


@pytest.mark.parametrize(
    ("ticks", "ticks_per_quarter", "name"),
    [
        (6, 12, "1/2"),
        (12, 12, "1"),
        (16, 12, "4/3"),
        (1, 12, "1/12"),
        (600, 12, "50"),
        (15, 120, "1/8"),
        (24, 120, "1/5"),
    ],
)
def test_durations_are_quarter_notes(ticks, ticks_per_quarter, name):
    assert note_names.duration_name(ticks, ticks_per_quarter) == name
    assert note_names.parse_duration(name, ticks_per_quarter) == ticks


@pytest.mark.parametrize("name", ["0", "-1", "1/7", "x", "1/0"])
def test_what_is_off_the_grid_is_no_duration(name):
    with pytest.raises(ValueError, match=r"no duration|multiple"):
        note_names.parse_duration(name, 12)
