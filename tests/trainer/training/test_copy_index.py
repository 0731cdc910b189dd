import hashlib
import json
import pathlib

import numpy as np
import pytest

from nabi.analysis import copies
from nabi.music import records, windows
from nabi.music.band import Instrument
from nabi.music.encodings import Bands, Events
from nabi.music.song import Song
from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths
from nabi.workspace.ledger import LedgerRow
from tests.nabi.analysis.copies.music import walk
from trainer.data.dataset import Dataset, open_dataset
from trainer.training import copy_index

pytestmark = pytest.mark.slow

EVENTS = Events()
HASHES = [hashlib.sha256(bytes([number])).hexdigest() for number in range(40)]


def publish(dataset: Dataset, path: str, observer: copy_index.Observer | None = None) -> copies.Index:
    """Writes the index as a finished training does."""
    index = copy_index.measured(dataset, observer)
    pathlib.Path(path).write_bytes(copies.write(index))
    return index


def write(
    folder: pathlib.Path,
    songs: dict[str, dict[str, Song]],
    *,
    transpose=(0,),
    window=32,
    tokens=(),
    settings=None,
    encoding=EVENTS,
) -> Dataset:
    """A dataset of songs by split and hash, in two shards, with overlapping windows."""
    folder.mkdir(exist_ok=True)
    counts = {}
    known = Vocabulary.from_ordered([*encoding.required(), *tokens], {})
    for split, some in songs.items():
        rows: list[list[bytes]] = [[], []]
        for name in sorted(some):
            for semitones in transpose if split == "train" else (0,):
                text = encoding.spell(encoding.encode(some[name].transpose(semitones)), known.ids)
                ids = windows.mark(known.encode(text))
                cut = windows.of_song(ids, name, window=window, stride=window // 2, transpose=semitones)
                rows[windows.shard_of(name, 2)] += map(records.serialize, cut)
        for index, shard in enumerate(rows):
            with (folder / paths.shard_name(split, index, 2)).open("wb") as file:
                records.write(file, shard)
        counts[split] = {"songs": len(some), "windows": sum(map(len, rows)), "shards": 2}
    (folder / paths.VOCABULARY).write_text(known.to_json())
    about = {"encoding": encoding.settings(), "window": window, "stride": window // 2, "song_marks": True}
    about |= settings or {}
    paths.write_json(str(folder / paths.DATASET), {"version": 1, "settings": about, "splits": counts})
    paths.complete(str(folder), {"request": "r", "content": "c"})
    return open_dataset(str(folder))


def ledger(folder: pathlib.Path, *rows: tuple[str, str, str, str]) -> None:
    written = [
        LedgerRow(source, "read", sha256=sha256, split=split, duplicate_of=original).as_dict()
        for source, sha256, split, original in rows
    ]
    paths.write_rows(str(folder / "ledger-00000-of-00001.jsonl"), written)


@pytest.fixture
def training() -> dict[str, Song]:
    return {name: walk(number, 50 + number) for number, name in enumerate(HASHES[:5])}


def test_the_index_has_every_training_song_as_it_is(tmp_path, training):
    dataset = write(tmp_path / "data", {"train": training}, transpose=range(-2, 3))
    index = copy_index.build(dataset)
    assert (index.gram, index.window, index.left_out) == (copies.Gram(), 1, 0)
    assert sorted(song.song for song in index.songs) == sorted(name[:16] for name in training)
    for name, song in training.items():
        assert index.songs[[other.song for other in index.songs].index(name[:16])].notes == len(song.pitches)
        run = copies.find(song.transpose(7), index).longest
        assert (run.source.song, run.notes, run.semitones, run.there) == (
            name[:16],
            len(song.pitches),
            7,
            run.start,
        )


def test_it_does_not_depend_on_transposed_copies_or_on_windows(tmp_path, training):
    plain = write(tmp_path / "plain", {"train": training})
    augmented = write(tmp_path / "augmented", {"train": training}, transpose=(-1, 0, 4), window=6)
    for dataset in (plain, augmented):
        publish(dataset, str(tmp_path / f"{dataset.window}.index"))
    assert (tmp_path / "32.index").read_bytes() == (tmp_path / "6.index").read_bytes()


def trio(number: int) -> Song:
    """Three lines of 50 notes and a drum."""
    players = [*(Instrument("", program) for program in (0, 33, 73)), Instrument("", 0, is_drums=True)]
    lines = [walk(10 * number + line, 50) for line in range(3)]
    start, duration, pitch = (
        np.concatenate(columns) for columns in zip(*(line.notes() for line in lines), strict=True)
    )
    part = np.repeat([0, 1, 2], [len(line.pitches) for line in lines])
    columns = [
        np.append(column, last) for column, last in zip((start, duration, pitch, part), (0, 3, 36, 3), strict=True)
    ]
    return Song.from_parts(*columns, [90] * len(columns[0]), instruments=players)


@pytest.mark.parametrize(("room", "entries"), [(1000, 8), (5, 5), (2, 2)])
def test_the_parts_of_bands_are_indexed_as_far_as_there_is_room(tmp_path, monkeypatch, room, entries):
    songs = {name: trio(number) for number, name in enumerate(HASHES[:2])}
    dataset = write(tmp_path / "data", {"train": songs}, encoding=Bands())
    ledger(tmp_path / "data", *((f"{name[:4]}.mid", name, "train", "") for name in songs))
    monkeypatch.setattr(copies, "MAX_SONGS", room)
    index = copy_index.build(dataset)
    assert (len(index.songs), index.different_songs, index.left_out) == (entries, 2, 0)
    if entries == 8:
        bass = copies.parts_of(songs[HASHES[1]])[1][0]
        run = copies.find(bass, index).longest
        assert (str(run.source), run.notes) == (f"{HASHES[1][:4]}.mid, Electric Bass (finger)", 50)


def test_what_validation_songs_copy_goes_with_it(tmp_path, training):
    copied = training[HASHES[1]].transpose(-3)
    held_out = {HASHES[7]: copied, HASHES[8]: walk(99, waits=(1, 5))}
    dataset = write(tmp_path / "data", {"train": training, "validation": held_out})
    index = publish(dataset, str(tmp_path / "index"))
    found = copies.find(copied, index)
    assert index.held_out.notes == (0, len(copied.pitches))
    assert index.held_out.shares == (0, 1)
    assert index.held_out.bars == (0, round(found.longest_bars, 6))
    assert copies.load(str(tmp_path / "index"), "c").held_out == index.held_out
    assert "validation songs copy 100.0% of their notes (median; 95 % of them at most 100.0%)" in copy_index.describe(
        index
    )
    assert copy_index.as_dict(index)["validation"]["songs"] == 2


def test_of_many_validation_songs_the_first_are_compared(tmp_path, training, monkeypatch):
    monkeypatch.setattr(copy_index, "MOST_HELD_OUT", 2)
    dataset = write(tmp_path / "data", {"train": training, "validation": training})
    assert len(copy_index.held_out(dataset, copy_index.build(dataset))) == 2


def test_without_validation_songs_only_the_index_is_told(tmp_path, training):
    index = publish(write(tmp_path / "data", {"train": training}), str(tmp_path / "index"))
    assert copy_index.describe(index) == "copies of 5 training songs will be found from 12 notes in a row on"
    assert copy_index.as_dict(index)["validation"] == {"songs": 0}


def test_songs_are_named_as_the_ledger_names_them(tmp_path, training):
    songs = {
        HASHES[0]: training[HASHES[0]],
        f"{HASHES[1]}#2": training[HASHES[1]],
        f"{HASHES[2]}+1": training[HASHES[2]],
        f"{HASHES[2]}+1*1/2": training[HASHES[3]],
        "not a hash": training[HASHES[4]],
    }
    dataset = write(tmp_path / "data", {"train": songs})
    ledger(
        tmp_path / "data",
        ("zero.mid", HASHES[0], "train", ""),
        ("copy.mid", HASHES[0], "train", "zero.mid"),
        ("tunes.abc#2", f"{HASHES[1]}#2", "train", ""),
        ("caf\udce9.mid", HASHES[2], "train", ""),
        ("held.mid", HASHES[9], "validation", ""),
    )
    index = copy_index.build(dataset)
    assert {song.song: song.source for song in index.songs} == {
        HASHES[0][:16]: "zero.mid",
        HASHES[1][:16] + "#2": "tunes.abc#2",
        HASHES[2][:16] + "+1": "caf\udce9.mid",
        HASHES[2][:16] + "+1*1/2": "caf\udce9.mid*1/2",
        "not a hash": "",
    }


@pytest.mark.parametrize("text", ["{", "[1]\n", '{"source": "a"}\n', "\udce9"])
def test_a_damaged_ledger_costs_names_only(tmp_path, training, capsys, text):
    dataset = write(tmp_path / "data", {"train": training})
    (tmp_path / "data" / "ledger-00000-of-00001.jsonl").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert {song.source for song in copy_index.build(dataset).songs} == {""}
    assert "ledger-00000-of-00001.jsonl, line 1 is no" in capsys.readouterr().out


def test_of_too_many_songs_a_part_is_taken_by_hash(tmp_path, monkeypatch):
    songs = {name: walk(number, 20) for number, name in enumerate(HASHES)}
    dataset = write(tmp_path / "data", {"train": songs})
    monkeypatch.setattr(copies, "MAX_SONGS", 10)
    index = copy_index.build(dataset)
    assert 3 < len(index.songs) < 20
    assert len(index.songs) + index.left_out == 40
    more = write(tmp_path / "more", {"train": songs}, settings={"time_scales": ["2", "1/2"]})
    fewer = copy_index.build(more)
    assert {song.song for song in fewer.songs} < {song.song for song in index.songs}
    assert f"({index.left_out} left out)" in copy_index.describe(index)


@pytest.mark.parametrize(
    ("settings", "renditions"),
    [
        ({}, 0),
        ({"time_scales": ["2", "1/2"]}, 2),
        ({"stretch": ["11/10"], "velocity_scale": ["4/5"]}, 0),
        ({"stretch": ["11/10"], "velocity_scale": ["4/5"], "time": "seconds"}, 1),
    ],
)
def test_renditions_are_expected_that_have_other_notes(tmp_path, training, monkeypatch, settings, renditions):
    dataset = write(tmp_path / "data", {"train": training}, settings=settings)
    expected = []
    monkeypatch.setattr(copy_index, "_progress", lambda songs, total, work: expected.append(total) or songs)
    copy_index.build(dataset)
    assert expected == [len(training) * (1 + renditions)]


def test_another_tempo_or_loudness_is_no_other_song(tmp_path, training):
    marks = ("", "*2", "*stretch:11/10", "*tempo:10/11", "*velocity:6/5")
    songs = {f"{name}{mark}": music for name, music in training.items() for mark in marks}
    dataset = write(tmp_path / "data", {"train": songs})
    seen = []
    index = copy_index.build(dataset, lambda split, song: seen.append(song))
    kept = sorted(name[:16] + mark for name in training for mark in marks[:3])
    assert sorted(song.song for song in index.songs) == kept
    assert len(seen) == len(kept)


def test_whoever_looks_sees_each_song_once_and_nothing_transposed(tmp_path, training, monkeypatch):
    held_out = {HASHES[7]: walk(7), HASHES[8]: walk(8), HASHES[9]: walk(9)}
    dataset = write(tmp_path / "data", {"train": training, "validation": held_out}, transpose=(-2, 0, 2))
    monkeypatch.setattr(copy_index, "MOST_HELD_OUT", 2)
    seen = []
    publish(dataset, str(tmp_path / "index"), lambda split, song: seen.append((split, song)))
    pitches = {split: sorted(song.pitches.tobytes() for part, song in seen if part == split) for split, _ in seen}
    assert pitches["train"] == sorted(song.pitches.tobytes() for song in training.values())
    assert [part for part, _ in seen] == ["train"] * 5 + ["validation"] * 2


def test_a_song_that_its_tokens_do_not_tell_is_left_out(tmp_path, training, monkeypatch):
    dataset = write(tmp_path / "data", {"train": training, "validation": training})
    decode = Events.decode

    def fails_once(self, tokens, about=None):
        if len(tokens) == len(Events().encode(training[HASHES[3]])):
            raise ValueError("no song")
        return decode(self, tokens, about)

    monkeypatch.setattr(Events, "decode", fails_once)
    index = copy_index.build(dataset)
    assert (len(index.songs), index.left_out) == (4, 1)
    assert len(copy_index.held_out(dataset, index)) == 4


def test_a_damaged_shard_is_named(tmp_path, training):
    dataset = write(tmp_path / "data", {"train": training})
    path = pathlib.Path(max(dataset.shards("train"), key=lambda name: pathlib.Path(name).stat().st_size))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ValueError, match=f"the shard {path} is damaged"):
        copy_index.build(dataset)


def test_long_work_is_reported(tmp_path, training, monkeypatch, capsys):
    monkeypatch.setattr(copy_index, "_SECONDS_BETWEEN_LINES", -1.0)
    copy_index.build(write(tmp_path / "data", {"train": training}))
    assert "\n3 of 5 training songs are indexed, 0:0" in capsys.readouterr().out


def test_what_is_told_is_json(tmp_path, training):
    index = publish(write(tmp_path / "data", {"train": training, "validation": training}), str(tmp_path / "i"))
    told = json.loads(json.dumps(copy_index.as_dict(index)))
    notes = sum(len(song.pitches) for song in training.values())
    assert (told["songs"], told["notes"], told["notes_to_find"], told["songs_left_out"]) == (5, notes, 12, 0)
    assert told["fingerprints"] == notes - 5 * 11
    assert np.isclose(told["validation"]["share"]["median"], 1)
