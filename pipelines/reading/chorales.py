"""The embedded default: Bach's chorales, from the corpus that music21 carries, as MIDI in a local cache."""

import concurrent.futures
import multiprocessing
import os
import pathlib
from collections.abc import Callable, Iterator

import music21
from music21 import corpus
from music21.exceptions21 import Music21Exception

from nabi.workspace import storage, subprocesses

NAME = "corpus:bach-chorales"


def cache_folder() -> pathlib.Path:
    """Where the MIDI files lie: below $XDG_CACHE_HOME or ~/.cache, a folder for each version of music21."""
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(home) / "nabi" / f"bach-chorales-music21-{music21.__version__}"


def titles() -> list[str]:
    """The 350 distinct chorales among the 371 numbers of the Riemenschneider edition, such as `bwv269`."""
    return sorted({str(name).rpartition("/")[2] for name in corpus.chorales.Iterator(returnType="filename")})


def prepare(folder: pathlib.Path, report: Callable[[int, int], None]) -> Iterator[tuple[str, pathlib.Path | None, str]]:
    """Writes each chorale to MIDI unless it is there, on all cores.

    Args:
      folder: where to write.
      report: called with (done, of how many) after each chorale.

    Yields:
      (file name, its path, ""), or (file name, None, why music21 cannot write it).
    """
    missing = [
        title for title in titles() if not (folder / f"{title}.mid").exists() and not _failure(folder, title).exists()
    ]
    if missing:
        # Fresh processes: a fork of a process that has started threads can hang.
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), context, subprocesses.end_with_parent) as pool:
            with subprocesses.without_interrupts():
                jobs = [pool.submit(_write, title, folder) for title in missing]
            for done, job in enumerate(concurrent.futures.as_completed(jobs), 1):
                job.result()
                report(done, len(missing))
    for title in titles():
        failure = _failure(folder, title)
        failed = failure.exists()
        path = None if failed else folder / f"{title}.mid"
        yield f"{title}.mid", path, failure.read_text(encoding="utf-8") if failed else ""


def _write(title: str, folder: pathlib.Path) -> None:
    """Publishes `title`.mid, or `title`.failed with the reason."""
    try:
        score = corpus.parse(f"bach/{title}", forceSource=True)
        data = music21.midi.translate.music21ObjectToMidiFile(score).writestr()
    except Music21Exception as error:
        storage.write_text(str(_failure(folder, title)), str(error))
        return
    storage.write_bytes(str(folder / f"{title}.mid"), data)


def _failure(folder: pathlib.Path, title: str) -> pathlib.Path:
    return folder / f"{title}.failed"
