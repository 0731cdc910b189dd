import io

import numpy as np
import pytest
import soundfile

from generator.listening import excerpts
from generator.songs_dir import audio
from nabi.music.about import About
from nabi.music.band import Instrument
from nabi.music.song import Song
from nabi.music.timeline import Timeline


def scale(bars, pitch=60, **about):
    """Quarter notes."""
    beats = range(4 * bars)
    return Song.from_notes(
        [12 * at for at in beats], [12] * len(beats), [pitch + at % 12 for at in beats], About(**about)
    )


def test_an_excerpt_begins_with_a_note_on_a_first_beat_and_ends_within_the_song():
    # At 120 a minute a bar of four quarter notes has two seconds.
    assert excerpts.bars_to_begin(scale(8), seconds=6, tempo=120) == {0, 1, 2, 3, 4, 5}
    assert excerpts.bars_to_begin(scale(8), seconds=6, tempo=240) == {0, 1, 2}
    assert excerpts.bars_to_begin(scale(6, time_signature="3/4"), seconds=6, tempo=120) == {0, 1, 2, 3, 4}
    held = Song.from_notes([0, 12, 96], [12, 84, 96], [60, 62, 64])
    assert excerpts.bars_to_begin(held, seconds=2, tempo=120) == {0, 2}


def test_a_band_is_timed_by_its_own_tempi():
    song = Song.from_parts(
        *([48 * bar for bar in range(8)], [48] * 8, [60] * 8, [0] * 8, [90] * 8),
        instruments=[Instrument("Piano", 0)],
        timeline=Timeline.of(tempi=[(0, 1_000_000), (192, 250_000)]),
    )
    # Four bars of four seconds, and four of one.
    assert excerpts.bars_to_begin(song, seconds=5, tempo=120) == {0, 1, 2, 3}


@pytest.mark.parametrize("bar", [0, 2])
def test_an_excerpt_has_its_length_and_no_edge_at_its_end(bar):
    samples = excerpts.synthesize(scale(8), bar, seconds=3, tempo=120, program=0)
    assert len(samples) == 3 * audio.SAMPLES_PER_SECOND
    assert abs(samples[-1]) < 1e-6 < np.abs(samples[-audio.SAMPLES_PER_SECOND // 4 :]).max()


def test_two_excerpts_are_as_large_and_as_loud_as_each_other():
    # The click's peak keeps it from being as loud as music is made.
    music = excerpts.synthesize(scale(4), 0, seconds=5, tempo=120, program=0)
    click = np.zeros_like(music)
    click[::8000] = 0.9
    files = excerpts.encode_alike(music, click)
    assert len(files[0]) == len(files[1])
    assert files[0] != files[1]
    music, click = (soundfile.read(io.BytesIO(file), dtype="float32")[0] for file in files)
    assert audio.loudness(music) == pytest.approx(audio.loudness(click), rel=0.25)
    assert audio.loudness(music) < audio.LOUDNESS / 2
