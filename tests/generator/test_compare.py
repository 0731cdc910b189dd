import re

import pytest

from generator import compare
from generator.config import GenerateConfig
from generator.songs_dir.writing import describe
from nabi.workspace import paths
from tests.generator.pages.test_gallery import data_of


def write_set(folder, *, count=3, model=None, rows_files=1, **settings):
    """A finished songs directory, as far as a page of several needs it."""
    made = describe(GenerateConfig(**settings))
    rows = [
        {"song": at, "file": f"song-{at:05d}.mid", "seed": 5, "tokens": ["C4"], "settings": made} for at in range(count)
    ]
    for index in range(rows_files):
        path = folder / paths.rows_name(paths.SONGS, index, rows_files)
        paths.write_rows(str(path), rows[index * count // rows_files : (index + 1) * count // rows_files])
    if model is not None:
        paths.write_json(str(folder / paths.MADE_BY), {"model": model, "metrics": {"train": {"loss_nats": 1.0}}})
    paths.complete(str(folder), {"request": "made", "content": "x"})
    return str(folder)


@pytest.fixture
def sets(tmp_path):
    model = {"network": "1 x LSTM(8)", "steps": 100, "dataset": "d"}
    return [
        write_set(tmp_path / "runs" / "sampled", model=model, rows_files=2),
        write_set(tmp_path / "runs" / "greedy", model=model, decoding="greedy", count=2),
        write_set(tmp_path / "old", top_k=3),
    ]


def test_songs_of_several_directories_are_one_page(tmp_path, sets, capsys):
    page = tmp_path / "runs" / "compare.html"
    assert compare.main([*sets, "--output", str(page)]) == 0
    assert capsys.readouterr().out == f"8 songs of sampled, greedy, old: {page}\n"
    data = data_of(page.read_text())
    assert "<h1>sampled, greedy and old</h1>" in page.read_text()
    assert [song["name"] for song in data["songs"]][:4] == [
        "sampled · Song 0",
        "greedy · Song 0",
        "old · Song 0",
        "sampled · Song 1",
    ]
    assert [song["file"] for song in data["songs"]][:3] == [
        "sampled/song-00000.mid",
        "greedy/song-00000.mid",
        "../old/song-00000.mid",
    ]
    assert [one["model"].get("steps") for one in data["sets"]] == ["100", "100", None]
    # What is worth telling of one is told of all.
    assert [one["settings"]["decoding"] for one in data["sets"]] == ["sample", "greedy", "sample"]
    assert [one["settings"]["top_k"] for one in data["sets"]] == ["0", "0", "3"]
    assert [(one["settings"]["seed"], "max_bars" in one["settings"]) for one in data["sets"]] == [("5", False)] * 3
    assert data["sets"][2]["index"] == "../old/index.html"


def test_names_are_as_they_are_asked_for(tmp_path, sets):
    page = tmp_path / "compare.html"
    assert compare.main([*sets, "--output", str(page), "--names", "a, b,<c>"]) == 0
    assert [one["name"] for one in data_of(page.read_text())["sets"]] == ["a", "b", "<c>"]
    assert "<h1>a, b and &lt;c&gt;</h1>" in page.read_text()


def test_of_large_sets_the_first_songs_are_shown_and_of_each_as_many(tmp_path, sets, monkeypatch):
    monkeypatch.setattr(compare.gallery, "MOST_SONGS", 7)
    compare.compare(sets, str(tmp_path / "compare.html"))
    songs = data_of((tmp_path / "compare.html").read_text())["songs"]
    assert sorted(song["name"] for song in songs) == sorted(
        f"{name} · Song {at}" for name in ("sampled", "greedy", "old") for at in (0, 1)
    )


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["sampled", "sampled/"], "sampled is given twice"),
        (
            ["sampled", "none"],
            "the songs directory .*none does not exist, or is empty: run `python -m generator.generate`",
        ),
        (["sampled", "half"], "the songs directory .*half is not finished: run"),
        (["sampled", "dataset"], r"dataset has no songs-\*.jsonl: name a songs directory"),
        (["sampled", "greedy", "--names=a"], "--names a must name each of the 2 directories"),
        (["sampled", "greedy", "--names=a,a"], "--names a,a must name each of the 2 directories"),
        (["sampled", "greedy", "--names=a,"], "--names a, must name each of the 2 directories"),
        (["sampled", "--output=page.txt"], "--output page.txt must be the name of a page"),
        (["sampled", "--output=sampled/index.html"], "--output sampled/index.html is that directory's own page"),
        (["sampled", "--output=gs://bucket/page.html"], "--output gs://bucket/page.html cannot name songs in sampled"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_and_no_page_is_written(
    tmp_path, sets, capsys, monkeypatch, flags, message
):
    monkeypatch.chdir(tmp_path / "runs")
    (tmp_path / "runs" / "half").mkdir()
    (tmp_path / "runs" / "half" / paths.UNFINISHED).write_text("{}")
    (tmp_path / "runs" / "dataset").mkdir()
    paths.complete(str(tmp_path / "runs" / "dataset"), {"request": "made", "content": "x"})
    assert compare.main(["--output=page.html", *flags]) == 2
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert error.startswith("compare: ")
    assert error.count("\n") == 1
    assert not list(tmp_path.rglob("*.html"))
