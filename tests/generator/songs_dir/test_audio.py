import importlib.util
import io
import struct

import numpy as np
import pytest
import soundfile

from generator.songs_dir import audio

RATE = audio.SAMPLES_PER_SECOND


def midi(*notes, program=0, ticks_per_quarter=500):
    """A file at 120 quarters a minute, one tick a millisecond; notes are (start ms, end ms, pitch)."""
    events = sorted(
        [(end, 0x80, pitch) for _, end, pitch in notes] + [(start, 0x90, pitch) for start, _, pitch in notes]
    )
    track, now = bytes([0, 0xC0, program]), 0
    for at, status, pitch in events:
        track += delta(at - now) + bytes([status, pitch, 90])
        now = at
    track += bytes([0, 0xFF, 0x2F, 0])
    return struct.pack(">4sIHHH4sI", b"MThd", 6, 0, 1, ticks_per_quarter, b"MTrk", len(track)) + track


def delta(ticks):
    """A time as MIDI's variable-length number."""
    digits = [ticks & 0x7F]
    while ticks := ticks >> 7:
        digits.append(0x80 | (ticks & 0x7F))
    return bytes(reversed(digits))


def loudness(samples, begin, end):
    """Root mean square between two moments in seconds."""
    return np.sqrt(np.mean(np.square(samples[int(begin * RATE) : int(end * RATE)])))


def decode(data):
    samples, rate = soundfile.read(io.BytesIO(data))
    assert rate == RATE
    return samples


# A church organ, which sounds evenly while a note is held and falls silent soon after.
ORGAN = 19


def test_sound_where_there_are_notes_and_silence_where_there_is_none():
    samples = decode(audio.render(midi((0, 1000, 60), (4000, 5000, 67), program=ORGAN)))
    assert 5.0 < len(samples) / RATE <= 5.0 + audio.TAIL_SECONDS
    assert loudness(samples, 0.2, 0.9) > 0.05
    assert loudness(samples, 3.0, 3.9) < 0.001
    assert loudness(samples, 4.2, 4.9) > 0.05
    assert np.abs(samples[-100:]).max() < 0.001


def test_the_pitch_is_the_one_written():
    samples = audio.synthesize(midi((0, 2000, 69), program=73))[: 2 * RATE]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    strongest = np.argmax(spectrum) / 2
    assert min(abs(strongest - 440 * harmonic) for harmonic in (1, 2, 3)) < 5


@pytest.mark.slow
def test_wav_holds_the_same_sound_in_16_bits():
    data = midi((0, 1000, 60), (1000, 2000, 67), program=ORGAN)
    wav = audio.render(data, "wav")
    assert soundfile.info(io.BytesIO(wav)).format_info == "WAV (Microsoft)"
    np.testing.assert_allclose(decode(wav), audio.normalise(audio.synthesize(data)), atol=2**-15)


def test_equal_files_give_equal_bytes_whatever_was_rendered_between():
    data = midi((0, 500, 60), (500, 1000, 64))
    first = audio.render(data)
    audio.render(midi((0, 3000, 30), program=48))
    assert audio.render(data) == first


def test_loudness_is_level_and_never_clips():
    one = decode(audio.render(midi((0, 2000, 60), program=ORGAN)))
    crowd = decode(audio.render(midi(*((0, 2000, pitch) for pitch in range(36, 84, 2)), program=ORGAN)))
    assert loudness(one, 0.3, 1.9) == pytest.approx(loudness(crowd, 0.3, 1.9), rel=0.3)
    assert max(np.abs(one).max(), np.abs(crowd).max()) < 0.95


def test_normalise_reaches_the_loudness_and_keeps_silence():
    tone = np.sin(np.arange(RATE) * 0.05).astype(np.float32) * 0.001
    assert loudness(audio.normalise(tone), 0, 1) == pytest.approx(audio.LOUDNESS, rel=0.2)
    click = np.zeros(RATE, np.float32)
    click[100] = 0.5
    assert np.abs(audio.normalise(click)).max() == pytest.approx(audio.PEAK)
    assert not audio.normalise(np.zeros(RATE, np.float32)).any()


def test_long_songs_are_cut():
    held = audio.render(midi((0, 60_000, 60), program=ORGAN), max_seconds=2.0)
    samples = decode(held)
    # An organ's key that is let go falls silent long before the longest tail ends.
    assert 2.0 < len(samples) / RATE <= 2.0 + audio.TAIL_SECONDS / 2
    assert loudness(samples, 1.5, 1.9) > 0.05
    later = midi((0, 60_000, 60), (3000, 70_000, 62), (60_000, 61_000, 64), program=ORGAN)
    assert audio.render(later, max_seconds=2.0) == held


@pytest.mark.parametrize("data", [b"", b"MThd", b"not midi at all", midi((0, 500, 60))[:24]])
def test_what_is_not_midi_is_refused_in_one_sentence(data):
    with pytest.raises(audio.AudioError, match="are no MIDI with notes"):
        audio.render(data)


def test_missing_package_says_what_to_install(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "tinysoundfont" else found(name))
    with pytest.raises(audio.AudioError, match=r"tinysoundfont.*nabi\[generate\].*--audio none"):
        audio.check_installed(", or pass --audio none")
