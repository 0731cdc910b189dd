"""Rendering of MIDI bytes to MP3 or WAV bytes by a General MIDI synthesizer, without system packages.

MP3 rather than Ogg Vorbis, because every browser plays it (Safari plays Ogg only since 18.4) and because its bytes
are the same each time (an Ogg stream carries a random serial number). Its bit rate is constant: with a variable bit
rate browsers seek only roughly, and the playhead would drift from the music.
"""

import functools
import importlib.util
import io
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import tinysoundfont

SAMPLES_PER_SECOND = 32_000
KILOBITS_PER_SECOND = 64
MAX_SECONDS = 300.0

# Length of the sound after the last note, unless it falls to 60 dB below the loudest before.
TAIL_SECONDS = 3.0
TAIL_BLOCK_SECONDS = 0.1
TAIL_SILENCE = 1e-3
FADE_SECONDS = 0.05

# Root mean square of the blocks that are not silent (-20 dB of full scale), unless a peak would exceed PEAK, where the
# encoder's rounding could clip it.
LOUDNESS = 0.1
PEAK = 0.8
LOUDNESS_BLOCK_SECONDS = 0.4
LOUDNESS_GATE = 0.1

SOUND_FONT = "TimGM6mb.sf2"
DRUM_CHANNEL = 9
# libsndfile gives MP3 bit rates of 320 to 32 kbit/s at this sample rate as levels from 0 to 1.
_COMPRESSION_LEVEL = (320 - KILOBITS_PER_SECOND) / (320 - 32)
# Of a variable bit rate: about 30 kbit/s of an instrument alone, at 24 kHz.
_SMALL_COMPRESSION_LEVEL = 0.7

Samples = npt.NDArray[np.float32]


class AudioError(RuntimeError):
    """Failure to render a song, in one sentence."""


def check_installed(otherwise: str = "") -> None:
    """Raises AudioError, with the command that installs it or what else to do, if a package for audio is missing."""
    missing = [name for name in ("tinysoundfont", "pretty_midi", "soundfile") if importlib.util.find_spec(name) is None]
    if missing:
        raise AudioError(
            f"audio needs {' and '.join(missing)}, which is not installed: "
            f"install Nabi with its extra `generate` (pip install 'nabi[generate]'){otherwise}"
        )


def render(midi: bytes, kind: str = "mp3", *, max_seconds: float = MAX_SECONDS) -> bytes:
    """Renders a MIDI file to audio, mono, at SAMPLES_PER_SECOND; equal files give equal bytes.

    Args:
      midi: bytes of the file.
      kind: `mp3`, or `wav` with 16-bit samples.
      max_seconds: length at which a longer song is cut; its last notes still ring out.

    Raises:
      AudioError: if the file cannot be played or a package is missing.
    """
    check_installed()
    return encode(normalise(synthesize(midi, max_seconds)), kind)


def synthesize(midi: bytes, max_seconds: float = MAX_SECONDS, rate: int = SAMPLES_PER_SECOND) -> Samples:
    """Computes the samples of a MIDI file, float32 [S], mono, not normalised.

    Args:
      midi: bytes of the file.
      max_seconds: length at which a longer song is cut.
      rate: samples a second.

    Raises:
      AudioError: as `render` does.
    """
    import tinysoundfont
    from tinysoundfont.midi import load_memory

    try:
        events = load_memory(midi)
    except RuntimeError as error:
        raise AudioError(f"{len(midi)} bytes that start with {midi[:8]!r} are no MIDI with notes") from error
    synth = _new_synth(rate)
    # The sequencer could also keep the time, but can neither stop at a given moment nor give one channel.
    send = tinysoundfont.Sequencer(synth).send
    blocks, at = [], 0
    for event in events:
        position = round(min(event.t, max_seconds) * rate)
        blocks.append(_play(synth, position - at))
        at = position
        if event.t > max_seconds:
            break
        send(event)
    synth.notes_off()
    return np.concatenate([*blocks, _tail(synth, rate, max((_peak(block) for block in blocks), default=0.0))])


def mix(parts: Sequence[Samples]) -> Samples:
    """Adds the samples of parts, [S] each of its own length, that begin together."""
    total = np.zeros(max(map(len, parts)), np.float32)
    for part in parts:
        total[: len(part)] += part
    return total


def normalise(samples: Samples) -> Samples:
    """Scales samples, [S], to a loudness that is the same for all songs, with no peak above PEAK; silence stays."""
    return (samples * gain(samples)).astype(np.float32)


def gain(samples: Samples) -> float:
    """Computes the factor by which `normalise` scales samples, [S]."""
    return min(LOUDNESS / loudness(samples), PEAK / _peak(samples)) if _peak(samples) else 1.0


def loudness(samples: Samples) -> float:
    """Computes the root mean square of the blocks of samples, [S], that are not silent."""
    size = int(LOUDNESS_BLOCK_SECONDS * SAMPLES_PER_SECOND)
    # Padded to whole blocks, so that a sound shorter than one counts as well.
    power = np.square(np.pad(samples, (0, -len(samples) % size)), dtype=np.float64).reshape(-1, size).mean(axis=1)
    audible = power[power >= power.max() * LOUDNESS_GATE**2]
    return float(np.sqrt(audible.mean()))


def encode(samples: Samples, kind: str) -> bytes:
    """Encodes samples, [S], within -1..1, as MP3 of a constant bit rate, or WAV."""
    lossy = {"compression_level": _COMPRESSION_LEVEL, "bitrate_mode": "CONSTANT"} if kind == "mp3" else {}
    return _encode(samples, SAMPLES_PER_SECOND, kind, **lossy)


def encode_small(samples: Samples, rate: int) -> bytes:
    """Encodes samples, [S], within -1..1, as MP3 of a variable bit rate, for what is decoded before it is played."""
    return _encode(samples, rate, "mp3", compression_level=_SMALL_COMPRESSION_LEVEL, bitrate_mode="VARIABLE")


def _encode(samples: Samples, rate: int, kind: str, **lossy: float | str) -> bytes:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind.upper(), **lossy)
    return file.getvalue()


def _new_synth(rate: int) -> "tinysoundfont.Synth":
    """Creates a synthesizer at rest: a song must not depend on the one played before it."""
    import tinysoundfont

    synth = tinysoundfont.Synth(samplerate=rate)
    synth.sfload(_sound_font())
    synth.program_change(DRUM_CHANNEL, 0, True)
    return synth


@functools.lru_cache(maxsize=1)
def _sound_font() -> bytes:
    """Reads the small General MIDI sound font in pretty_midi's wheel, without importing pretty_midi."""
    spec = importlib.util.find_spec("pretty_midi")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = pathlib.Path(folder, SOUND_FONT)
        if path.exists():
            return path.read_bytes()
    raise AudioError(f"the installed pretty_midi holds no {SOUND_FONT}: install pretty_midi 0.2.11.post0")


def _play(synth: "tinysoundfont.Synth", samples: int) -> Samples:
    """Generates the next samples, [S], mono."""
    if samples <= 0:
        return np.zeros(0, np.float32)
    return np.frombuffer(synth.generate_simple(samples), np.float32).reshape(-1, 2).mean(axis=1)


def _tail(synth: "tinysoundfont.Synth", rate: int, loudest: float) -> Samples:
    """Generates the sound after the last note, [S], faded out at its end."""
    blocks = []
    for _ in range(round(TAIL_SECONDS / TAIL_BLOCK_SECONDS)):
        blocks.append(_play(synth, int(TAIL_BLOCK_SECONDS * rate)))
        if _peak(blocks[-1]) <= loudest * TAIL_SILENCE:
            break
    tail = np.concatenate(blocks)
    fade = int(FADE_SECONDS * rate)
    tail[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return tail


def _peak(samples: Samples) -> float:
    return float(np.abs(samples).max(initial=0.0))
