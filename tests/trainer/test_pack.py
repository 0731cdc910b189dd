"""Models packed by the command, and given to the jobs that take a model."""

import json
import pathlib
import zipfile

import keras
import numpy as np
import pytest

import nabi
from nabi.networks import trained_model
from nabi.workspace import paths, storage
from nabi.workspace.ledger import READ, LedgerRow
from tests.trainer import datasets
from trainer import card, evaluate, pack, task
from trainer.training.warm_start import open_warm

pytestmark = pytest.mark.slow

SONGS = {split: datasets.melodies(count, seed) for split, count, seed in (("train", 12, 0), ("validation", 3, 1))}
SIZES = ["--batch_size=4", "--units=8", "--embedding=4", "--layers=1", "--evaluate_every=2", "--checkpoint_every=2"]
CHECK = {"name": "loops", "passed": False, "said": "31 % of the sampled songs ran into a loop"}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> pathlib.Path:
    """A run as retrain leaves it: `dataset`, a `model` trained on it, and the judgement that it failed."""
    folder = tmp_path_factory.mktemp("pack")
    data = datasets.build(folder / "dataset", {**SONGS, "test": SONGS["validation"]}, datasets.Recipe(window=6))
    rows = [LedgerRow(f"{number}.mid", READ, split="train", licence="CC0-1.0").as_dict() for number in range(12)]
    paths.write_rows(f"{data}/{paths.rows_name(paths.LEDGER, 0, 1)}", rows)
    assert task.main(["--data", data, "--model_dir", f"{folder}/model", "--steps=4", *SIZES]) == 0
    paths.write_json(f"{folder}/gate/decision.json", {"passed": False, "checks": [CHECK], "reasons": [], "more": 1})
    return folder


@pytest.fixture(scope="module")
def packed(run) -> str:
    assert pack.main([f"{run}/model", f"{run}/mine.nabi"]) == 0
    return f"{run}/mine.nabi"


def refusal(capsys, *arguments: str) -> str:
    assert pack.main([*arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("pack: ")
    assert error.count("\n") == 1
    return error


def test_what_is_packed_and_what_is_not(run, packed):
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
        same = {name for name in names if (run / "model" / name).exists()}
        assert all(archive.read(name) == (run / "model" / name).read_bytes() for name in same)
    assert same == {
        "COMPLETED", "config.json", "copies.index", "history.csv", "metrics.json", "model.keras", "reference.json",
        "vocabulary.json",
    }  # fmt: skip
    assert set(names) - same == {"README.md", "card.json", "manifest.json"}


def test_packs_of_a_model_and_of_its_pack_are_byte_for_byte_the_same(run, packed, tmp_path):
    for source, name in ((f"{run}/model", "again"), (packed, "of-a-pack"), (f"{run}/model/model.keras", "file")):
        assert pack.main([source, f"{tmp_path}/{name}.nabi"]) == 0
        assert (tmp_path / f"{name}.nabi").read_bytes() == pathlib.Path(packed).read_bytes()


def test_the_card_in_the_pack_says_what_lies_beside_the_model(packed):
    readme = storage.read_text(f"{packed}/README.md")
    assert "Songs: 12 train, 0 validation, 0 test." in readme
    assert 'license: "cc0-1.0"' in readme
    assert "- **failed**: 31 % of the sampled songs ran into a loop" in readme
    assert json.loads(storage.read_bytes(f"{packed}/card.json"))["gate"] == {
        "passed": False, "checks": [CHECK], "reasons": [],
    }  # fmt: skip


def test_a_model_whose_dataset_is_gone_is_packed_with_a_warning(run, packed, tmp_path, capsys):
    storage.write_bytes(f"{tmp_path}/config.json", b"")
    for name in ("model.keras", "vocabulary.json", "COMPLETED"):
        storage.write_bytes(f"{tmp_path}/{name}", storage.read_bytes(f"{packed}/{name}"))
    config = {**paths.read_json(f"{packed}/config.json"), "data": "gone"}
    paths.write_json(f"{tmp_path}/config.json", config)
    assert pack.main([str(tmp_path), f"{tmp_path}/x.nabi"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("warning: the licences of the training music are not known: its dataset was not there")
    assert pack.main([f"{tmp_path}/x.nabi", f"{tmp_path}/y.nabi", "--data", f"{run}/dataset"]) == 0
    assert "warning" not in capsys.readouterr().out


def test_half_precision_is_half_the_size_and_nearly_the_same_model(run, packed, tmp_path):
    assert pack.main([packed, f"{tmp_path}/half.nabi", "--precision=float16"]) == 0
    assert pack.main([f"{tmp_path}/half.nabi", f"{tmp_path}/again.nabi", "--precision=float16"]) == 0
    assert (tmp_path / "half.nabi").read_bytes() == (tmp_path / "again.nabi").read_bytes()
    whole, half = trained_model.load(packed).model, trained_model.load(f"{tmp_path}/half.nabi").model
    tokens = np.array([[2, 4, 5, 6, 7]])
    np.testing.assert_allclose(whole(tokens), half(tokens), atol=0.01)
    assert not np.array_equal(whole(tokens), half(tokens))
    assert "rounded to half precision" in storage.read_text(f"{tmp_path}/half.nabi/README.md")


def test_a_pack_is_evaluated_as_its_directory_is(run, packed, tmp_path, capsys):
    data = ["--data", f"{run}/dataset"]
    assert evaluate.main(["--model", packed, *data]) == 2
    error = capsys.readouterr().err
    assert error == f"error: cannot write into {packed}: a packed model can only be read: give another folder\n"
    for model, name in ((packed, "packed"), (f"{run}/model", "folder")):
        assert evaluate.main(["--model", model, *data, "--output", f"{tmp_path}/{name}"]) == 0
    one, other = (paths.read_json(f"{tmp_path}/{name}/evaluation-test.json") for name in ("packed", "folder"))
    assert {**one, "model": ""} == {**other, "model": ""}


def test_a_training_starts_from_a_pack(run, packed, tmp_path):
    assert open_warm(packed).request == open_warm(f"{run}/model").request
    flags = ["--data", f"{run}/dataset", "--steps=2", *SIZES]
    for model, name in ((packed, "packed"), (f"{run}/model", "folder")):
        # Layers are named by how many this process has made.
        keras.backend.clear_session()
        assert task.main([*flags, "--warm_start", model, "--model_dir", f"{tmp_path}/{name}"]) == 0
    assert (tmp_path / "packed/model.keras").read_bytes() == (tmp_path / "folder/model.keras").read_bytes()


def test_the_library_loads_a_pack(packed):
    model = nabi.load_model(packed)
    assert (model.folder, model.encoding.name) == (packed, "pitch")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{run}/model", "{run}/x.zip"], "{run}/x.zip must end with .nabi, by which every --model knows a pack"),
        (["{run}/dataset", "{run}/x.nabi"], "{run}/dataset is a dataset, no model; give "),
        (["{run}/none", "{run}/x.nabi"], "the model {run}/none does not exist, or is empty: run "),
        (["{run}/model", "{run}/x.nabi", "--data={run}/model"], "{run}/model is a model, no dataset"),
        (["{run}/model"], "X.nabi is needed (the file to write); `python -m trainer.pack --help` lists all flags"),
        (["{run}/model", "/proc/x.nabi"], "cannot write /proc/x.nabi: there is no such file"),
    ],
)
def test_wrong_use_is_one_sentence(run, capsys, arguments, said):
    assert said.format(run=run) in refusal(capsys, *(word.format(run=run) for word in arguments))


def test_the_folder_of_a_hub(packed, tmp_path, capsys):
    assert card.main([packed, "--output", f"{tmp_path}/hub"]) == 0
    assert {path.name for path in (tmp_path / "hub").iterdir()} == {
        ".gitattributes", "LICENSE.md", "README.md", "model.nabi",
    }  # fmt: skip
    assert (tmp_path / "hub/model.nabi").read_bytes() == pathlib.Path(packed).read_bytes()
    capsys.readouterr()
    assert card.main([f"{tmp_path}/hub/model.nabi"]) == 0
    assert capsys.readouterr().out == (tmp_path / "hub/README.md").read_text()
    assert "| 12 | CC0-1.0 |" in (tmp_path / "hub/LICENSE.md").read_text()


def test_the_card_is_what_a_hub_reads(packed, tmp_path):
    hub = pytest.importorskip("huggingface_hub")
    assert card.main([packed, "--output", str(tmp_path)]) == 0
    data = hub.ModelCard.load(tmp_path / "README.md").data
    assert (data.license, data.library_name, data.metrics) == ("cc0-1.0", "nabi", ["perplexity", "accuracy"])
    metrics = paths.read_json(f"{packed}/{paths.METRICS}")
    values = {(result.dataset_split, result.metric_type): result.metric_value for result in data.eval_results}
    assert values["test", "perplexity"] == pytest.approx(metrics["test"]["perplexity"])
    assert len(values) == 6
