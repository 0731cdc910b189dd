import dataclasses
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music import notation
from nabi.music.about import About
from nabi.music.notation import BarLines, Written
from nabi.music.song import Song
from tests import builders
from tests.builders import song

METERS = ("4/4", "3/4", "6/8", "5/8", "2/2", "3/16", "7/32", "1/128", "4/2")
HALF, QUARTER, EIGHTH, SIXTEENTH = Fraction(2), Fraction(1), Fraction(1, 2), Fraction(1, 4)


def in_meter(meter: str, *notes: tuple[int, int, int], ticks_per_quarter: int = 12) -> Song:
    return dataclasses.replace(song(*notes, ticks_per_quarter=ticks_per_quarter), about=About(time_signature=meter))


def written(music: Song) -> list[list[list[Written]]]:
    """The values of each measure, of each voice."""
    lines = BarLines.of(music)
    return [list(notation.measures(voice, lines)) for voice in notation.voices(music, lines.scale)]


def values(music: Song) -> list[list[tuple]]:
    """Of the one voice of a song its measures, as (pitches, value, dots, tuplet)."""
    (voice,) = written(music)
    return [[(own.sound.pitches, own.value, own.dots, own.tuplet) for own in measure] for measure in voice]


@pytest.mark.parametrize(
    ("meter", "notes", "lines"),
    [
        ("4/4", [], [0, 48]),
        ("4/4", [(0, 48, 60)], [0, 48]),
        ("4/4", [(0, 49, 60)], [0, 48, 96]),
        ("3/4", [(0, 50, 60)], [0, 36, 72]),
        # An upbeat of a quarter; of an eighth; of two thirds of a quarter, which is written from the beat on.
        ("4/4", [(36, 12, 60), (48, 12, 60)], [36, 48, 96]),
        ("4/4", [(42, 6, 60), (48, 12, 60)], [42, 48, 96]),
        ("4/4", [(40, 8, 60), (48, 12, 60)], [36, 48, 96]),
        # A first half of silence is no upbeat, nor is a bar of it.
        ("4/4", [(12, 12, 60)], [0, 48]),
        ("4/4", [(84, 12, 60)], [0, 48, 96]),
    ],
)
def test_bar_lines(meter, notes, lines):
    assert list(BarLines.of(in_meter(meter, *notes)).lines) == lines


def test_a_bar_of_no_whole_number_of_ticks_divides_the_ticks():
    # A quarter note is a tick: a bar of 3/16 has 3 of 4 parts of it.
    lines = BarLines.of(in_meter("3/16", (0, 2, 60), ticks_per_quarter=1))
    assert (lines.lines, lines.scale, lines.quarter) == ((0, 3, 6, 9), 4, 4)


def test_a_note_over_a_bar_line_is_tied():
    (voice,) = written(in_meter("2/4", (0, 12, 58), (12, 30, 60)))
    assert [[(own.sound.start, own.sound.end) for own in measure] for measure in voice] == [
        [(0, 12), (12, 24)],
        [(24, 42), (42, 48)],
    ]
    ties = [[(bool(own.sound.tied_from), bool(own.sound.tied_to)) for own in measure] for measure in voice]
    assert ties == [[(False, False), (False, True)], [(True, False), (False, False)]]
    assert values(in_meter("2/4", (0, 12, 58), (12, 30, 60)))[1][0] == ((60,), QUARTER, 1, (1, 1))


def test_a_note_longer_than_bars_fills_them():
    assert values(in_meter("3/4", (0, 108, 60))) == [[((60,), HALF, 1, (1, 1))]] * 3


def test_a_length_of_no_single_value_is_several_tied_ones():
    # Five eighths: from the beat the long one first, off the beat the short one.
    assert values(in_meter("4/4", (0, 30, 60)))[0][:2] == [((60,), HALF, 0, (1, 1)), ((60,), EIGHTH, 0, (1, 1))]
    assert values(in_meter("4/4", (6, 30, 60)))[0][1:3] == [((60,), EIGHTH, 0, (1, 1)), ((60,), HALF, 0, (1, 1))]


def test_triplets_are_whole_groups():
    (measure,) = values(in_meter("2/4", (0, 4, 60), (4, 8, 62), (12, 12, 64)))
    assert measure == [
        ((60,), EIGHTH, 0, (3, 2)),
        ((62,), QUARTER, 0, (3, 2)),
        ((64,), QUARTER, 0, (1, 1)),
    ]
    (voice,) = written(in_meter("2/4", (0, 4, 60), (4, 8, 62), (12, 12, 64)))
    assert [own.bracket for own in voice[0]] == ["start", "stop", ""]


def test_sixteenths_and_triplets_of_one_beat_are_in_one_group():
    (measure,) = values(in_meter("1/4", (0, 3, 60), (3, 5, 62), (8, 4, 64)))
    assert {tuplet for *_, tuplet in measure} == {(3, 2)}
    assert sum(value * (3 if dots else 2) / 2 for _, value, dots, _ in measure) == Fraction(3, 2)


def test_a_bar_of_silence_has_no_values_and_a_silent_upbeat_has_rests():
    assert values(in_meter("4/4", (0, 12, 60), (96, 12, 62)))[1] == []
    lines = BarLines.of(in_meter("4/4", (36, 12, 60), (48, 12, 62)))
    (voice,) = notation.voices(song((48, 12, 40)))
    assert [own.sound.pitches for own in next(notation.measures(voice, lines))] == [()]


def test_chords_stay_together_and_what_overlaps_is_in_two_voices():
    upper, lower = written(song((0, 12, 60), (0, 12, 64), (0, 24, 72), (12, 12, 62)))
    assert [own.sound.pitches for own in upper[0]] == [(72,), ()]
    assert [own.sound.pitches for own in lower[0]] == [(60, 64), (62,), ()]


def test_what_needs_more_than_four_voices_is_written_in_one_with_ties():
    (voice,) = written(song(*((6 * at, 48, 60 + at) for at in range(5))))
    assert [own.sound.pitches for own in voice[0]][:3] == [(60,), (60, 61), (60, 61, 62)]
    assert voice[0][1].sound.tied_from == {60}
    assert voice[0][1].sound.tied_to == {60, 61}


def sounding(voices: list[list[list[Written]]], scale: int) -> list[tuple[int, int, int]]:
    """The notes that values stand for, ties joined, in the song's ticks."""
    notes = []
    for voice in voices:
        going: dict[int, int] = {}
        for own in (own.sound for measure in voice for own in measure):
            for pitch in own.pitches:
                start = going.pop(pitch) if pitch in own.tied_from else own.start
                if pitch in own.tied_to:
                    going[pitch] = start
                else:
                    notes.append((start // scale, (own.end - start) // scale, pitch))
        assert not going
    return sorted(notes)


@pytest.mark.parametrize("ticks_per_quarter", [1, 7, 12, 15, 24, 480])
@given(data=st.data())
def test_values_fill_the_measures_and_sound_as_the_song(ticks_per_quarter, data):
    music = data.draw(builders.songs(most_notes=8, ticks_per_quarter=ticks_per_quarter))
    music = dataclasses.replace(music, about=About(time_signature=data.draw(st.sampled_from(METERS))))
    lines, voices = BarLines.of(music), written(music)
    assert sounding(voices, lines.scale) == sorted(builders.notes_of(music))
    for voice in voices:
        assert len(voice) == len(lines.lines) - 1
        for first, measure in zip(lines.lines, voice, strict=False):
            assert measure == [] or measure[0].sound.start == first
            for own in measure:
                ticks = own.value * (3 if own.dots else 2) / 2 * Fraction(own.tuplet[1], own.tuplet[0]) * lines.quarter
                assert own.sound.end - own.sound.start == ticks
