import pytest

from nabi.workspace import judging_songs, paths
from nabi.workspace.ledger import LedgerRow
from nabi.workspace.ledger_columns import bits

DIGITS = {name: f"{index:016x}" + 48 * "0" for index, name in enumerate("abcde", 1)}


@pytest.fixture
def dataset(tmp_path):
    """Writes the ledger of a dataset: song -> split."""

    def write(name, **splits):
        rows = [
            LedgerRow(f"{name}/{song}", "read", sha256=DIGITS[song], split=split, cluster=DIGITS[song][:16]).as_dict()
            for song, split in splits.items()
        ]
        folder = str(tmp_path / name / "dataset")
        paths.write_rows(f"{folder}/{paths.rows_name(paths.LEDGER, 0, 1)}", rows)
        paths.complete(folder, {"request": name, "content": name})
        return folder

    return write


@pytest.fixture
def model(tmp_path):
    """Writes what a finished model directory says of its training."""

    def write(name, before=""):
        folder = f"{tmp_path}/{name}/model"
        paths.write_json(
            f"{folder}/{paths.CONFIG}", {"data": f"{tmp_path}/{name}/dataset", "warm_started_from": before}
        )
        paths.complete(folder, {"request": name, "content": name})
        return folder

    return write


def names(songs):
    return {name for name, digits in DIGITS.items() if bits(digits) in songs}


def test_what_an_ancestor_of_either_model_was_trained_on_judges_neither(dataset, model):
    # Held out by the champion and by the challenger, b, c and d; but one ancestor had b, the other c.
    dataset("first", b="train")
    dataset("other", c="validation")
    champion_data = dataset("champion", a="train", b="test", c="test", d="test")
    data = dataset("new", a="test", b="test", c="test", d="test", e="train")
    champion, challenger = model("champion", before=model("first")), model("new", before=model("other"))
    datasets = judging_songs.training_datasets(champion_data, (challenger, champion))
    assert names(judging_songs.new_to_both(data, datasets)) == {"d"}


def test_without_a_champion_the_whole_test_split_judges(dataset):
    assert names(judging_songs.new_to_both(dataset("new", a="test", b="train", c="test"), ())) == {"a", "c"}


def test_the_models_before_a_model_are_followed_as_far_as_they_are_there(tmp_path, dataset, model, capsys):
    for name in ("first", "second", "third", "other"):
        dataset(name)
    first = model("first")
    second = model("second", before=first)
    new = model("new", before=model("third", before=second))

    def found(*models):
        return [path.split("/")[-2] for path in judging_songs.training_datasets(f"{tmp_path}/second/dataset", models)]

    assert found(new, second) == ["second", "third", "first"]
    (tmp_path / "first" / "model" / paths.COMPLETED).unlink()
    assert found(new, second) == ["second", "third"]
    assert f"{first} is not there any more" in capsys.readouterr().out
    assert found(model("other"), model("other")) == ["second"]


def test_models_started_from_each_other_end(tmp_path, dataset, model):
    dataset("a")
    model("a", before=f"{tmp_path}/b/model")
    b = model("b", before=f"{tmp_path}/a/model")
    dataset("b")
    assert judging_songs.training_datasets(f"{tmp_path}/b/dataset", (b,)) == [
        f"{tmp_path}/b/dataset",
        f"{tmp_path}/a/dataset",
    ]
