"""Recordings timed in seconds."""

import pathlib

import numpy as np
import pytest
import symusic

from nabi.reading import file_reader, midi_seconds, midi_writer
from nabi.reading.read_settings import DIVISORS_OF_SECONDS, ReadSettings
from tests import builders
from tests.builders import meta, note, notes_of, on

GROOVE = pathlib.Path(__file__).parents[4] / "shared" / "midi" / "groove"
SETTINGS = ReadSettings(divisors=DIVISORS_OF_SECONDS, parts=True, time="seconds")


def tempo(tick, microseconds):
    return meta(tick, 0x51, microseconds.to_bytes(3, "big"))


def read(*tracks, division=480, settings=SETTINGS):
    return file_reader.read_song(builders.midi(*tracks, division=division), source="a.mid", settings=settings)


def test_without_a_tempo_a_quarter_note_is_half_a_second():
    assert notes_of(read([*note(480, 960, 60)])) == [(50, 50, 60)]


def test_ticks_go_by_the_tempo_that_holds_in_whatever_track_it_is():
    song = read([tempo(0, 1_000_000), tempo(480, 250_000)], [*note(0, 480, 60), *note(480, 1440, 62)])
    # A second; then two quarter notes of a quarter of a second.
    assert notes_of(song) == [(0, 100, 60), (100, 50, 62)]


def test_tempo_and_meter_mean_nothing_any_more_and_it_sounds_as_it_was_played():
    song = read([tempo(0, 1_000_000), meta(0, 0x58, bytes([3, 2, 24, 8])), meta(0, 0x59, b"\x01\0"), *note(0, 480, 60)])
    assert (song.about.tempo, song.about.time_signature, song.about.key_signature) == (120.0, None, "G major")
    assert [len(rows) for rows in song.band.timeline.columns()] == [0, 0, 1]
    assert symusic.Score.from_midi(midi_writer.write(song)).to("second").end() == pytest.approx(1.0)


def test_notes_that_begin_nearly_together_stay_apart():
    # 9 ms apart: music21 would gather them.
    notes = [*note(0, 480, 60), *note(9, 480, 64), *note(9, 480, 67)]
    song = read(notes, settings=SETTINGS)
    assert notes_of(song) == [(0, 50, 60), (1, 49, 64), (1, 49, 67)]
    assert len(read(notes, settings=ReadSettings(divisors=DIVISORS_OF_SECONDS, parts=True))) == 1


@pytest.mark.parametrize("data", [b"", b"MThd", b"RIFF" * 9, builders.scale()[:14]])
def test_what_is_no_whole_file_is_left_as_it_is(data):
    assert midi_seconds.in_seconds(data) == data


def test_of_two_tempi_at_one_tick_the_last_holds_as_it_does_in_quarter_notes():
    assert notes_of(read([tempo(0, 500_000), tempo(0, 250_000), *note(480, 960, 60)])) == [(25, 25, 60)]


@pytest.mark.parametrize("rest", [b"\0\0", b"MTrk"])
def test_what_follows_the_last_track_does_not_matter(rest):
    data = builders.midi([tempo(0, 1_000_000), *note(0, 480, 60)])
    songs = [file_reader.read_song(content, source="a.mid", settings=SETTINGS) for content in (data, data + rest)]
    assert [notes_of(song) for song in songs] == [[(0, 100, 60)]] * 2


def test_a_track_that_ends_inside_a_message_is_read_as_ever():
    data = builders.midi([on(0, 60)])
    cut = data[:-5].replace(len(data[22:]).to_bytes(4, "big"), len(data[22:-5]).to_bytes(4, "big"))
    assert file_reader.difference(cut, SETTINGS) == ""


@pytest.mark.skipif(not GROOVE.is_dir(), reason="the collections are not on this machine")
def test_a_drummer_s_hits_come_back_within_5_ms_with_their_velocities():
    file = sorted(GROOVE.rglob("*.mid"))[0]
    played = symusic.Score.from_midi(file.read_bytes()).to("second")
    song = file_reader.read_song(file.read_bytes(), source=file.name, settings=SETTINGS)
    again = symusic.Score.from_midi(midi_writer.write(song)).to("second")
    hits = [sorted((n.pitch, n.time, n.velocity) for t in s.tracks for n in t.notes) for s in (played, again)]
    assert len(hits[0]) == len(hits[1]) > 50
    before, after = (np.array(rows) for rows in hits)
    assert np.array_equal(before[:, [0, 2]], after[:, [0, 2]])
    assert np.abs(before[:, 1] - after[:, 1]).max() <= 0.00501
