import json

import pytest

from nabi.analysis.style_reference import StyleReference, load_if_there
from tests import builders

CHORD = builders.song((0, 12, 60), (0, 12, 64), (0, 12, 67))


@pytest.fixture
def reference() -> StyleReference:
    found = StyleReference("c")
    found.add("train", CHORD)
    found.add("train", CHORD.transpose(5))
    found.add("validation", CHORD.transpose(7))
    return found


def test_each_split_has_its_style_profile(reference):
    assert reference.train.keys == {"C major": 1, "F major": 1}
    assert reference.validation.keys == {"G major": 1}


def test_what_is_written_is_read(reference, tmp_path):
    path = tmp_path / "reference.json"
    reference.write(str(path))
    read = StyleReference.load(str(path), "c")
    assert read.train.as_dict() == reference.train.as_dict()
    assert read.validation.as_dict() == reference.validation.as_dict()
    read.write(str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_an_older_model_has_none(reference, tmp_path):
    assert load_if_there(str(tmp_path), "c") is None
    reference.write(str(tmp_path / "reference.json"))
    assert load_if_there(str(tmp_path), "c").train.songs == 2


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"content": "other"}, "it is of the dataset 'other', the model of 'c'"),
        ({"train": {}}, "it is no style profile"),
        ({"validation": None}, "it is no style profile"),
    ],
)
def test_a_file_of_another_dataset_or_damaged_is_refused(reference, tmp_path, damage, said):
    path = tmp_path / "reference.json"
    reference.write(str(path))
    path.write_text(json.dumps({**json.loads(path.read_text()), **damage}))
    with pytest.raises(ValueError, match=rf"{path} is no style reference .*{said}.*again"):
        load_if_there(str(tmp_path), "c")


@pytest.mark.parametrize("content", ["{", "[]", '{"content": "c"}'])
def test_what_is_no_reference_is_refused(tmp_path, content):
    (tmp_path / "reference.json").write_text(content)
    with pytest.raises(ValueError, match=r"copy the model directory again, or train again"):
        load_if_there(str(tmp_path), "c")
