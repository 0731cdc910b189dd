import pathlib

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from songs import tunes
from songs.midi import write
from songs.reading import read_song
from songs.song import Song
from tests.builders import song

MUSIC = pathlib.Path(__file__).parents[3] / "shared" / "midi"


def walk(seed: int, length: int = 150) -> Song:
    """A random melody of eighths, quarters and halves over a bass in half notes."""
    random = np.random.default_rng(seed)
    pitch = np.clip(np.cumsum(random.integers(-4, 5, length)) + 72, 60, 90)
    duration = random.choice([6, 12, 24], length)
    start = np.cumsum(duration) - duration
    bass = np.arange(0, start[-1], 24)
    return Song.from_notes([*start, *bass], [*duration, *[24] * len(bass)], [*pitch, *(40 + bass // 24 % 7)])


def scale_time(music: Song, numerator: int, denominator: int = 1) -> Song:
    start, duration, pitch = (column.astype(np.int64) for column in music.notes())
    return Song.from_notes(start * numerator // denominator, duration * numerator // denominator, pitch)


@given(strategies.integers(0, 10**6), strategies.integers(-12, 12))
@settings(max_examples=20, deadline=None)
def test_transposition_changes_no_band(seed, semitones):
    assert tunes.bands(walk(seed).transpose(semitones)) == tunes.bands(walk(seed))


@given(strategies.integers(0, 10**6), strategies.sampled_from([(2, 1), (3, 1), (1, 2), (1, 3), (7, 2)]))
@settings(max_examples=20, deadline=None)
def test_tempo_changes_no_band_of_the_song_as_struck(seed, ratio):
    assert tunes.bands(scale_time(walk(seed), *ratio))[: tunes.BANDS] == tunes.bands(walk(seed))[: tunes.BANDS]


@given(strategies.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_velocity_durations_and_leading_silence_change_no_band(seed):
    start, duration, pitch = (column.astype(np.int64) for column in walk(seed).notes())
    staccato = Song.from_notes(start + 48, np.maximum(duration // 2, 1), pitch)
    assert tunes.bands(staccato) == tunes.bands(walk(seed))


@pytest.mark.parametrize("seed", range(5))
def test_a_note_in_thirty_that_differs_changes_no_song(seed):
    original = walk(seed, 300)
    start, duration, pitch = original.notes()
    kept = np.random.default_rng(seed).random(len(start)) > 1 / 30
    other = Song.from_notes(start[kept], duration[kept], pitch[kept])
    assert 0.4 < tunes.similarity(original, other) < 1
    assert set(tunes.bands(original)) & set(tunes.bands(other))


def test_different_songs_have_no_band_in_common():
    bands = [band for seed in range(100) for band in tunes.bands(walk(seed))]
    assert len(bands) == 100 * 2 * tunes.BANDS
    assert len(set(bands)) == len(bands)


def test_bands_are_the_same_on_every_machine_and_day():
    onsets = np.cumsum([6 * (1 + index**3 % 4) for index in range(60)])
    melody = song(*((onset, 6, 60 + index**2 % 23) for index, onset in enumerate(onsets)))
    assert tunes.bands(melody)[:2] == ("80c8582a490835ef", "09be161a192c30d8")


def test_a_band_has_sixteen_digits():
    assert {len(band) for band in tunes.bands(walk(1))} == {16}
    assert all(int(band, 16) >= 0 for band in tunes.bands(walk(1)))


def test_a_long_song_is_taken_in_blocks_without_a_change(monkeypatch):
    whole = tunes.bands(walk(2, 1000))
    monkeypatch.setattr(tunes, "_BLOCK", 100)
    assert tunes.bands(walk(2, 1000)) == whole


@pytest.mark.parametrize(
    "short",
    [
        song(),
        song((0, 12, 60)),
        song(*((12 * index, 12, 60 + index) for index in range(6))),
        song(*((12 * index, 12, 60) for index in range(500))),
        song(*((12 * index, 12, 60 + index % 8) for index in range(500))),
    ],
    ids=["none", "a note", "six notes", "a drone", "a loop"],
)
def test_songs_too_short_to_tell_have_no_bands(short):
    assert tunes.bands(short) == ()


def test_a_song_that_is_all_one_chord_in_the_second_hearing_has_the_first_only():
    fast = song(*((2 * index, 1, 40 + index**2 % 43) for index in range(100)))
    assert len(tunes.bands(fast)) == tunes.BANDS
    assert set(tunes.bands(fast)) < set(tunes.bands(scale_time(fast, 2)))


def test_chords_that_another_reader_gathers_change_no_song():
    start, duration, pitch = (column.astype(np.int64) for column in walk(3, 300).notes())
    rolled = Song.from_notes(start + 2 * (pitch > 60) * (start % 24 == 0), duration, pitch)
    gathered = Song.from_notes(start, duration, pitch)
    assert len(tunes.skyline(rolled)[0]) > 1.1 * len(tunes.skyline(gathered)[0])
    assert len(set(tunes.bands(rolled)) & set(tunes.bands(gathered))) > 5


def test_the_skyline_is_the_highest_pitch_of_each_onset():
    onsets, pitches = tunes.skyline(song((0, 6, 60), (0, 12, 72), (0, 24, 48), (12, 1, 50), (24, 2, 61), (24, 3, 40)))
    assert onsets.tolist() == [0, 12, 24]
    assert pitches.tolist() == [72, 50, 61]


def test_onsets_within_a_sixteenth_are_one_if_asked():
    onsets, pitches = tunes.skyline(song((0, 6, 60), (2, 6, 72), (4, 1, 50), (7, 1, 40)), chord_ticks=3)
    assert onsets.tolist() == [0, 7]
    assert pitches.tolist() == [72, 40]


def test_similarity_is_the_share_of_common_grams():
    # 7 notes make a gram, each note more another one: 2 and 3 grams.
    rising = [(12 * index, 12, 60 + index**2) for index in range(9)]
    assert tunes.similarity(song(*rising[:8]), song(*rising)) == pytest.approx(2 / 3)
    assert tunes.similarity(song(*rising), song(*rising)) == 1
    assert tunes.similarity(song(*rising), walk(0)) == 0
    assert tunes.similarity(song(), song()) == 0


def test_rhythm_tells_songs_of_the_same_intervals_apart():
    pitches = [60 + 7 * index % 12 for index in range(60)]
    even = song(*((12 * index, 6, pitch) for index, pitch in enumerate(pitches)))
    swung = song(*((12 * index - 4 * (index % 2), 6, pitch) for index, pitch in enumerate(pitches)))
    assert tunes.similarity(even, swung) == 0


@pytest.mark.skipif(not MUSIC.exists(), reason="no shared music")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("final_fantasy/FF4.mid", "final_fantasy/ff4_piano_collections-main_theme.mid"),
        ("pop909/017.mid", "pop909/018.mid"),
        ("nottingham/reelsu-z8.mid", "nottingham/reelsu-z9.mid"),
    ],
)
def test_real_near_duplicates_are_found(one, other):
    left, right = (read_song((MUSIC / name).read_bytes(), source=name) for name in (one, other))
    assert left != right
    assert tunes.similarity(left, right) > 0.6
    assert set(tunes.bands(left)) & set(tunes.bands(right))


@pytest.mark.skipif(not MUSIC.exists(), reason="no shared music")
@pytest.mark.parametrize("name", ["pop909/001.mid", "pop909/350.mid", "final_fantasy/FF4.mid"])
def test_a_real_song_with_its_tracks_merged_is_found(name):
    original = read_song((MUSIC / name).read_bytes(), source=name)
    rewritten = read_song(write(original), source="again.mid")
    assert set(tunes.bands(original)) & set(tunes.bands(rewritten))


@pytest.mark.skipif(not MUSIC.exists(), reason="no shared music")
def test_real_songs_that_differ_are_apart():
    files = sorted((MUSIC / "pop909").glob("1*.mid"))[:60]
    bands = [band for file in files for band in tunes.bands(read_song(file.read_bytes(), source=file.name))]
    assert len(set(bands)) == len(bands) == 60 * 2 * tunes.BANDS


def test_the_tunes_of_one_file_have_short_names_of_their_own():
    names = {tunes.short_name("ab" * 32 + suffix) for suffix in ("", "#1", "#2", "+1")}
    assert names == {"ab" * 8, "ab" * 8 + "#1", "ab" * 8 + "#2", "ab" * 8 + "+1"}
