"""Songs with parts as MIDI files, and what other readers make of these."""

import io

import mido
import pytest
import symusic
from hypothesis import given, settings
from hypothesis import strategies as st

from nabi.music.band import Instrument
from nabi.music.song import Song
from nabi.music.timeline import Timeline
from nabi.reading import band_midi, fast_midi, midi_writer
from nabi.reading.read_settings import ReadSettings
from tests.builders import bands, song

PARTS = ReadSettings(parts=True, pedal="keep")


@pytest.mark.parametrize("ticks_per_quarter", [1, 7, 12, 24, 120, 480])
@given(data=st.data())
def test_what_is_written_reads_back_exactly(ticks_per_quarter, data):
    music = data.draw(bands(ticks_per_quarter=ticks_per_quarter))
    assert band_midi.read_exact(midi_writer.write(music), ticks_per_quarter=ticks_per_quarter) == music


def trio(**more):
    instruments = [Instrument("Violin", 40), Instrument("Drums", 8, is_drums=True), Instrument("Bass", 32)]
    return Song.from_parts(
        [0, 0, 12, 0], [12, 6, 12, 24], [67, 36, 69, 40], [0, 1, 0, 2], [90, 100, 80, 70],
        instruments=instruments, **more,
    )  # fmt: skip


def test_a_file_is_split_into_its_parts_which_keep_the_tempi_and_pedals():
    timeline = Timeline.of(tempi=[(0, 500_000), (12, 400_000)])
    violin, drums, bass = map(
        band_midi.read_exact, band_midi.split_parts(midi_writer.write(trio(timeline=timeline, pedals=[(2, 0, 18)])))
    )
    assert [part.band.instruments[0].name for part in (violin, drums, bass)] == ["Violin", "Drums", "Bass"]
    assert [part.pitches.tolist() for part in (violin, drums, bass)] == [[67, 69], [36], [40]]
    assert bass.band.pedals.tolist() == [[0, 0, 18]]
    assert bass.band.timeline.tempi.tolist() == [[0, 500_000], [12, 400_000]]


def test_the_readers_find_the_parts_again():
    timeline = Timeline.of(tempi=[(0, 500_000), (12, 400_000)], meters=[(0, 3, 4)], keys=[(0, 1, 0)])
    music = trio(timeline=timeline, pedals=[(2, 0, 18)])
    read = fast_midi.read(midi_writer.write(music), PARTS)
    # music21 has names of its own.
    assert [player[1:] for player in read.band.instruments] == [(40, False), (8, True), (32, False)]
    assert [player.name for player in read.band.instruments][::2] == ["Violin", "Acoustic Bass"]
    assert (list(read), read.band.velocity.tolist()) == (list(music), music.band.velocity.tolist())
    assert read.band.pedals.tolist() == [[2, 0, 18]]
    assert [rows.tolist() for rows in read.band.timeline.columns()] == [rows.tolist() for rows in timeline.columns()]


def test_symusic_and_mido_see_the_same_parts():
    music = trio(timeline=Timeline.of(tempi=[(0, 500_000), (12, 400_000)]), pedals=[(0, 0, 18)])
    data = midi_writer.write(music)
    score = symusic.Score.from_midi(data)
    seen = [
        (track.name, track.program, track.is_drum, [(n.start, n.duration, n.pitch, n.velocity) for n in track.notes])
        for track in score.tracks
    ]
    assert seen == [
        ("Violin", 40, False, [(0, 480, 67, 90), (480, 480, 69, 80)]),
        ("Drums", 8, True, [(0, 240, 36, 100)]),
        ("Bass", 32, False, [(0, 960, 40, 70)]),
    ]
    assert [(tempo.time, tempo.mspq) for tempo in score.tempos] == [(0, 500_000), (480, 400_000)]
    _, violin, *_ = mido.MidiFile(file=io.BytesIO(data)).tracks
    pedal = [message for message in violin if message.type == "control_change"]
    assert [(message.control, message.value) for message in pedal] == [(64, 127), (64, 0)]


def test_more_parts_than_channels_have_further_ports():
    instruments = [Instrument(str(number), number) for number in range(33)]
    columns = [0] * 33, [12] * 33, [60] * 33, list(range(33)), [80] * 33
    data = midi_writer.write(Song.from_parts(*columns, instruments=instruments))
    tracks = mido.MidiFile(file=io.BytesIO(data)).tracks[1:]
    ports = [next((m.port for m in track if m.type == "midi_port"), 0) for track in tracks]
    channels = [next(m.channel for m in track if m.type == "program_change") for track in tracks]
    assert len(set(zip(ports, channels, strict=True))) == 33
    assert 9 not in channels
    assert [player.program for player in band_midi.read_exact(data).band.instruments] == list(range(33))


def test_a_tempo_that_is_asked_for_replaces_the_song_s_own():
    music = trio(timeline=Timeline.of(tempi=[(0, 500_000), (12, 400_000)]))
    read = band_midi.read_exact(midi_writer.write(music, tempo=100))
    assert read.band.timeline.tempi.tolist() == [[0, 600_000]]


@settings(max_examples=20)
@given(bands())
def test_symusic_reads_every_note(music):
    score = symusic.Score.from_midi(midi_writer.write(music))
    seen = sorted((n.start, n.duration, n.pitch, n.velocity) for track in score.tracks for n in track.notes)
    columns = (*music.notes(), music.band.velocity)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    assert seen == sorted((40 * start, 40 * duration, pitch, velocity) for start, duration, pitch, velocity in rows)


def test_a_song_without_a_band_is_written_elsewhere():
    with pytest.raises(ValueError, match="has no band"):
        band_midi.write(song((0, 12, 60)))
    with pytest.raises(ValueError, match="not a MIDI file"):
        band_midi.read_exact(b"MThd")
