"""What other programs' readers make of a file that Nabi writes: all that it says, not its notes alone."""

import io
import warnings

import mido
import music21
import pytest
import symusic

from nabi.music.about import About
from nabi.music.song import Song
from nabi.reading import midi_writer

# 6/8: a bar is 36 ticks, a beat 6. Notes on the first beat, on another, and between two; then a chord.
MUSIC = Song.from_notes(
    [0, 6, 9, 36, 36], [6, 3, 12, 36, 36], [70, 72, 73, 58, 65], About(time_signature="6/8", key_signature="Bb minor")
)
FILE = midi_writer.write(MUSIC, tempo=125, program=40, track_name="song-00007")

# (start, duration, pitch, velocity), times in quarter notes.
NOTES = [
    (0.0, 0.5, 70, 92),
    (0.5, 0.25, 72, 76),
    (0.75, 1.0, 73, 76),
    (3.0, 3.0, 58, 92),
    (3.0, 3.0, 65, 92),
]
SAID = {"name": "song-00007", "tempo": 125.0, "meter": "6/8", "key": "Bb minor", "program": 40, "notes": NOTES}


def by_mido(data):
    file = mido.MidiFile(file=io.BytesIO(data))
    (track,) = file.tracks
    said, now, sounding, notes = {}, 0, {}, []
    for message in track:
        now += message.time
        if message.type == "note_on":
            sounding[message.note] = (now, message.velocity)
        elif message.type == "note_off":
            start, velocity = sounding.pop(message.note)
            notes.append((start / file.ticks_per_beat, (now - start) / file.ticks_per_beat, message.note, velocity))
        else:
            said[message.type] = message
    return {
        "name": said["track_name"].name,
        "tempo": mido.tempo2bpm(said["set_tempo"].tempo),
        "meter": f"{said['time_signature'].numerator}/{said['time_signature'].denominator}",
        "key": said["key_signature"].key.removesuffix("m") + (" minor" if said["key_signature"].key[-1] == "m" else ""),
        "program": said["program_change"].program,
        "notes": sorted(notes),
    }


def by_symusic(data):
    score = symusic.Score.from_midi(data)
    (track,) = score.tracks
    ((meter,), (key,)) = score.time_signatures, score.key_signatures
    return {
        "name": track.name,
        "tempo": round(score.tempos[0].qpm, 6),
        "meter": f"{meter.numerator}/{meter.denominator}",
        "key": {(-5, 1): "Bb minor"}[key.key, key.tonality],
        "program": track.program,
        "notes": sorted(
            (note.start / score.tpq, note.duration / score.tpq, note.pitch, note.velocity) for note in track.notes
        ),
    }


def by_music21(data):
    with warnings.catch_warnings():
        # A program that warns of a file is one that its user will not trust.
        warnings.simplefilter("error", music21.midi.translate.TranslateWarning)
        score = music21.converter.parseData(data, format="midi", quantizePost=False)

    def only(kind):
        (found,) = score.recurse().getElementsByClass(kind)
        return found

    (part,) = score.parts
    key = only(music21.key.Key)
    return {
        "name": part.partName,
        "tempo": only(music21.tempo.MetronomeMark).number,
        "meter": only(music21.meter.TimeSignature).ratioString,
        "key": f"{key.tonic.name.replace('-', 'b')} {key.mode}",
        "program": only(music21.instrument.Instrument).midiProgram,
        "notes": sorted(
            (float(note.getOffsetInHierarchy(score)), float(note.quarterLength), pitch.midi, note.volume.velocity)
            for note in score.stripTies().recurse().notes
            for pitch in note.pitches
        ),
    }


@pytest.mark.parametrize("reader", [by_mido, by_symusic, by_music21])
def test_every_program_reads_all_that_was_written(reader):
    assert reader(FILE) == SAID


def test_there_is_one_track_with_one_end_and_nothing_after_it():
    file = mido.MidiFile(file=io.BytesIO(FILE))
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (0, 480, 1)
    kinds = [message.type for message in file.tracks[0]]
    assert kinds[:5] == ["track_name", "set_tempo", "time_signature", "key_signature", "program_change"]
    assert kinds.count("end_of_track") == 1
    assert kinds[-1] == "end_of_track"
    assert file.length == pytest.approx(6 * 60 / 125)


def test_a_song_that_knows_neither_key_nor_meter_is_in_common_time_and_claims_no_key():
    score = symusic.Score.from_midi(midi_writer.write(Song.from_notes([0], [12], [60])))
    assert [(meter.numerator, meter.denominator) for meter in score.time_signatures] == [(4, 4)]
    assert len(score.key_signatures) == 0
