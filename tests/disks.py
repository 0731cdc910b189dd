"""A disk that is soon full."""

import pathlib
import shlex
import subprocess
from collections.abc import Iterator

import pytest


@pytest.fixture
def small_disk(tmp_path) -> Iterator[pathlib.Path]:
    """A disk of 100 KiB; only one process has it mounted, which ends with this one, and the disk with it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = f"mount -t tmpfs -o size=100k tmpfs {shlex.quote(str(folder))} && echo mounted && exec cat"
    with subprocess.Popen(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mount],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        if process.stdout.readline() != b"mounted\n":
            pytest.skip("no disk can be mounted here")
        yield pathlib.Path(f"/proc/{process.pid}/root{folder}")
