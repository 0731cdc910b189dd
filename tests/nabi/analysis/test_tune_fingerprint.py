import dataclasses
import itertools
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from nabi.analysis import tune_fingerprint
from nabi.music.song import Song
from nabi.reading import midi_writer
from nabi.reading.file_reader import read_song, read_songs
from nabi.reading.read_settings import ReadSettings
from tests.builders import song
from tests.nabi.reading.score_files import attributes, note, xml

MUSIC = pathlib.Path(__file__).parents[4] / "shared" / "midi"


def walk(seed: int, length: int = 300) -> Song:
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
    left, right = tune_fingerprint.fingerprint(one), tune_fingerprint.fingerprint(other)
    return bool(set(left.bands) & set(right.bands)) and tune_fingerprint.alike(left.sketch, right.sketch)


def of_file(*tracks: Song, instruments: bool = False) -> Song:
    """What is read of a file that has each song's notes in a track of its own, all of one instrument or not."""
    chunks = []
    for number, track in enumerate(tracks):
        header, _, chunk = midi_writer.write(track).partition(b"MTrk")
        program = bytes([0, 0xC0, number if instruments else 0])
        size = int.from_bytes(chunk[:4], "big") + len(program)
        chunks.append(b"MTrk" + size.to_bytes(4, "big") + program + chunk[4:])
    header = header[:8] + (1).to_bytes(2, "big") + len(tracks).to_bytes(2, "big") + header[12:]
    return read_song(header + b"".join(chunks), source="file.mid")


@given(strategies.integers(0, 10**6), strategies.integers(-12, 12))
@settings(max_examples=20)
def test_transposition_changes_nothing(seed, semitones):
    assert tune_fingerprint.fingerprint(walk(seed).transpose(semitones)) == tune_fingerprint.fingerprint(walk(seed))


@given(strategies.integers(0, 10**6))
@settings(max_examples=10)
def test_durations_and_leading_silence_change_nothing(seed):
    start, duration, pitch = (column.astype(np.int64) for column in walk(seed).notes())
    staccato = Song.from_notes(start + 48, np.maximum(duration // 2, 1), pitch)
    assert tune_fingerprint.fingerprint(staccato) == tune_fingerprint.fingerprint(walk(seed))


@given(strategies.integers(0, 10**6), strategies.integers(2, 4))
@settings(max_examples=10)
def test_notes_that_are_many_times_as_long_change_nothing(seed, times):
    assert tune_fingerprint.fingerprint(scale_time(walk(seed), times)) == tune_fingerprint.fingerprint(walk(seed))


@given(strategies.integers(0, 10**6), strategies.sampled_from([(3, 4), (2, 3), (9, 10)]))
@settings(max_examples=20)
def test_another_tempo_quantised_again_is_the_same_tune(seed, ratio):
    assert are_found(scale_time(walk(seed), *ratio), walk(seed))


def melody(music: Song) -> Song:
    start, duration, pitch = (column[music.notes()[2] >= 60] for column in music.notes())
    return Song.from_notes(start, duration, pitch)


def bass(music: Song) -> Song:
    start, duration, pitch = (column[music.notes()[2] < 60] for column in music.notes())
    return Song.from_notes(start, duration, pitch)


@pytest.mark.parametrize("instruments", [False, True], ids=["one instrument", "three instruments"])
@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_copy_without_one_of_its_three_tracks_is_the_same_tune(missing, instruments):
    for seed in range(10):
        tracks = [melody(walk(seed)), melody(walk(seed + 100)), bass(walk(seed))]
        left = tracks[:missing] + tracks[missing + 1 :]
        assert are_found(of_file(*left), of_file(*tracks, instruments=instruments))


def test_a_copy_with_its_tracks_merged_or_in_another_order_is_the_same_tune():
    for seed in range(20):
        upper, lower = melody(walk(seed)), bass(walk(seed))
        assert of_file(upper, lower).about.tracks != of_file(walk(seed)).about.tracks == ""
        assert tune_fingerprint.fingerprint(of_file(lower, upper)) == tune_fingerprint.fingerprint(
            of_file(upper, lower)
        )
        assert are_found(of_file(upper, lower), of_file(walk(seed)))


@pytest.mark.parametrize("parser", ["fast", "music21"])
def test_both_readers_tell_tracks_apart(parser):
    upper, lower = melody(walk(3, 60)), bass(walk(3, 60))
    data = [midi_writer.write(track) for track in (upper, lower)]
    both = data[0][:8] + bytes([0, 1, 0, 2]) + data[0][12:] + data[1][14:]
    read = read_song(both, source="file.mid", settings=ReadSettings(parser=parser))
    columns = [(track.notes()[0], track.notes()[2]) for track in (upper, lower)]
    assert read.about.tracks == tune_fingerprint.of_tracks(columns, 12).to_text() != ""
    plain = read_song(both, source="file.mid", settings=ReadSettings(parser=parser, fingerprint=False))
    assert plain == dataclasses.replace(read, about=dataclasses.replace(read.about, tracks=""))


def test_the_staves_of_a_score_are_told_apart_only_if_asked():
    random = np.random.default_rng(1)
    staves = [[note("CDEFGAB"[step], octave=octave) for step in random.integers(0, 7, 80)] for octave in (3, 5)]
    score = xml(*([attributes() + "".join(staff)] for staff in staves)).encode()
    assert [
        bool(song.about.tracks)
        for fingerprint in (True, False)
        for _, song in read_songs(score, source="a.musicxml", settings=ReadSettings(fingerprint=fingerprint))
    ] == [True, False]


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


@pytest.mark.parametrize("change", [without_a_third, with_notes_changed])
def test_a_changed_copy_is_the_same_tune(change):
    assert [seed for seed in range(20) if not are_found(change(walk(seed)), walk(seed))] == []


def test_different_songs_hardly_share_a_band_and_are_not_alike():
    prints = [tune_fingerprint.fingerprint(walk(seed)) for seed in range(100)]
    bands = [band for found in prints for band in found.bands]
    assert (len(bands), len(set(bands))) == (1000, 999)
    assert (
        max(tune_fingerprint.shared(one.sketch, other.sketch) for one, other in itertools.combinations(prints, 2)) == 3
    )


def test_a_fingerprint_is_the_same_on_every_machine_and_day():
    onsets = np.cumsum([6 * (1 + index**3 % 4) for index in range(60)])
    tune = song(*((onset, 6, 60 + index**2 % 23) for index, onset in enumerate(onsets)))
    assert tune_fingerprint.fingerprint(tune).bands[:2] == ("c7d221864c", "4eeeae4a05")
    assert tune_fingerprint.fingerprint(tune).sketch[:4].hex() == "49369e70"


def test_a_fingerprint_has_bands_and_a_byte_for_each_minimum_of_a_song_and_of_its_tracks():
    upper, lower = melody(walk(1)), bass(walk(1))
    found = tune_fingerprint.fingerprint(of_file(upper, lower))
    assert {len(band) for band in found.bands} == {tune_fingerprint.BAND_DIGITS}
    assert all(int(band, 16) >= 0 for band in found.bands)
    assert tune_fingerprint.BANDS < len(set(found.bands)) == len(found.bands) <= 2 * tune_fingerprint.BANDS
    assert len(found.sketch) == 2 * tune_fingerprint.ORDERS
    assert len(tune_fingerprint.fingerprint(walk(1)).sketch) == tune_fingerprint.ORDERS


def test_a_fingerprint_is_read_as_it_was_written():
    for found in (tune_fingerprint.fingerprint(walk(1)), tune_fingerprint.Fingerprint()):
        assert tune_fingerprint.Fingerprint.from_text(found.to_text()) == found


def test_a_long_song_without_its_last_tenth_is_the_same_tune():
    start, duration, pitch = walk(2, 3000).notes()
    assert len(tune_fingerprint.grams(start, pitch, 12)) > 3000
    fewer = start < start[-1] * 9 // 10
    shorter = Song.from_notes(start[fewer], duration[fewer], pitch[fewer])
    assert are_found(walk(2, 3000), shorter)


@pytest.mark.parametrize(
    "short",
    [
        song(),
        song((0, 12, 60)),
        song(*((12 * index, 12, 60 + index) for index in range(6))),
        song(*((12 * index, 12, 60) for index in range(500))),
        song(*((12 * index, 12, 60 + index % 2) for index in range(500))),
        song(*((12 * index, 12, 20 + index % 80) for index in range(500))),
        song(*((12 * index, 12, 60 + index**2 % 11) for index in range(500))),
    ],
    ids=["none", "a note", "six notes", "a drone", "a trill", "scales", "a loop"],
)
def test_songs_too_short_to_tell_have_no_fingerprint(short):
    assert tune_fingerprint.fingerprint(short) == tune_fingerprint.Fingerprint()
    assert not tune_fingerprint.alike(b"", b"")


def test_lines_are_tops_and_bottoms_of_chords_and_the_peaks_and_valleys_of_these():
    chords = song((0, 6, 60), (0, 12, 72), (0, 24, 48), (2, 12, 74), (12, 1, 50), (24, 2, 61), (24, 3, 40))
    start, _, pitch = chords.notes()
    assert [line.tolist() for line in tune_fingerprint.lines(start, pitch, 12)] == [
        [74, 50, 61],
        [],
        [],
        [48, 50, 40],
        [],
        [],
    ]
    turns = [60, 64, 64, 62, 67, 59, 65, 60, 62]
    lines = tune_fingerprint.lines(np.arange(9) * 12, np.array(turns), 12)
    peaks, valleys = [64, 67, 65], [62, 59, 60]
    assert [line.tolist() for line in lines] == [turns, peaks, [67], turns, valleys, [59]]


def test_grams_are_of_nine_intervals_four_of_them_different():
    def count(*intervals):
        pitch = np.cumsum([40, *intervals])
        return len(tune_fingerprint.grams(12 * np.arange(len(pitch)), pitch, 12))

    assert count(1, 2, 3, 4, 4, 4, 4, 4, 4) == 1
    assert count(1, 2, 3, 3, 3, 3, 3, 3, 3) == 0
    assert count(1, 2, 3, 4, 4, 4, 4, 4) == 0
    assert count(1, 2, 3, 4, 5, 1, 2, 3, 4, 5) == 2
    assert count(*[1, 2, 3, 4, 5] * 4) == 5


def test_a_sketch_estimates_the_similarity():
    long, part = walk(5, 600), without_a_third(walk(5, 600))
    left, right = (tune_fingerprint.grams(music.notes()[0], music.notes()[2], 12) for music in (long, part))
    similarity = len(np.intersect1d(left, right)) / len(np.union1d(left, right))
    found = tune_fingerprint.fingerprint(long).sketch
    assert tune_fingerprint.shared(found, tune_fingerprint.fingerprint(part).sketch) == pytest.approx(
        64 * similarity, abs=12
    )
    assert tune_fingerprint.shared(found, found) == 64
    assert tune_fingerprint.shared(found, b"") == 0


def test_songs_are_alike_from_ten_of_64_minima_on_be_it_of_their_tracks():
    song_, tracks = bytes(range(64)), bytes(range(64, 128))
    nine, ten = (tracks[:count] + bytes([255] * (64 - count)) for count in (9, 10))
    assert not tune_fingerprint.alike(song_ + tracks, nine)
    assert tune_fingerprint.alike(song_ + tracks, ten)
    assert tune_fingerprint.alike(ten, song_ + tracks)


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
    assert are_found(original, read_song(midi_writer.write(original), source="again.mid"))


@pytest.mark.skipif(not MUSIC.exists(), reason="no shared music")
@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_real_song_without_one_of_its_tracks_is_found(missing):
    data = (MUSIC / "pop909/001.mid").read_bytes()
    header, *chunks = data.split(b"MTrk")
    left = header[:11] + bytes([len(chunks) - 1]) + header[12:]
    copy = left + b"".join(b"MTrk" + chunk for number, chunk in enumerate(chunks) if number != missing)
    original, changed = (read_song(content, source="song.mid") for content in (data, copy))
    assert len(changed) < len(original)
    assert are_found(original, changed)


@pytest.mark.skipif(not MUSIC.exists(), reason="no shared music")
def test_real_songs_that_differ_are_apart():
    files = sorted((MUSIC / "pop909").glob("1*.mid"))[:60]
    prints = [tune_fingerprint.fingerprint(read_song(file.read_bytes(), source=file.name)) for file in files]
    assert not [
        pair for pair in itertools.combinations(prints, 2) if tune_fingerprint.alike(pair[0].sketch, pair[1].sketch)
    ]
