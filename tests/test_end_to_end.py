"""The three jobs, as processes, from MIDI files to songs."""

import json
import pathlib
import subprocess
import sys

import pytest

from nabi.music import encodings
from nabi.reading import midi_writer
from nabi.workspace import paths
from tests import builders

pytestmark = pytest.mark.slow

RECIPE = """
[preprocess]
window = 16
split = "0.6,0.2,0.2"

[[train]]
name = "tiny"
steps = 30
batch_size = 4
units = 16
embedding = 8
layers = 1
evaluate_every = 10
checkpoint_every = 10

[[generate]]
name = "three"
num_songs = 3
max_tokens = 60
"""


def retrain(folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    flags = ["--recipe", str(folder / "tiny.toml"), "--input", str(folder / "music"), "--output", str(folder / "out")]
    return subprocess.run(
        [sys.executable, "-m", "pipelines.retrain", *flags], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chain")
    (folder / "tiny.toml").write_text(RECIPE)
    (folder / "music").mkdir()
    for index in range(8):
        (folder / "music" / f"{index}.mid").write_bytes(builders.scale(12, 48 + index))
    done = retrain(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


def directories(folder):
    run = json.loads((folder / "out" / "champion").read_text())["run"]
    return [folder / "out" / "runs" / run / name for name in ("dataset", "model", "songs")]


def test_the_end_says_where_songs_model_and_dataset_lie(finished):
    folder, printed = finished
    assert all(str(directory) in printed for directory in directories(folder))


def test_all_three_directories_are_whole_and_of_one_content(finished):
    marks = [json.loads((directory / paths.COMPLETED).read_text()) for directory in directories(finished[0])]
    assert len({mark["content"] for mark in marks}) == 1


def test_every_song_reads_back_to_the_tokens_that_were_sampled(finished):
    dataset, _, songs = directories(finished[0])
    encoding = encodings.from_settings(json.loads((dataset / paths.DATASET).read_text())["settings"]["encoding"])
    rows = [row for path in sorted(songs.glob("songs-*.jsonl")) for row in paths.read_rows(str(path))]
    assert [row["song"] for row in rows] == [0, 1, 2]
    for row in rows:
        song = midi_writer.read_exact((songs / row["file"]).read_bytes())
        assert song == encoding.decode(row["tokens"])
        assert len(song)
        assert (songs / row["picture"]).read_bytes().startswith(b"\x89PNG")


def test_the_page_names_every_song(finished):
    page = (directories(finished[0])[2] / paths.INDEX).read_text()
    assert all(f"song-0000{number}.mid" in page for number in range(3))


def test_metrics_stand_beside_the_baselines(finished):
    metrics = json.loads((directories(finished[0])[1] / paths.METRICS).read_text())
    assert metrics["validation"]["loss_nats"] < metrics["baselines"]["validation"]["uniform"]
    assert metrics["validation"]["tokens"] == metrics["baselines"]["validation"].get(
        "tokens", metrics["validation"]["tokens"]
    )


def test_a_training_file_is_explained_as_copied_note_by_note(finished):
    folder, _ = finished
    dataset, model, songs = directories(folder)
    ledger = [row for path in dataset.glob("ledger-*.jsonl") for row in paths.read_rows(str(path))]
    source = next(row["source"] for row in ledger if row["split"] == "train")
    command = [sys.executable, "-m", "generator.explain", source, "--model", str(model)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "copied    12 notes (100.0%)" in said
    # A scale is a scale: the validation song is the same in another key.
    assert "verdict   copies as much as most validation songs, in all and in a row" in said
    for row in (row for path in songs.glob("songs-*.jsonl") for row in paths.read_rows(str(path))):
        assert row["notes"] < 12 or row["novelty"] == pytest.approx(1 - row["copied_share"], abs=1e-4)


def test_run_again_there_is_nothing_to_do(finished):
    folder, _ = finished
    done = retrain(folder)
    assert done.returncode == 0
    assert done.stderr.count("is finished, skipped") == 3
