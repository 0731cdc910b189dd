import itertools
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
    return Song.from_notes(
        [*start, *bass], [*duration, *[24] * len(bass)], [*pitch, *random.integers(36, 56, len(bass))]
    )


def scale_time(music: Song, numerator: int, denominator: int = 1) -> Song:
    start, duration, pitch = (column.astype(np.int64) for column in music.notes())
    return Song.from_notes(start * numerator // denominator, duration * numerator // denominator, pitch)


def are_found(one: Song, other: Song) -> bool:
    """Whether two songs are candidates of each other, and alike."""
    left, right = tunes.fingerprint(one), tunes.fingerprint(other)
    return bool(set(left.bands) & set(right.bands)) and tunes.alike(left.sketch, right.sketch)


@given(strategies.integers(0, 10**6), strategies.integers(-12, 12))
@settings(max_examples=20, deadline=None)
def test_transposition_changes_nothing(seed, semitones):
    assert tunes.fingerprint(walk(seed).transpose(semitones)) == tunes.fingerprint(walk(seed))


@given(strategies.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_durations_and_leading_silence_change_nothing(seed):
    start, duration, pitch = (column.astype(np.int64) for column in walk(seed).notes())
    staccato = Song.from_notes(start + 48, np.maximum(duration // 2, 1), pitch)
    assert tunes.fingerprint(staccato) == tunes.fingerprint(walk(seed))


@given(strategies.integers(0, 10**6), strategies.sampled_from([(2, 1), (3, 1), (3, 4), (2, 3), (9, 10)]))
@settings(max_examples=20, deadline=None)
def test_another_tempo_quantised_again_is_the_same_tune(seed, ratio):
    assert are_found(scale_time(walk(seed), *ratio), walk(seed))


def without_accompaniment(music: Song) -> Song:
    start, duration, pitch = (column[music.notes()[2] >= 60] for column in music.notes())
    return Song.from_notes(start, duration, pitch)


def without_melody(music: Song) -> Song:
    start, duration, pitch = (column[music.notes()[2] < 60] for column in music.notes())
    return Song.from_notes(start, duration, pitch)


def without_a_third(music: Song) -> Song:
    start, duration, pitch = (column.astype(np.int64) for column in music.notes())
    begin, end = start[-1] // 36 * 12, start[-1] // 36 * 24
    kept = (start < begin) | (start >= end)
    start = np.where(start >= end, start - (end - begin), start)
    return Song.from_notes(start[kept], duration[kept], pitch[kept])


def with_notes_changed(music: Song) -> Song:
    start, duration, pitch = (column.astype(np.int64) for column in music.notes())
    dice = np.random.default_rng(1).random(len(start))
    kept = dice > 1 / 60
    pitch = pitch + 2 * ((dice > 1 / 60) & (dice < 3 / 60))
    return Song.from_notes(start[kept], duration[kept], pitch[kept])


@pytest.mark.parametrize(
    ("change", "least"),
    [(without_accompaniment, 14), (without_melody, 19), (without_a_third, 19), (with_notes_changed, 19)],
)
def test_a_changed_copy_is_the_same_tune(change, least):
    found = [are_found(change(walk(seed, 300)), walk(seed, 300)) for seed in range(20)]
    assert sum(found) >= least


def test_different_songs_are_not_alike_and_hardly_share_a_band():
    prints = [tunes.fingerprint(walk(seed)) for seed in range(100)]
    bands = [band for found in prints for band in found.bands]
    assert len(bands) > 100 * 2 * tunes.BANDS
    assert len(set(bands)) > len(bands) - 5
    assert not any(tunes.alike(one.sketch, other.sketch) for one, other in itertools.combinations(prints, 2))


def test_a_fingerprint_is_the_same_on_every_machine_and_day():
    onsets = np.cumsum([6 * (1 + index**3 % 4) for index in range(60)])
    melody = song(*((onset, 6, 60 + index**2 % 23) for index, onset in enumerate(onsets)))
    assert tunes.fingerprint(melody).bands[:2] == ("2750646e07", "232bc208bf")
    assert tunes.fingerprint(melody).sketch[:4].hex() == "01cb307f"


def test_a_fingerprint_has_bands_of_each_view_and_a_byte_for_each_minimum():
    found = tunes.fingerprint(walk(1, 300))
    assert {len(band) for band in found.bands} == {tunes.BAND_DIGITS}
    assert all(int(band, 16) >= 0 for band in found.bands)
    assert len(found.bands) == tunes.BANDS * len(tunes.VIEWS)
    assert len(found.sketch) == (1 + tunes.SKETCH) * len(tunes.VIEWS)


def test_a_long_song_is_taken_in_blocks_without_a_change(monkeypatch):
    whole = tunes.fingerprint(walk(2, 1000))
    monkeypatch.setattr(tunes, "_BLOCK", 100)
    assert tunes.fingerprint(walk(2, 1000)) == whole


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
def test_songs_too_short_to_tell_have_no_fingerprint(short):
    assert tunes.fingerprint(short) == tunes.Fingerprint()
    assert tunes.similarity(short, short) == 0
    assert not tunes.alike(b"", b"")


def test_a_line_is_the_highest_pitch_of_each_chord():
    notes = song((0, 6, 60), (0, 12, 72), (0, 24, 48), (2, 12, 74), (12, 1, 50), (24, 2, 61), (24, 3, 40))
    onsets, pitches = tunes.line(notes, tunes.View(top=True))
    assert onsets.tolist() == [0, 12, 24]
    assert pitches.tolist() == [74, 50, 61]
    assert tunes.line(notes, tunes.View(top=False))[1].tolist() == [48, 50, 40]


def test_notes_that_one_near_them_tops_are_left_out():
    notes = song((0, 6, 60), (12, 6, 72), (24, 6, 72), (36, 6, 50), (54, 6, 71))
    assert tunes.line(notes, tunes.View(top=True, quarters=1))[0].tolist() == [12, 24, 54]
    assert tunes.line(notes, tunes.View(top=False, quarters=1))[0].tolist() == [0, 36, 54]
    # The mean wait is 13.5 ticks.
    assert tunes.line(notes, tunes.View(top=True, waits=1.4))[0].tolist() == [12, 24, 54]
    assert tunes.line(notes, tunes.View(top=True, waits=0.8))[0].tolist() == [0, 12, 24, 36, 54]


def test_similarity_is_the_share_of_common_grams():
    # 7 notes make a gram, each note more another one: 20 and 30 grams.
    rising = [(12 * index, 12, 20 + index**2 % 97) for index in range(36)]
    assert tunes.similarity(song(*rising[:26]), song(*rising)) == pytest.approx(2 / 3)
    assert tunes.similarity(song(*rising), song(*rising)) == 1
    assert tunes.similarity(song(*rising), walk(0)) == 0


def test_a_sketch_estimates_the_similarity():
    long, part = walk(5, 600), without_a_third(walk(5, 600))
    estimates = tunes.estimate(tunes.fingerprint(long).sketch, tunes.fingerprint(part).sketch)
    assert estimates.max() == pytest.approx(tunes.similarity(long, part), abs=0.2)
    assert tunes.estimate(tunes.fingerprint(long).sketch, tunes.fingerprint(long).sketch).tolist() == [1, 1, 1, 1]
    assert tunes.estimate(tunes.fingerprint(long).sketch, b"").tolist() == [0, 0, 0, 0]


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
    assert are_found(left, right)


@pytest.mark.skipif(not MUSIC.exists(), reason="no shared music")
@pytest.mark.parametrize("name", ["pop909/001.mid", "pop909/350.mid", "final_fantasy/FF4.mid"])
def test_a_real_song_with_its_tracks_merged_is_found(name):
    original = read_song((MUSIC / name).read_bytes(), source=name)
    assert are_found(original, read_song(write(original), source="again.mid"))


@pytest.mark.skipif(not MUSIC.exists(), reason="no shared music")
def test_real_songs_that_differ_are_apart():
    files = sorted((MUSIC / "pop909").glob("1*.mid"))[:60]
    prints = [tunes.fingerprint(read_song(file.read_bytes(), source=file.name)) for file in files]
    assert not [pair for pair in itertools.combinations(prints, 2) if tunes.alike(pair[0].sketch, pair[1].sketch)]


def test_the_tunes_of_one_file_have_short_names_of_their_own():
    names = {tunes.short_name("ab" * 32 + suffix) for suffix in ("", "#1", "#2", "+1")}
    assert names == {"ab" * 8, "ab" * 8 + "#1", "ab" * 8 + "#2", "ab" * 8 + "+1"}
