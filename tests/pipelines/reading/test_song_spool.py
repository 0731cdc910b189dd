"""Songs in a spool file, read in any order."""

import contextlib
import pathlib

from nabi.workspace import storage
from pipelines.reading import song_spool
from pipelines.reading.song_spool import SpoolPosition, SpoolReader, SpoolWriter
from tests import builders
from tests.cloud.gcs import BUCKET

MEGABYTE = 1 << 20


def written(folder, count):
    writer = SpoolWriter(folder)
    songs = [builders.song((index, 12, 60)).to_bytes() for index in range(count)]
    positions = [writer.write(song) for song in songs]
    writer.close()
    return songs, positions


def test_any_order_and_several_files(tmp_path):
    songs, positions = (left + right for left, right in zip(*(written(str(tmp_path), 5) for _ in "ab"), strict=True))
    with SpoolReader(positions) as reader:
        assert [reader.read(position) for position in reversed(positions)] == songs[::-1]


def test_an_error_leaves_no_file_and_nothing_to_be_written_at_the_end(tmp_path):
    before, writer = open_files(), SpoolWriter(str(tmp_path))
    with contextlib.suppress(ZeroDivisionError), writer.discarded_by_errors():
        writer.write(b"a song")
        raise ZeroDivisionError
    assert open_files() == before
    assert list(tmp_path.iterdir()) == []


def test_no_song_no_file(tmp_path):
    SpoolWriter(str(tmp_path)).close()
    assert list(tmp_path.iterdir()) == []


def test_bucket_is_read_in_few_requests(gcs, gs_folder):
    assert gs_folder.startswith(f"gs://{BUCKET}/")
    songs, positions = written(gs_folder, 200)
    before = len(gcs.requests)
    with SpoolReader(positions[::-1]) as reader:
        assert reader.read(positions[150]) == songs[150]
    assert len(gcs.requests) - before == 2


def test_what_lies_far_apart_is_read_apart():
    near, far = SpoolPosition("a", 10, 5), SpoolPosition("a", 15 + MEGABYTE, 5)
    beyond, other = SpoolPosition("a", 21 + 2 * MEGABYTE, 5), SpoolPosition("b", 0, 5)
    assert list(song_spool.stretches([other, beyond, far, near])) == [[near, far], [beyond], [other]]


def test_a_stretch_is_no_longer_than_memory_allows():
    positions = [SpoolPosition("a", index * MEGABYTE, MEGABYTE) for index in range(40)]
    assert [len(stretch) for stretch in song_spool.stretches(positions)] == [16, 16, 8]
    assert list(song_spool.stretches([])) == []


def test_a_listing_of_nothing_opens_nothing(monkeypatch):
    monkeypatch.setattr(storage, "open_read", None)
    assert list(song_spool.read_stored([])) == []


def test_of_many_files_one_is_open_at_a_time(tmp_path):
    positions = [written(str(tmp_path), 1)[1][0] for _ in range(10)]
    before = open_files()
    assert [open_files() - before for _ in song_spool.read_stored(positions)] == [1] * 10
    with SpoolReader(positions):
        assert open_files() == before


def open_files():
    return len(list(pathlib.Path("/proc/self/fd").iterdir()))
