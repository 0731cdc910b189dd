"""Excerpts of songs for a listening test: where they may begin, and their sound."""

import numpy as np

from generator.songs_dir import audio
from generator.songs_dir.audio import Samples
from nabi.music import bars, excerpt
from nabi.music.band import has_tempi
from nabi.music.song import Song
from nabi.music.timeline import Timeline
from nabi.reading import band_midi, midi_writer

FADE_SECONDS = 0.5


def bars_to_begin(song: Song, *, seconds: float, tempo: float) -> set[int]:
    """Lists the bars, from 0, on whose first beat a note begins and from which on the song lasts so many seconds.

    Args:
      song: any.
      seconds: length of an excerpt.
      tempo: quarter notes a minute, of a song that says none over time.
    """
    timeline = song.band.timeline if song.band else Timeline.of()
    length, onsets = bars.bar_ticks(song), set(song.start.tolist())
    end = _seconds(timeline, song, song.end, tempo)
    return {
        bar
        for bar in range(int(song.end // length) + 1)
        if round(bar * length) in onsets and end - _seconds(timeline, song, round(bar * length), tempo) >= seconds
    }


def _seconds(timeline: Timeline, song: Song, tick: int, tempo: float) -> float:
    return timeline.seconds(tick, song.ticks_per_quarter, tempo)


def synthesize(song: Song, bar: int, *, seconds: float, tempo: float, program: int) -> Samples:
    """Computes the samples of an excerpt, float32 [seconds * `audio.SAMPLES_PER_SECOND`], faded out at its end.

    Args:
      song: with a band it keeps its parts, and its tempi if it says any.
      bar: number of the bar in which it begins, from 0.
      seconds: length of the excerpt.
      tempo: quarter notes a minute, of a song that says none over time.
      program: General MIDI program of a song without a band, 0..127.
    """
    part = excerpt.cut(song, round(bar * bars.bar_ticks(song)))
    midi = midi_writer.write(part, tempo=None if has_tempi(part.band) else tempo, program=program)
    files = band_midi.split_parts(midi) if part.band else [midi]
    samples = audio.mix([audio.synthesize(file, seconds) for file in files])
    size, fade = (round(length * audio.SAMPLES_PER_SECOND) for length in (seconds, FADE_SECONDS))
    samples = np.pad(samples[:size], (0, max(size - len(samples), 0)))
    samples[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return samples


def encode_alike(one: Samples, other: Samples) -> tuple[bytes, bytes]:
    """Encodes two excerpts, [S] each, as MP3 of the same size and loudness: that of the softer one, normalised."""
    normalised = [audio.normalise(samples) for samples in (one, other)]
    levels = [audio.loudness(samples) for samples in normalised]
    first, second = (
        audio.encode((samples * (min(levels) / level)).astype(np.float32), "mp3")
        for samples, level in zip(normalised, levels, strict=True)
    )
    return first, second
