import pytest

from nabi.pages import headings

RUN = "/data/chorales/runs/0123456789abcdef"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (RUN, "chorales"),
        (f"{RUN}/songs/", "chorales"),
        (f"{RUN}/gate", "chorales"),
        (f"{RUN}/songs-primed", "chorales, primed"),
        (f"{RUN}/model-wide/trials", "chorales, wide"),
        ("gs://bucket/chorales/runs/0123456789abcdef/dataset", "chorales"),
        ("gs://bucket/runs/0123456789abcdef/dataset", "bucket"),
        ("/data/runs/chorales/dataset/", "chorales"),
        ("runs/first/model", "first"),
        ("runs/songs-primed", "songs-primed"),
        ("gs://bucket/pop", "pop"),
        ("gs://bucket/songs", "bucket"),
        ("songs", "songs"),
        ("./songs", "songs"),
        ("/", "/"),
    ],
)
def test_a_directory_is_named_as_its_maker_named_it(folder, name):
    assert headings.name_of(folder) == name


def test_where_a_retraining_directory_is_the_one_that_one_is_in(tmp_path, monkeypatch):
    (tmp_path / "pop").mkdir()
    monkeypatch.chdir(tmp_path / "pop")
    assert headings.name_of("runs/0123456789abcdef/songs") == "pop"
    assert headings.name_of("./runs/0123456789abcdef/songs") == "pop"


def test_a_page_knows_the_retraining_directory_that_it_lies_in():
    assert headings.retraining_of(f"{RUN}/index.html") == "chorales"
    assert headings.retraining_of("/data/runs/chorales/index.html") == ""
