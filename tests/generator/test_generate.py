import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence

import numpy as np
import pytest

from generator import generate
from generator.config import GenerateConfig
from generator.songs_dir import engraving, job
from generator.songs_dir.writing import Writer
from nabi.analysis.style_profile import StyleProfile
from nabi.analysis.style_reference import StyleReference
from nabi.beam.failures import JobError
from nabi.music.encodings import Events, PitchDuration
from nabi.music.vocabulary import END, START
from nabi.pages import headings
from nabi.reading import midi_writer
from nabi.workspace import champion, paths
from nabi.workspace.storage import packs
from tests import builders
from tests.generator.datasets import write_dataset, write_ledger, write_songs
from tests.generator.indices import write_index
from tests.generator.models import CONTENT, vocabulary_of, write_model
from tests.nabi.analysis.copies.music import walk

pytestmark = pytest.mark.slow

QUICK = ("--max_tokens=20", "--audio=none")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return write_model(tmp_path_factory.mktemp("model"))


def make(
    model: str,
    folder: pathlib.Path,
    num_songs: int,
    *,
    slots: int = 16,
    max_tokens: int = 20,
    seed: int = 0,
    beam_flags: Sequence[str] = (),
) -> None:
    job.run(
        model_dir=model,
        folder=str(folder),
        config=GenerateConfig(num_songs=num_songs, max_tokens=max_tokens, seed=seed, audio="none"),
        slots=slots,
        beam_flags=beam_flags,
    )


def content(folder: pathlib.Path) -> dict[str, bytes]:
    """Every file; pages are headed by the directory's name, which is left out."""
    heading = f"{headings.name_of(str(folder))}: ".encode()
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    return {name: data.replace(heading, b"") if name.endswith(".html") else data for name, data in found.items()}


def rows(folder: pathlib.Path) -> list[dict]:
    return [row for path in sorted(folder.glob("songs-*.jsonl")) for row in paths.read_rows(str(path))]


@pytest.fixture(scope="module")
def forty(model, tmp_path_factory) -> pathlib.Path:
    """40 songs in batches of 16."""
    folder = tmp_path_factory.mktemp("songs") / "forty"
    make(model, folder, 40)
    return folder


@pytest.mark.parametrize("left", [0, 1])
def test_handed_over_the_pipeline_itself_makes_the_directory_whole(model, forty, tmp_path, left, monkeypatch):
    """A launcher ends before the work does, also where all songs but the page are there."""
    folder = tmp_path / "forty"
    shutil.copytree(forty, folder)
    for name in (paths.COMPLETED, paths.INDEX, *[path.name for path in folder.glob("songs-*.jsonl")][:left]):
        (folder / name).unlink()
    marks = json.loads((forty / paths.COMPLETED).read_text())
    (folder / paths.UNFINISHED).write_text(json.dumps({"request": marks["request"]}))
    monkeypatch.setattr(job, "hands_over", lambda _: True)
    make(model, folder, 40)
    assert content(folder) == content(forty)


def test_a_songs_directory_is_whole_and_every_file_reads_back(model, tmp_path):
    folder = tmp_path / "songs"
    assert generate.main([f"--model={model}", f"--output={folder}/", "--num_songs=3", "--max_tokens=30"]) == 0
    names = [f"song-0000{song}.{kind}" for song in range(3) for kind in ("mid", "mp3", "png")]
    assert sorted(content(folder)) == sorted(
        [
            "COMPLETED",
            *names,
            "index.html",
            "made_by.json",
            "songs-00000-of-00001.jsonl",
            "songs.zip",
            "summary.html",
            "summary.json",
        ]
    )
    assert paths.completed(str(folder))["content"] == CONTENT
    assert "song-00002.mp3" in (folder / "index.html").read_text()
    told = paths.read_json(str(folder / paths.MADE_BY))
    assert (told["model"]["encoding"], told["model"]["dataset"], told["metrics"]) == ("events", CONTENT, {})
    assert [row["song"] for row in rows(folder)] == [0, 1, 2]
    for row in rows(folder):
        song = midi_writer.read_exact((folder / row["file"]).read_bytes())
        assert builders.notes_of(song) == builders.notes_of(Events().decode(row["tokens"]))
        assert Events().encode(song) == Events().encode(Events().decode(row["tokens"]))
        assert row["notes"] == len(song.pitches)


def test_a_song_does_not_depend_on_how_many_were_asked_for(model, forty, tmp_path):
    make(model, tmp_path / "seven", 7)
    seven, all_songs = content(tmp_path / "seven"), content(forty)
    assert len(all_songs) == 40 * 2 + 9
    for song in range(7):
        for kind in ("mid", "png"):
            assert seven[f"song-0000{song}.{kind}"] == all_songs[f"song-0000{song}.{kind}"]
    assert rows(tmp_path / "seven") == rows(forty)[:7]
    assert len({tuple(row["tokens"]) for row in rows(forty)}) == 40


def test_a_whole_directory_is_left_as_it_is(model, forty, caplog):
    before = {path: path.stat().st_mtime_ns for path in forty.iterdir()}
    with caplog.at_level("INFO"):
        make(model, forty, 40)
    assert caplog.messages == [f"{forty} already holds these 40 songs: nothing to do"]
    assert {path: path.stat().st_mtime_ns for path in forty.iterdir()} == before


def test_an_interrupted_job_goes_on_and_ends_with_the_same_bytes(model, forty, tmp_path, monkeypatch):
    folder = tmp_path / "songs"
    write = Writer.write

    def full_disk(self, sampled):
        if sampled.song == 20:
            (folder / ".song-00020.mid.0123.partial").write_bytes(b"half")
            raise OSError(28, "No space left on device")
        return write(self, sampled)

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "write", full_disk)
        with pytest.raises(JobError, match="No space left"):
            make(model, folder, 40)
    assert paths.completed(str(folder)) is None
    first = {path: path.stat().st_mtime_ns for path in folder.glob("song-0000*")}
    assert len(first) == 20
    make(model, folder, 40)
    assert content(folder) == content(forty)
    assert {path: path.stat().st_mtime_ns for path in first} == first


def test_a_job_goes_on_with_its_scores_and_replaces_them(model, tmp_path, monkeypatch):
    write = Writer.write

    def full_disk(self, sampled):
        if sampled.song == 2:
            raise OSError(28, "No space left on device")
        return write(self, sampled)

    flags = [f"--model={model}", *QUICK, "--output_format=midi,musicxml"]
    assert generate.main([*flags, f"--output={tmp_path / 'whole'}", "--num_songs=3"]) == 0
    whole = content(tmp_path / "whole")
    assert sorted(name for name in whole if name.endswith(".musicxml")) == [
        f"song-0000{at}.musicxml" for at in range(3)
    ]
    assert "song-00002.musicxml" in whole["index.html"].decode()
    with zipfile.ZipFile(io.BytesIO(whole["songs.zip"])) as archive:
        assert archive.namelist() == [f"song-0000{at}.{ending}" for at in range(3) for ending in ("mid", "musicxml")]
        assert archive.read("song-00001.mid") == whole["song-00001.mid"]
    folder = tmp_path / "songs"
    with monkeypatch.context() as patch:
        patch.setattr(Writer, "write", full_disk)
        assert generate.main([*flags, f"--output={folder}", "--num_songs=3"]) == 1
    assert (folder / "song-00001.musicxml").exists()
    assert generate.main([*flags, f"--output={folder}", "--num_songs=3"]) == 0
    assert content(folder) == whole
    without = [f"--model={model}", *QUICK, f"--output={folder}", "--num_songs=3"]
    assert generate.main(without) == 2
    assert generate.main([*without, "--overwrite"]) == 0
    assert not list(folder.glob("*.musicxml"))
    # The songs are the same without their scores.
    assert [(folder / f"song-0000{at}.mid").read_bytes() for at in range(3)] == [
        whole[f"song-0000{at}.mid"] for at in range(3)
    ]


def test_songs_of_other_settings_are_replaced_only_when_asked(model, tmp_path, capsys):
    flags = [f"--model={model}", f"--output={tmp_path / 'songs'}", *QUICK]
    assert generate.main([*flags, "--num_songs=2"]) == 0
    before = content(tmp_path / "songs")
    assert generate.main([*flags, "--num_songs=1", "--seed=1"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert content(tmp_path / "songs") == before
    assert generate.main([*flags, "--num_songs=1", "--seed=1", "--overwrite"]) == 0
    assert len(rows(tmp_path / "songs")) == 1
    assert not (tmp_path / "songs" / "song-00001.mid").exists()


def test_a_model_without_song_marks_runs_to_the_limit(tmp_path):
    model = write_model(tmp_path / "model", song_marks=False)
    make(model, tmp_path / "songs", 3, max_tokens=25)
    assert [(len(row["tokens"]), row["ended"]) for row in rows(tmp_path / "songs")] == [(25, False)] * 3


def test_a_model_of_windows_goes_on_from_windows_of_its_dataset(tmp_path):
    known = vocabulary_of(PitchDuration(), ["C4:1", "E4:1/2", "R:1"])
    window = [START, *known.encode(["C4:1", "R:1", "C4:1", "E4:1/2"]).tolist(), END]
    data = write_dataset(tmp_path / "data", [[(0, window)]])
    model = write_model(
        tmp_path / "model", encoding=PitchDuration(), tokens=known.tokens[4:], target="last", window=4, data=data
    )
    folder = tmp_path / "songs"
    assert (
        generate.main([f"--model={model}", f"--output={folder}", "--num_songs=2", "--primer=validation", *QUICK]) == 0
    )
    for row in rows(folder):
        assert row["primer"] == ["C4:1", "R:1", "C4:1", "E4:1/2"]
        song = midi_writer.read_exact((folder / row["file"]).read_bytes())
        assert PitchDuration().encode(song)[:4] == row["primer"]


def test_a_midi_file_is_continued(model, tmp_path):
    (tmp_path / "scale.mid").write_bytes(builders.scale())
    flags = [f"--primer={tmp_path / 'scale.mid'}", "--primer_tokens=5", "--num_songs=2", *QUICK]
    assert generate.main([f"--model={model}", f"--output={tmp_path / 'songs'}", *flags]) == 0
    for row in rows(tmp_path / "songs"):
        assert row["primer"] == ["C4", "d:1", "s:1", "C#4", "d:1"]
        assert len(row["tokens"]) <= 20


@pytest.mark.parametrize("given", ["mine", "mine/runs/r1"])
def test_primers_may_come_from_the_dataset_of_a_run_or_of_the_champion(model, tmp_path, given):
    ids = [START, *vocabulary_of(Events()).encode(["C4", "d:1", "s:1", "E4"]).tolist()]
    write_songs(tmp_path / "mine/runs/r1/dataset", {"train": {("ab", 0): ids}})
    champion.promote(str(tmp_path / "mine"), "r1", champion.Champion())
    flags = [f"--model={model}", f"--data={tmp_path / given}", "--primer=train", "--num_songs=1", *QUICK]
    assert generate.main([*flags, f"--output={tmp_path / 'songs'}"]) == 0
    assert [row["primer"] for row in rows(tmp_path / "songs")] == [["C4", "d:1", "s:1", "E4"]]


def test_every_song_goes_on_from_the_song_that_is_named(model, tmp_path):
    known = vocabulary_of(Events())
    air = [START, *known.encode(["C4", "d:1", "s:1", "E4", "d:1", "s:1", "G4", "d:1"]).tolist(), END]
    data = write_songs(tmp_path / "data", {"train": {("ab", 0): air, ("cd", 0): [START, *air[4:]]}})
    write_ledger(tmp_path / "data", [[("pop/Air.mid", "ab", "train"), ("pop/Other.mid", "cd", "train")]])
    flags = [f"--model={model}", f"--data={data}", "--primer=train:air", "--num_songs=2", *QUICK]
    asked = ["--primer_tokens=7"]
    assert generate.main([*flags, *asked, f"--output={tmp_path / 'songs'}"]) == 0
    assert [row["primer"] for row in rows(tmp_path / "songs")] == [["C4", "d:1", "s:1", "E4", "d:1", "s:1", "G4"]] * 2
    followed = [*asked, "--decoding=teacher_forced", f"--output={tmp_path / 'followed'}"]
    assert generate.main([*flags, *followed]) == 0
    assert [len(row["tokens"]) for row in rows(tmp_path / "followed")] == [1, 1]


@pytest.fixture(scope="module")
def tuneful(tmp_path_factory) -> str:
    """A model whose songs end soon, of tokens that are notes of both modes."""
    notes = [f"{name}4:1" for name in ("C", "D", "Eb", "E", "G", "A", "Bb")]
    return write_model(tmp_path_factory.mktemp("tuneful"), encoding=PitchDuration(), tokens=notes)


@pytest.mark.parametrize(
    ("flags", "is_as_asked", "said"),
    [
        (["--ended", "--max_tokens=5"], lambda row: row["ended"], "6 of 6 songs came to their end; "),
        (["--key=h-moll"], lambda row: row["key"] == "B minor", "6 of 6 songs are heard in B minor; "),
        (
            ["--key=G minor", "--primer=G4:1 D4:1 Bb4:1"],
            lambda row: row["key"] == "G minor" and not {"E4:1", "B4:1"} & {*row["tokens"]},
            "6 of 6 songs are heard in G minor; ",
        ),
    ],
)
def test_songs_that_are_not_as_they_were_asked_for_are_made_again(tuneful, tmp_path, caplog, flags, is_as_asked, said):
    asked = [f"--model={tuneful}", "--audio=none", "--max_tokens=12", *flags]
    with caplog.at_level("INFO"):
        assert generate.main([*asked, f"--output={tmp_path / 'six'}", "--num_songs=6"]) == 0
    made = rows(tmp_path / "six")
    assert all(is_as_asked(row) for row in made)
    again = sum(len(row["refused"]) for row in made)
    assert again > 0
    assert any(line.startswith(f"{said}{6 + again:,} were made") for line in caplog.messages)
    assert generate.main([*asked, f"--output={tmp_path / 'two'}", "--num_songs=2"]) == 0
    assert rows(tmp_path / "two") == made[:2]


def test_the_last_draw_is_kept_and_says_that_it_was_cut(tuneful, tmp_path, caplog):
    with caplog.at_level("INFO"):
        flags = [f"--model={tuneful}", f"--output={tmp_path}/songs", "--audio=none", "--max_tokens=1", "--num_songs=2"]
        assert generate.main([*flags, "--ended", "--max_draws=3"]) == 0
    assert [(row["ended"], row["refused"]) for row in rows(tmp_path / "songs")] == [(False, ["cut", "cut"])] * 2
    assert "0 of 2 songs came to their end; 6 were made; not kept: 4 cut off" in caplog.messages


def test_a_model_without_song_marks_ends_no_song(tmp_path, capsys):
    model = write_model(tmp_path / "model", song_marks=False)
    assert generate.main([f"--model={model}", f"--output={tmp_path}/songs", "--audio=none", "--ended"]) == 2
    assert "--ended: the model was trained without song marks" in capsys.readouterr().err


def test_a_model_without_a_memory_is_told_nothing_that_could_be_left_out(tmp_path, capsys):
    model = write_model(tmp_path / "model")
    assert generate.main([f"--model={model}", f"--output={tmp_path}/songs", "--audio=none", "--memory=0"]) == 2
    assert "--memory 0.0: the model was trained without --memory" in capsys.readouterr().err


def test_a_recipe_sets_what_no_flag_sets(model, tmp_path):
    recipe = tmp_path / "calm.toml"
    recipe.write_text(
        '[[generate]]\nname = "calm"\ntemperature = 0.5\nnum_songs = 2\naudio = "none"\nmax_tokens = 9\n'
        '[[generate]]\nname = "wild"\ntemperature = 2\nnum_songs = 1\naudio = "none"\nmax_tokens = 9\n'
    )
    flags = [f"--model={model}", f"--output={tmp_path / 'calm'}", f"--recipe={recipe}", "--num_songs=3"]
    assert generate.main(flags) == 0
    assert [row["settings"]["temperature"] for row in rows(tmp_path / "calm")] == [0.5] * 3
    assert generate.parse([*flags, f"--recipe={recipe}:wild"])[1].temperature == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("temprature = 1.0", "unknown key temprature: did you mean temperature"),
        ('top_k = "3"', "--top_k '3' must be a whole number in 0..1,000,000,000"),
        ("decoding = 1", "--decoding 1 must be one of sample, greedy"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused(tmp_path, capsys, line, message):
    (tmp_path / "bad.toml").write_text(f'[[generate]]\nname = "bad"\n{line}\n')
    assert generate.main(["--model=m", "--output=o", f"--recipe={tmp_path / 'bad.toml'}"]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--num_songs=0"], "--num_songs 0 must be in 1..1,000,000"),
        (["--num_songs=1000001"], "--num_songs 1000001 must be in 1..1,000,000"),
        (["--temperature=0"], "--temperature 0.0 must be in 0.001..100"),
        (["--top_p=0"], "--top_p 0.0 must be in 0.0001..1"),
        (["--top_p=1.5"], "--top_p 1.5 must be in 0.0001..1"),
        (["--top_k=-1"], "--top_k -1 must be in 0..1,000,000,000"),
        (["--max_tokens=0"], "--max_tokens 0 must be in 1..100,000"),
        (["--primer_tokens=-1"], "--primer_tokens -1 must be in 0..10,000"),
        (["--primer=none.mid"], "--primer none.mid is not there"),
        (["--key=K"], "'K' does not begin with a tonic"),
        (["--key=d"], "'d' may be D major or D minor: write one of them out"),
        (["--decoding=greedy", "--ended"], "--ended needs --decoding sample, not --decoding greedy"),
        (["--key=dorian"], "'dorian' has no known scale"),
        (["--lowest=61", "--highest=60"], "--lowest 61 must not be above --highest 60"),
        (["--key=C", "--lowest=61", "--highest=61"], "has all its notes in 61..61 and in C: widen"),
        (["--meter=4"], "time signature '4' must be such as 3/4"),
        (["--max_copied_bars=1"], "--max_copied_bars needs copies.index"),
        (["--output_format=musicxml"], "--output_format 'musicxml' must be midi, alone or with several of"),
        (["--output_format=midi,pdf"], "--output_format pdf needs MuseScore"),
        (["--candidates=101"], "--candidates 101 must be in 1..100"),
        (["--decoding=beam", "--candidates=2"], "--candidates 2 needs --decoding sample, not --decoding beam"),
        (["--decoding=greedy", "--max_copied_bars=1"], "--max_copied_bars 1.0 needs --decoding sample, not"),
        (["--primer=valid"], "--primer 'valid' is neither a MIDI file nor one of"),
        (["--velocity=128"], "--velocity 128 must be in 0..127"),
        (["--program=128"], "--program 128 must be in 0..127"),
        (["--tempo=-1"], "--tempo -1.0 must be in 10..1,000"),
        (
            ["--num_song=3"],
            "unknown flag --num_song (neither this command nor Apache Beam has it): did you mean --num_songs?",
        ),
        (["--recipe=none-such"], "recipe 'none-such' is neither"),
        (["--primer=validation", "--data=/nowhere"], "the dataset /nowhere does not exist"),
        (["--output=/dev/null/songs"], "cannot write /dev/null/songs"),
    ],
)
def test_what_is_wrong_is_said_before_the_work(model, tmp_path, capsys, monkeypatch, flags, message):
    monkeypatch.setattr(engraving, "MUSESCORE", ("no-such-program",))
    output = [] if flags[0].startswith("--output=") else [f"--output={tmp_path / 'songs'}"]
    assert generate.main([f"--model={model}", *output, *flags]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.glob("songs/song*"))


def unfinished(folder: pathlib.Path) -> str:
    (folder / paths.COMPLETED).unlink()
    return "is not finished"


def of_another_vocabulary(folder: pathlib.Path) -> str:
    text = (folder / paths.VOCABULARY).read_text()
    (folder / paths.VOCABULARY).write_text(text.replace('["C4", 1]', '["C4", 2]'))
    return "vocabulary"


def foreign(folder: pathlib.Path) -> str:
    (folder / paths.MODEL).write_bytes(b"\x80\x04not a model")
    return "is not a model that Keras can load"


def of_a_reference_of_another_dataset(folder: pathlib.Path) -> str:
    StyleReference("other").write(str(folder / paths.REFERENCE))
    return "it is of the dataset 'other', the model of '0123456789abcdef'"


def of_an_index_of_another_dataset(folder: pathlib.Path) -> str:
    write_index(folder, walk(1), content="other")
    return "it is of the dataset 'other', the model of '0123456789abcdef'"


@pytest.mark.parametrize(
    "damage",
    [unfinished, of_another_vocabulary, foreign, of_an_index_of_another_dataset, of_a_reference_of_another_dataset],
)
def test_a_model_that_is_not_whole_is_refused(tmp_path, capsys, damage):
    model = write_model(tmp_path / "model")
    message = damage(tmp_path / "model")
    assert generate.main([f"--model={model}", f"--output={tmp_path / 'songs'}", *QUICK]) == 2
    assert message in capsys.readouterr().err


@pytest.fixture(scope="module")
def copying(tmp_path_factory) -> str:
    """A model whose training song is the first that it makes."""
    folder = tmp_path_factory.mktemp("copying")
    model = write_model(folder / "model")
    make(model, folder / "first", 1, slots=64, max_tokens=60)
    assert "novelty" not in rows(folder / "first")[0]
    write_index(folder / "model", midi_writer.read_exact((folder / "first" / "song-00000.mid").read_bytes()))
    return model


# More songs than two batches have rows.
MANY = ("--num_songs=130", "--audio=none", "--max_tokens=60")


@pytest.fixture(scope="module")
def many(copying, tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("many") / "songs"
    assert generate.main([f"--model={copying}", f"--output={folder}", *MANY]) == 0
    return folder


def test_rows_say_what_songs_copied(many):
    told = rows(many)
    assert (told[0]["copied_share"], told[0]["novelty"], told[0]["copied_from"]) == (1, 0, "0.mid")
    assert sum("novelty" in row for row in told) > 50


def test_two_workers_make_the_same_bytes_as_one(copying, many, tmp_path):
    """Through the command line, each worker a process."""
    workers = ["--runner=DirectRunner", "--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    assert generate.main([f"--model={copying}", f"--output={tmp_path / 'two'}", *MANY, *workers]) == 0
    assert content(tmp_path / "two") == content(many)


def test_two_workers_make_the_same_bytes_of_a_pack(copying, many, tmp_path):
    """Its copies are found in it, too."""
    with (tmp_path / "mine.nabi").open("wb") as file:
        packs.write(file, {path.name: path.read_bytes() for path in pathlib.Path(copying).iterdir()})
    workers = ["--runner=DirectRunner", "--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    flags = [f"--model={tmp_path}/mine.nabi", f"--output={tmp_path / 'packed'}", *MANY, *workers]
    assert generate.main(flags) == 0
    assert content(tmp_path / "packed") == content(many)
    assert {path.name for path in tmp_path.iterdir()} == {"mine.nabi", "packed"}


def test_songs_are_summed_up_beside_the_training_songs(tmp_path):
    model = write_model(tmp_path / "model")
    reference = StyleReference(CONTENT)
    for split in ("train", "validation"):
        reference.add(split, walk(1))
    reference.write(str(tmp_path / "model" / paths.REFERENCE))
    make(model, tmp_path / "songs", 20, max_tokens=40)
    told = paths.read_json(str(tmp_path / "songs" / paths.SUMMARY))
    made = StyleProfile()
    for row in rows(tmp_path / "songs"):
        made.add(midi_writer.read_exact((tmp_path / "songs" / row["file"]).read_bytes()))
    assert (told["songs"], told["settings"]["seed"], told["compared_with"]) == (20, 0, {"training": 1, "validation": 1})
    assert {name: found["counts"] for name, found in told["distributions"].items()} == made.as_dict()["distributions"]
    assert told["distributions"]["intervals"]["validation_overlap"] == 1
    assert 0 < told["distributions"]["intervals"]["overlap"] < 1
    assert "what 20 songs are like" in (tmp_path / "songs" / paths.SUMMARY_PAGE).read_text()


def test_a_model_of_no_numbers_fails_the_job(tmp_path, capsys):
    from nabi.networks import trained_model

    folder = write_model(tmp_path / "model")
    model = trained_model.load(folder).model
    model.set_weights([np.full_like(weights, np.nan) for weights in model.get_weights()])
    trained_model.save_model(model, f"{folder}/{paths.MODEL}")
    assert generate.main([f"--model={folder}", f"--output={tmp_path / 'songs'}", *QUICK]) == 1
    assert "NaN" in capsys.readouterr().err
    assert paths.completed(str(tmp_path / "songs")) is None


def test_flags_and_refusals_import_neither_tensorflow_nor_beam():
    program = (
        "import sys; from generator import generate; "
        "status = generate.main(['--model', '/nowhere', '--output', '/nowhere/songs']); "
        "import json; print(json.dumps([status, [name for name in ('tensorflow', 'keras', 'apache_beam') "
        "if name in sys.modules]]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [2, []]


def test_songs_are_explained_token_by_token(model, tmp_path):
    flags = [f"--model={model}", f"--output={tmp_path / 'songs'}", "--num_songs=2", "--explain", *QUICK]
    assert generate.main(flags) == 0
    for row in rows(tmp_path / "songs"):
        assert [each["token"] for each in row["explained"]] == [*row["tokens"], *(["<end>"] if row["ended"] else [])]
        chances = [each["probability"] for each in row["explained"]]
        assert np.log(chances).sum() == pytest.approx(row["log_likelihood"], abs=0.1)
        for each in row["explained"]:
            assert (each["rank"] == 1) == (each["probability"] > max(each["others"].values()))


def test_the_search_finds_likelier_songs_than_chance(model, tmp_path):
    def likelihood(*flags: str) -> float:
        folder = tmp_path / "-".join(flags).replace("--", "")
        assert generate.main([f"--model={model}", f"--output={folder}", "--num_songs=2", *QUICK, *flags]) == 0
        found = rows(folder)
        return min(row["log_likelihood"] / (len(row["tokens"]) + row["ended"]) for row in found)

    assert likelihood("--decoding=beam") > likelihood("--decoding=greedy") - 1e-6 > likelihood("--seed=1")


def test_songs_keep_to_a_key_a_range_and_a_length(model, tmp_path):
    limits = ["--key=Bb minor", "--lowest=50", "--highest=70", "--max_bars=2", "--meter=3/4", "--max_tokens=400"]
    flags = [f"--model={model}", f"--output={tmp_path / 'songs'}", "--num_songs=20", "--audio=none", *limits]
    assert generate.main(flags) == 0
    for row in rows(tmp_path / "songs"):
        start, _, pitch = midi_writer.read_exact((tmp_path / "songs" / row["file"]).read_bytes()).notes()
        assert set(pitch.tolist()) <= set(range(50, 71))
        assert set((pitch % 12).tolist()) <= {10, 0, 1, 3, 5, 6, 8, 9}
        assert start.max(initial=0) < 2 * 36


def test_songs_sound_in_the_format_that_is_asked_for(model, tmp_path):
    flags = [f"--model={model}", f"--output={tmp_path / 'songs'}", "--num_songs=1", "--max_tokens=20", "--audio=wav"]
    assert generate.main(flags) == 0
    assert [row["audio"] for row in rows(tmp_path / "songs")] == ["song-00000.wav"]
    assert (tmp_path / "songs" / "song-00000.wav").read_bytes().startswith(b"RIFF")


def test_songs_that_copy_are_made_again(tmp_path):
    """The training song is the first that the model makes: with the limit it makes another."""
    model = write_model(tmp_path / "model")
    make(model, tmp_path / "first", 2, slots=64, max_tokens=60, seed=1)
    write_index(tmp_path / "model", midi_writer.read_exact((tmp_path / "first" / "song-00000.mid").read_bytes()))
    flags = [
        f"--model={model}",
        "--num_songs=2",
        "--audio=none",
        "--max_tokens=60",
        "--seed=1",
        "--max_copied_bars=0.5",
    ]
    assert generate.main([*flags, f"--output={tmp_path / 'songs'}"]) == 0
    (before, same), (anew, kept) = rows(tmp_path / "first"), rows(tmp_path / "songs")
    assert (anew["attempts"], anew["tokens"] == before["tokens"], anew["copied_bars"]) == (1, False, 0)
    assert (kept["attempts"], kept["tokens"]) == (0, same["tokens"])


def test_rows_that_make_several_songs_make_the_same_ones(model, tmp_path):
    """Two rows and 70 songs: each row is given two songs a batch, one after the other."""
    # In this process: for so many batches the job would start others.
    make(model, tmp_path / "many", 70, slots=2, beam_flags=["--direct_num_workers=1"])
    make(model, tmp_path / "few", 5, slots=2)
    assert len(list((tmp_path / "many").glob("songs-*"))) == 18
    assert len(list((tmp_path / "few").glob("songs-*"))) == 3
    assert rows(tmp_path / "few") == rows(tmp_path / "many")[:5]
    for song in range(5):
        name = f"song-0000{song}.mid"
        assert (tmp_path / "few" / name).read_bytes() == (tmp_path / "many" / name).read_bytes()


def test_a_job_that_was_killed_goes_on_and_ends_with_the_same_bytes(copying, many, tmp_path):
    """kill -9 of the command while its songs come."""
    flags = [f"--model={copying}", f"--output={tmp_path / 'songs'}", *MANY]
    process = subprocess.Popen([sys.executable, "-m", "generator.generate", *flags], start_new_session=True)
    while not list(tmp_path.glob("songs/songs-*")) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "songs" / "COMPLETED").exists()
    assert 0 < len(list(tmp_path.glob("songs/songs-*"))) < 3
    assert generate.main(flags) == 0
    assert content(tmp_path / "songs") == content(many)
