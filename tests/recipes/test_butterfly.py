"""The two 나비야 tutorials: a nursery song of 54 codes, by heart."""

import collections

import numpy as np
import pytest
import symusic

from nabi.music.encodings import PitchDuration
from nabi.workspace import paths
from tests.recipes import chain
from trainer.data.input_features import table

pytestmark = pytest.mark.slow

# fmt: off
TUNE = [
    "g8", "e8", "e4", "f8", "d8", "d4", "c8", "d8", "e8", "f8", "g8", "g8", "g4",
    "g8", "e8", "e8", "e8", "f8", "d8", "d4", "c8", "e8", "g8", "g8", "e8", "e8", "e4",
    "d8", "d8", "d8", "d8", "d8", "e8", "f4", "e8", "e8", "e8", "e8", "e8", "f8", "g4",
    "g8", "e8", "e4", "f8", "d8", "d4", "c8", "e8", "g8", "g8", "e8", "e8", "e4",
]
# fmt: on


@pytest.fixture(scope="module", params=["index", "features"])
def recipe(request):
    return f"butterfly-{request.param}"


@pytest.fixture(scope="module")
def dataset(recipe, tmp_path_factory):
    return chain.preprocessed(recipe, tmp_path_factory.mktemp("butterfly") / "dataset")


@pytest.fixture(scope="module")
def model(recipe, dataset, tmp_path_factory):
    return chain.trained(recipe, dataset, tmp_path_factory.mktemp("butterfly") / "model", "--steps=600")


def test_54_codes_are_50_windows_of_four_and_the_one_after(dataset):
    windows = chain.windows(dataset)
    assert [chain.spelled(dataset, window).split() for window in windows] == [TUNE[at : at + 5] for at in range(50)]
    assert [window.start for window in windows] == list(range(50))


def test_the_vocabulary_is_the_tutorials_of_which_nine_are_used(dataset):
    assert chain.tokens(dataset) == tuple(f"{letter}{length}" for length in "48" for letter in "cdefgab")
    assert sum(count > 0 for count in chain.vocabulary(dataset).counts) == 9


def test_a_model_without_memory_cannot_pass_46_of_50():
    continuations = collections.defaultdict(collections.Counter)
    for at in range(50):
        continuations[tuple(TUNE[at : at + 4])][TUNE[at + 4]] += 1
    assert sum(max(after.values()) for after in continuations.values()) == 46


def test_the_features_are_the_tutorials(dataset):
    vocabulary, encoding = chain.vocabulary(dataset), PitchDuration(notation="codes")
    np.testing.assert_allclose(table("index", vocabulary, encoding)[4:, 0], np.arange(14) / 13, rtol=1e-6)
    scale = [letter / 6 for letter in range(7)]
    both = table("pitch-length", vocabulary, encoding)[4:]
    np.testing.assert_allclose(both[:, 0], [*scale, *scale], rtol=1e-6)
    # The tutorial has quarters as 0 and eighths as 1; ours has the longer as 1.
    assert both[:, 1].tolist() == [1] * 7 + [0] * 7


def test_training_lowers_the_loss_and_tells_the_accuracy(model):
    assert chain.lowers_the_loss(model)
    assert chain.history(model, "train_accuracy")[-1] > chain.history(model, "train_accuracy")[0]
    assert paths.read_json(str(model / paths.METRICS))["train"]["tokens"] == 50


def test_one_step_prediction_is_the_accuracy_of_training(recipe, model, tmp_path):
    (row,) = chain.generated(f"{recipe}:one-step", model, tmp_path / "songs")
    assert (row["primer"], len(row["tokens"])) == (TUNE[:4], 50)
    right = sum(one == other for one, other in zip(row["tokens"], TUNE[4:], strict=True))
    assert row["agreement"] == right / 50
    assert right / 50 == pytest.approx(paths.read_json(str(model / paths.METRICS))["train"]["accuracy"])


def test_the_full_song_is_midi_as_the_tutorial_writes_it(recipe, model, tmp_path):
    (row,) = chain.generated(f"{recipe}:full-song", model, tmp_path / "songs")
    assert (row["primer"], len(row["tokens"])) == (TUNE[:4], 50)
    score = symusic.Score.from_midi((tmp_path / "songs" / row["file"]).read_bytes())
    (track,) = score.tracks
    assert (track.program, {note.velocity for note in track.notes}) == (0, {120})
    assert [round(tempo.qpm) for tempo in score.tempos] == [130]
    assert [(key.key, key.tonality) for key in score.key_signatures] == [(0, 0)]
    # g8 e8 e4 f8: an eighth is half a quarter note, and its octave begins at C5.
    beginning = [(note.time / score.tpq, note.duration / score.tpq, note.pitch) for note in track.notes[:4]]
    assert beginning == [(0, 0.5, 79), (0.5, 0.5, 76), (1, 1, 76), (2, 0.5, 77)]
