"""Measures recall and cost of near-duplicate detection: the evidence for the constants of `tune_fingerprint`.

    python -m benchmarks.near_duplicates FOLDER ... [--every 8]

Adds a changed copy of every n-th file to the collection, one kind of change at a time, and finds clusters as a dataset
does: reading, fingerprints, bands, sketches, components. A copy is found if it is in the cluster of its original.
Copies are made of files on which no constant was tuned (`held_out`). Links between songs of the collection itself are
printed, the shortest run of common intervals first, to be judged by ear.
"""

import collections
import hashlib
import pathlib
import time
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks import tune_copies
from benchmarks.tune_copies import COPIES
from nabi.analysis import tune_fingerprint
from nabi.analysis.tune_fingerprint import Fingerprint
from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.reading.file_reader import read_song
from nabi.workspace.commands import Parser
from pipelines.preprocessing.clusters import candidates_of, key_by_bucket
from pipelines.preprocessing.connected_components import JoinLinks, Link

Prints = dict[str, Fingerprint]


# Of the links that share a shorter run of intervals some are false; longer ones are tunes in common, or loops.
DOUBTFUL = 16


def held_out(path: pathlib.Path) -> bool:
    """Selects the half of the files on which no constant was tuned, by a bit of the hash of their names."""
    return bool(hashlib.sha256(path.name.encode()).digest()[1] % 2)


def name_of(text: str) -> str:
    """Hashes a text to 16 hexadecimal digits, so that names of copies and of originals are mixed."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read(folders: Iterable[pathlib.Path]) -> tuple[dict[str, pathlib.Path], dict[str, Song]]:
    """Reads the files below the folders; returns the readable files and their songs, by name."""
    files, songs = {}, {}
    for path in sorted(path for folder in folders for path in folder.rglob("*.mid*")):
        try:
            songs[name_of(str(path))] = read_song(path.read_bytes(), source=str(path))
        except ParseError:
            continue
        files[name_of(str(path))] = path
    return files, songs


def links_of(prints: Prints) -> list[Link]:
    """Finds the links between songs as `pipelines.preprocessing.clusters.LinkSongs` does, without Beam."""
    buckets: dict[str, list[str]] = collections.defaultdict(list)
    for name, fingerprint in prints.items():
        for bucket, entry in key_by_bucket(name, fingerprint):
            buckets[bucket].append(entry)
    candidates = {pair for entries in buckets.values() for pair in candidates_of(entries)}
    return sorted(pair for pair in candidates if tune_fingerprint.alike(prints[pair[0]].sketch, prints[pair[1]].sketch))


def labels_of(links: Iterable[Link]) -> dict[str, str]:
    """Assigns each linked song to its cluster: name -> label."""
    join = JoinLinks()  # type: ignore[no-untyped-call]
    forest = join.create_accumulator()
    for link in links:
        forest = join.add_input(forest, link)
    return join.extract_output(forest)


def report_copies(files: dict[str, pathlib.Path], originals: Prints) -> None:
    """Prints how many changed copies of files end in the cluster of their original, by folder."""
    folders = sorted({path.parent.name for path in files.values()})
    print(f"{'found of copies, in %':36}", *(f"{folder[:11]:>11}" for folder in ["all", *folders]))
    for kind, change in COPIES.items():
        planted = {name: tune_fingerprint.fingerprint(song) for name, song in tune_copies.copies(files, change)}
        copied = {name_of(f"copy of {name}"): fingerprint for name, fingerprint in planted.items()}
        labels = labels_of(links_of({**originals, **copied}))
        hits: dict[str, list[bool]] = collections.defaultdict(list)
        for name in planted:
            copy = name_of(f"copy of {name}")
            is_found = labels.get(copy, copy) == labels.get(name, name)
            hits["all"].append(is_found)
            hits[files[name].parent.name].append(is_found)
        columns = ["all", *folders]
        cells = (f"{np.mean(hits[name]):.1%} /{len(hits[name]):4}" if name in hits else "" for name in columns)
        print(f"{kind:36}", *(f"{cell:>11}" for cell in cells), flush=True)


def report_links(files: dict[str, pathlib.Path], songs: dict[str, Song], prints: Prints) -> None:
    """Prints the sizes of clusters, and each link with the longest run of intervals that both songs have."""
    links = links_of(prints)
    sizes = collections.Counter(labels_of(links).values())
    runs = {link: longest_run(*(songs[name] for name in link)) for link in links}
    print(f"{sizes.total()} of {len(prints)} songs are linked, by {len(links)} links, in {len(sizes)} clusters;")
    print(f"the largest have {[size for _, size in sizes.most_common(5)]} songs")
    print(f"{sum(run < DOUBTFUL for run in runs.values())} links share no run of {DOUBTFUL} intervals:")
    for link, run in sorted(runs.items(), key=lambda item: item[1]):
        minima = tune_fingerprint.shared(*(prints[name].sketch for name in link))
        print(f"  {run:4} intervals in a row, {minima:2} of {tune_fingerprint.ORDERS} minima:", end=" ")
        print(" | ".join("/".join(files[name].parts[-2:])[:50] for name in link))


def longest_run(song: Song, other: Song) -> int:
    """Computes the longest run of equal intervals in the same line (tops, peaks ...) of two songs."""
    return max((_common(*lines) for lines in zip(_intervals(song), _intervals(other), strict=False)), default=0)


def _intervals(song: Song) -> list[npt.NDArray[np.int64]]:
    start, _, pitch = song.notes()
    return [np.diff(line) for line in tune_fingerprint.lines(start, pitch, song.ticks_per_quarter)]


def _common(intervals: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> int:
    """Computes the length of the longest common substring by dynamic programming, a row at a time."""
    longest, runs = 0, np.zeros(len(other) + 1, np.int64)
    for interval in intervals:
        runs[1:] = np.where(other == interval, runs[:-1] + 1, 0)
        longest = max(longest, int(runs.max()))
    return longest


def report_cost(songs: dict[str, Song]) -> Prints:
    """Computes the fingerprints of songs and prints their cost."""
    began = time.process_time()
    prints = {name: tune_fingerprint.fingerprint(song) for name, song in songs.items()}
    spent = (time.process_time() - began) / len(songs)
    bands = sum(len(fingerprint.bands) for fingerprint in prints.values()) / len(songs)
    print(f"{len(songs)} songs, {sum(not fingerprint.bands for fingerprint in prints.values())} too short to tell")
    print(
        f"a song: {1e3 * spent:.2f} ms, {bands:.1f} bands, {_crowded(prints):.1%} of them with more than 4 other songs"
    )
    return prints


def _crowded(prints: Prints) -> float:
    """Computes the share of bands with more than 4 other songs, in which a pair may miss each other, 0..1."""
    sizes = collections.Counter(band for fingerprint in prints.values() for band in fingerprint.bands)
    return sum(size for size in sizes.values() if size > 5) / sizes.total()


def held_out_sample(files: dict[str, pathlib.Path], every: int) -> Iterator[tuple[str, pathlib.Path]]:
    """Selects every n-th held-out file of each folder."""
    seen: collections.Counter[pathlib.Path] = collections.Counter()
    for name, path in files.items():
        if held_out(path):
            if seen[path.parent] % every == 0:
                yield name, path
            seen[path.parent] += 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the folders, then reports cost, links, and recall on copies."""
    parser = Parser("python -m benchmarks.near_duplicates", description=__doc__)
    parser.add_argument("folder", nargs="+", type=pathlib.Path)
    parser.add_argument("--every", type=int, default=8, help="makes copies of every n-th song that is held out")
    flags = parser.parse_or_exit(arguments)
    files, songs = read(flags.folder)
    prints = report_cost(songs)
    report_copies(dict(held_out_sample(files, flags.every)), prints)
    report_links(files, songs, prints)


if __name__ == "__main__":
    main()
