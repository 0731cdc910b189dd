"""gs:// through the real client, on an emulator of the service."""

import contextlib
import io
import zipfile

import pytest

from nabi.workspace import archives, storage


def names_below(folder):
    return [info.path.removeprefix(f"{folder}/") for info in storage.match(folder)]


def count_requests(gcs, call):
    before = len(gcs.requests)
    call()
    return len(gcs.requests) - before


def test_what_is_written_is_listed_and_read(place):
    for name in ("b/c.mid", "a.mid", "b.mid"):
        storage.write_bytes(f"{place}/{name}", name.encode())
    assert names_below(place) == ["a.mid", "b.mid", "b/c.mid"]
    assert [info.size for info in storage.match(f"{place}/*.mid")] == [5, 5]
    assert storage.read_text(f"{place}/b/c.mid") == "b/c.mid"
    assert storage.exists(f"{place}/b")
    assert not storage.exists(f"{place}/c")


def test_folder_is_not_its_namesakes(place):
    for name in ("data-old/x", "data.txt", "data/1", "data/2", "data0"):
        storage.write_bytes(f"{place}/{name}", b"")
    assert names_below(f"{place}/data") == ["1", "2"]
    assert not storage.exists(f"{place}/dat")


def test_namesakes_before_a_folder_are_not_paged_through(gcs, gs_folder, monkeypatch):
    monkeypatch.setattr(gcs, "page", 2)
    for number in range(20):
        storage.write_bytes(f"{gs_folder}/data-{number}/x", b"")
    storage.write_bytes(f"{gs_folder}/data/x", b"")
    assert count_requests(gcs, lambda: list(storage.match(f"{gs_folder}/data"))) == 2


def test_listing_comes_by_pages_as_it_is_read(gcs, gs_folder, monkeypatch):
    monkeypatch.setattr(gcs, "page", 3)
    for number in range(10):
        storage.write_bytes(f"{gs_folder}/{number}", b"")
    assert count_requests(gcs, lambda: next(storage.match(gs_folder))) == 1
    assert count_requests(gcs, lambda: list(storage.match(gs_folder))) == 4
    assert names_below(gs_folder) == list("0123456789")


def test_requests_a_file(gcs, gs_folder):
    path = f"{gs_folder}/a"
    assert count_requests(gcs, lambda: storage.write_bytes(path, b"1")) == 1
    assert count_requests(gcs, lambda: storage.read_bytes(path)) == 1
    assert count_requests(gcs, lambda: storage.exists(path)) == 1


def test_archive_is_read_by_ranges(gcs, gs_folder):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(50):
            archive.writestr(f"{number}.mid", bytes([number]) * 100)
    path = f"{gs_folder}/many.zip"
    storage.write_bytes(path, content.getvalue())
    members = list(archives.list_members(path))
    with archives.MemberReader() as reader:
        assert count_requests(gcs, lambda: [reader.read(path, member) for member in members]) <= 5
        assert reader.read(path, members[49]) == bytes([49]) * 100


def test_reader_keeps_to_what_it_opened(gs_folder):
    path = f"{gs_folder}/a"
    storage.write_bytes(path, b"old" * 3_000_000)
    with storage.open_read(path) as file:
        assert file.read(3) == b"old"
        storage.write_bytes(path, b"new" * 3_000_000)
        file.seek(-3, io.SEEK_END)
        with pytest.raises(storage.StorageError, match="it was changed or deleted while it was read: start again"):
            file.read()


def test_large_upload_and_empty_file(gs_folder):
    data = bytes(range(256)) * 40_000
    storage.write_bytes(f"{gs_folder}/large", data)
    storage.write_bytes(f"{gs_folder}/empty", b"")
    assert storage.read_bytes(f"{gs_folder}/large") == data
    assert storage.read_bytes(f"{gs_folder}/empty") == b""
    with storage.open_read(f"{gs_folder}/empty") as file:
        assert file.read(1) == b""


def test_failed_write_leaves_no_object(gs_folder):
    with contextlib.suppress(RuntimeError), storage.open_write(f"{gs_folder}/a") as file:
        file.write(b"half")
        raise RuntimeError
    assert not storage.exists(gs_folder)


def test_delete(place):
    for name in ("a", "b/c", "b/d"):
        storage.write_bytes(f"{place}/{name}", b"")
    storage.delete(f"{place}/b")
    storage.delete(f"{place}/b")
    assert names_below(place) == ["a"]
