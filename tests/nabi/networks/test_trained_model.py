import pathlib
import shutil
import tempfile
import time

import keras
import numpy as np
import pytest

from nabi.music import encodings
from nabi.music.vocabulary import Vocabulary
from nabi.networks import network, trained_model
from nabi.workspace import paths, storage

pytestmark = pytest.mark.slow

VOCABULARY = Vocabulary.from_ordered(["C4", "0.4"], {"C4": 2})


@pytest.fixture(scope="module")
def network_of_6():
    return network.build(
        network.Architecture(
            vocabulary_size=6,
            embedding=3,
            units=4,
            layers=2,
            dropout=0.1,
            blocked=(
                0,
                1,
                2,
            ),
        )
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory, network_of_6) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("model")
    trained_model.save_model(network_of_6, str(folder / paths.MODEL))
    (folder / paths.VOCABULARY).write_text(VOCABULARY.to_json())
    config = {"encoding": {"name": "pitch"}, "vocabulary": VOCABULARY.fingerprint, "target": "every"}
    paths.write_json(str(folder / paths.CONFIG), config)
    paths.complete(str(folder), {"request": "r", "content": "c"})
    return folder


@pytest.fixture
def folder(tmp_path, whole) -> pathlib.Path:
    return shutil.copytree(whole, tmp_path / "model")


def test_gives_back_what_was_saved(folder, network_of_6):
    loaded = trained_model.load(str(folder))
    tokens = np.array([[2, 4, 5, 4]])
    np.testing.assert_array_equal(loaded.model(tokens), network_of_6(tokens))
    assert loaded.vocabulary == VOCABULARY
    assert loaded.encoding == encodings.Pitch()
    assert (loaded.config["target"], loaded.marks) == ("every", {"request": "r", "content": "c"})


def test_unfinished(folder):
    (folder / paths.COMPLETED).unlink()
    with pytest.raises(ValueError, match="is not finished: run `python -m trainer"):
        trained_model.load(str(folder))


def test_vocabulary_of_another_model(folder):
    (folder / paths.VOCABULARY).write_text(Vocabulary.from_ordered(["C4", "0.5"], {}).to_json())
    with pytest.raises(ValueError, match="but the model was trained with"):
        trained_model.load(str(folder))


def test_network_of_another_size(folder):
    other = network.build(
        network.Architecture(vocabulary_size=7, embedding=3, units=4, layers=1, dropout=0.1, blocked=(0,))
    )
    trained_model.save_model(other, str(folder / paths.MODEL))
    with pytest.raises(ValueError, match=r"predicts 7 tokens, but vocabulary\.json has 6"):
        trained_model.load(str(folder))


def test_damaged_network(folder):
    (folder / paths.MODEL).write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"model\.keras is not a model that Keras can load"):
        trained_model.load(str(folder))


def test_model_with_code_of_its_own_is_refused(folder):
    import keras

    inputs = keras.Input((None,))
    keras.Model(inputs, keras.layers.Lambda(lambda values: values)(inputs)).save(folder / paths.MODEL)
    with pytest.raises(ValueError, match="is not a model that Keras can load"):
        trained_model.load(str(folder))


def test_equal_models_give_the_same_bytes(tmp_path):
    """Keras states when a model was saved and where its objects lie in memory, zips the local time."""
    sizes = network.Architecture(vocabulary_size=6, embedding=3, units=4, layers=2, dropout=0.1, blocked=(0, 1, 2))
    models = []
    for name in ("one", "two"):
        keras.backend.clear_session()
        keras.utils.set_random_seed(1)
        models.append(network.build(sizes))
        trained_model.save_model(models[-1], f"{tmp_path}/{name}")
        time.sleep(2)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_no_room_for_the_copy_that_keras_opens(tmp_path, small_disk, monkeypatch):
    (tmp_path / paths.MODEL).write_bytes(bytes(200_000))
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    with pytest.raises(storage.FullDiskError, match=r"cannot write .*/disk/.*/model\.keras: No space left on device"):
        trained_model.load_model(str(tmp_path / paths.MODEL))
    assert list(small_disk.iterdir()) == []
