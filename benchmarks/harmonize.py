"""Harmonises melodies of test songs, and compares the harmonisations with the composer's own.

    python -m benchmarks.harmonize --model MODEL --data DATASET [--songs 5] [--versions 8]

The soprano of each song is given to `generator.generate --harmonize`, with the settings of `--recipe`. The table has
the figures of `nabi.analysis.form` that a melody does not decide, as means over songs and their versions, then how
often a version agrees with the composer: the share of the time in which the bass has the same note, in any octave, and
in which the same classes of pitches sound.
"""

import argparse
import itertools
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

import nabi
from nabi.analysis import form
from nabi.music import keys
from nabi.music.song import Song

_FIGURES = (
    "parallel_fifths", "parallel_octaves", "usual_polyphony", "duration_entropy", "held_chords", "key_kept",
    "ends_on_triad", "ends_on_tonic", "ends_v_i",
)  # fmt: skip


def harmonized(song: Song, model: str, recipe: str, versions: int) -> list[Song]:
    """Returns so many harmonisations of a song's highest line."""
    with tempfile.TemporaryDirectory() as folder:
        melody, songs = pathlib.Path(folder, "melody.mid"), pathlib.Path(folder, "songs")
        nabi.write(song, melody)
        flags = [f"--model={model}", f"--harmonize={melody}", f"--num_songs={versions}", f"--output={songs}"]
        command = [sys.executable, "-m", "generator.generate", f"--recipe={recipe}", *flags, "--audio=none"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
        return [nabi.read(path) for path in sorted(songs.glob("song-*.mid"))]


def means(songs: Iterable[Song]) -> dict[str, float]:
    """Returns the mean over songs of each figure that at least one of them has."""
    rows = [form.figures(song, keys.find_key(song)) for song in songs]
    return {
        name: float(np.mean([figures[name].value for figures in rows if name in figures]))
        for name in _FIGURES
        if any(name in figures for figures in rows)
    }


def agreement(song: Song, other: Song) -> tuple[float, float]:
    """Returns the percentages of a song's time with the same bass, in any octave, and with the same pitch classes."""
    own, others = _chords(song), _chords(other)[: song.end]
    others = np.concatenate([others, np.zeros((song.end - len(others), 128), bool)])
    sounds = own.any(axis=1) & others.any(axis=1)
    bass = sounds & (own.argmax(axis=1) % 12 == others.argmax(axis=1) % 12)
    same = sounds & (_classes(own) == _classes(others)).all(axis=1)
    return 100 * float(bass.mean()), 100 * float(same.mean())


def _chords(song: Song) -> npt.NDArray[np.bool_]:
    """Marks the pitches that sound at each tick, bool [T, 128]."""
    sounding = np.zeros((song.end, 128), bool)
    for start, duration, pitch in zip(*(column.tolist() for column in song.notes()), strict=True):
        sounding[start : start + duration, pitch] = True
    return sounding


def _classes(chords_TxP: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:  # noqa: N803 - a shape stands in the name
    return np.stack([chords_TxP[:, first::12].any(axis=1) for first in range(12)], axis=1)


def _print_table(columns: Sequence[tuple[str, dict[str, float]]]) -> None:
    print(f"{'':34}" + "".join(f"{title:>24}" for title, _ in columns))
    for name in _FIGURES:
        cells = "".join(f"{figures[name]:24.1f}" if name in figures else f"{'-':>24}" for _, figures in columns)
        print(f"{form.FIGURES[name][0]:34}{cells}")


def main() -> None:
    """Prints the table of all songs, and the agreement of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="model directory, of the encoding voices")
    parser.add_argument("--data", required=True, help="its dataset")
    parser.add_argument("--recipe", default="chorales", help="whose settings of sampling are taken")
    parser.add_argument("--songs", type=int, default=5, help="of the test split, the first by their hashes")
    parser.add_argument("--versions", type=int, default=8, help="harmonisations of each melody")
    args = parser.parse_args()
    songs = sorted(nabi.open_dataset(args.data).songs("test"), key=lambda song: song.about.sha256)[: args.songs]
    by_song = [harmonized(song, args.model, args.recipe, args.versions) for song in songs]
    _print_table([("the composer's", means(songs)), ("the model's", means(itertools.chain(*by_song)))])
    print(f"\n{'agreement, % of time':34}{'same bass':>24}{'same pitch classes':>24}")
    for song, versions in zip(songs, by_song, strict=True):
        bass, classes = np.mean([agreement(song, version) for version in versions], axis=0)
        print(f"{pathlib.Path(song.about.source).name:34}{bass:24.1f}{classes:24.1f}")


if __name__ == "__main__":
    main()
