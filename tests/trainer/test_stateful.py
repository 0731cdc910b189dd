"""The state carried through overlapping windows, as Keras' `stateful=True` does in the first documents on Nabi."""

import collections
import dataclasses
import itertools
import pathlib

import keras
import numpy as np
import pytest

from nabi.workspace import paths
from tests.trainer import datasets
from trainer import evaluate, task
from trainer.config import TrainConfig
from trainer.data.batch_order import BatchPosition
from trainer.data.dataset import open_dataset
from trainer.data.feed import Feed
from trainer.data.window_mode import WindowMode
from trainer.training.step import Learner
from trainer.training.strategy import make_strategy
from trainer.training.training_network import first_network

pytestmark = pytest.mark.slow

# 나비야 in notes and eighths (8) or quarters (4), as the documents write it.
SONG = (
    "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4 g8 e8 e8 e8 f8 d8 d4 c8 e8 g8 g8 e8 e8 e4 "
    "d8 d8 d8 d8 d8 e8 f4 e8 e8 e8 e8 e8 f8 g4 g8 e8 e4 f8 d8 d4 c8 e8 g8 g8 e8 e8 e4"
)
ORDER = "c4 d4 e4 f4 g4 a4 b4 c8 d8 e8 f8 g8 a8 b8"
BUTTERFLY = [4 + ORDER.split().index(code) for code in SONG.split()]
WINDOWS = [BUTTERFLY[start : start + 5] for start in range(50)]

RECIPE = datasets.Recipe(tokens=14, window=4, stride=1, song_marks=False)
TRAINING = TrainConfig(
    target="last", carry_state=True, batch_size=1, units=16, layers=1, embedding=4, dropout=0.0, clip_norm=1e6,
    learning_rate=0.01,
)  # fmt: skip


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> str:
    return datasets.build(tmp_path_factory.mktemp("butterfly"), {"train": [BUTTERFLY]}, RECIPE)


def steps(dataset: str, count: int, at_once: int, batch_size: int = 1):
    feed = Feed(open_dataset(dataset), batch_size, 1, WindowMode(last_only=True, carried=True))
    return list(itertools.islice(feed.steps(BatchPosition(), itertools.repeat(at_once)), count))


def test_four_notes_alone_tell_46_of_50():
    after = collections.defaultdict(collections.Counter)
    for *four, code in WINDOWS:
        after[tuple(four)][code] += 1
    assert sum(max(counts.values()) for counts in after.values()) == 46


def test_every_epoch_reads_the_song_from_its_begin(dataset):
    (two_epochs,) = steps(dataset, 1, at_once=100)
    assert two_epochs.tokens[:, 0].tolist() == [*WINDOWS, *WINDOWS]
    assert np.flatnonzero(two_epochs.begins).tolist() == [0, 50]
    assert two_epochs.epochs.tolist() == [0] * 50 + [1] * 50


def test_songs_side_by_side_keep_their_rows(tmp_path):
    # Of 3 and 2 windows, and one that fills none; one that is padded is left out.
    songs = [[4, 5, 6, 7, 8, 9, 10, 11, 12], [13, 14, 15, 16, 17, 13, 14, 15], [4, 5]]
    dataset = datasets.build(tmp_path, {"train": songs}, datasets.Recipe(14, window=4, stride=2, song_marks=False))
    (found,) = steps(dataset, 1, at_once=3, batch_size=2)
    rows = sorted(found.tokens[:, row, 0].tolist() for row in (0, 1))
    assert rows == [[4, 6, 8], [13, 15, 0]]
    assert found.begins[:2].tolist() == [[True, True], [False, False]]


def test_it_trains_as_plain_keras_does(dataset):
    index = (np.arange(18, dtype=np.float32)[:, None] - 4) / 13
    start = first_network(TRAINING, 18, [0, 1, 2, 3], index)
    (fed,) = steps(dataset, 1, at_once=60)
    ours = Learner(make_strategy(1, 1), TRAINING, start).run(fed)
    np.testing.assert_allclose(ours[:, 0], losses_of_plain_keras(start, index), atol=1e-5, rtol=0)


def losses_of_plain_keras(start: keras.Model, index: np.ndarray) -> list[float]:
    """Of 60 steps of the first document's network from the same first weights."""
    lstm = keras.layers.LSTM(TRAINING.units, stateful=True)
    allowed = keras.layers.Rescaling(1.0, offset=start.get_layer("allowed_logits").offset)
    model = keras.Sequential([keras.Input(batch_shape=(1, 4, 1)), lstm, keras.layers.Dense(18), allowed])
    model.set_weights(start.get_weights()[1:])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(TRAINING.learning_rate), loss=loss)
    losses = []
    for number in range(60):
        if number % 50 == 0:
            lstm.reset_states()
        *four, code = WINDOWS[number % 50]
        # Else it would give the mean of all steps.
        model.reset_metrics()
        losses.append(model.train_on_batch(index[four][None], np.array([code])))
    return losses


def train(data: str, model: pathlib.Path, **more) -> dict:
    """The figures of a finished model."""
    flags = TrainConfig.create({**TRAINING.as_dict(), "log_every": 50, **more}).as_flags()
    assert task.main(["--data", data, "--model_dir", str(model), *flags]) == 0
    return paths.read_json(f"{model}/metrics.json")


def test_more_is_learnt_than_four_notes_tell(tmp_path, dataset):
    metrics = train(dataset, tmp_path, units=32, embedding=16, steps=2000, clip_norm=1.0)
    assert metrics["train"]["tokens"] == 50
    assert metrics["train"]["accuracy"] > 46 / 50


def test_every_split_is_scored_as_it_was_trained(tmp_path, capsys):
    # Held-out windows do not overlap in the records: each of their targets behind the first 4 is scored all the same.
    songs = {"train": [BUTTERFLY], "validation": [BUTTERFLY], "test": [BUTTERFLY[:8]]}
    data = datasets.build(tmp_path / "data", songs, RECIPE)
    metrics = train(data, tmp_path / "model", steps=50)
    assert metrics["train"] == metrics["validation"]
    assert (metrics["validation"]["tokens"], metrics["test"]["tokens"]) == (50, 4)
    assert "carried through each song's (50 of train" in metrics["measured"]
    found = evaluate.run(model=f"{tmp_path}/model", data=data, split="validation")
    assert found["splits"]["validation"] == pytest.approx(metrics["validation"])
    wider = datasets.build(tmp_path / "wider", songs, dataclasses.replace(RECIPE, stride=2))
    capsys.readouterr()
    assert evaluate.main(["--model", f"{tmp_path}/model", "--data", wider]) == 2
    assert "was made with stride 2, but the model" in capsys.readouterr().err
