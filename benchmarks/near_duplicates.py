"""What the fingerprints of tunes find, and what they cost: the numbers behind the constants of `songs.tunes`.

python -m benchmarks.near_duplicates FOLDER ... [--every 4]
"""

import argparse
import collections
import itertools
import pathlib
import time
from collections.abc import Callable

import numpy as np

from songs import tunes
from songs.errors import ParseError
from songs.midi import write
from songs.reading import read_song
from songs.song import Song

Songs = dict[str, Song]


def read_folders(folders: list[pathlib.Path]) -> Songs:
    """Every song below the folders, by path; what cannot be read is left out."""
    songs = {}
    for path in sorted(path for folder in folders for path in folder.rglob("*.mid*")):
        try:
            songs["/".join(path.parts[-2:])] = read_song(path.read_bytes(), source=str(path))
        except ParseError:
            continue
    return songs


def scale(song: Song, factor: int) -> Song:
    """The same song at another speed."""
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    return Song.from_notes(start * factor, duration * factor, pitch)


def shift_onsets(song: Song, share: float) -> Song:
    """The song with that share of its onsets a tick early or late."""
    random = np.random.default_rng(0)
    start, duration, pitch = song.notes()
    onsets, which = np.unique(start, return_inverse=True)
    shifts = random.choice([-1, 1], len(onsets)) * (random.random(len(onsets)) < share)
    return Song.from_notes(np.maximum(onsets + shifts, 0)[which], duration, pitch)


def drop_notes(song: Song, share: float) -> Song:
    """The song without that share of its notes."""
    start, duration, pitch = song.notes()
    kept = np.random.default_rng(0).random(len(start)) >= share
    return Song.from_notes(start[kept], duration[kept], pitch[kept])


def rewrite(song: Song, times: int = 1) -> Song:
    """The song as one track of a new file, its times multiplied by the header's ticks a quarter, read again."""
    data = bytearray(write(song))
    division = int.from_bytes(data[12:14], "big")
    data[12:14] = (division // times).to_bytes(2, "big")
    return read_song(bytes(data), source="rewritten")


COPIES: dict[str, Callable[[Song], Song]] = {
    "transposed by 5": lambda song: song.transpose(5),
    "transposed by -7": lambda song: song.transpose(-7),
    "twice as slow": lambda song: scale(song, 2),
    "three times as slow": lambda song: scale(song, 3),
    "tracks merged": rewrite,
    "merged, twice as slow": lambda song: rewrite(song, 2),
    "3 % of onsets shifted": lambda song: shift_onsets(song, 0.03),
    "5 % of onsets shifted": lambda song: shift_onsets(song, 0.05),
    "3 % of notes dropped": lambda song: drop_notes(song, 0.03),
    "5 % of notes dropped": lambda song: drop_notes(song, 0.05),
}


def report_copies(songs: Songs) -> None:
    """Prints how many changed copies share a band with their original."""
    for name, change in COPIES.items():
        similar = []
        found = 0
        for song in songs.values():
            try:
                copy = change(song)
            except ValueError:  # A pitch would leave 0-127.
                continue
            if bands := tunes.bands(song):
                similar.append(tunes.similarity(song, copy))
                found += not set(bands).isdisjoint(tunes.bands(copy))
        print(f"{name:24} found {found:5} of {len(similar):5}, median similarity {np.median(similar):.2f}")


def cluster(bands: dict[str, tuple[str, ...]]) -> list[list[str]]:
    """Songs with a band in common, directly or over others; the largest clusters first."""
    members = collections.defaultdict(list)
    for name, own in bands.items():
        for band in own:
            members[band].append(name)
    clusters = {name: [name] for name in bands}
    for one, other in (pair for names in members.values() for pair in itertools.pairwise(names)):
        if clusters[one] is not clusters[other]:
            clusters[one] += clusters[other]
            clusters.update(dict.fromkeys(clusters[one], clusters[one]))
    unique = {id(names): names for names in clusters.values() if len(names) > 1}
    return sorted(unique.values(), key=lambda names: (-len(names), names))


def report_clusters(songs: Songs, clusters: list[list[str]]) -> None:
    """Prints each cluster with the least and the greatest similarity in it."""
    for names in clusters:
        pairs = [tunes.similarity(songs[one], songs[other]) for one, other in itertools.combinations(names, 2)]
        print(f"{len(names):4} {min(pairs):.2f}..{max(pairs):.2f} {', '.join(names)}")
    print(f"{sum(map(len, clusters))} of {len(songs)} songs in {len(clusters)} clusters")


def main() -> None:
    """Reads the folders, then reports cost, recall on copies, and clusters."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="+", type=pathlib.Path)
    parser.add_argument("--every", type=int, default=4, help="makes copies of every n-th song")
    chosen = parser.parse_args()
    began = time.perf_counter()
    songs = read_folders(chosen.folder)
    read = time.perf_counter()
    bands = {name: tunes.bands(song) for name, song in songs.items()}
    done = time.perf_counter()
    print(f"{len(songs)} songs, {sum(not own for own in bands.values())} too short to tell")
    print(
        f"{1e3 * (read - began) / len(songs):.2f} ms a song to read, {1e3 * (done - read) / len(songs):.2f} for bands"
    )
    report_copies(dict(list(songs.items())[:: chosen.every]))
    report_clusters(songs, cluster(bands))


if __name__ == "__main__":
    main()
