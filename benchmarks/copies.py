"""Measures chance similarity of songs and known copies: the evidence for the constants of `nabi.analysis.copies`.

python -m benchmarks.copies DATASET DATASET ...
"""

import dataclasses
import itertools
import time
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from nabi.analysis import copies
from nabi.analysis.copies.runs import find
from nabi.analysis.hashing import Hashes, mix, of_grams
from nabi.music.song import Song
from nabi.workspace.commands import Parser
from trainer.data.dataset import open_dataset
from trainer.training import copy_index

LENGTHS = (6, 8, 10, 12, 14, 16, 20)
# Factors by which the fingerprints of an index are thinned.
THINNED = (1, 2, 5, 20, 100)
# Held-out songs compared of each collection, at most.
MOST = 100

Songs = list[Song]


@dataclasses.dataclass(frozen=True)
class WithDurations(copies.Gram):
    """N-grams that count durations too."""

    def hashes(self, notes: copies.Notes) -> Hashes:
        """Hashes every n-gram."""
        step = np.diff(notes.onset) << 8 | (np.diff(notes.pitch) + 128)
        return of_grams(step.astype(np.uint64) ^ mix((notes.end - notes.onset)[1:].astype(np.uint64)), self.notes - 1)


def read(folder: str) -> dict[str, Songs]:
    """Reads a dataset's training songs, and its held-out songs, at most MOST."""
    dataset = open_dataset(folder)
    splits = {
        split: [song for _, song in copy_index.songs_of(dataset, split) if song]
        for split in ("train", "validation", "test")
    }
    return {"train": splits["train"], "held out": (splits["validation"] + splits["test"])[:MOST]}


def index_of(songs: Iterable[Song], gram: copies.Gram, most: int | None = None) -> copies.Index:
    """Builds an index of songs that are named by their numbers."""
    builder = copies.Builder(gram, most)
    for number, song in enumerate(songs):
        builder.add(f"{number:016x}", song, f"/home/somebody/music/{number:08}.mid")
    return builder.finish()


def report_cost(name: str, collection: Mapping[str, Songs]) -> copies.Index:
    """Prints the cost of an index, and how much held-out songs copy by chance."""
    began = time.perf_counter()
    index = index_of(collection["train"], copies.Gram())
    built = time.perf_counter()
    data = copies.write(index)
    loading = time.perf_counter()
    index = copies.read(data)
    index.find(np.zeros(0, np.uint64))
    loaded = time.perf_counter()
    matches = [find(song, index) for song in collection["held out"]]
    searched = time.perf_counter()
    print(
        f"{name}: {len(index.songs):,} songs, {index.notes:,} notes, {len(data) / 1e6:.2f} MB, window {index.window}; "
        f"{len(index.songs) / (built - began):,.0f} songs/s to index, {loaded - loading:.2f} s to load, "
        f"{1e3 * (searched - loaded) / len(matches):.1f} ms to compare a song"
    )
    figures = [(match.longest.different if match.longest else 0, match.longest_bars, match.share) for match in matches]
    index = dataclasses.replace(index, held_out=copies.HeldOut.of(figures))
    for figure, values in index.held_out.as_dict().items():
        print(f"    {figure:6} {values}")
    return index


def report_chance(collections: Mapping[str, Mapping[str, Songs]], kind: type[copies.Gram]) -> None:
    """Prints, for each n, how much songs share with other collections and with their own."""
    print(f"\n{kind.__name__}: share of notes in common runs of n, median / 95 % quantile over songs")
    print(f"{'n':>34}" + "".join(f"{length:>12}" for length in LENGTHS))
    indices = {
        (name, length): index_of(songs["train"], kind(length))
        for name, songs in collections.items()
        for length in LENGTHS
    }
    worst = dict.fromkeys(LENGTHS, 0.0)
    for source, other in itertools.product(collections, repeat=2):
        row = f"{other[:16]:>16} in {source[:14]:14}"
        for length in LENGTHS:
            shares = [find(song, indices[source, length]).share for song in collections[other]["held out"]]
            high = float(np.quantile(shares, 0.95))
            worst[length] = max(worst[length], high if source != other else 0)
            row += f"{np.median(shares):6.3f}/{high:.3f}"
        print(row)
    print(f"{'largest of other collections':>34}" + "".join(f"{worst[length]:12.3f}" for length in LENGTHS))
    longest = [
        max(
            (run.notes for song in collections[other]["held out"] for run in find(song, indices[source, 6]).widest),
            default=0,
        )
        for source, other in itertools.permutations(collections, 2)
    ]
    print(f"longest run of notes shared with another collection: {max(longest, default=0)}")


def report_thinning(name: str, collection: Mapping[str, Songs]) -> None:
    """Prints how much a thinned index finds of 64 transposed notes of a training song within a held-out song."""
    print(f"\n{name}, thinned: of 64 copied notes are found (mean), their source is right")
    whole = len(index_of(collection["train"], copies.Gram()).fingerprints)
    planted = list(plants(collection["train"], collection["held out"]))
    for part in THINNED:
        index = index_of(collection["train"], copies.Gram(), whole // part)
        runs = [(number, find(song, index).longest) for number, song in planted]
        notes = np.mean([min(run.notes, 64) if run else 0 for _, run in runs])
        right = np.mean([bool(run) and int(run.source.song, 16) == number for number, run in runs])
        sure = index.notes_to_find
        print(
            f"    1/{part:<3} window {index.window:3}, sure from {sure:3} notes: {notes:5.1f} notes, {right:.0%} right"
        )


def plants(training: Sequence[Song], hosts: Sequence[Song]) -> Iterable[tuple[int, Song]]:
    """Appends 64 notes of a training song, 3 semitones higher, to each host; yields (number of that song, host)."""
    random = np.random.default_rng(0)
    long_enough = [number for number, song in enumerate(training) if len(song.pitches) >= 64]
    for host in hosts:
        number = int(random.choice(long_enough))
        notes, host_notes = copies.Notes.of(training[number]), copies.Notes.of(host)
        first = int(random.integers(len(notes) - 63))
        passage = slice(first, first + 64)
        onset = notes.onset[passage] - notes.onset[first] + host.end + 12
        pitch = np.clip(notes.pitch[passage] + 3, 0, 127)
        yield (
            number,
            Song.from_notes(
                np.concatenate([host_notes.onset, onset]),
                np.concatenate([host_notes.end - host_notes.onset, np.full(64, 3)]),
                np.concatenate([host_notes.pitch, pitch]),
            ),
        )


def trivial() -> dict[str, Song]:
    """Writes scales and other common patterns, 200 notes each: name -> song."""
    number = np.arange(200)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    up_and_down = np.concatenate([np.arange(15), np.arange(13, 0, -1)])[number % 28]
    pitches = {
        "one note": np.full(200, 60),
        "major scale": 48 + 12 * (up_and_down // 7) + scale[up_and_down % 7],
        "chromatic scale": 48 + number % 25,
        "Alberti bass": 48 + np.array([0, 7, 4, 7])[number % 4],
        "ostinato": 60 + np.array([0, 3, 7, 3, 8, 3, 7, 3])[number % 8],
    }
    return {
        f"{name}, {kind}": Song.from_notes(ticks * number, np.full(200, ticks), pitch)
        for name, pitch in pitches.items()
        for kind, ticks in (("quarters", 12), ("eighths", 6), ("sixteenths", 3))
    }


def report_trivial(name: str, index: copies.Index, collection: Mapping[str, Songs]) -> None:
    """Prints the verdicts on trivial music, beside those on 64 notes that are really copied."""
    print(f"\n{name}: trivial music, and copies of 64 notes")
    for kind, song in trivial().items():
        run = find(song, index).longest
        if run:
            print(f"    {kind:28} {run.notes:4} notes, {run.different:3} different: {_verdict(song, index)}")
    verdicts = [_verdict(song, index) for _, song in plants(collection["train"], collection["held out"])]
    for verdict in sorted(set(verdicts), key=verdicts.count)[-3:]:
        print(f"    copied: {verdicts.count(verdict)} of {len(verdicts)} songs {verdict}")


def _verdict(song: Song, index: copies.Index) -> str:
    run = find(song, index).longest
    return copies.standing(run.different if run else 0, index.held_out.notes) + " in a row"


def main() -> None:
    """Reads the datasets, then reports cost, chance, thinning and trivial music."""
    parser = Parser("python -m benchmarks.copies", description=__doc__)
    parser.add_argument("dataset", nargs="+", help="made with --encoding events")
    collections = {folder.rstrip("/").rpartition("/")[2]: read(folder) for folder in parser.parse_or_exit().dataset}
    indices = {name: report_cost(name, collection) for name, collection in collections.items()}
    for kind in (copies.Gram, WithDurations):
        report_chance(collections, kind)
    for name, collection in collections.items():
        report_thinning(name, collection)
        report_trivial(name, indices[name], collection)


if __name__ == "__main__":
    main()
