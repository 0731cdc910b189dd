import dataclasses
import io

import mido
import music21
import pytest
import symusic
from hypothesis import given, settings
from hypothesis import strategies as st

from nabi.music import voice_split
from nabi.music.about import About
from nabi.music.song import Song
from nabi.music.voice_split import Part
from nabi.reading import fast_midi, midi_writer
from tests import builders
from tests.builders import notes_of, song, songs


@pytest.mark.parametrize("ticks_per_quarter", [1, 7, 12, 24, 120, 420, 480])
@given(data=st.data())
def test_what_is_written_reads_back_exactly(ticks_per_quarter, data):
    music = data.draw(songs(ticks_per_quarter=ticks_per_quarter))
    written = midi_writer.write(music)
    assert midi_writer.read_exact(written, ticks_per_quarter=ticks_per_quarter) == music
    division = int.from_bytes(written[12:14], "big")
    assert 480 <= division < 960
    assert division % ticks_per_quarter == 0


def _mido_notes(data):
    sounding, found, now = {}, [], 0
    for message in mido.MidiFile(file=io.BytesIO(data)).tracks[0]:
        now += message.time
        if message.type == "note_on":
            sounding[message.note] = now
        elif message.type == "note_off":
            found.append((sounding.pop(message.note), message.note, now))
    return sorted(found)


def _music21_notes(data):
    file = music21.midi.MidiFile()
    file.readstr(data)
    timed = music21.midi.translate.getTimeForEvents(file.tracks[0])
    notes = music21.midi.translate.getNotesFromEvents(timed)
    return sorted((note.onTime, note.event.pitch, note.offTime) for note in notes)


def _symusic_notes(data):
    return sorted((note.start, note.pitch, note.end) for note in symusic.Score.from_midi(data).tracks[0].notes)


@settings(max_examples=25)
@given(songs())
def test_music21_mido_and_symusic_read_the_same_notes(music):
    data = midi_writer.write(music)
    expected = sorted((40 * start, pitch, 40 * (start + duration)) for start, duration, pitch in notes_of(music))
    assert _mido_notes(data) == _music21_notes(data) == _symusic_notes(data) == expected


def test_ends_of_phrases_are_markers_that_the_readers_take():
    music = dataclasses.replace(song((0, 30, 60), (30, 6, 60)), about=About(phrase_ends=(30, 36, 99)))
    for parts in ((), voice_split.parts(music)):
        data = midi_writer.write(music, parts=parts)
        assert fast_midi.read(data).about.phrase_ends == (30, 36)
        assert [(marker.time, marker.text) for marker in symusic.Score.from_midi(data).markers] == [
            (1200, "phrase end"),
            (1440, "phrase end"),
        ]


def test_tempo_signatures_program_and_name_are_written():
    music = Song.from_notes([0], [12], [60], About(time_signature="6/8", key_signature="Bb minor"))
    score = symusic.Score.from_midi(midi_writer.write(music, tempo=130, program=40, track_name="butterfly"))
    assert round(score.tempos[0].qpm, 2) == 130
    assert (score.time_signatures[0].numerator, score.time_signatures[0].denominator) == (6, 8)
    assert (score.key_signatures[0].key, score.key_signatures[0].tonality) == (-5, 1)
    assert (score.tracks[0].program, score.tracks[0].name) == (40, "butterfly")


CHORALE = song(
    *((12 * at, 12, pitch) for at, chord in enumerate([(72, 67, 64, 48), (72, 67, 62, 55)]) for pitch in chord)
)


def test_each_part_has_a_track_and_a_channel_of_its_own():
    written = midi_writer.write(CHORALE, program=52, track_name="song-00007", parts=voice_split.parts(CHORALE))
    file = mido.MidiFile(file=io.BytesIO(written))
    assert (file.type, [track.name for track in file.tracks]) == (
        1,
        ["song-00007", "Soprano", "Alto", "Tenor", "Bass"],
    )
    heard = [
        [(message.channel, message.note) for message in track if message.type == "note_on"] for track in file.tracks
    ]
    assert heard == [[], [(0, 72), (0, 72)], [(1, 67), (1, 67)], [(2, 64), (2, 62)], [(3, 48), (3, 55)]]
    programs = [message.program for track in file.tracks for message in track if message.type == "program_change"]
    assert programs == [52] * 4
    assert {sum(message.time for message in track) for track in file.tracks[1:]} == {960}


@given(music=songs())
def test_a_song_in_parts_reads_back_exactly(music):
    written = midi_writer.write(
        music,
        parts=[
            Part("one", music.with_notes(*(c[::2] for c in music.notes()))),
            Part("two", music.with_notes(*(c[1::2] for c in music.notes()))),
        ],
    )
    assert midi_writer.read_exact(written) == music


def test_a_compound_meter_beats_in_threes():
    notes = Song.from_notes(range(0, 42, 6), [6] * 7, [60] * 7, About(time_signature="6/8"))
    velocities = [note.velocity for note in symusic.Score.from_midi(midi_writer.write(notes)).tracks[0].notes]
    assert velocities == [92, 76, 76, 84, 76, 76, 92]


def test_a_bar_is_as_long_on_a_fine_grid():
    notes = song((0, 6, 60), (6, 6, 60), (24, 6, 60), (96, 6, 60), ticks_per_quarter=24)
    assert [note.velocity for note in symusic.Score.from_midi(midi_writer.write(notes)).tracks[0].notes] == [
        92,
        76,
        84,
        92,
    ]


def test_velocities_follow_the_beat_unless_given():
    notes = song((0, 6, 60), (6, 6, 60), (12, 6, 60), (48, 6, 60))
    assert [note.velocity for note in symusic.Score.from_midi(midi_writer.write(notes)).tracks[0].notes] == [
        92,
        76,
        84,
        92,
    ]
    even = symusic.Score.from_midi(midi_writer.write(notes, velocity=120)).tracks[0].notes
    assert {note.velocity for note in even} == {120}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"program": 128}, r"0\.\.127"),
        ({"velocity": 0}, r"1\.\.127"),
        ({"tempo": 0}, "tempo 0"),
        ({"tempo": 3}, "tempo 3"),
    ],
)
def test_value_outside_its_range_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        midi_writer.write(song((0, 1, 60)), **values)


def test_a_file_off_the_grid_is_not_read_exactly():
    with pytest.raises(ValueError, match="grid"):
        midi_writer.read_exact(builders.midi(builders.note(1, 480, 60)))


def test_bytes_that_are_no_midi_are_refused():
    with pytest.raises(ValueError, match="not a MIDI file"):
        midi_writer.read_exact(b"not MIDI at all")
