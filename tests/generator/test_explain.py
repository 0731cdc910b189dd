import pathlib
import subprocess
import sys

import numpy as np
import pytest

from generator import explain
from nabi.music.about import About
from nabi.music.encodings import Encoding, Events, Grid
from nabi.music.song import Song
from nabi.reading import midi_writer
from nabi.workspace import paths
from tests import builders
from tests.generator.indices import write_index
from tests.generator.models import CONTENT
from tests.nabi.analysis.copies.music import index_of, part, plant, walk

# What a model's configuration says of how files are read.
DATASET = {
    "instrument": "all",
    "parser": "fast",
    "pedal": "drop",
    "time": "quarters",
    "selection": {"max_silence": 32},
    "limits": {"max_tokens_per_note": 128},
}


def write_model(folder: pathlib.Path, *training: Song, encoding: Encoding | None = None) -> str:
    """What `explain` reads of a model directory."""
    encoding = encoding or Events()
    write_index(folder, *(encoding.reduce(song) for song in training))
    config = {
        "encoding": encoding.settings(),
        "content": CONTENT,
        "dataset": DATASET,
    }
    paths.write_json(str(folder / paths.CONFIG), config)
    paths.complete(str(folder), {"request": "r", "content": CONTENT})
    return str(folder)


def on_grid(song: Song) -> Song:
    """The song as the reader gives it back: in sixteenths, nothing to gather."""
    start, _, pitch = song.notes()
    onsets, which = np.unique(start, return_inverse=True)
    return Song.from_notes(3 * np.arange(len(onsets))[which], np.full(len(start), 3), pitch)


TRAINING = [on_grid(walk(1)), on_grid(walk(2, 80))]


def save(path: pathlib.Path, song: Song) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(midi_writer.write(song))
    return str(path)


def rows(text: str) -> list[list[str]]:
    """The table's lines in words."""
    lines = text.splitlines()
    return [line.split() for line in lines[3 : lines.index("", 2)]]


@pytest.mark.parametrize("name", ["32nds.mid", "song-00001.mid"])
def test_a_file_is_read_on_the_grid_of_the_model(tmp_path, name):
    fine = Song.from_notes([0, 3, 6], [3, 3, 3], [60, 62, 64], ticks_per_quarter=24)
    path = save(tmp_path / "songs" / name, fine)
    paths.complete(str(tmp_path / "songs"), {"request": "r", "content": CONTENT})
    read = explain.read(path, {"encoding": Events(divisors=(8, 6)).settings(), "dataset": DATASET})
    assert read.ticks_per_quarter == 24
    assert list(read) == list(fine)


def test_a_training_file_is_copied_from_its_first_bar_to_its_last(tmp_path, capsys):
    model = write_model(tmp_path / "model", *TRAINING)
    path = save(tmp_path / "known.mid", TRAINING[1])
    assert explain.main([path, "--model", model]) == 0
    said = capsys.readouterr().out
    (only,) = rows(said)
    notes = len(TRAINING[1].pitches)
    assert (only[0], *only[2:]) == ("1:1", str(notes), "1:1", "+0", "1.mid")
    assert f"copied    {notes} notes (100.0%); the longest run has {notes} notes; " in said
    assert "original  0 notes (0.0%)\n" in said
    assert said.startswith(f"{path}: {notes} notes, ")
    assert said.endswith("verdict   there are no validation songs to compare with\n")


def test_a_file_that_shares_nothing_is_original(tmp_path, capsys):
    model = write_model(tmp_path / "model", *TRAINING)
    path = save(tmp_path / "new.mid", builders.song(*((12 * index, 12, 50 + index**2 % 31) for index in range(40))))
    assert explain.main([path, "--model", model]) == 0
    said = capsys.readouterr().out
    assert rows(said) == [["1:1", "10:4", "40", "original"]]
    assert "original  40 notes (100.0%)\nverdict   copies no run of 12 notes\n" in said


def test_every_stretch_is_placed():
    """Eight foreign quarters, 20 notes of a training song in sixteenths from its bar 2 on, four quarters."""
    onset, pitch = part(TRAINING[1], 0, 80)
    chosen = slice(*np.searchsorted(onset, [48, 48 + 36]).tolist())
    count = chosen.stop - chosen.start
    song = plant(onset[chosen], pitch[chosen], before=8, after=4, semitones=-5, gap=12)
    found = explain.copies.find(song, index_of(*TRAINING))
    assert rows(explain.describe("x.mid", found)) == [
        ["1:1", "2:4", "8", "original"],
        ["3:1", "3:3", str(count), "2:1", "-5", "1.mid"],
        ["3:4", "4:3", "4", "original"],
    ]
    start, duration, pitches = song.notes()
    waltz = Song.from_notes(start, duration, pitches, About(time_signature="3/4"))
    assert rows(explain.describe("x.mid", explain.copies.find(waltz, index_of(*TRAINING)))) == [
        ["1:1", "3:2", "8", "original"],
        ["3:3", "4:2", str(count), "2:2", "-5", "1.mid"],
        ["4:3", "5:3", "4", "original"],
    ]


def test_other_songs_that_have_a_stretch_are_counted():
    song = walk(7)
    text = explain.describe("x.mid", explain.copies.find(song, index_of(song, walk(8), song, song)))
    assert rows(text)[0][-3:] == ["0.mid", "and", "2"] or rows(text)[0][-4:] == ["0.mid", "and", "2", "more"]
    assert "0.mid and 2 more" in text


def test_what_repeats_and_what_may_be_missed_is_told():
    loop = builders.song(*((12 * index, 3, 60) for index in range(40)))
    text = explain.describe("x.mid", explain.copies.find(loop, index_of(loop)))
    assert "the longest run has 40 notes, 12 if what repeats counts once; 9.8 bars in a row at most" in text
    assert "may have been missed" not in text
    thinned = index_of(walk(1, 90), most=20)
    text = explain.describe("x.mid", explain.copies.find(walk(1, 90), thinned))
    assert text.endswith(f"runs below {thinned.notes_to_find} notes may have been missed.")


def test_a_song_too_short_to_tell(tmp_path, capsys):
    model = write_model(tmp_path / "model", *TRAINING)
    path = save(tmp_path / "short.mid", builders.song((0, 12, 60)))
    assert explain.main([path, "--model", model]) == 0
    assert "too short to tell: a copy is known from 12 notes in a row on" in capsys.readouterr().out


def test_a_hostile_source_steers_no_terminal():
    builder = explain.copies.Builder(explain.copies.Gram())
    builder.add("0", walk(1), "a\x1b[2Jb" + "c" * 100)
    text = explain.describe("\x1b.mid", explain.copies.find(walk(1), builder.finish()))
    assert "\x1b" not in text
    assert "…" + "c" * 59 in text


@pytest.mark.parametrize("ending", ["", ".mid"])
def test_a_generated_song_is_read_as_it_was_written(tmp_path, capsys, ending):
    """Onsets a twelfth of a quarter apart, which reading a stranger's file would gather."""
    song = Song.from_notes(np.arange(30), np.ones(30), 40 + np.arange(30) ** 2 % 41)
    model = write_model(tmp_path / "model", song)
    save(tmp_path / "songs" / "song-00007.mid", song)
    (tmp_path / "songs" / paths.COMPLETED).write_text("{}")
    assert explain.main([str(tmp_path / "songs" / f"song-00007{ending}"), f"--model={model}/"]) == 0
    assert "copied    30 notes (100.0%)" in capsys.readouterr().out
    elsewhere = save(tmp_path / "song-00007.mid", song)
    assert explain.main([elsewhere, "--model", model]) == 0
    assert "copied    30 notes (100.0%)" not in capsys.readouterr().out


def test_a_file_is_compared_as_the_encoding_keeps_it(tmp_path, capsys):
    """A grid of sixteenths moves thirds of a quarter."""
    triplets = Song.from_notes(4 * np.arange(40), np.full(40, 4), 40 + np.arange(40) ** 2 % 41)
    model = write_model(tmp_path / "model", triplets, encoding=Grid())
    assert explain.main([save(tmp_path / "some.mid", triplets), "--model", model]) == 0
    assert "notes (100.0%); the longest run" in capsys.readouterr().out


def unfinished(model: pathlib.Path) -> str:
    (model / paths.COMPLETED).unlink()
    return "is not finished: run"


def without(model: pathlib.Path) -> str:
    (model / paths.COPIES).unlink()
    return "has no copies.index: train again"


def damaged(model: pathlib.Path) -> str:
    (model / paths.COPIES).write_bytes(b"\x80\x04not an index of anything")
    return "copies.index is no index of the training songs (damaged TFRecord file"


@pytest.mark.parametrize("damage", [unfinished, without, damaged])
def test_a_model_that_cannot_tell_is_refused(tmp_path, capsys, damage):
    model = write_model(tmp_path / "model", *TRAINING)
    message = damage(tmp_path / "model")
    assert explain.main([save(tmp_path / "x.mid", TRAINING[0]), "--model", model]) == 2
    error = capsys.readouterr().err
    assert error.startswith("explain: ")
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no such file"), (b"not music", "x.mid cannot be read as a song (not-midi")],
)
def test_a_file_that_is_no_song_is_refused(tmp_path, capsys, content, message):
    model = write_model(tmp_path / "model", *TRAINING)
    if content:
        (tmp_path / "x.mid").write_bytes(content)
    assert explain.main([str(tmp_path / "x.mid"), "--model", model]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.slow
def test_help_teaches_and_nothing_heavy_is_imported():
    program = (
        "import sys; from generator import explain\n"
        "try: explain.main(['--help'])\n"
        "except SystemExit: print([name for name in ('tensorflow', 'keras', 'apache_beam') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "runs/mine/songs/song-00007 --model runs/mine/model" in said
    assert "12 notes or more\nin a row (20 where" in said
    assert said.endswith("[]\n")
