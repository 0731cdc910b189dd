"""The whole job on a folder of the worst files: each costs its own row, and nothing else."""

import functools
import json
import os
import zipfile

import pytest

from nabi.workspace import paths
from pipelines import preprocess
from pipelines.reading import rows
from pipelines.reading.isolation import IsolatedReader
from pipelines.reading.sources import as_text
from tests import builders
from tests.builders import note

pytestmark = pytest.mark.slow

SCALE = builders.scale()
# An order to tests.pipelines.hostile, or bytes -> why the file is lost.
BAD = {
    "hang.mid": (b"hang-in-c", "timeout"),
    "abort.mid": (b"abort", "crash"),
    "memory.mid": (b"memory", "out-of-memory"),
    "bug.mid": (b"bug", "crash"),
    "empty.mid": (b"", "empty"),
    "text.mid": (b"no music", "not-midi"),
    "truncated.mid": (SCALE[:20], "damaged"),
    # The length of a track, and of an event.
    "four-gigabytes.mid": (SCALE[:18] + b"\xff\xff\xff\xff" + SCALE[22:27], "damaged"),
    "long-event.mid": (SCALE[:22] + b"\x00\xff\x01\xff\xff\xff\x7f" + SCALE[22:], "no-notes"),
    "division.mid": (builders.midi(note(0, 480, 60), division=0), "damaged"),
    "broken.zip": (b"PK\x03\x04 nonsense", "unreadable"),
    "broken.tar.gz": (b"\x1f\x8b nonsense", "unreadable"),
    "two\nlines.mid": (b"no music", "not-midi"),
    "나비-\udcff.mid": (b"no music", "not-midi"),
    "line\u2028separator.mid": (b"no music", "not-midi"),
    "latin-1-\udce9.zip": (b"no archive", "unreadable"),
    "folder.mid/inner.mid": (b"", "empty"),
}


def write_good(folder):
    folder.mkdir()
    for index in range(5):
        (folder / f"good{index}.mid").write_bytes(builders.scale(6 + index, 50 + index))
    with zipfile.ZipFile(folder / "good.zip", "w") as archive:
        archive.writestr("inside.mid", builders.scale(12, 40))
    return folder


def write_bad(folder):
    """Adds all that is bad; returns why each is lost."""
    (folder / "folder.mid").mkdir()
    for name, (data, _) in BAD.items():
        (folder / name).write_bytes(data)
    with zipfile.ZipFile(folder / "good.zip", "a") as archive:
        archive.writestr("../evil.mid", SCALE)
    os.mkfifo(folder / "pipe.mid")
    (folder / "endless.mid").symlink_to("/dev/zero")
    (folder / "dangling.mid").symlink_to("nowhere")
    (folder / "closed.mid").write_bytes(b"no music")
    (folder / "closed.mid").chmod(0)
    unreadable = ["good.zip!../evil.mid", "pipe.mid", "endless.mid", "dangling.mid"]
    # Nothing is closed to the superuser.
    closed = "not-midi" if os.access(folder / "closed.mid", os.R_OK) else "unreadable"
    reasons = {as_text(name): reason for name, (_, reason) in BAD.items()}
    return reasons | dict.fromkeys(unreadable, "unreadable") | {"closed.mid": closed}


def make(folder, output):
    flags = ["--window=8", "--max_lost_fraction=1", "--parse_timeout=2", "--parse_memory=512"]
    preprocess.main(["--input", str(folder), "--output", str(output), *flags])
    ledger = [row for path in sorted(output.glob("ledger-*")) for row in paths.read_rows(str(path))]
    return sorted((row["source"].removeprefix(f"{folder}/"), row["outcome"], row["reason"]) for row in ledger)


def made(output):
    """The records and the vocabulary."""
    return {path.name: path.read_bytes() for path in [*output.glob("*.tfrecord"), output / paths.VOCABULARY]}


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no /dev/zero here")  # noqa: PTH110
def test_bad_files_cost_their_own_rows_and_nothing_else(tmp_path, monkeypatch):
    parser = functools.partial(IsolatedReader, function="tests.pipelines.hostile.read_music")
    monkeypatch.setattr(rows, "IsolatedReader", parser)
    folder = write_good(tmp_path / "music")
    good = make(folder, tmp_path / "good")
    assert [outcome for _, outcome, _ in good] == ["read"] * 6
    lost = [(name, "lost", reason) for name, reason in write_bad(folder).items()]
    assert make(folder, tmp_path / "all") == sorted(good + lost)
    assert made(tmp_path / "all") == made(tmp_path / "good")
    counted = json.loads((tmp_path / "all" / paths.DATASET).read_text())
    assert counted["files"] == {"lost": len(lost), "read": 6}
