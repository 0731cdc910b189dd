import pytest

from nabi.workspace import champion, directories, paths
from nabi.workspace.directories import DATASET, MODEL, SONGS
from tests import builders


@pytest.fixture
def run(tmp_path):
    """A run of a retraining directory, whose champion it is: its path below `mine`."""
    folder = tmp_path / "mine" / "runs" / "r1"
    for kind in (MODEL, DATASET, SONGS):
        (folder / kind.place).mkdir(parents=True)
        (folder / kind.place / kind.mark).write_text("{}")
        paths.complete(str(folder / kind.place), {"request": "r", "content": "c"})
    champion.promote(str(tmp_path / "mine"), "r1", champion.Champion())
    return str(folder)


@pytest.mark.parametrize("kind", [MODEL, DATASET, SONGS], ids=lambda kind: kind.name)
@pytest.mark.parametrize("below", ["", "/", "/runs/r1", "/runs/r1/{place}", "/runs/r1/{place}/"])
def test_what_retrain_made_is_found(tmp_path, run, kind, below):
    assert directories.find(f"{tmp_path}/mine" + below.format(place=kind.place), kind) == f"{run}/{kind.place}"


def test_a_models_file_means_its_directory(run, monkeypatch):
    assert directories.model(f"{run}/model/model.keras") == f"{run}/model"
    monkeypatch.chdir(f"{run}/model")
    assert directories.model("model.keras") == "."


def test_the_champion_is_taken_not_another_run(tmp_path, run):
    for place in ("model", "dataset"):
        paths.complete(f"{tmp_path}/mine/runs/r2/{place}", {"request": "r", "content": "c"})
    assert directories.model(f"{tmp_path}/mine") == f"{run}/model"
    assert directories.model(f"{tmp_path}/mine/runs/r2") == f"{tmp_path}/mine/runs/r2/model"


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [
        ("none", MODEL, "the model {0}/none does not exist, or is empty: run `python -m trainer.task` first"),
        ("mine/runs/r1/dataset", MODEL, "{0}/mine/runs/r1/dataset is a dataset, no model"),
        ("mine/runs/r1/songs", MODEL, "{0}/mine/runs/r1/songs is a songs directory, no model"),
        ("mine/runs/r1/model", DATASET, "{0}/mine/runs/r1/model is a model, no dataset"),
        ("midi", DATASET, "{0}/midi is no dataset but music (a.mid): first make a dataset of it with `python -m "),
        ("midi/a.mid", MODEL, "{0}/midi/a.mid is no model but music (a.mid)"),
        ("notes", MODEL, "{0}/notes is no model: it has todo.txt"),
        ("notes/todo.txt", MODEL, "{0}/notes/todo.txt is no model, but a file"),
        ("begun", MODEL, "{0}/begun is a retraining directory without a champion: start `python -m pipelines.retrain`"),
        ("begun/runs/r1", MODEL, "the model {0}/begun/runs/r1/model is not finished: run `python -m trainer.task`"),
    ],
)
def test_what_is_no_such_directory_is_told_for_what_it_is(tmp_path, run, path, kind, said):
    for name, content in (("midi/a.mid", builders.scale()), ("notes/todo.txt", b"eggs")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(content)
    paths.write_json(f"{tmp_path}/begun/runs/r1/model/{paths.CONFIG}", {})
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - compared below
        directories.find(f"{tmp_path}/{path}", kind)
    assert str(raised.value).startswith(said.format(tmp_path))
    assert str(raised.value).endswith(f"; give {kind.accepted}")
