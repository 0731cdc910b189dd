import json
import re

import pytest

import nabi
from generator import listen
from generator.config import GenerateConfig
from generator.pages import listening_page
from generator.songs_dir.writing import describe
from nabi.workspace import paths
from tests.generator.listening.test_answers import HEAD, of
from tests.generator.listening.test_excerpts import scale

FLAGS = ["--pairs", "2", "--seconds", "5"]


@pytest.fixture
def folders(tmp_path):
    """Real music, and a finished songs directory: two files each, and one that is no music."""
    real, songs = tmp_path / "music" / "deep", tmp_path / "songs"
    for folder, pitch in ((real, 60), (songs, 48)):
        folder.mkdir(parents=True)
        for at in range(2):
            nabi.write(scale(6, pitch=pitch + at), folder / f"song-0000{at}.mid")
    (real / "broken.mid").write_bytes(b"MThd")
    made = describe(GenerateConfig())
    rows = [{"song": at, "file": f"song-0000{at}.mid", "settings": made} for at in range(2)]
    paths.write_rows(str(songs / paths.rows_name(paths.SONGS, 0, 1)), rows)
    paths.write_json(str(songs / paths.MADE_BY), {"model": {"encoding": "events"}, "metrics": {}})
    paths.complete(str(songs), {"request": "made", "content": "x"})
    return ["--real", str(tmp_path / "music"), "--songs", str(songs)]


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_the_page_holds_pairs_and_nothing_that_tells_which_is_the_models(folders, tmp_path, capsys):
    page = tmp_path / "listen.html"
    assert listen.main([*folders, *FLAGS, "--output", str(page)]) == 0
    assert capsys.readouterr().out == f"2 pairs of 5 seconds: {page}\n"
    text = page.read_text()
    data = data_of(text)
    assert [len(sound) for pair in data["pairs"] for sound in pair] == [len(data["pairs"][0][0])] * 4
    assert len({sound for pair in data["pairs"] for sound in pair}) == 4
    for word in ("song-0000", "music", "deep", str(tmp_path)):
        assert word not in text
    # Each hash is one side's.
    for number, value in enumerate(data["hashes"], 1):
        assert [listening_page.hidden(data["test"], number, side) for side in "AB"].count(value) == 1
    again = tmp_path / "again.html"
    assert listen.main([*folders, *FLAGS, "--output", str(again)]) == 0
    assert again.read_bytes() == page.read_bytes()
    assert listen.main([*folders, *FLAGS, "--seed", "2", "--output", str(again)]) == 0
    assert again.read_bytes() != page.read_bytes()


def test_answers_are_scored(tmp_path, capsys):
    path = tmp_path / "answers.csv"
    path.write_text(HEAD + of(1, 1, 2))
    assert listen.main(["--score", str(path)]) == 0
    assert capsys.readouterr().out.startswith("2 answers of 1 listener to 2 pairs\n")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--pairs", "3"], "give 2 pairs of 5 seconds that begin in the same bar, fewer than --pairs 3"),
        (["--seconds", "30"], "give 0 pairs of 30 seconds"),
        (["--pairs", "0"], "--pairs 0 must be in 1..100"),
        (["--seconds", "2"], "--seconds 2 must be in 5..60"),
        (["--real", "{empty}"], "--real {empty} does not exist, or is empty: give a folder of MIDI files"),
        (["--real", "{songs}"], "--real {songs} has songs of a model"),
        (["--songs", "{empty}"], "the songs directory {empty} does not exist"),
        (["--output", "folder"], "--output folder must be the name of a page, such as folder/listen.html"),
        (["--score", "a.csv"], "--score reads answers, --real makes a page: give one of both"),
    ],
)
def test_what_cannot_be_tested_is_refused_in_a_sentence(folders, tmp_path, capsys, more, words):
    places = {"empty": str(tmp_path / "empty"), "songs": folders[-1]}
    flags = [*folders, *FLAGS, "--output", str(tmp_path / "a.html"), *(word.format(**places) for word in more)]
    assert listen.main(flags) == 2
    error = capsys.readouterr().err
    assert error.startswith("listen: ")
    assert words.format(**places) in error
    assert error.count("\n") == 1
    assert not (tmp_path / "a.html").exists()


def test_without_any_flag_both_ways_are_named(capsys):
    assert listen.main([]) == 2
    assert "a test needs --real and --songs and --output, and the answers to one --score" in capsys.readouterr().err


def test_an_unfinished_songs_directory_is_refused(folders, tmp_path, capsys):
    (tmp_path / "songs" / "COMPLETED").unlink()
    assert listen.main([*folders, "--output", str(tmp_path / "a.html")]) == 2
    assert "is not finished" in capsys.readouterr().err
