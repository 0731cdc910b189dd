import pathlib

import numpy as np
import pytest

from benchmarks import polyphonic_dataset as datasets
from nabi.music import records
from nabi.music.vocabulary import END, START
from nabi.workspace import paths
from trainer.data import batches
from trainer.data.dataset import open_dataset

pytestmark = pytest.mark.slow

# C4 and G8, a silent frame at the end; a piece that stands twice in its split.
PIECES = {
    "train": [((60, 106), (60,), ()), ((62,),), ((62,),)],
    "validation": [((), (60,), (60, 64))],
    "test": [((64,), ())],
}


def settings(window=4, stride=2, semitones=(-1, 1, 3)):
    return datasets.settings_of(PIECES, ticks=6, window=window, stride=stride, semitones=semitones)


@pytest.fixture
def folder(tmp_path):
    datasets.build(str(tmp_path), "Nottingham", PIECES, settings())
    return tmp_path


def windows_of(part: pathlib.Path, split: str) -> list[records.Window]:
    found = []
    for path in sorted(part.glob(f"{split}-*")):
        with path.open("rb") as file:
            found += map(records.parse, records.read(file))
    return found


def words(folder, window: records.Window) -> str:
    vocabulary = open_dataset(str(folder / "dataset")).vocabulary
    return " ".join(vocabulary.tokens[token] for token in window.tokens)


def test_the_trainer_opens_the_dataset_without_the_test_split(folder):
    dataset = open_dataset(str(folder / "dataset"))
    assert dataset.settings["encoding"] == {"name": "steps", "divisors": [4, 3], "step": 6}
    assert (dataset.window, dataset.settings["stride"], dataset.settings["song_marks"]) == (4, 2, True)
    assert {split: dataset.windows(split) for split in ("train", "validation", "test")} == {
        # 6 tokens and 2 marks, at -1, 0 and 1; 2 and 2 of each of two pieces at 4 keys.
        "train": 3 * 3 + 2 * 4,
        "validation": 2,
        "test": 0,
    }
    assert dataset.counts["train"]["tokens"] == 8 + 4 + 4
    assert not list((folder / "dataset").glob("test-*"))
    assert sum(len(part) for part in batches.read_windows(dataset, "train")) == 17


def test_every_note_and_the_step_are_in_the_vocabulary_counted_before_augmentation(folder):
    vocabulary = open_dataset(str(folder / "dataset")).vocabulary
    assert len(vocabulary) == 4 + 128 + 1
    counts = dict(zip(vocabulary.tokens, vocabulary.counts, strict=True))
    assert (counts["|"], counts["C4"], counts["D4"], counts["Bb7"], counts["E4"]) == (5, 2, 2, 1, 0)


def test_training_pieces_stand_in_other_keys_where_they_fit(folder):
    begins = [window for window in windows_of(folder / "dataset", "train") if window.start == 0]
    assert sorted((words(folder, window), window.transpose) for window in begins) == [
        ("<start> B3 A7 | B3", -1),
        ("<start> C#4 B7 | C#4", 1),
        *[("<start> C#4 | <end> <pad>", -1)] * 2,
        ("<start> C4 Bb7 | C4", 0),
        *[("<start> D4 | <end> <pad>", 0)] * 2,
        *[("<start> Eb4 | <end> <pad>", 1)] * 2,
        *[("<start> F4 | <end> <pad>", 3)] * 2,
    ]


def test_pieces_that_are_the_same_are_two(folder):
    assert len({window.song for window in windows_of(folder / "dataset", "train")}) == 3


def test_held_out_pieces_stand_frame_by_frame_in_their_key_with_each_target_once(folder):
    held_out = windows_of(folder / "dataset", "validation")
    assert [(words(folder, window), window.start, window.transpose) for window in held_out] == [
        ("<start> | C4 | C4", 0, 0),
        ("C4 E4 | <end> <pad>", 4, 0),
    ]


def test_the_test_split_lies_apart_with_its_silent_end(folder):
    dataset = datasets.open_split(str(folder), "test")
    assert dataset.content == datasets.open_split(str(folder), "validation").content
    (windows,) = [part for part in batches.read_windows(dataset, "test") if len(part)]
    step, note = dataset.vocabulary.ids["|"], dataset.vocabulary.ids["E4"]
    assert windows.tokens.tolist() == [[START, note, step, step, END]]
    assert not dataset.windows("train")


def test_a_dataset_says_of_which_set_it_is_and_what_it_holds(folder):
    about = paths.read_json(str(folder / "dataset" / "dataset.json"))
    assert datasets.name_of(str(folder)) == "Nottingham"
    assert about["statistics"]["train"]["augmented_tokens"] == 3 * 6 + 2 * 4 * 2
    assert about["statistics"]["test"]["silent_ends"] == 1


def test_the_same_pieces_give_the_same_bytes_and_other_settings_are_refused(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("again")
    datasets.build(str(other), "Nottingham", PIECES, settings())
    files = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) > 20
    assert all((folder / path).read_bytes() == (other / path).read_bytes() for path in files)
    changed = np.array([(folder / path).stat().st_mtime_ns for path in files])
    datasets.build(str(folder), "Nottingham", PIECES, settings())
    assert (changed == [(folder / path).stat().st_mtime_ns for path in files]).all()
    with pytest.raises(ValueError, match="other settings or input"):
        datasets.build(str(folder), "Nottingham", PIECES, settings(window=3))
    datasets.build(str(folder), "Nottingham", PIECES, settings(window=3), overwrite=True)
    assert open_dataset(str(folder / "dataset")).window == 3
    assert datasets.open_split(str(folder), "test").window == 3
