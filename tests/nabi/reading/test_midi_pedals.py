"""Sustain pedals of MIDI files, through both readers."""

import pytest

from nabi.reading import fast_midi, music21_midi
from nabi.reading.read_settings import ReadSettings
from tests.builders import control, meta, midi, note, notes_of


@pytest.fixture(params=[fast_midi, music21_midi], ids=["fast", "music21"])
def read(request):
    return lambda *tracks, **settings: request.param.read(midi(*tracks), ReadSettings(**settings))


def pedal(down, up, channel=0):
    return [control(down, 64, 127, channel), control(up, 64, 0, channel)]


def test_a_note_that_ends_while_the_pedal_is_down_sounds_until_it_goes_up(read):
    track = [*note(0, 480, 60), *note(0, 1440, 64), *pedal(240, 960)]
    assert notes_of(read(track, pedal="extend")) == [(0, 24, 60), (0, 36, 64)]
    assert notes_of(read(track)) == [(0, 12, 60), (0, 36, 64)]


def test_a_pitch_that_is_struck_again_ends_its_earlier_note(read):
    track = [*note(0, 240, 60), *note(480, 720, 60), *pedal(0, 960)]
    assert notes_of(read(track, pedal="extend")) == [(0, 12, 60), (12, 12, 60)]


def test_a_pedal_counts_from_64_on_and_one_that_is_down_at_the_end_goes_up_with_the_last_note(read):
    half = [*note(0, 480, 60), *note(0, 1440, 67), control(0, 64, 63)]
    assert notes_of(read(half, pedal="extend"))[0] == (0, 12, 60)
    assert notes_of(read([*half, control(10, 64, 64)], pedal="extend"))[0] == (0, 36, 60)


def test_a_pedal_is_its_channel_s_in_whatever_track_and_of_no_other(read):
    left, right = [meta(0, 3, b"Piano"), *note(0, 480, 40, 1)], [meta(0, 3, b"Piano"), *note(0, 480, 60)]
    assert notes_of(read(left, right, pedal(0, 960), pedal="extend")) == [(0, 12, 40), (0, 24, 60)]


def test_drums_are_neither_extended_nor_do_they_hold_a_pedal(read):
    tracks = [*note(0, 480, 60), control(0, 64, 127)], [*note(0, 1920, 36, 9), control(0, 64, 127, 9)]
    song = read(*tracks, pedal="extend", parts=True)
    assert notes_of(song.merged()) == notes_of(read(*tracks, pedal="extend")) == [(0, 12, 60)]
    assert song.pitches.tolist() == [60, 36]


def test_a_pedal_is_kept_with_its_part(read):
    song = read([*note(0, 960, 60), *pedal(240, 480), *pedal(480, 600)], pedal="keep", parts=True)
    assert song.band.pedals.tolist() == [[0, 6, 15]]
    assert notes_of(song) == [(0, 24, 60)]
