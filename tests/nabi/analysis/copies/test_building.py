import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nabi.analysis import copies
from nabi.analysis.copies import building, file
from nabi.analysis.copies.building import MOST_OF_A_SONG, Builder
from nabi.music.song import Song
from tests.nabi.analysis.copies.music import index_of, walk


def repeated(length: int) -> Song:
    """One note, struck every quarter."""
    return Song.from_notes(12 * np.arange(length), np.full(length, 12), np.full(length, 60))


def test_every_n_gram_is_kept_with_its_place_where_it_fits():
    song = walk(1, 20)
    index = index_of(walk(0, 30), song)
    notes = copies.Notes.of(song)
    own = index.fingerprints[index.fingerprints.song == 1]
    assert (index.window, index.notes_to_find) == (1, 12)
    assert own.note.tolist() == list(range(9))
    assert own.tick.tolist() == notes.onset[:9].tolist()
    assert own.pitch.tolist() == notes.pitch[:9].tolist()
    assert own.hashes.tolist() == index.gram.hashes(notes).tolist()
    assert index.songs[1] == copies.IndexedSong("song 1", "1.mid", 20)
    assert index.notes == 50


def test_a_song_too_short_for_an_n_gram_is_there_without_a_fingerprint():
    index = index_of(walk(0, 11), walk(1, 12))
    assert index.fingerprints.song.tolist() == [1]
    assert index.begins.tolist() == [0, 11]


def test_an_index_of_nothing_has_nothing():
    assert len(index_of().fingerprints) == 0
    assert copies.find(walk(0), index_of()).share == 0


@given(st.lists(st.integers(0, 80), min_size=1, max_size=8), st.integers(0, 150))
def test_never_more_fingerprints_than_allowed_but_three_of_each_song(lengths, most):
    index = index_of(*(walk(seed, length) for seed, length in enumerate(lengths)), most=most)
    assert len(index.fingerprints) <= max(most, 3 * len(lengths))


@given(st.integers(20, 400), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_what_is_kept_depends_neither_on_the_order_of_songs_nor_on_when_it_was_thinned(most, shuffle: random.Random):
    songs = [(str(seed), walk(seed, 30 + 10 * seed)) for seed in range(6)]
    at_once, others = Builder(copies.Gram(), 10**6), Builder(copies.Gram(), most)
    for name, song in songs:
        at_once.add(name, song)
    shuffle.shuffle(songs)
    for name, song in songs:
        others.add(name, song)
    at_once._most = most
    one, other = at_once.finish(), others.finish()
    assert one.window == other.window
    assert sorted(one.fingerprints.hashes.tolist()) == sorted(other.fingerprints.hashes.tolist())


def test_memory_stays_bounded_while_songs_are_added(monkeypatch):
    held, shrink = [], Builder._shrink

    def watched(self, most):
        held.append(self._held)
        shrink(self, most)

    monkeypatch.setattr(Builder, "_shrink", watched)
    index_of(*(walk(seed, 60) for seed in range(40)), most=100)
    # Half as many again, and a song.
    assert 150 < max(held) <= 150 + 49
    assert len(held) > 3


def test_songs_are_winnowed_in_parts_without_a_change(monkeypatch):
    songs = [walk(seed, 20 + 5 * seed) for seed in range(12)]
    whole = index_of(*songs, most=100)
    monkeypatch.setattr(building, "_AT_ONCE", 20)
    parts = index_of(*songs, most=100)
    assert whole.window == parts.window > 1
    for one, other in zip(whole.fingerprints.columns(), parts.fingerprints.columns(), strict=True):
        assert one.tolist() == other.tolist()


def test_the_window_grows_by_a_quarter():
    windows = [1]
    while windows[-1] < 30:
        windows.append(building.wider(windows[-1]))
    assert windows == [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22, 27, 33]


def test_a_song_of_one_note_over_and_over_costs_no_more_than_a_song():
    index = index_of(repeated(5000))
    assert len(index.fingerprints) == MOST_OF_A_SONG
    assert copies.find(repeated(1000), index).share == 1


def test_where_even_the_largest_window_keeps_too_many_it_ends():
    assert len(index_of(repeated(100), most=0).fingerprints) == 2


def test_an_index_fills_its_file_and_no_more(monkeypatch):
    monkeypatch.setattr(file, "MAX_BYTES", file._RESERVED + 6000)
    builder = Builder(copies.Gram())
    for seed in range(20):
        builder.add(f"{seed:064x}", walk(seed), f"{seed}.mid")
    index = builder.finish()
    assert index.window > 1
    assert 100 < len(index.fingerprints) <= file.most_fingerprints(index.songs) < 6000 // 17
    assert len(copies.write(index)) <= file.MAX_BYTES
    assert str(index.songs[3]) == "3.mid"


def test_names_of_sources_that_leave_no_room_are_left_out(monkeypatch):
    monkeypatch.setattr(file, "MAX_BYTES", file._RESERVED + 6000)
    builder = Builder(copies.Gram())
    for seed in range(20):
        # A letter that is no text takes 6 bytes in JSON.
        builder.add(f"{seed:064x}", walk(seed), "\udce9" * 1000)
    index = builder.finish()
    assert len(copies.write(index)) <= file.MAX_BYTES
    assert str(index.songs[3]) == f"{3:064x}"


def test_a_file_that_would_be_too_large_is_not_written(monkeypatch):
    index = index_of(walk(1))
    monkeypatch.setattr(file, "MAX_BYTES", 500)
    with pytest.raises(ValueError, match="is larger than the 500 that are allowed"):
        copies.write(index)


def test_at_most_sixty_four_mebibytes_with_the_names_of_all_songs():
    assert copies.MAX_BYTES == 64 << 20
    assert 17 * file.most_fingerprints() < copies.MAX_BYTES
    names = len(file._table([copies.IndexedSong("0" * 64, "", 99999)] * 1000, [3] * 1000)) / 1000
    assert copies.MAX_SONGS * (names + 3 * 17) < copies.MAX_BYTES - file._RESERVED
