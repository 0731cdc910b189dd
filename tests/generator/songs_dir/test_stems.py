import io

import numpy as np
import pytest
import soundfile

from generator.songs_dir import audio, stems
from nabi.music.band import Instrument
from nabi.music.song import Song
from nabi.reading import midi_writer

RATE = stems.SAMPLES_PER_SECOND
# An organ sounds evenly while a note is held and falls silent soon after.
BAND = [Instrument("Organ", 19), Instrument("Organ", 16)]


def midi(*notes):
    """The file of a band at 60 quarters a minute; notes are (tick, ticks, pitch, part), 12 ticks a second."""
    columns = zip(*((*note, 90) for note in notes), strict=True)
    return midi_writer.write(Song.from_parts(*columns, instruments=BAND), tempo=60)


def decode(data):
    return soundfile.read(io.BytesIO(data))[0]


def tone(seconds, height=0.1):
    return (height * np.sin(np.arange(int(seconds * RATE)) * 0.1)).astype(np.float32)


def silence(seconds):
    return np.zeros(int(seconds * RATE), np.float32)


def test_what_sounds_of_the_parts_is_one_audio_and_silence_is_left_out():
    first = np.concatenate([silence(0.5), tone(1), silence(2), tone(0.3)])
    joined = stems.join([first, silence(4), np.concatenate([tone(0.2), silence(1)])])
    assert joined.stretches == [(0, 0.5, 0.0, 1.0), (0, 3.5, 1.1, 0.3), (2, 0.0, 1.5, 0.2)]
    heard = decode(joined.audio)
    assert len(heard) == pytest.approx(1.8 * RATE, abs=RATE * 0.1)
    assert power(heard, RATE, 0.2) == pytest.approx(0.1 / np.sqrt(2), rel=0.1)


def test_parts_that_never_sound_have_an_audio_without_stretches():
    assert stems.join([silence(1), silence(0)]).stretches == []


def test_the_parts_together_are_the_whole():
    whole, parts = stems.render(midi((0, 24, 60, 0), (12, 36, 67, 1), (72, 12, 62, 0)), "wav")
    sound, expected = decode(parts.audio), decode(whole)
    assert [(part, begin) for part, begin, _, _ in parts.stretches] == [(0, 0.0), (0, 6.0), (1, 1.0)]
    # As loud in each half second; the sample rates differ.
    together = np.zeros(10 * RATE)
    for _, begin, at, length in parts.stretches:
        begin, at, length = (round(seconds * RATE) for seconds in (begin, at, length))
        together[begin : begin + length] += sound[at : at + length][: len(together) - begin]
    for moment in (0.2, 1.2, 2.2, 3.2, 6.2):
        assert power(together, RATE, moment) == pytest.approx(
            power(expected, audio.SAMPLES_PER_SECOND, moment), rel=0.1
        )


def power(samples, rate, moment):
    return np.sqrt(np.mean(np.square(samples[int(moment * rate) : int((moment + 0.5) * rate)])))


def test_equal_files_give_equal_bytes():
    data = midi((0, 24, 60, 0), (12, 36, 67, 1))
    first = stems.render(data, "mp3")
    stems.render(midi((0, 24, 40, 0), (12, 36, 47, 1)), "mp3")
    assert stems.render(data, "mp3") == first


def test_of_more_parts_than_channels_each_is_heard():
    band = [Instrument(f"Organ {number}", 19) for number in range(17)]
    song = Song.from_parts(
        [12 * number for number in range(17)], [12] * 17, [60] * 17, list(range(17)), [90] * 17, instruments=band
    )
    _, parts = stems.render(midi_writer.write(song, tempo=60), "mp3")
    assert [(part, begin) for part, begin, _, _ in parts.stretches] == [(number, number) for number in range(17)]
