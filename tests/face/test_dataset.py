import itertools
import sys
import types

import numpy as np
import pytest

import nabi
from nabi.music.vocabulary import PAD
from nabi.workspace import paths
from pipelines import preprocess

pytestmark = pytest.mark.slow


@pytest.fixture
def dataset(runs) -> nabi.Dataset:
    return nabi.open_dataset(runs / "mine" / "dataset")


def names_of(runs, split: str) -> set[str]:
    """The songs of a split, as the ledger has them."""
    folder = str(runs / "mine" / "dataset")
    rows = [row for path in paths.rows_paths(folder, paths.LEDGER) for row in paths.read_rows(path)]
    return {row["sha256"] for row in rows if row["split"] == split}


def test_a_dataset_tells_what_it_is(runs, dataset):
    assert (dataset.folder, dataset.encoding.name, dataset.window) == (str(runs / "mine" / "dataset"), "events", 16)
    assert dataset.fingerprint == paths.completed(dataset.folder)["content"]
    assert nabi.open_dataset(str(runs / "mine")).folder == dataset.folder
    assert repr(dataset).startswith(f"Dataset({dataset.folder}: events, {len(dataset.vocabulary)} tokens, windows: ")


def test_songs_are_those_of_the_files_each_once_and_not_augmented(runs, dataset):
    for split in ("train", "validation", "test"):
        songs = list(dataset.songs(split))
        assert {song.about.sha256 for song in songs} == names_of(runs, split) != set()
        assert len(songs) == len(names_of(runs, split))
        assert all(list(song) == list(nabi.read(song.about.source)) for song in songs)


def test_songs_keep_the_meter_and_the_phrases_that_their_tokens_say(tmp_path):
    about = nabi.About(time_signature="3/4", phrase_ends=(36, 72))
    waltz = nabi.Song.from_notes(range(0, 72, 12), [12] * 6, [60, 64, 67, 65, 64, 62], about)
    nabi.write(waltz, tmp_path / "waltz.mid")
    flags = ["--encoding=voices", "--split=1,0,0", "--max_lost_fraction=0"]
    preprocess.main([f"--input={tmp_path / 'waltz.mid'}", f"--output={tmp_path / 'dataset'}", *flags])
    (song,) = nabi.open_dataset(tmp_path / "dataset").songs("train")
    assert list(song) == list(waltz)
    assert (song.about.time_signature, song.about.phrase_ends) == ("3/4", (36, 72))


def test_windows_are_columns_of_one_length(dataset):
    windows = dataset.windows("train")
    count = len(windows)
    assert f"{count} train" in repr(dataset)
    assert (windows.tokens.shape, windows.tokens.dtype) == ((count, 17), np.int32)
    assert (windows.starts.shape, windows.transposes.shape, len(windows.songs)) == ((count,), (count,), count)
    assert set(windows.transposes.tolist()) == {0, 1}
    np.testing.assert_array_equal(windows.inputs[:, 1:], windows.targets[:, :-1])


def test_parts_hold_every_window_once(dataset):
    whole = [window.tokens.tolist() for window in dataset.iterate_windows("train")]
    parts = [[w.tokens.tolist() for w in dataset.iterate_windows("train", part=part, parts=3)] for part in range(3)]
    assert sorted(itertools.chain.from_iterable(parts)) == sorted(whole)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda dataset: dataset.windows("valid"), "unknown split valid: did you mean validation?"),
        (lambda dataset: next(dataset.songs("x")), "unknown split x; there are train, validation, test"),
        (lambda dataset: dataset.iterate_windows("test", part=2, parts=2), "part 2 must be in 0..1, of 2 parts"),
        (lambda dataset: dataset.tf_dataset("train", batch_size=0), "batch_size 0 must be at least 1"),
    ],
)
def test_what_is_wrong_is_said(dataset, call, sentence):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - compared whole
        call(dataset)
    assert str(raised.value) == sentence


def test_a_folder_that_is_no_dataset_is_told(runs, tmp_path):
    with pytest.raises(
        ValueError, match=r"model is a model, no dataset; give a dataset directory or what retrain made"
    ):
        nabi.open_dataset(runs / "mine" / "model")
    with pytest.raises(ValueError, match=r"does not exist, or is empty: run `python -m pipelines.preprocess` first"):
        nabi.open_dataset(tmp_path / "none")


def test_a_damaged_file_is_named(runs, tmp_path):
    for path in (runs / "mine" / "dataset").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    damaged = tmp_path / "train-00000-of-00002.tfrecord"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    with pytest.raises(ValueError, match=r"train-00000-of-00002.tfrecord: damaged TFRecord file"):
        nabi.open_dataset(tmp_path).windows("train")


def test_tensorflow_reads_the_same_windows(dataset):
    windows = dataset.windows("train")
    inputs, targets = zip(*dataset.tf_dataset("train", batch_size=3).as_numpy_iterator(), strict=True)
    assert len(inputs[0]) == 3
    np.testing.assert_array_equal(np.concatenate(inputs), windows.inputs)
    np.testing.assert_array_equal(np.concatenate(targets), windows.targets)


def test_a_seed_shuffles_what_tensorflow_reads_another_way_in_each_pass(dataset):
    batches = dataset.tf_dataset("train", batch_size=1000, seed=1)
    passes = [next(batches.as_numpy_iterator())[0].tolist() for _ in range(2)]
    assert passes[0] != passes[1]
    assert sorted(passes[0]) == sorted(passes[1]) == sorted(dataset.windows("train").inputs.tolist())


@pytest.fixture
def torch(monkeypatch):
    """What `torch_dataset` takes of PyTorch, which is not installed here: a base class, and who reads."""
    data = types.ModuleType("torch.utils.data")
    data.IterableDataset = type("IterableDataset", (), {})
    data.info = None
    data.get_worker_info = lambda: data.info
    for name, module in (("torch", types.ModuleType("torch")), ("torch.utils", types.ModuleType("torch.utils"))):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "torch.utils.data", data)
    monkeypatch.delitem(sys.modules, "nabi.torch_windows", raising=False)
    yield data
    sys.modules.pop("nabi.torch_windows", None)


def worker(number: int, workers: int, seed: int = 0) -> types.SimpleNamespace:
    return types.SimpleNamespace(id=number, num_workers=workers, seed=seed)


def read_by(torch, dataset, info=None, seed=None) -> list[list[int]]:
    """All windows that a process reads."""
    torch.info = info
    return [inputs.tolist() + targets[-1:].tolist() for inputs, targets in dataset.torch_dataset("train", seed=seed)]


def test_pytorch_reads_the_same_windows_in_order(torch, dataset):
    windows = dataset.torch_dataset("train")
    assert isinstance(windows, torch.IterableDataset)
    assert {(inputs.dtype, len(inputs), len(targets)) for inputs, targets in windows} == {(np.dtype("int64"), 16, 16)}
    assert read_by(torch, dataset) == dataset.windows("train").tokens.tolist()


def test_workers_of_pytorch_share_the_windows(torch, dataset):
    parts = [read_by(torch, dataset, worker(number, 3)) for number in range(3)]
    assert sorted(itertools.chain.from_iterable(parts)) == sorted(dataset.windows("train").tokens.tolist())
    assert all(parts)


def test_a_seed_shuffles_what_pytorch_reads_another_way_in_each_pass(torch, dataset):
    windows = dataset.torch_dataset("train", seed=1)
    passes = [[inputs.tolist() for inputs, _ in windows] for _ in range(2)]
    assert passes[0] != passes[1]
    assert sorted(passes[0]) == sorted(passes[1])
    anew = [read_by(torch, dataset, worker(0, 1, seed), seed=1) for seed in (5, 5, 6)]
    assert anew[0] == anew[1] != anew[2]


def test_without_pytorch_the_error_says_what_to_do(dataset, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"torch_dataset needs PyTorch, which is not installed: `pip install torch`"):
        dataset.torch_dataset("train")


def test_padding_ends_songs_alone(dataset):
    windows = dataset.windows("validation")
    padded = (windows.tokens == PAD).any(axis=1)
    last = np.append(windows.starts[1:] == 0, True)
    assert padded.any()
    assert not (padded & ~last).any()
