"""The code of an export's README.md, run by the libraries that it names; skipped without them.

They are not in the lock: `pip install datasets`, or tensorflow-datasets, or torch, in an environment of its own.
"""

import pathlib
import re

import pytest

from pipelines import export
from tests.pipelines.exporting import datasets as literal

pytestmark = pytest.mark.slow


def run_readme(to: str, library: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """What the names in the README's code stand for after it has run."""
    pytest.importorskip(library)
    monkeypatch.chdir(tmp_path)
    export.run(data=literal.build(tmp_path / "dataset"), to=to, output=str(tmp_path / "FOLDER"))
    code = "\n".join(re.findall(r"```python\n(.*?)```", (tmp_path / "FOLDER" / "README.md").read_text(), re.DOTALL))
    names: dict = {}
    exec(code, names)
    return names


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Hugging Face's `datasets` without a network and with a cache of its own."""
    library = pytest.importorskip("datasets")
    monkeypatch.setattr(library.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(library.config, "HF_HUB_OFFLINE", True)
    return library


@pytest.mark.parametrize("to", ["parquet", "jsonl"])
def test_hugging_face_loads_songs_and_nabi_makes_music_of_them(tmp_path, monkeypatch, hub, to):
    names = run_readme(to, "datasets", tmp_path, monkeypatch)
    songs = {row["song"]: row for row in names["songs"]}
    assert songs.keys() == {"a1", "b2#3"}
    assert songs["a1"]["input_ids"] == [2, 4, 5, 6, 4, 3]
    assert (tmp_path / "song.mid").read_bytes()[:4] == b"MThd"


def test_hugging_face_loads_windows(tmp_path, monkeypatch, hub):
    run_readme("parquet", "datasets", tmp_path, monkeypatch)
    windows = hub.load_dataset("FOLDER", "windows")
    assert {split: len(rows) for split, rows in windows.items()} == {"train": 6, "validation": 1}
    assert windows["validation"][0]["input_ids"] == [2, 6, 3, 0, 0]


def test_hugging_face_refuses_a_folder_that_was_cut_off(tmp_path, hub):
    songs = {"train": {(f"a{number}", 0): [2, 4, 3] for number in range(9)}}
    folder = tmp_path / "FOLDER"
    export.run(data=literal.build(tmp_path / "dataset", songs), to="parquet", output=str(folder))
    next((folder / "windows").glob("train-00001*")).unlink()
    with pytest.raises(hub.exceptions.NonMatchingSplitsSizesError):
        hub.load_dataset(str(folder), "windows")


def test_tensorflow_datasets_opens_the_folder(tmp_path, monkeypatch):
    names = run_readme("tfds", "tensorflow_datasets", tmp_path, monkeypatch)
    rows = list(names["windows"].as_numpy_iterator())
    assert len(rows) == names["builder"].info.splits["train"].num_examples == 6
    assert sorted(row["tokens"].tolist() for row in rows if row["transpose"] == 2) == [[2, 5, 6, 4, 5], [4, 5, 3, 0, 0]]


def test_pytorch_reads_batches_from_the_mapped_array(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    names = run_readme("torch", "torch", tmp_path, monkeypatch)
    assert names["inputs"].shape == names["targets"].shape == (6, 4)
    assert names["targets"].dtype == torch.int64
