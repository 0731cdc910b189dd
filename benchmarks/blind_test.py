"""A blind test for a machine: can a classifier tell excerpts of generated songs from excerpts of real ones?

    python -m benchmarks.blind_test --real DIR --generated DIR [--generated DIR ...] [--excerpts 300]

Needs scikit-learn (`pip install -e .[benchmark]`). Of each folder so many excerpts of 16 quarter notes are drawn
(equally many of each song) and described by histograms that no key and no tempo changes: steps of the top and the bass,
intervals between neighbouring voices and how these move together, how many notes sound, lengths, places in the bar,
degrees of the key found. Two classifiers are judged by cross-validation in five parts, where no song has excerpts in
two; 50 % is chance. Then what gives the generated songs away: the features that tell most alone, by the area under the
ROC curve.
"""

# ruff: noqa: N806 - shapes stand in the names of arrays.

import argparse
import collections
import itertools
import pathlib
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

import nabi
from nabi.music import excerpt, keys
from nabi.music.song import Song

QUARTERS = 16
_PARTS = 5

_Ints = npt.NDArray[np.int64]


def excerpts(song: Song) -> list[Song]:
    """Cuts a song into excerpts of 16 quarter notes; the rest at the end is left out, and notes are cut at borders."""
    length = QUARTERS * song.ticks_per_quarter
    parts = [excerpt.cut(song, begin, begin + length) for begin in range(0, song.end - length + 1, length)]
    return [part for part in parts if len(part.notes()[0]) > 1]


def features(song: Song) -> dict[str, float]:
    """Describes an excerpt by shares of what it has, each 0..1."""
    tpq = song.ticks_per_quarter
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    slices = list(_slices(start, duration, pitch))
    found = {
        **_shares("length", [f"{ticks / tpq:.2f}" for ticks in duration]),
        **_shares("place", [f"{tick % (4 * tpq) / tpq:.2f}" for tick in start]),
        **_shares("sounding", [len(pitches) for pitches in slices]),
        **_shares("top moves", _moves([pitches[0] for pitches in slices if pitches])),
        **_shares("bass moves", _moves([pitches[-1] for pitches in slices if pitches])),
    }
    gaps = [(above - below) % 12 for pitches in slices for above, below in itertools.pairwise(pitches)]
    found |= _shares("neighbours", gaps)
    found |= _shares(
        "chord", [tuple(sorted({(p - pitches[-1]) % 12 for p in pitches})) for pitches in slices if pitches]
    )
    found |= _shares("together", list(_motions(slices)))
    key = keys.find_key(song)
    if key:
        degrees = np.repeat((pitch - key.tonic) % 12, np.maximum(duration * 4 // tpq, 1))
        found |= _shares("degree", [f"{key.name.split()[1]} {degree}" for degree in degrees])
        found["key's correlation"] = key.correlation
    return found


def _slices(start: _Ints, duration: _Ints, pitch: _Ints) -> Iterator[tuple[int, ...]]:
    """Yields the pitches that sound from each onset on, from the top down."""
    for onset in np.unique(start):
        yield tuple(sorted(pitch[(start <= onset) & (onset < start + duration)].tolist(), reverse=True))


def _moves(line: list[int]) -> list[int]:
    return [int(np.clip(after - before, -12, 12)) for before, after in itertools.pairwise(line) if after != before]


def _motions(slices: list[tuple[int, ...]]) -> Iterator[str]:
    """Yields how each pair of voices goes on: `parallel 7` for a fifth that stays a fifth, else the kind of motion."""
    for before, after in itertools.pairwise(slices):
        if len(before) != len(after):
            continue
        for high in range(len(before)):
            for low in range(high + 1, len(before)):
                moved = after[high] - before[high], after[low] - before[low]
                if moved[0] and moved[0] == moved[1]:
                    yield f"parallel {(before[high] - before[low]) % 12}"
                else:
                    yield "oblique" if 0 in moved else "similar" if moved[0] * moved[1] > 0 else "contrary"


def _shares(name: str, values: list) -> dict[str, float]:
    counts = collections.Counter(values)
    return {f"{name} {value}": count / len(values) for value, count in counts.items()}


def drawn(folder: pathlib.Path, most: int) -> tuple[list[Mapping[str, float]], list[str]]:
    """Draws excerpts of a folder's songs; returns the features of each, and its song."""
    by_song = {path.name: excerpts(nabi.read(path)) for path in sorted(folder.glob("*.mid"))}
    random, chosen = np.random.default_rng(1), []
    for name, cut in sorted(by_song.items()):
        chosen += [(rank, name, part) for rank, part in enumerate(random.permutation(np.array(cut, object)))]
    # The first of each song, then the second of each ...
    chosen = sorted(chosen, key=lambda row: row[:2])[:most]
    return [features(part) for _, _, part in chosen], [name for _, name, _ in chosen]


def told_apart(real: tuple[list, list], generated: tuple[list, list]) -> tuple[dict[str, float], list[tuple]]:
    """Returns the accuracy of each classifier, and (area under the curve, feature, mean of real, of generated)."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    vectorizer = DictVectorizer(sparse=False)
    values_NxF = vectorizer.fit_transform([*real[0], *generated[0]])
    is_real = np.array([1] * len(real[0]) + [0] * len(generated[0]))
    groups = [f"real {name}" for name in real[1]] + [f"generated {name}" for name in generated[1]]
    classifiers = {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000)),
        "random forest": RandomForestClassifier(500, min_samples_leaf=3, random_state=1),
    }
    folds = GroupKFold(_PARTS, shuffle=True, random_state=1)
    accuracy = {
        name: float(cross_val_score(classifier, values_NxF, is_real, groups=groups, cv=folds).mean())
        for name, classifier in classifiers.items()
    }
    tells = []
    for feature, column in zip(vectorizer.get_feature_names_out(), values_NxF.T, strict=True):
        area = roc_auc_score(is_real, column)
        tells.append((max(area, 1 - area), feature, column[is_real == 1].mean(), column[is_real == 0].mean()))
    return accuracy, sorted(tells, reverse=True)


def main() -> None:
    """Prints a table for each folder of generated songs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=pathlib.Path, required=True, help="folder of MIDI files")
    parser.add_argument("--generated", type=pathlib.Path, action="append", required=True, help="folder of MIDI files")
    parser.add_argument("--excerpts", type=int, default=300, help="of each folder")
    args = parser.parse_args()
    real = drawn(args.real, args.excerpts)
    for folder in args.generated:
        generated = drawn(folder, args.excerpts)
        # As many of each, so that chance is 50 %.
        count = min(len(real[0]), len(generated[0]))
        halves = [(features[:count], names[:count]) for features, names in (real, generated)]
        accuracy, tells = told_apart(*halves)
        print(f"\n{folder.name}: {count} real and {count} generated excerpts of {QUARTERS} quarters")
        for name, share in accuracy.items():
            print(f"  {name:22}{100 * share:6.1f} % told apart (50 % is chance)")
        print(f"  {'what tells most alone':40}{'area':>8}{'real':>8}{'songs':>8}")
        for area, feature, of_real, of_generated in tells[:12]:
            print(f"  {feature:40}{area:8.2f}{of_real:8.3f}{of_generated:8.3f}")


if __name__ == "__main__":
    main()
