"""What is found of near duplicates, and what it costs: the numbers behind the constants of `songs.tunes`.

    python -m benchmarks.near_duplicates FOLDER ... [--every 8]

Plants a changed copy of every n-th file beside all of them, one kind of change at a time, and runs what a dataset is
made with: reading, fingerprints, bands, sketches, components. A copy is found if it is in the cluster of its original.
A song is falsely linked if none of the songs it is linked with is truly alike: similarity of all n-grams at least 0.25
in one view; the least alike links are printed to be listened to.
"""

import argparse
import collections
import hashlib
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterator

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import symusic

from beam_jobs.options import beam_options, open_pipeline, quiet
from pipelines.clusters import ClusterSongs, LinkSongs
from songs import tunes
from songs.errors import ParseError
from songs.reading import read_song
from songs.song import Song
from songs.tunes import Fingerprint

# The notes of a file's tracks: (start, duration, pitch) in the file's ticks, [N, 3] each, drums left out.
Tracks = list[npt.NDArray[np.int64]]
Songs = dict[str, Song]

# A link of songs that are less alike, of all their n-grams, is false.
_ALIKE = 0.25


def read_folders(folders: list[pathlib.Path]) -> dict[str, pathlib.Path]:
    """Every file below the folders, by 16 digits as songs have in a dataset."""
    paths = sorted(path for folder in folders for path in folder.rglob("*.mid*"))
    return {hashlib.sha256(str(path).encode()).hexdigest()[:16]: path for path in paths}


def read(files: dict[str, pathlib.Path]) -> Songs:
    """The songs of the files; what cannot be read is left out."""
    songs = {}
    for name, path in files.items():
        try:
            songs[name] = read_song(path.read_bytes(), source=str(path))
        except ParseError:
            continue
    return songs


def tracks_of(path: pathlib.Path) -> tuple[int, Tracks]:
    """(ticks a quarter note, tracks that have notes) of a file."""
    score = symusic.Score(path)
    columns = [track.notes.numpy() for track in score.tracks if len(track.notes) and not track.is_drum]
    tracks = [np.stack([own["time"], own["duration"], own["pitch"]], axis=1).astype(np.int64) for own in columns]
    return score.ticks_per_quarter, tracks


def song_of(ticks_per_quarter: int, tracks: Tracks) -> Song:
    """The song of a file that is written with these tracks."""
    score = symusic.Score(ticks_per_quarter)
    for notes in tracks:
        track = symusic.Track(name="", program=0, is_drum=False)
        loud = np.full(len(notes), 80, np.int8)
        start, duration, pitch = notes.T
        track.notes = symusic.Note.from_numpy(
            start.astype(np.int32), duration.astype(np.int32), pitch.astype(np.int8), loud, "tick"
        )
        score.tracks.append(track)
    return read_song(score.dumps_midi(), source="copy.mid")


def transpose(tracks: Tracks, semitones: int) -> Tracks:
    """The same notes so many semitones higher."""
    return [notes + np.array([0, 0, semitones]) for notes in tracks]


def stretch(tracks: Tracks, factor: float) -> Tracks:
    """The same notes at another tempo, to be quantised again."""
    return [np.maximum(np.round(notes * [factor, factor, 1]), [0, 1, 0]).astype(np.int64) for notes in tracks]


def merge(tracks: Tracks) -> Tracks:
    """All notes in one track."""
    return [np.concatenate(tracks)]


def part_by_hand(tracks: Tracks) -> Tracks:
    """The notes from C4 up in one track, the others in a track after it."""
    (notes,) = merge(tracks)
    high = notes[:, 2] >= 60
    return [part for part in (notes[high], notes[~high]) if len(part)]


def without(tracks: Tracks, which: Callable[[list[float]], float]) -> Tracks | None:
    """Without the track whose mean pitch is the highest, or the lowest; None if it is the only one."""
    means = [float(notes[:, 2].mean()) for notes in tracks]
    rest = [notes for notes, mean in zip(tracks, means, strict=True) if mean != which(means)]
    return rest or None


def change_notes(tracks: Tracks, ticks_per_quarter: int, random: np.random.Generator) -> Tracks:
    """A note in 20 changed: a third of those left out, a third at another pitch, a third a sixteenth off."""
    changed = []
    for notes in tracks:
        dice = random.random(len(notes)) * 60
        other, moved = dice < 1, (dice >= 1) & (dice < 2)
        shifts = random.choice([-4, -3, -2, -1, 1, 2, 3, 4], len(notes))
        pitch = np.clip(notes[:, 2] + other * shifts, 0, 127)
        start = np.maximum(notes[:, 0] + moved * np.sign(shifts) * (ticks_per_quarter // 4), 0)
        changed.append(np.stack([start, notes[:, 1], pitch], axis=1)[(dice < 2) | (dice >= 3)])
    return [notes for notes in changed if len(notes)]


def cut_verse(tracks: Tracks, ticks_per_quarter: int, random: np.random.Generator) -> Tracks:
    """Without a third of the song in one piece, from a beat on, the rest closed up."""
    beats = int(max(notes[:, 0].max() for notes in tracks)) // ticks_per_quarter
    begin = int(random.integers(0, max(beats - beats // 3, 1))) * ticks_per_quarter
    end = begin + beats // 3 * ticks_per_quarter
    kept = [notes[(notes[:, 0] < begin) | (notes[:, 0] >= end)] for notes in tracks]
    return [notes - [end - begin, 0, 0] * (notes[:, :1] >= end) for notes in kept if len(notes)]


Change = Callable[[int, Tracks, np.random.Generator], Tracks | None]

COPIES: dict[str, Change] = {
    "transposed by a fourth": lambda ticks, tracks, random: transpose(tracks, 5),
    "transposed down a tone": lambda ticks, tracks, random: transpose(tracks, -2),
    "twice as slow": lambda ticks, tracks, random: stretch(tracks, 2),
    "times 5 / 4": lambda ticks, tracks, random: stretch(tracks, 5 / 4),
    "times 9 / 10": lambda ticks, tracks, random: stretch(tracks, 9 / 10),
    "times 3 / 4": lambda ticks, tracks, random: stretch(tracks, 3 / 4),
    "times 2 / 3": lambda ticks, tracks, random: stretch(tracks, 2 / 3),
    "tracks merged": lambda ticks, tracks, random: merge(tracks),
    "tracks reversed": lambda ticks, tracks, random: tracks[::-1],
    "two hands": lambda ticks, tracks, random: part_by_hand(tracks),
    "highest part missing": lambda ticks, tracks, random: without(tracks, max),
    "lowest part missing": lambda ticks, tracks, random: without(tracks, min),
    "5 % of notes changed": lambda ticks, tracks, random: change_notes(tracks, ticks, random),
    "a third cut out": lambda ticks, tracks, random: cut_verse(tracks, ticks, random),
}


def copies(files: dict[str, pathlib.Path], change: Change) -> Iterator[tuple[str, Song]]:
    """(name of the original, its copy) of files that can be changed so."""
    for name, path in files.items():
        try:
            ticks, tracks = tracks_of(path)
            changed = change(ticks, tracks, np.random.default_rng(int(name[:8], 16))) if tracks else None
            if changed and all(notes[:, 2].min() >= 0 and notes[:, 2].max() <= 127 for notes in changed):
                yield name, song_of(ticks, changed)
        except (ParseError, RuntimeError):
            continue


def run(transform: beam.PTransform, songs: dict[str, Fingerprint]) -> list[tuple[str, str]]:
    """The pairs of names that a transform makes of songs, on Beam's local runner, sorted."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "pairs")
        with open_pipeline(beam_options([])) as pipeline:
            lines = pipeline | beam.Create(songs.items()) | transform | beam.Map(" ".join)
            _ = lines | beam.io.WriteToText(str(path), shard_name_template="")
        return sorted((one, other) for one, other in map(str.split, path.read_text().splitlines()))


def report_copies(files: dict[str, pathlib.Path], every: int, originals: dict[str, Fingerprint]) -> None:
    """Prints how many changed copies end in the cluster of their original, by folder and in all."""
    chosen = {name: files[name] for name in list(originals)[::every]}
    for kind, change in COPIES.items():
        # Copies have names that lie among those of the originals.
        planted = {
            hashlib.sha256(name.encode()).hexdigest()[:16]: (name, tunes.fingerprint(song))
            for name, song in copies(chosen, change)
        }
        labels = dict(run(ClusterSongs(), originals | {copy: found for copy, (_, found) in planted.items()}))
        hits: dict[str, list[bool]] = collections.defaultdict(list)
        for copy, (name, _) in planted.items():
            found = labels.get(copy, copy) == labels.get(name, name)
            hits["all"].append(found)
            hits[files[name].parent.name].append(found)
        parts = (f"{folder} {sum(found)} of {len(found)} ({np.mean(found):.1%})" for folder, found in hits.items())
        print(f"{kind:24} {', '.join(parts)}", flush=True)


def report_links(files: dict[str, pathlib.Path], songs: Songs, prints: dict[str, Fingerprint]) -> None:
    """Prints how the songs are linked, how many falsely, and the least alike that are."""
    links = run(LinkSongs(), prints)
    alike = {link: tunes.similarity(songs[link[0]], songs[link[1]]) for link in links}
    best: dict[str, float] = collections.defaultdict(float)
    for link, similarity in alike.items():
        for name in link:
            best[name] = max(best[name], similarity)
    false = sum(similarity < _ALIKE for similarity in best.values())
    print(
        f"{len(best)} of {len(songs)} songs are linked, by {len(links)} links; "
        f"{false} ({false / len(songs):.2%}) falsely"
    )
    sizes = collections.Counter(label for _, label in run(ClusterSongs(), prints))
    print(f"{len(sizes)} clusters; the largest have {[1 + size for _, size in sizes.most_common(5)]} songs")
    for link in sorted(links, key=alike.__getitem__)[:20]:
        print(f"    {alike[link]:.2f} {' '.join('/'.join(files[name].parts[-2:]) for name in link)}")


def main() -> None:
    """Reads the folders, then reports cost, links, and recall on copies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="+", type=pathlib.Path)
    parser.add_argument("--every", type=int, default=8, help="makes copies of every n-th song")
    chosen = parser.parse_args()
    quiet()
    files = read_folders(chosen.folder)
    songs = read(files)
    began = time.process_time()
    prints = {name: tunes.fingerprint(song) for name, song in songs.items()}
    spent = (time.process_time() - began) / len(songs)
    shuffled = sum(sum(len(band) + 14 for band in own.bands) + len(own.sketch) + 16 for own in prints.values())
    print(f"{len(songs)} songs, {sum(not own.bands for own in prints.values())} too short to tell")
    print(f"a song: {1e3 * spent:.2f} ms, {shuffled / len(songs):.0f} bytes shuffled")
    report_links(files, songs, prints)
    report_copies(files, chosen.every, prints)


if __name__ == "__main__":
    main()
