"""Writing on condition that nobody else has, on this machine and in a bucket."""

import multiprocessing
import subprocess
import sys

import pytest

from nabi.workspace import storage
from tests.cloud.gcs import Fault


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


@pytest.mark.slow
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
from nabi.workspace import storage
from nabi.workspace.storage import local
local.LocalFiles.write = lambda *_: os.kill(os.getpid(), 9)
storage.write_if_unchanged(sys.argv[1], b"2", b"1")
"""


@pytest.mark.slow
def test_kill_leaves_no_lock(tmp_path):
    path = str(tmp_path / "champion")
    storage.write_bytes(path, b"1")
    assert subprocess.run([sys.executable, "-c", _KILLED, path], check=False).returncode == -9
    storage.write_if_unchanged(path, b"3", b"1")
    assert [entry.name for entry in tmp_path.iterdir()] == ["champion"]
