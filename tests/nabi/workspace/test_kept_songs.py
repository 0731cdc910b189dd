import hashlib

import pytest

from nabi.workspace import kept_songs, paths
from nabi.workspace.kept_songs import KeptSongs
from tests.builders import song


def digest(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


@pytest.fixture
def folder(tmp_path):
    for index in range(2):
        path = tmp_path / paths.kept_songs_name("train", index, 2)
        numbers = range(index, 40, 2)
        kept_songs.write_songs(str(path), [(digest(number), song((number, 12, 60))) for number in numbers])
    return tmp_path


def test_every_song_is_found_by_the_hash_of_its_file(folder):
    kept = KeptSongs(str(folder))
    assert all(kept.get(digest(number)) == song((number, 12, 60)) for number in range(40))
    kept.close()


def test_looking_up_does_not_copy_the_index_of_all(folder, monkeypatch):
    copies, keys = [], kept_songs._keys
    monkeypatch.setattr(kept_songs, "_keys", lambda index: copies.append(len(index)) or keys(index))
    kept = KeptSongs(str(folder))
    assert all(kept.get(digest(number)) for number in range(40))
    assert len(copies) <= 2
    kept.close()


def test_what_was_not_kept_is_not_found(folder, tmp_path_factory):
    assert KeptSongs(str(folder)).get(digest(40)) is None
    assert KeptSongs(str(tmp_path_factory.mktemp("empty"))).get(digest(0)) is None


def test_a_file_without_songs_is_a_file(tmp_path):
    kept_songs.write_songs(str(tmp_path / "a.songs"), [])
    assert KeptSongs(str(tmp_path)).get(digest(0)) is None


@pytest.mark.parametrize("left", [0, 5, 500])
def test_a_file_that_was_cut_off_is_told(folder, left):
    assert kept_songs.damage(str(folder)) == ""
    cut = folder / paths.kept_songs_name("train", 1, 2)
    cut.write_bytes(cut.read_bytes()[:left])
    assert f"{cut} holds no kept songs" in kept_songs.damage(str(folder))


def test_a_damaged_song_is_not_found(folder):
    path = folder / paths.kept_songs_name("train", 0, 2)
    path.write_bytes(b"damage" + path.read_bytes()[6:])
    kept = KeptSongs(str(folder))
    assert [number for number in range(40) if kept.get(digest(number)) is None] == [0]
    kept.close()


def test_another_version_is_refused(tmp_path):
    (tmp_path / "a.songs").write_bytes(b"songs of another version")
    with pytest.raises(ValueError, match=r"a\.songs holds no kept songs of this version"):
        KeptSongs(str(tmp_path)).get(digest(0))
