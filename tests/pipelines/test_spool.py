import pathlib

from pipelines import spool
from tests.builders import song

SONGS = [song((index, 12, 60 + index)) for index in range(5)]


def write(folder):
    writer = spool.SpoolWriter(str(folder))
    positions = [writer.write(one) for one in SONGS]
    writer.close()
    return positions


def test_songs_are_read_by_position_alone_or_together(tmp_path):
    positions = write(tmp_path)
    assert [spool.read(position) for position in reversed(positions)] == SONGS[::-1]
    assert list(spool.read_together(reversed(positions))) == SONGS
    assert list(spool.read_together([])) == []


def test_a_shard_of_many_spool_files_holds_none_of_them_open(tmp_path):
    positions = [write(tmp_path)[0] for _ in range(10)]
    before = len(list(pathlib.Path("/proc/self/fd").iterdir()))
    read = [spool.read(position) for position in positions]
    assert len(read) == 10
    assert len(list(pathlib.Path("/proc/self/fd").iterdir())) == before
