"""Both jobs as processes, on small inputs, for any engine."""

import pathlib
import subprocess
import sys
from collections.abc import Sequence

from nabi.workspace import paths
from tests import builders
from tests.builders import note

# The ledger tells how long each file took, the report too.
_DIFFERENT = (paths.LEDGER, paths.REPORT, paths.STAGING)


def write_music(folder: pathlib.Path, songs: int = 60) -> pathlib.Path:
    """Songs, a duplicate, a transposed one, and three files that cannot be read, in a folder."""
    folder.mkdir(exist_ok=True)
    for index in range(songs):
        (folder / f"song{index:03d}.mid").write_bytes(builders.scale(8 + index, 20 + index))
    (folder / "again.mid").write_bytes(builders.scale(8, 20))
    (folder / "higher.mid").write_bytes(builders.scale(8 + songs - 1, 21))
    (folder / "bad.mid").write_bytes(b"not MIDI")
    (folder / "empty.mid").write_bytes(b"")
    (folder / "drums.mid").write_bytes(builders.midi(note(0, 480, 38, channel=9)))
    return folder


def preprocess(music: pathlib.Path, output: pathlib.Path, flags: Sequence[str]) -> "subprocess.Popen[str]":
    """Starts the job."""
    ours = ["--input", str(music), "--output", str(output), "--max_lost_fraction=1", "--window=8"]
    return _start("pipelines.preprocess", *ours, "--split=0.6,0.2,0.2", *flags)


def generate(model: str, output: pathlib.Path, flags: Sequence[str]) -> "subprocess.Popen[str]":
    """Starts the job: 130 songs in 3 batches."""
    ours = ["--model", model, "--output", str(output), "--num_songs=130", "--max_tokens=20", "--audio=none"]
    return _start("generator.generate", *ours, *flags)


def _start(module: str, *flags: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", module, *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(job: "subprocess.Popen[str]", seconds: float = 400) -> tuple[int, str]:
    """The exit status, and what was said; a job that takes longer is killed and fails the test."""
    try:
        said = job.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        job.kill()
        raise AssertionError(f"the job did not end in {seconds:.0f} s: {job.communicate()[0][-2000:]}") from None
    return job.returncode, said


def done(job: "subprocess.Popen[str]") -> None:
    """Waits for a job that must succeed."""
    status, said = finish(job)
    assert status == 0, said[-4000:]


def content(folder: pathlib.Path) -> dict[str, bytes]:
    """The files of a dataset or of songs, but those that tell of times."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(_DIFFERENT)}


def ledger(folder: pathlib.Path) -> list[dict[str, object]]:
    """The ledger's rows without their seconds."""
    rows = [row for path in sorted(folder.glob(f"{paths.LEDGER}-*")) for row in paths.read_rows(str(path))]
    return [{**row, "seconds": 0} for row in rows]
