import dataclasses
import pathlib

import numpy as np
import pytest

from nabi.music.encodings import Voices
from nabi.music.vocabulary import Vocabulary
from nabi.networks import memory_layers, network, song_memory, trained_model
from nabi.networks.memory_layers import memory_of
from nabi.networks.song_memory import SongMemory
from nabi.workspace import paths
from tests.trainer import datasets
from trainer import task
from trainer.training.warm_start import open_warm

pytestmark = pytest.mark.slow


def built(size: int, **options):
    sizes = {"embedding": 3, "units": 4, "layers": 1, "dropout": 0.0, **options}
    return network.build(network.Architecture(vocabulary_size=size, blocked=(0, 1, 2), **sizes))


def with_memory(vocabulary: Vocabulary):
    sizes = network.Architecture(len(vocabulary), embedding=2, units=3, layers=1, dropout=0.0, blocked=(0, 1, 2))
    return network.build(sizes, memory=SongMemory.of(vocabulary, Voices()))


def save(folder: pathlib.Path, model, vocabulary: Vocabulary, encoding: str = "voices") -> None:
    """Writes a finished model directory."""
    trained_model.save_model(model, str(folder / paths.MODEL))
    (folder / paths.VOCABULARY).write_text(vocabulary.to_json())
    config = {"encoding": {"name": encoding}, "vocabulary": vocabulary.fingerprint}
    paths.write_json(str(folder / paths.CONFIG), config)
    paths.complete(str(folder), {"request": "r", "content": "c"})


@pytest.fixture
def folder(tmp_path):
    """A finished model that knows C4 and E4."""
    model = tmp_path / "first"
    model.mkdir()
    save(model, built(6), Vocabulary.from_ordered(["C4", "E4"], {}), encoding="pitch")
    return str(model)


@pytest.mark.parametrize("tied", [False, True])
def test_tokens_in_common_keep_their_weights(folder, tied):
    if tied:
        trained_model.save_model(built(6, tied_embeddings=True), f"{folder}/{paths.MODEL}")
    old, new = trained_model.load(folder).model, built(7, tied_embeddings=tied)
    fresh = [weights.copy() for weights in new.get_weights()]
    said = open_warm(folder).into(new, Vocabulary.from_ordered(["G4", "E4", "D4"], {}))
    assert said == f"started from {folder}: 5 of 7 tokens carried over, 2 start fresh"
    ours, theirs = new.get_layer("embedding").get_weights()[0], old.get_layer("embedding").get_weights()[0]
    # E4 was 5 and is 5; G4 at 4 and D4 at 6 are new.
    np.testing.assert_array_equal(ours[[0, 1, 2, 3, 5]], theirs[[0, 1, 2, 3, 5]])
    np.testing.assert_array_equal(ours[[4, 6]], fresh[0][[4, 6]])
    for name in ("lstm_0", "to_embedding") if tied else ("lstm_0",):
        for mine, old_part in zip(new.get_layer(name).get_weights(), old.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(mine, old_part)
    if not tied:
        kernel, bias = new.get_layer("logits").get_weights()
        np.testing.assert_array_equal(kernel[:, 5], old.get_layer("logits").get_weights()[0][:, 5])
        np.testing.assert_array_equal(kernel[:, 4], fresh[-2][:, 4])
        assert bias.shape == (7,)


@pytest.mark.parametrize("options", [{"units": 5}, {"embedding": 2}, {"layers": 2}, {"layer_norm": True}])
def test_another_architecture(folder, options):
    with pytest.raises(ValueError, match=r"does not fit: its layer .* use its --embedding, --units, --layers"):
        open_warm(folder).into(built(6, **options), Vocabulary.from_ordered(["C4", "E4"], {}))


@pytest.mark.parametrize("options", [{"units": 5}, {"embedding": 2}, {"layers": 2}, {"layer_norm": True}])
def test_another_architecture_starts_fresh_if_asked_to_and_wholly(folder, options):
    new = built(6, **options)
    fresh = [weights.copy() for weights in new.get_weights()]
    said = open_warm(folder, or_fresh=True).into(new, Vocabulary.from_ordered(["C4", "E4"], {}))
    assert said.startswith("started from first weights, since --warm_start")
    for mine, first in zip(new.get_weights(), fresh, strict=True):
        np.testing.assert_array_equal(mine, first)


@pytest.mark.parametrize("options", [{"layers": 2}, {"layer_norm": True}])
def test_no_layer_is_dropped_in_silence(folder, options):
    trained_model.save_model(built(6, **options), f"{folder}/{paths.MODEL}")
    with pytest.raises(ValueError, match=r"does not fit: its layer \w+ is not in this network: use its --embedding"):
        open_warm(folder).into(built(6), Vocabulary.from_ordered(["C4", "E4"], {}))


def test_features_of_another_vocabulary(folder):
    # One-hot: E4 kept the column that G4 has now, and the two could never be told apart.
    sizes = network.Architecture(6, embedding=3, units=4, layers=1, dropout=0.0, blocked=(0, 1, 2))
    one_hot = np.eye(6, dtype=np.float32)
    trained_model.save_model(network.build(sizes, one_hot), f"{folder}/{paths.MODEL}")
    same = open_warm(folder).into(network.build(sizes, one_hot), Vocabulary.from_ordered(["C4", "E4"], {}))
    assert "6 of 6 tokens carried over" in same
    with pytest.raises(ValueError, match=r"its tokens have other input features: .* preprocess with --vocabulary"):
        open_warm(folder).into(network.build(sizes, one_hot), Vocabulary.from_ordered(["E4", "G4"], {}))


def test_by_hand(tmp_path, folder, capsys):
    data = datasets.build(tmp_path / "data", {"train": datasets.melodies(3)})
    argv = ["--data", data, "--model_dir", str(tmp_path / "second"), "--units=4", "--embedding=3", "--layers=1"]
    argv += ["--batch_size=2", "--steps=1", "--learning_rate=1e-8"]
    assert task.main([*argv, "--warm_start", f"{folder}/"]) == 0
    assert "5 of 10 tokens carried over, 5 start fresh" in capsys.readouterr().out
    trained = trained_model.load(str(tmp_path / "second")).model.get_layer("lstm_0").get_weights()
    first = trained_model.load(folder).model.get_layer("lstm_0").get_weights()
    np.testing.assert_allclose(trained[0], first[0], atol=1e-6)
    assert paths.read_json(f"{tmp_path}/second/config.json")["warm_started_from"] == folder
    # The same model, but asked for without a start, is another one.
    assert task.main(argv) == 2
    assert "with another --warm_start" in capsys.readouterr().err
    assert task.main([*argv, "--warm_start", str(tmp_path / "nowhere"), "--overwrite"]) == 2
    assert (tmp_path / "second/COMPLETED").exists()


def test_a_memory_keeps_the_tables_of_its_own_vocabulary(tmp_path):
    tokens = ["meter:4/4", "bar:1", "key:C-major", "last:4", "@1", "C4", "~C4", "D4", "s:1", "s:3"]
    old, new = (Vocabulary.from_ordered(order, {}) for order in (tokens, tokens[::-1]))
    first, second = (with_memory(vocabulary) for vocabulary in (old, new))
    save(tmp_path, first, old)
    said = open_warm(str(tmp_path)).into(second, new)
    assert said.endswith("14 of 14 tokens carried over, 0 start fresh")
    own = SongMemory.of(new, Voices())
    for column in dataclasses.fields(own):
        np.testing.assert_array_equal(getattr(memory_of(second), column.name), getattr(own, column.name))
    np.testing.assert_array_equal(
        second.get_layer("pitch_logits").get_weights()[0].argmax(axis=1)[[60, 62]], [new.ids["C4"], new.ids["D4"]]
    )
    for name in ("embedding", "recalled", "last_of_kind"):
        ours, theirs = (model.get_layer(name).get_weights()[0] for model in (second, first))
        np.testing.assert_array_equal(ours[new.encode(tokens)], theirs[old.encode(tokens)])


def test_a_model_with_fewer_columns_of_its_tokens_is_refused_in_a_sentence(tmp_path, monkeypatch):
    vocabulary = Vocabulary.from_ordered(["bar:1", "C4", "s:1"], {})
    with monkeypatch.context() as before:
        before.setattr(memory_layers, "_COLUMNS", memory_layers._COLUMNS[:2])
        save(tmp_path, with_memory(vocabulary), vocabulary)
    with pytest.raises(ValueError, match="has a memory of another version of Nabi: train it again"):
        trained_model.load(str(tmp_path))


def test_a_model_with_another_memory_is_refused_in_a_sentence(tmp_path, monkeypatch):
    vocabulary = Vocabulary.from_ordered(["bar:1", "C4", "s:1"], {})
    with monkeypatch.context() as before:
        # A memory that counted one run only.
        for module in (song_memory, memory_layers):
            before.setattr(module, "RUNS", ("run",))
        names = tuple(name for name in SongMemory.of(vocabulary, Voices()).names if "opening_run" not in name)
        before.setattr(SongMemory, "names", names)
        save(tmp_path, with_memory(vocabulary), vocabulary)
    with pytest.raises(ValueError, match="has a memory of another version of Nabi: train it again"):
        trained_model.load(str(tmp_path))
