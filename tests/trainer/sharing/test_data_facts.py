import pytest

from nabi.workspace import paths
from nabi.workspace.ledger import READ, LedgerRow
from tests.trainer import datasets
from trainer.sharing import data_facts

CONFIG = {"content": "c", "data": "gone"}
ROWS = [
    LedgerRow("/home/me/a.mid", READ, split="train", licence="CC0-1.0"),
    LedgerRow("b.mid", READ, split="train"),
    LedgerRow("corpus:bach-chorales!bwv1.mid", READ, split="test"),
    LedgerRow("corpus:bach-chorales!bwv2.mid", READ, split="train"),
    LedgerRow("again.mid", READ, split="train", duplicate_of="b.mid"),
    LedgerRow("bad.mid", "lost", reason="not-midi"),
]
FACTS = {
    "splits": {"train": 3, "validation": 0, "test": 1},
    "licences": [
        {"corpus": "bach-chorales", "licence": "", "songs": 2},
        {"corpus": "", "licence": "", "songs": 1},
        {"corpus": "", "licence": "CC0-1.0", "songs": 1},
    ],
}


@pytest.fixture
def dataset(tmp_path) -> str:
    folder = datasets.build(tmp_path / "run" / "dataset", {})
    paths.write_rows(f"{folder}/{paths.rows_name(paths.LEDGER, 0, 1)}", [row.as_dict() for row in ROWS])
    return folder


def test_songs_are_counted_by_split_and_licence_and_no_path_is_told(tmp_path, dataset):
    assert data_facts.find("elsewhere/model", CONFIG, dataset) == FACTS
    assert data_facts.find(f"{tmp_path}/run/model", CONFIG) == FACTS
    assert data_facts.find("elsewhere/model", {**CONFIG, "data": dataset}) == FACTS
    assert "home" not in str(FACTS)


def test_a_dataset_that_is_not_the_models(tmp_path, dataset):
    other = {"content": "d", "data": dataset}
    assert data_facts.find(f"{tmp_path}/run/model", other) is None
    with pytest.raises(ValueError, match="is not the dataset that the model was trained on, whose fingerprint is d"):
        data_facts.find("elsewhere/model", other, dataset)


@pytest.mark.parametrize("data", ["", "gone", "s3://bucket/of/others", "gs:/typo"])
def test_a_dataset_that_cannot_be_asked_is_none(data):
    assert data_facts.find("elsewhere/model", {"content": "c", "data": data}) is None
