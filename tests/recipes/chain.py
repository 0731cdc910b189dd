"""The three jobs of a recipe on a shrunk budget, in this process."""

import csv
import pathlib

import numpy as np

from generator import generate
from nabi.music import records
from nabi.music.vocabulary import SPECIAL_TOKENS, Vocabulary
from nabi.workspace import paths
from pipelines import preprocess
from trainer import task

MIDI = pathlib.Path(__file__).parents[3] / "shared" / "midi"


def preprocessed(recipe, folder, music=None):
    """A recipe's dataset directory."""
    flags = ["--input", str(music)] if music else []
    preprocess.main(["--recipe", recipe, "--output", str(folder), *flags])
    return folder


def vocabulary(dataset):
    """A dataset's vocabulary."""
    return Vocabulary.from_json((dataset / paths.VOCABULARY).read_text())


def tokens(dataset):
    """The vocabulary's tokens, the special ones left out."""
    return vocabulary(dataset).tokens[len(SPECIAL_TOKENS) :]


def rows(folder, kind=paths.LEDGER):
    """The rows of a ledger or of songs."""
    return [row for path in sorted(folder.glob(f"{kind}-*.jsonl")) for row in paths.read_rows(str(path))]


def windows(dataset, split="train"):
    """The records of a split."""
    found = []
    for path in sorted(dataset.glob(f"{split}-*.tfrecord")):
        with path.open("rb") as file:
            found += [records.parse(record) for record in records.read(file)]
    return found


def spelled(dataset, window):
    """A window's tokens, as text."""
    known = vocabulary(dataset)
    return " ".join(known.tokens[token] for token in window.tokens)


def trained(recipe, dataset, folder, *flags):
    """A recipe's model directory, for fewer steps."""
    assert task.main(["--recipe", recipe, "--data", str(dataset), "--model_dir", str(folder), *flags]) == 0
    return folder


def history(model, column):
    """A column of history.csv, float64 [rows that have it]."""
    with (model / paths.HISTORY).open(encoding="utf-8") as file:
        return np.array([float(row[column]) for row in csv.DictReader(file) if row[column]])


def lowers_the_loss(model):
    """Whether the last fifth of the rows is better than the first."""
    losses = history(model, "train_loss_nats")
    some = max(len(losses) // 5, 1)
    return losses[-some:].mean() < 0.9 * losses[:some].mean()


def generated(recipe, model, folder, *flags):
    """The rows of a recipe's songs."""
    generate.main(["--recipe", recipe, "--model", str(model), "--output", str(folder), "--audio=none", *flags])
    return rows(folder, paths.SONGS)
