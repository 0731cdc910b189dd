"""Compares the speed of reading MIDI with music21, bare symusic and MidiTok; paired, in one run on the same files.

    python -m benchmarks.reading readers FOLDER ...      one file at a time, readers in turn
    python -m benchmarks.reading job FOLDER [--miditok_python PATH]
                                                         the whole job, fast and music21; and a MidiTok script
    python -m benchmarks.reading share FOLDER            the time of each part of the job, and Beam's share
    python -m benchmarks.reading memory FOLDER           peak memory of the job at 1,000 and at 10,000 files

MidiTok needs an environment of its own: python3 -m venv .venv-miditok; .venv-miditok/bin/pip install miditok==3.0.6
"""

import contextlib
import io
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import symusic

from nabi.analysis import tune_fingerprint
from nabi.music import records
from nabi.music.errors import ParseError
from nabi.reading import fast_midi, music21_midi
from nabi.reading.read_settings import ReadSettings
from nabi.workspace import ledger
from nabi.workspace.commands import Parser
from pipelines.config import PreprocessConfig
from pipelines.preprocessing.shards import Encoder, SplitSong
from pipelines.reading import dataset_settings
from pipelines.reading.encoded_song import EncodedSong
from pipelines.reading.song_spool import SpoolPosition

# Files read with music21, which takes a tenth of a second for each.
_MUSIC21_FILES = 60

_MIDITOK = """
import json, pathlib, sys, time
began = time.monotonic()
import miditok, symusic
tokenizer = miditok.REMI(miditok.TokenizerConfig())
read = time.monotonic()
notes = tokens = 0
with open(sys.argv[2], "w") as out:
    for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.mid")):
        score = symusic.Score(path)
        notes += score.note_num()
        ids = [sequence.ids for sequence in tokenizer(score)]
        tokens += sum(map(len, ids))
        out.write(json.dumps(ids) + "\\n")
end = time.monotonic()
print(json.dumps({"seconds": end - began, "reading": end - read, "notes": notes, "tokens": tokens}))
"""


def main() -> None:
    """Reads the command and prints its table."""
    parser = Parser("python -m benchmarks.reading", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("readers").add_argument("folder", nargs="+", type=pathlib.Path)
    job = commands.add_parser("job")
    job.add_argument("folder", type=pathlib.Path)
    job.add_argument("--miditok_python")
    job.add_argument("--flags", default="--direct_num_workers=2 --direct_running_mode=multi_processing")
    commands.add_parser("share").add_argument("folder", type=pathlib.Path)
    commands.add_parser("memory").add_argument("folder", type=pathlib.Path)
    flags = parser.parse_or_exit()
    if flags.command == "readers":
        for folder in flags.folder:
            _readers(folder)
    elif flags.command == "job":
        _job(flags.folder, flags.miditok_python, flags.flags.split())
    elif flags.command == "share":
        _share(flags.folder)
    else:
        _memory(flags.folder)


def _readers(folder: pathlib.Path) -> None:
    files = sorted(path for path in folder.rglob("*.mid"))
    parts = ReadSettings(parts=True, pedal="keep")
    readers = {
        "fast": lambda path: fast_midi.read(path.read_bytes()),
        "parts": lambda path: fast_midi.read(path.read_bytes(), parts),
        "symusic": lambda path: symusic.Score(path),
        "music21": lambda path: music21_midi.read(path.read_bytes()),
    }
    # The first calls compile the loops.
    for name in ("fast", "parts"):
        _seconds(readers[name], files[0])
    interval = max(len(files) // _MUSIC21_FILES, 1)
    times: dict[str, list[float]] = {name: [] for name in readers}
    beside_music21 = []
    for index, path in enumerate(files):
        for name, reader in readers.items():
            if name != "music21" or index % interval == 0:
                times[name].append(_seconds(reader, path))
        if index % interval == 0:
            beside_music21.append(times["fast"][-1])
    mean = {name: statistics.mean(values) * 1e3 for name, values in times.items()}
    print(
        f"{folder.name:16} {len(files):5} files: fast {mean['fast']:.3f} ms, symusic.Score {mean['symusic']:.3f} ms, "
        f"music21 {mean['music21']:.1f} ms ({len(times['music21'])} files); "
        f"fast is {mean['fast'] / mean['symusic']:.1f} x symusic, "
        f"with parts {mean['parts'] / mean['fast']:.2f} x as long, "
        f"{statistics.mean(times['music21']) / statistics.mean(beside_music21):.0f} x faster than music21"
    )


def _seconds(reader: object, path: pathlib.Path) -> float:
    began = time.perf_counter()
    with contextlib.suppress(ParseError, RuntimeError):
        reader(path)  # type: ignore[operator]
    return time.perf_counter() - began


def _job(folder: pathlib.Path, miditok_python: str | None, flags: list[str]) -> None:
    _preprocess(folder, ["--dry_run"])
    times: dict[str, list[float]] = {"fast": [], "music21": [], "miditok": []}
    for _ in range(2):
        for name in ("fast", "music21"):
            times[name].append(_preprocess(folder, [f"--parser={name}", *flags])[0])
        if miditok_python:
            times["miditok"].append(_miditok(folder, miditok_python))
    for name, seconds in times.items():
        print(f"{name:8} {', '.join(f'{second:.2f}' for second in seconds)} s")
    print(f"fast is {min(times['music21']) / min(times['fast']):.1f} x faster than the same job with music21")
    if miditok_python:
        print(f"fast takes {min(times['fast']) / min(times['miditok']):.2f} x the time of MidiTok in one process")


def _share(folder: pathlib.Path) -> None:
    """Times the job's pure functions one after another in this process, and the whole job with one worker."""
    _preprocess(folder, ["--dry_run"])
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import apache_beam"], check=True, stderr=subprocess.DEVNULL)
    importing = time.monotonic() - began
    job = _preprocess(folder, [])[0]
    config = PreprocessConfig()
    encoding = config.build_encoding()
    files = sorted(folder.rglob("*.mid"))
    fast_midi.read(files[0].read_bytes())
    songs, reading = _timed(lambda path: fast_midi.read(path.read_bytes()), files)
    _, comparing = _timed(tune_fingerprint.fingerprint, songs)
    encoded, spelling = _timed(lambda song: EncodedSong.of(song, encoding), songs)
    packed, packing = _timed(EncodedSong.to_bytes, encoded)
    counts: Counter[str] = Counter()
    _, counting = _timed(lambda data: counts.update(dict(EncodedSong.from_bytes(data).counts())), packed)
    encoder = Encoder(encoding, dataset_settings.make_vocabulary(config, counts), config)
    placed = SplitSong("0" * 64, "train", SpoolPosition("", 0, 0))
    _, writing = _timed(
        lambda data: records.write(io.BytesIO(), _records(encoder, placed, EncodedSong.from_bytes(data))), packed
    )
    rows = {
        "importing Python and Beam": importing,
        "reading MIDI": reading,
        "tunes, for near duplicates": comparing,
        "encoding": spelling,
        "packing songs": packing,
        "counting tokens": counting,
        "writing records": writing,
    }
    rows["Beam, the process that parses, report"] = job - sum(rows.values())
    for name, seconds in rows.items():
        print(f"{name:40} {seconds:6.2f} s {seconds / job:6.1%}")
    print(f"{'the whole job, one worker':40} {job:6.2f} s; {len(files)} files")


def _records(encoder: Encoder, song: SplitSong, encoded: EncodedSong) -> Iterator[bytes]:
    return encoder.records(song, encoded, encoder.ids(encoded))


def _timed(function: Callable[[Any], object], items: Sequence[Any]) -> tuple[list[Any], float]:
    began = time.perf_counter()
    return [function(item) for item in items], time.perf_counter() - began


def _preprocess(folder: pathlib.Path, flags: list[str]) -> tuple[float, int, float]:
    """Runs a job; returns (wall seconds, notes and chords, peak MB of the largest process)."""
    with tempfile.TemporaryDirectory() as output:
        command = [
            sys.executable,
            "-m",
            "pipelines.preprocess",
            "--input",
            str(folder),
            "--output",
            f"{output}/d",
            *flags,
        ]
        began = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment())
        seconds = time.monotonic() - began
        # A forecast (`--dry_run`), which warms this machine's caches up, writes no ledger.
        events = 0 if "--dry_run" in flags else sum(row.events for row in ledger.read(f"{output}/d"))
    return seconds, events, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _environment() -> dict[str, str]:
    """Copies this process's environment without PYTHONDONTWRITEBYTECODE, so that imports are compiled only once."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _miditok(folder: pathlib.Path, python: str) -> float:
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(
            [python, "-c", _MIDITOK, str(folder), out.name],
            check=True,
            capture_output=True,
            text=True,
            env=_environment(),
        )
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"])


def _memory(folder: pathlib.Path) -> None:
    """Runs each count in a process of its own, since the peak of children is a maximum over all of them."""
    peaks = {}
    for count in (1_000, 10_000):
        with tempfile.TemporaryDirectory() as many:
            _repeat(folder, pathlib.Path(many), count)
            call = f"reading._preprocess(pathlib.Path({many!r}), [])"
            code = f"import pathlib; from benchmarks import reading; print({call})"
            done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
            seconds, events, peaks[count] = json.loads("[" + done.stdout.strip()[1:-1] + "]")
            print(f"{count:6} files: {seconds:6.1f} s, {events:,} notes and chords, peak {peaks[count]:.0f} MB")
    print(f"10,000 files need {peaks[10_000] / peaks[1_000]:.2f} x the memory of 1,000")


def _repeat(folder: pathlib.Path, many: pathlib.Path, count: int) -> None:
    """Fills a folder with copies of the files, each with other bytes: its number after the last track."""
    files = sorted(folder.rglob("*.mid"))
    for number in range(count):
        data = files[number % len(files)].read_bytes()
        (many / f"{number:06d}.mid").write_bytes(data + number.to_bytes(4, "big"))


if __name__ == "__main__":
    main()
