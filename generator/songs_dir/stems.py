"""Audio of a band: the whole, and what each part plays, by which the songs page mutes and solos it.

All parts are in one MP3, back to back and without their silences, of which most of a band's parts is made: so it is
little larger than the whole, and browsers decode it at once.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from generator.songs_dir import audio
from generator.songs_dir.audio import Samples
from nabi.reading import band_midi

SAMPLES_PER_SECOND = 24_000
# Of stretches: their times are whole blocks. A block of silence stands between two, so that no note rings into another.
BLOCKS_PER_SECOND = 10
_BLOCK = SAMPLES_PER_SECOND // BLOCKS_PER_SECOND
# Of full scale, at the whole's loudness.
SILENCE = 0.002


@dataclasses.dataclass(frozen=True)
class Stems:
    """The audio of a song's parts.

    Attributes:
      audio: MP3.
      stretches: of each stretch of sound in the audio: number of the part, and in seconds where it begins in the song,
        where it begins in the audio, and how long it is.
    """

    audio: bytes
    stretches: list[tuple[int, float, float, float]]


def render(midi: bytes, kind: str) -> tuple[bytes, Stems]:
    """Renders a band's file, as `band_midi` writes them, to audio of the whole and of its parts, which are as loud.

    Each part has a synthesizer of its own, so that it sounds right even if there are more parts than channels.

    Args:
      midi: bytes of the file.
      kind: `mp3` or `wav`, of the whole.
    """
    audio.check_installed()
    parts = band_midi.split_parts(midi)
    whole = audio.mix([audio.synthesize(part) for part in parts])
    gain = audio.gain(whole)
    stems = join([gain * audio.synthesize(part, rate=SAMPLES_PER_SECOND) for part in parts])
    return audio.encode(audio.normalise(whole), kind), stems


def join(parts: Sequence[Samples]) -> Stems:
    """Joins what sounds of parts, samples at SAMPLES_PER_SECOND, [S] each, into one audio; what clips is cut."""
    pieces, stretches, at = [], [], 0
    for number, samples in enumerate(parts):
        blocks = np.pad(samples, (0, -len(samples) % _BLOCK)).reshape(-1, _BLOCK)
        for first, end in _sounding(blocks):
            pieces += [blocks[first:end].ravel(), np.zeros(_BLOCK, np.float32)]
            times = (block / BLOCKS_PER_SECOND for block in (first, at, end - first))
            stretches.append((number, *times))
            at += end - first + 1
    sound = np.concatenate([np.zeros(0, np.float32), *pieces]).clip(-1, 1)
    return Stems(audio.encode_small(sound, SAMPLES_PER_SECOND), stretches)


def _sounding(blocks: Samples) -> list[list[int]]:
    """Finds the stretches of blocks, [B, S], that sound: the first block of each, and the one after its last."""
    sounds = np.abs(blocks).max(axis=1) > SILENCE
    edges = np.diff(np.concatenate([[False], sounds, [False]]).astype(np.int8))
    return np.flatnonzero(edges).reshape(-1, 2).tolist()
