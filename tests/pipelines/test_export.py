import json
import logging
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet
import pytest
import yaml

from nabi.workspace import paths, storage
from pipelines import export
from pipelines.exporting import tally
from tests.pipelines.exporting import datasets as literal

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def dataset(tmp_path):
    return literal.build(tmp_path / "dataset")


def exported(dataset: str, to: str, output: object) -> pathlib.Path:
    assert export.main([dataset, "--to", to, "--output", str(output)]) == 0
    return pathlib.Path(str(output))


def bytes_of(folder: str) -> dict[str, bytes]:
    """Every file of a folder, local or not, by its name in it."""
    return {info.path.removeprefix(folder): storage.read_bytes(info.path) for info in storage.match(folder)}


def parquet_rows(folder: pathlib.Path, split: str) -> list[dict]:
    return [row for path in sorted(folder.glob(f"{split}-*")) for row in pyarrow.parquet.read_table(path).to_pylist()]


AIR = {"song": "a1", "sha256": "a1", "source": "air.mid", "licence": "CC0-1.0"}
REEL = {"song": "b2#3", "sha256": "b2", "source": "old/caf\\udce9.abc#3", "licence": ""}
HYMN = {"song": "c3", "sha256": "c3", "source": "corpus:hymns!c3.mxl", "licence": "CC0-1.0"}


def test_parquet_has_songs_as_they_were_read_and_all_windows(dataset, tmp_path):
    folder = exported(dataset, "parquet", tmp_path / "out")
    songs, windows = parquet_rows(folder / "songs", "train"), parquet_rows(folder / "windows", "train")
    assert sorted(songs, key=lambda row: row["song"]) == [
        AIR | {"tokens": ["C4:1", "E4:1", "G4:2", "C4:1"], "input_ids": [2, 4, 5, 6, 4, 3]},
        REEL | {"tokens": ["C4:1"], "input_ids": [2, 4, 1, 3]},
    ]
    assert sorted(windows, key=lambda row: (row["song"], row["transpose"], row["start"])) == [
        AIR | {"start": 0, "transpose": 0, "input_ids": [2, 4, 5, 6, 4]},
        AIR | {"start": 3, "transpose": 0, "input_ids": [6, 4, 3, 0, 0]},
        AIR | {"start": 0, "transpose": 2, "input_ids": [2, 5, 6, 4, 5]},
        AIR | {"start": 3, "transpose": 2, "input_ids": [4, 5, 3, 0, 0]},
        AIR | {"song": "a1*2", "start": 0, "transpose": 0, "input_ids": [2, 6, 6, 3, 0]},
        REEL | {"start": 0, "transpose": 0, "input_ids": [2, 4, 1, 3, 0]},
    ]
    assert parquet_rows(folder / "songs", "validation") == [HYMN | {"tokens": ["G4:2"], "input_ids": [2, 6, 3]}]
    assert parquet_rows(folder / "windows", "test") == []


def test_long_tables_are_written_in_row_groups(dataset, tmp_path, monkeypatch):
    from pipelines.exporting import tables

    whole = exported(dataset, "parquet", tmp_path / "whole")
    monkeypatch.setattr(tables, "_IDS_TOGETHER", 10)
    groups = exported(dataset, "parquet", tmp_path / "groups")
    files = [pyarrow.parquet.ParquetFile(path) for path in (groups / "windows").glob("train-*")]
    assert max(file.num_row_groups for file in files) >= 2
    assert parquet_rows(groups / "windows", "train") == parquet_rows(whole / "windows", "train")


def test_json_lines_have_a_song_a_line(dataset, tmp_path):
    folder = exported(dataset, "jsonl", tmp_path / "out")
    lines = [line for path in sorted(folder.glob("songs/validation-*")) for line in path.read_text().splitlines()]
    assert lines == [
        '{"song": "c3", "sha256": "c3", "source": "corpus:hymns!c3.mxl", "licence": "CC0-1.0", '
        '"tokens": ["G4:2"], "input_ids": [2, 6, 3]}'
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["COMPLETED", "README.md", "songs", "vocabulary.json"]


def test_npy_has_the_windows_and_a_line_for_each_of_their_songs(dataset, tmp_path):
    folder = exported(dataset, "torch", tmp_path / "out")
    windows = np.load(folder / "train.npy", mmap_mode="r")
    assert (windows.dtype, windows.shape) == (np.int32, (6, 5))
    places = list(map(json.loads, (folder / "songs.jsonl").read_text().splitlines()))
    song_of = [(place["song"], place["transpose"]) for place in places for _ in range(place["windows"])]
    assert len(song_of) == 7
    of_the_air = [row.tolist() for row, song in zip(windows, song_of, strict=False) if song == ("a1", 2)]
    assert of_the_air == [[2, 5, 6, 4, 5], [4, 5, 3, 0, 0]]
    assert places[-1] == HYMN | {"split": "validation", "transpose": 0, "windows": 1}
    assert not (folder / "test.npy").exists()


def test_tfds_has_the_record_files_with_their_counts(dataset, tmp_path):
    folder = exported(dataset, "tfds", tmp_path / "out")
    records = sorted(path.name for path in folder.glob("*.tfrecord"))
    assert records == [paths.shard_name(split, index, 2) for split in ("train", "validation") for index in (0, 1)]
    assert all((folder / name).read_bytes() == pathlib.Path(dataset, name).read_bytes() for name in records)
    train, validation = json.loads((folder / "dataset_info.json").read_text())["splits"]
    assert (train["name"], sum(map(int, train["shardLengths"]))) == ("train", 6)
    assert (validation["name"], sorted(validation["shardLengths"])) == ("validation", ["0", "1"])
    features = json.loads((folder / "features.json").read_text())["featuresDict"]["features"]
    assert features["tokens"]["tensor"]["shape"] == {"dimensions": ["5"]}


def test_the_card_names_splits_rows_features_and_licences(dataset, tmp_path):
    card = (exported(dataset, "parquet", tmp_path / "out") / "README.md").read_text()
    fields = yaml.safe_load(card.split("---\n")[1])
    assert fields["license"] == "other"
    assert [(table["config_name"], table.get("default")) for table in fields["configs"]] == [
        ("songs", True),
        ("windows", None),
    ]
    assert fields["configs"][0]["data_files"][1] == {"split": "validation", "path": "songs/validation-*.parquet"}
    songs, windows = fields["dataset_info"]
    assert [split["num_examples"] for table in (songs, windows) for split in table["splits"]] == [2, 1, 6, 1]
    assert songs["features"][-2:] == [{"name": "tokens", "list": "string"}, {"name": "input_ids", "list": "int32"}]
    assert "| CC0-1.0 | 1 |" in card
    assert "| none is stated beside the files | 1 |" in card
    assert 'nabi.decode(songs[0]["tokens"], "pitch-duration", divisors=[4, 3])' in card


@pytest.mark.parametrize("to", export.FORMATS)
def test_the_same_dataset_gives_the_same_bytes_in_any_place(dataset, tmp_path, place, to):
    exported(dataset, to, tmp_path / "one")
    output = f"{place}/two"
    assert export.main([dataset, "--to", to, "--output", output]) == 0
    files = bytes_of(output)
    assert files == bytes_of(str(tmp_path / "one"))
    assert {"/COMPLETED", "/README.md", "/vocabulary.json"} < files.keys()


def test_a_finished_export_is_left_as_it_is(dataset, tmp_path, capsys):
    folder = exported(dataset, "jsonl", tmp_path / "out")
    before = (folder / "README.md").stat().st_mtime_ns
    exported(dataset, "jsonl", folder)
    assert (folder / "README.md").stat().st_mtime_ns == before
    assert capsys.readouterr().out.splitlines() == [
        f"3 songs, 7 windows as jsonl: {folder}",
        f"{folder} is there already, made of the same dataset: nothing to do",
    ]


@pytest.mark.parametrize("inside", ["", "letter.txt", "UNFINISHED", "COMPLETED"])
def test_what_others_made_is_not_touched(dataset, tmp_path, capsys, inside):
    folder = pathlib.Path(dataset) if not inside else tmp_path / "out"
    if inside:
        folder.mkdir()
        (folder / inside).write_text('{"request": "of another", "content": "c"}')
    before = bytes_of(str(folder))
    assert export.main([dataset, "--to", "torch", "--output", str(folder)]) == 2
    assert bytes_of(str(folder)) == before
    assert capsys.readouterr().err.startswith(f"export: --output {folder} holds ")


@pytest.mark.parametrize("to", export.FORMATS)
def test_a_dataset_that_lost_windows_is_no_export(dataset, tmp_path, capsys, to):
    path = next(path for path in pathlib.Path(dataset).glob("train-*") if path.stat().st_size)
    path.write_bytes(b"")
    assert export.main([dataset, "--to", to, "--output", str(tmp_path / "out")]) == 2
    assert "its dataset.json counts 6: copy the dataset again" in capsys.readouterr().err
    left = [name for name in bytes_of(str(tmp_path / "out")) if name.endswith(("COMPLETED", ".npy", "_info.json"))]
    assert left == []


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--to", "csv"], "export: --to 'csv' must be one of parquet, jsonl, tfds, torch; "),
        (["--to", "torch", "--outptu", "x"], "export: unknown flag --outptu: did you mean --output?; "),
    ],
)
def test_wrong_flags_are_one_sentence(flags, sentence, capsys):
    assert export.main(["d", *flags]) == 2
    assert capsys.readouterr().err == f"{sentence}`python -m pipelines.export --help` lists all flags\n"


def test_progress_is_logged_every_five_seconds(monkeypatch, caplog):
    clock = iter([0.0, 4.0, 5.0, 9.0, 10.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    window = literal.records.Window(np.array([2, 4, 3]), "a1", 0)
    with caplog.at_level(logging.INFO):
        counts = tally.Tally(1000)
        assert len(list(counts.count("train", [[window] * 100] * 4))) == 4
    assert caplog.messages == [
        "exported 200 of 1,000 windows, 40 windows/s, 20 s left",
        "exported 400 of 1,000 windows, 40 windows/s, 15 s left",
    ]
    assert (counts.songs, counts.windows) == ({"train": 4}, {"train": 400})


@pytest.mark.slow
@pytest.mark.parametrize("to", export.FORMATS)
def test_a_killed_export_does_not_look_whole_and_ends_as_another(tmp_path, to):
    songs = {(f"{number:06d}", 0): [2, 4, 5, 6, 4, 3] for number in range(10_000)}
    dataset = literal.build(tmp_path / "dataset", {"train": songs, "validation": {("f", 0): [2, 6, 3]}}, ledger=[])
    command = [sys.executable, "-m", "pipelines.export", dataset, "--to", to, "--output", str(tmp_path / "killed")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment) as process:
        while not (tmp_path / "killed" / "vocabulary.json").exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    names = bytes_of(str(tmp_path / "killed")).keys()
    assert "/UNFINISHED" in names
    assert not names & {"/COMPLETED", "/dataset_info.json", "/validation.npy", "/songs.jsonl"}
    subprocess.run(command, env=environment, check=True)
    exported(dataset, to, tmp_path / "whole")
    assert bytes_of(str(tmp_path / "killed")) == bytes_of(str(tmp_path / "whole"))
