"""Songs of the model that comes with Nabi, and the model itself."""

import hashlib
import pathlib
import webbrowser

import pytest

from generator import generate, play
from nabi.workspace import directories, paths, storage
from nabi.workspace.storage import packs

# Of the model that `make box` trains; another has other songs, which CHANGELOG.md should say.
SHA256 = "953bd81f1026b882211d9dcce493f66b46c52d3e8fdf399272c89b5c4b2c3f46"


def test_the_model_in_the_box_is_the_one_that_make_box_trains():
    data = pathlib.Path(play.boxed_model()).read_bytes()
    assert hashlib.sha256(data).hexdigest() == SHA256
    assert len(data) < 8_000_000


def test_the_model_in_the_box_is_whole_and_says_whose_music_it_learned():
    folder = directories.model(play.boxed_model())
    card = storage.read_text(f"{folder}/README.md")
    assert "Songs: 311 train, 16 validation, 21 test." in card
    assert "| 348 | chorales by Johann Sebastian Bach (1685-1750), whose music is in the public domain" in card
    assert "**failed**" not in card
    assert all(storage.exists(f"{folder}/{name}") for name in (paths.COPIES, paths.REFERENCE, paths.SAMPLING))
    assert storage.exists(f"{folder}/{packs.MANIFEST}")


def test_other_flags_have_another_folder():
    folders = {play.default_output(model, flags) for model in ("a.nabi", "b/a.nabi") for flags in ([], ["--seed=7"])}
    assert len(folders) == 4
    assert all(folder.startswith("runs/play-a-") for folder in folders)


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """Addresses that a browser was asked to open."""
    addresses = []
    monkeypatch.setattr(webbrowser, "open", lambda address: not addresses.append(address))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(play.sys, "platform", "linux")
    return addresses


@pytest.fixture
def sampled(monkeypatch, tmp_path) -> list[list[str]]:
    """Arguments that `generator.generate` was started with; it makes a page and nothing else."""
    started = []

    def start(arguments: list[str]) -> int:
        started.append(arguments)
        storage.write_text(f"{arguments[1].removeprefix('--output=')}/{paths.INDEX}", "songs")
        return 0

    monkeypatch.setattr(generate, "main", start)
    monkeypatch.chdir(tmp_path)
    return started


def test_a_page_opens_where_there_is_a_desktop(opened, sampled, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    assert play.main(["--seed=7", "--output=mine"]) == 0
    assert sampled == [[f"--model={play.boxed_model()}", "--output=mine", "--seed=7"]]
    assert opened == [f"{tmp_path.as_uri()}/mine/index.html"]
    assert capsys.readouterr().out.endswith(f"opened {tmp_path}/mine/index.html\n")


def test_where_no_browser_is_the_path_is_printed(opened, sampled, tmp_path, capsys):
    assert play.main(["--model=other.nabi"]) == 0
    page = f"{tmp_path}/{play.default_output('other.nabi', [])}/index.html"
    assert (opened, capsys.readouterr().out) == ([], f"songs of other.nabi\nopen in a browser: {page}\n")


def test_a_wrong_flag_is_refused_and_nothing_opens(opened, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISPLAY", ":0")
    assert play.main(["--num_song=3"]) == 2
    assert "unknown flag --num_song (neither" in capsys.readouterr().err
    assert (opened, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.slow
def test_songs_of_the_model_in_the_box(opened, tmp_path, monkeypatch):
    """One of twelve, which is the same among more."""
    monkeypatch.chdir(tmp_path)
    assert play.main(["--num_songs=1", "--audio=none", "--candidates=1"]) == 0
    (row,) = paths.read_rows(next(iter(paths.rows_paths(str(next((tmp_path / "runs").iterdir())), paths.SONGS))))
    assert row["ended"]
    assert row["form"]["usual_polyphony"] > 50
