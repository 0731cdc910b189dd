"""gs:// through the real client, on an emulator of the service."""

import contextlib
import io
import multiprocessing
import subprocess
import sys
import time
import zipfile

import pytest

from songs import archives, storage
from tests.cloud import gcs as service
from tests.cloud.gcs import Fault


@pytest.fixture(params=["local", "gs"])
def place(request, tmp_path):
    """A folder, on this machine and in the bucket."""
    return str(tmp_path) if request.param == "local" else request.getfixturevalue("gs_folder")


@pytest.fixture
def pauses(monkeypatch):
    """How long the clients would have waited between their tries."""
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


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


def test_a_part_is_one_request_for_its_bytes_alone(gcs, gs_folder):
    path = f"{gs_folder}/a"
    storage.write_bytes(path, bytes(range(256)) * 100)
    assert count_requests(gcs, lambda: storage.read_range(path, 1000, 3)) == 1
    assert storage.read_range(path, 1000, 3) == bytes([232, 233, 234])


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


# Writing on condition.


def test_new_file_on_condition_that_there_is_none(place):
    storage.write_if_unchanged(f"{place}/champion", b"1", None)
    with pytest.raises(storage.ChangedError, match=r"cannot write .*/champion: somebody else has written it"):
        storage.write_if_unchanged(f"{place}/champion", b"2", None)
    assert storage.read_bytes(f"{place}/champion") == b"1"


def test_known_content_is_replaced_and_other_content_stays(place):
    path = f"{place}/champion"
    storage.write_bytes(path, b"1")
    storage.write_if_unchanged(path, b"2", b"1")
    with pytest.raises(storage.ChangedError):
        storage.write_if_unchanged(path, b"3", b"1")
    assert storage.read_bytes(path) == b"2"
    storage.delete(path)
    with pytest.raises(storage.ChangedError):
        storage.write_if_unchanged(path, b"3", b"2")
    assert not storage.exists(path)


def test_write_between_comparison_and_upload_is_seen(gcs, gs_folder, monkeypatch):
    path = f"{gs_folder}/champion"
    storage.write_bytes(path, b"1")
    files = storage._FILE_SYSTEMS["gs"]
    compare = files._generation

    def compared_too_early(path, seen):
        generation = compare(path, seen)
        storage.write_bytes(path, b"another's")
        return generation

    monkeypatch.setattr(files, "_generation", compared_too_early)
    with pytest.raises(storage.ChangedError):
        storage.write_if_unchanged(path, b"2", b"1")
    assert storage.read_bytes(path) == b"another's"


@pytest.mark.parametrize("seen", [None, b"1"])
def test_lost_answer_is_no_change_of_somebody_else(gcs, gs_folder, pauses, seen):
    path = f"{gs_folder}/champion"
    if seen:
        storage.write_bytes(path, seen)
    with gcs.failing(Fault(1, method="POST", carried_out=True)):
        storage.write_if_unchanged(path, b"2", seen)
    assert storage.read_bytes(path) == b"2"


def _increase(path, times):
    """Counts upwards in a file, as often as it takes."""
    done = 0
    while done < times:
        seen = storage.read_bytes(path)
        try:
            storage.write_if_unchanged(path, str(int(seen) + 1).encode(), seen)
            done += 1
        except storage.ChangedError:
            continue


def test_of_several_processes_at_once_none_is_lost(place):
    path = f"{place}/count"
    storage.write_bytes(path, b"0")
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_increase, args=(path, 25)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert storage.read_bytes(path) == b"75"


_KILLED = """
import os, sys
from songs import local_files, storage
local_files.LocalFiles.write = lambda *_: os.kill(os.getpid(), 9)
storage.write_if_unchanged(sys.argv[1], b"2", b"1")
"""


def test_kill_leaves_no_lock(tmp_path):
    path = str(tmp_path / "champion")
    storage.write_bytes(path, b"1")
    assert subprocess.run([sys.executable, "-c", _KILLED, path], check=False).returncode == -9
    storage.write_if_unchanged(path, b"3", b"1")
    assert names_below(str(tmp_path)) == ["champion"]


# What goes wrong.


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"status": 0}, {"carried_out": True}])
def test_two_failures_of_each_request_are_survived(gcs, gs_folder, pauses, fault):
    path = f"{gs_folder}/a"
    with gcs.failing(Fault(2, method="POST", **fault)):
        storage.write_bytes(path, b"whole")
    with gcs.failing(Fault(2, method="GET", **fault)):
        assert storage.read_bytes(path) == b"whole"
    with gcs.failing(Fault(2, method="GET", **fault)):
        assert storage.exists(path)
    with gcs.failing(Fault(2, method="DELETE", **fault)):
        storage.delete(path)
    assert not storage.exists(path)
    assert len(pauses) == 8


def test_pauses_between_tries_grow(gcs, gs_folder, pauses):
    with gcs.failing(Fault(6, status=503)):
        storage.write_bytes(f"{gs_folder}/a", b"")
    assert pauses[-1] > 4 * pauses[0]
    assert max(pauses) <= 31


def test_large_upload_survives_a_lost_connection(gcs, gs_folder, pauses):
    data = bytes(10_000_000)
    with gcs.failing(Fault(1, method="PUT"), Fault(1, status=503, method="PUT")):
        storage.write_bytes(f"{gs_folder}/a", data)
    assert storage.read_bytes(f"{gs_folder}/a") == data


def test_end_of_trying_is_one_sentence(gcs, gs_folder, monkeypatch):
    monkeypatch.setattr("songs.cloud_files._DEADLINE", 0.5)
    for fault in (Fault(99), Fault(99, status=503)):
        for call in (storage.read_bytes, storage.exists, storage.check_writable):
            with gcs.failing(fault), pytest.raises(storage.StorageError) as caught:
                call(f"{gs_folder}/a")
            assert "Google Cloud Storage cannot be reached" in str(caught.value)
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "verb", "permission"),
    [
        (storage.read_bytes, "read", "storage.objects.get"),
        (storage.open_read, "read", "storage.objects.get"),
        (lambda path: storage.write_bytes(path, b""), "write", "storage.objects.create"),
        (lambda path: storage.write_if_unchanged(path, b"", None), "write", "storage.objects.create"),
        (lambda path: list(storage.match(path)), "list", "storage.objects.list"),
        (storage.exists, "list", "storage.objects.list"),
    ],
)
def test_missing_permission_is_one_sentence(gcs, gs_folder, call, verb, permission):
    path = f"{gs_folder}/a"
    with gcs.failing(Fault(9, status=403)), pytest.raises(storage.StorageError) as caught:
        call(path)
    assert str(caught.value) == (
        f"cannot {verb} {path}: the permission {permission} is missing: give the account that runs this a role with "
        "it on the bucket music, such as roles/storage.objectUser, or use other credentials"
    )


def test_permission_that_the_service_names_is_told(gcs, gs_folder):
    said = "nabi@test.iam.gserviceaccount.com does not have storage.objects.delete access to the object."
    storage.write_bytes(f"{gs_folder}/a", b"")
    missing = r"the permission storage\.objects\.delete is missing"
    with gcs.failing(Fault(1, status=403, message=said)), pytest.raises(storage.StorageError, match=missing):
        storage.write_bytes(f"{gs_folder}/a", b"")
    with gcs.failing(Fault(1, status=403, method="DELETE")), pytest.raises(storage.StorageError, match=missing):
        storage.delete(f"{gs_folder}/a")


def test_refused_credentials(gcs, gs_folder):
    with (
        gcs.failing(Fault(9, status=401)),
        pytest.raises(storage.StorageError, match="not accept the credentials"),
    ):
        storage.read_bytes(f"{gs_folder}/a")


@pytest.mark.parametrize(
    "call", [storage.read_bytes, storage.open_read, storage.exists, lambda path: storage.write_bytes(path, b"")]
)
def test_missing_bucket(gs_folder, call):
    with pytest.raises(storage.StorageError, match=r"cannot \w+ gs://no-such/a: there is no bucket no-such: correct"):
        call("gs://no-such/a")


def test_missing_object(gs_folder):
    for call in (storage.read_bytes, storage.open_read):
        with pytest.raises(storage.StorageError, match=r"/none: there is no such file$"):
            call(f"{gs_folder}/none")


def test_bucket_is_no_object(gs_folder):
    with pytest.raises(storage.StorageError, match="cannot read gs://music: it is a bucket, and no object in it"):
        storage.read_bytes(f"gs://{service.BUCKET}")


@pytest.mark.parametrize("path", ["gs://", "gs:///a", "gs:", "gs:/music/a", "s3://", "s3:///a"])
@pytest.mark.parametrize("call", [storage.folder, storage.read_bytes, storage.exists, storage.check_writable])
def test_path_without_a_bucket_is_refused(path, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, storage.StorageError), match=r"names no bucket: write (gs|s3)://BUCKET/FOLDER"):
        call(path)
    assert list(tmp_path.iterdir()) == []


def test_no_credentials_is_one_sentence_and_soon(tmp_path):
    began = time.monotonic()
    command = [sys.executable, "-m", "pipelines.preprocess", "--input", "gs://music/a", "--output", str(tmp_path / "d")]
    # No home, no variable, and a metadata server that is not there.
    environment = {
        "HOME": str(tmp_path),
        "PATH": "",
        "GCE_METADATA_IP": "127.0.0.1:1",
        "GCE_METADATA_HOST": "127.0.0.1:1",
    }
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith("preprocess: cannot list gs://music/a: there are no Google credentials here: run `gcl")
    assert run.stderr.count("\n") == 1
    assert time.monotonic() - began < 20
