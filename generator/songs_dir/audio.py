"""A song's sound: MIDI bytes -> MP3 or WAV bytes, by a General MIDI synthesizer, without system packages.

MP3 rather than Ogg Vorbis, because every browser plays it (Safari plays Ogg only since 18.4) and because its bytes
are the same each time (an Ogg stream carries a random serial number). Its bit rate is constant: in a file of variable
bit rate browsers find a moment only roughly, and the playhead would drift from the music.
"""

import functools
import importlib.util
import io
import pathlib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import tinysoundfont

SAMPLES_PER_SECOND = 32_000
KILOBITS_PER_SECOND = 64
MAX_SECONDS = 300.0

# The sound after the last note ends: until it is 60 dB below the loudest, or this long.
TAIL_SECONDS = 3.0
TAIL_BLOCK_SECONDS = 0.1
TAIL_SILENCE = 1e-3
FADE_SECONDS = 0.05

# A comfortable loudness (-20 dB of full scale, over the blocks that are not silent), unless a peak would come so near
# to full scale that the encoder's rounding could clip it.
LOUDNESS = 0.1
PEAK = 0.8
LOUDNESS_BLOCK_SECONDS = 0.4
LOUDNESS_GATE = 0.1

SOUND_FONT = "TimGM6mb.sf2"
DRUM_CHANNEL = 9
# libsndfile gives MP3 bit rates of 320 to 32 kbit/s at this sample rate as levels from 0 to 1.
_COMPRESSION_LEVEL = (320 - KILOBITS_PER_SECOND) / (320 - 32)

Samples = npt.NDArray[np.float32]


class AudioError(RuntimeError):
    """Sound that cannot be made, in one sentence."""


def check_installed() -> None:
    """Raises AudioError if a package that makes sound is missing, saying what to install."""
    missing = [name for name in ("tinysoundfont", "pretty_midi", "soundfile") if importlib.util.find_spec(name) is None]
    if missing:
        raise AudioError(
            f"audio needs {' and '.join(missing)}, which is not installed: "
            "install Nabi with its extra `generate` (pip install 'nabi[generate]'), or pass --audio none"
        )


def render(midi: bytes, kind: str = "mp3", *, max_seconds: float = MAX_SECONDS) -> bytes:
    """The sound of a MIDI file, mono, SAMPLES_PER_SECOND; the same file gives the same bytes.

    Args:
      midi: the file's bytes.
      kind: mp3, or wav, whose samples are of 16 bits.
      max_seconds: where a longer song is cut (its last notes still ring out).

    Raises:
      AudioError: if the file cannot be played or a package is missing.
    """
    check_installed()
    return encode(normalise(synthesize(midi, max_seconds)), kind)


def synthesize(midi: bytes, max_seconds: float = MAX_SECONDS) -> Samples:
    """The samples of a MIDI file, [S], mono, as loud as the sound font has them; raises AudioError as `render` does."""
    import tinysoundfont
    from tinysoundfont.midi import load_memory

    try:
        events = load_memory(midi)
    except RuntimeError as error:
        raise AudioError(f"{len(midi)} bytes that start with {midi[:8]!r} are no MIDI with notes") from error
    synth = _new_synth()
    # The sequencer would also keep the time, but it can neither stop at a moment nor give one channel.
    send = tinysoundfont.Sequencer(synth).send
    blocks, at = [], 0
    for event in events:
        position = round(min(event.t, max_seconds) * SAMPLES_PER_SECOND)
        blocks.append(_play(synth, position - at))
        at = position
        if event.t > max_seconds:
            break
        send(event)
    synth.notes_off()
    return np.concatenate([*blocks, _tail(synth, max((_peak(block) for block in blocks), default=0.0))])


def normalise(samples: Samples) -> Samples:
    """Samples, [S], at a loudness that is the same from song to song, none beyond PEAK; silence stays silence."""
    size = int(LOUDNESS_BLOCK_SECONDS * SAMPLES_PER_SECOND)
    # Padded to whole blocks, so that a sound shorter than one is heard as well.
    power = np.square(np.pad(samples, (0, -len(samples) % size)), dtype=np.float64).reshape(-1, size).mean(axis=1)
    if not _peak(samples):
        return samples
    heard = power[power >= power.max() * LOUDNESS_GATE**2]
    gain = min(LOUDNESS / float(np.sqrt(heard.mean())), PEAK / _peak(samples))
    return (samples * gain).astype(np.float32)


def encode(samples: Samples, kind: str) -> bytes:
    """Samples, [S], within -1..1, as `render` gives them: MP3 of a constant bit rate, or WAV."""
    import soundfile

    lossy = {"compression_level": _COMPRESSION_LEVEL, "bitrate_mode": "CONSTANT"} if kind == "mp3" else {}
    file = io.BytesIO()
    soundfile.write(file, samples, SAMPLES_PER_SECOND, format=kind.upper(), **lossy)
    return file.getvalue()


def _new_synth() -> "tinysoundfont.Synth":
    """A synthesizer at rest: a song must not depend on what was played before it."""
    import tinysoundfont

    synth = tinysoundfont.Synth(samplerate=SAMPLES_PER_SECOND)
    synth.sfload(_sound_font())
    synth.program_change(DRUM_CHANNEL, 0, True)
    return synth


@functools.lru_cache(maxsize=1)
def _sound_font() -> bytes:
    """The small General MIDI sound font in pretty_midi's wheel, found without importing pretty_midi."""
    spec = importlib.util.find_spec("pretty_midi")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = pathlib.Path(folder, SOUND_FONT)
        if path.exists():
            return path.read_bytes()
    raise AudioError(f"the installed pretty_midi holds no {SOUND_FONT}: install pretty_midi 0.2.11.post0")


def _play(synth: "tinysoundfont.Synth", samples: int) -> Samples:
    """The next samples, [S], mono."""
    if samples <= 0:
        return np.zeros(0, np.float32)
    return np.frombuffer(synth.generate_simple(samples), np.float32).reshape(-1, 2).mean(axis=1)


def _tail(synth: "tinysoundfont.Synth", loudest: float) -> Samples:
    """What sounds on after the last note, [S], faded out at its end."""
    blocks = []
    for _ in range(round(TAIL_SECONDS / TAIL_BLOCK_SECONDS)):
        blocks.append(_play(synth, int(TAIL_BLOCK_SECONDS * SAMPLES_PER_SECOND)))
        if _peak(blocks[-1]) <= loudest * TAIL_SILENCE:
            break
    tail = np.concatenate(blocks)
    fade = int(FADE_SECONDS * SAMPLES_PER_SECOND)
    tail[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return tail


def _peak(samples: Samples) -> float:
    return float(np.abs(samples).max(initial=0.0))
