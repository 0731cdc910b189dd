import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from generator import generate, job
from generator.plan import Sampling, Sound
from generator.writing import Writer
from songs import layout, midi
from songs.encodings import Events, PitchDuration
from songs.vocabulary import END, START
from tests import builders
from tests.generator.datasets import write_dataset
from tests.generator.models import CONTENT, vocabulary_of, write_model

QUICK = ("--max_tokens=20", "--no_audio")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return write_model(tmp_path_factory.mktemp("model"))


def make(model: str, folder: pathlib.Path, num_songs: int, *, slots: int = 16, max_tokens: int = 20) -> None:
    job.run(
        model_dir=model,
        folder=str(folder),
        num_songs=num_songs,
        sampling=Sampling(max_tokens=max_tokens),
        sound=Sound(audio=False),
        primer=job.PrimerChoice(),
        slots=slots,
    )


def content(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rows(folder: pathlib.Path) -> list[dict]:
    return [row for path in sorted(folder.glob("songs-*.jsonl")) for row in layout.read_rows(str(path))]


@pytest.fixture(scope="module")
def forty(model, tmp_path_factory) -> pathlib.Path:
    """40 songs in batches of 16."""
    folder = tmp_path_factory.mktemp("songs") / "forty"
    make(model, folder, 40)
    return folder


def test_a_songs_directory_is_whole_and_every_file_reads_back(model, tmp_path):
    folder = tmp_path / "songs"
    assert generate.main([f"--model={model}", f"--output={folder}/", "--num_songs=3", "--max_tokens=30"]) == 0
    names = [f"song-0000{song}.{kind}" for song in range(3) for kind in ("mid", "mp3", "png")]
    assert sorted(content(folder)) == sorted(["COMPLETED", *names, "index.html", "songs-00000-of-00001.jsonl"])
    assert layout.completed(str(folder))["content"] == CONTENT
    assert "song-00002.mp3" in (folder / "index.html").read_text()
    assert [row["song"] for row in rows(folder)] == [0, 1, 2]
    for row in rows(folder):
        song = midi.read_exact((folder / row["file"]).read_bytes())
        assert builders.notes_of(song) == builders.notes_of(Events().decode(row["tokens"]))
        assert Events().encode(song) == Events().encode(Events().decode(row["tokens"]))
        assert row["notes"] == len(song.pitches)


def test_a_song_does_not_depend_on_how_many_were_asked_for(model, forty, tmp_path):
    make(model, tmp_path / "seven", 7)
    seven, all_songs = content(tmp_path / "seven"), content(forty)
    assert len(all_songs) == 40 * 2 + 5
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
        with pytest.raises(job.JobError, match="No space left"):
            make(model, folder, 40)
    assert layout.completed(str(folder)) is None
    first = {path: path.stat().st_mtime_ns for path in folder.glob("song-0000*")}
    assert len(first) == 20
    make(model, folder, 40)
    assert content(folder) == content(forty)
    assert {path: path.stat().st_mtime_ns for path in first} == first


def test_two_workers_make_the_same_bytes_as_one(model, tmp_path):
    """More songs than a batch has rows, through the command line, each worker a process."""
    flags = [f"--model={model}", "--num_songs=130", *QUICK]
    assert generate.main([*flags, f"--output={tmp_path / 'one'}"]) == 0
    workers = ["--runner=DirectRunner", "--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    assert generate.main([*flags, f"--output={tmp_path / 'two'}", *workers]) == 0
    assert content(tmp_path / "one") == content(tmp_path / "two")


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
        song = midi.read_exact((folder / row["file"]).read_bytes())
        assert PitchDuration().encode(song)[:4] == row["primer"]


def test_a_midi_file_is_continued(model, tmp_path):
    (tmp_path / "scale.mid").write_bytes(builders.scale())
    flags = [f"--primer={tmp_path / 'scale.mid'}", "--primer_tokens=5", "--num_songs=2", *QUICK]
    assert generate.main([f"--model={model}", f"--output={tmp_path / 'songs'}", *flags]) == 0
    for row in rows(tmp_path / "songs"):
        assert row["primer"] == ["C4", "d:1", "s:1", "C#4", "d:1"]
        assert len(row["tokens"]) <= 20


def test_a_recipe_sets_what_no_flag_sets(model, tmp_path):
    recipe = tmp_path / "calm.toml"
    recipe.write_text(
        '[[generate]]\nname = "calm"\ntemperature = 0.5\nnum_songs = 2\nno_audio = true\nmax_tokens = 9\n'
        '[[generate]]\nname = "wild"\ntemperature = 2\nnum_songs = 1\nno_audio = true\nmax_tokens = 9\n'
    )
    flags = [f"--model={model}", f"--output={tmp_path / 'calm'}", f"--recipe={recipe}", "--num_songs=3"]
    assert generate.main(flags) == 0
    assert [row["settings"]["temperature"] for row in rows(tmp_path / "calm")] == [0.5] * 3
    assert generate.parse([*flags, f"--recipe={recipe}:wild"])[0].temperature == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("temprature = 1.0", "generate has no setting 'temprature'"),
        ('top_k = "3"', "top_k = '3' must be of type int"),
        ("greedy = 1", "greedy = 1 must be of type bool"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused(tmp_path, capsys, line, message):
    (tmp_path / "bad.toml").write_text(f'[[generate]]\nname = "bad"\n{line}\n')
    assert generate.main(["--model=m", "--output=o", f"--recipe={tmp_path / 'bad.toml'}"]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--num_songs=0"], "--num_songs 0 must be in 1..1000000"),
        (["--num_songs=1000001"], "--num_songs 1000001 must be in 1..1000000"),
        (["--temperature=0"], "--temperature 0.0 must be above 0"),
        (["--top_p=0"], "--top_p 0.0 must be above 0 and at most 1"),
        (["--top_p=1.5"], "--top_p 1.5 must be above 0 and at most 1"),
        (["--top_k=-1"], "--top_k -1 must be in 0 (all tokens) or more"),
        (["--max_tokens=0"], "--max_tokens 0 must be in 1..100000"),
        (["--primer_tokens=0"], "--primer_tokens 0 must be in 1..10000"),
        (["--primer=valid"], "--primer 'valid' is neither a MIDI file nor one of"),
        (["--program=128"], "--program 128 must be in 0..127"),
        (["--tempo=-1"], "--tempo -1.0 must be in 10..1000"),
        (["--num_song=3"], "unknown flag --num_song=3"),
        (["--recipe=none-such"], "recipe 'none-such' is neither"),
        (["--primer=validation", "--data=/nowhere"], "the dataset /nowhere does not exist"),
        (["--output=/dev/null/songs"], "cannot write /dev/null/songs"),
    ],
)
def test_what_is_wrong_is_said_before_the_work(model, tmp_path, capsys, flags, message):
    output = [] if flags[0].startswith("--output") else [f"--output={tmp_path / 'songs'}"]
    assert generate.main([f"--model={model}", *output, *flags]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.glob("songs/song*"))


def unfinished(folder: pathlib.Path) -> str:
    (folder / layout.COMPLETED).unlink()
    return "is not finished"


def of_another_vocabulary(folder: pathlib.Path) -> str:
    text = (folder / layout.VOCABULARY).read_text()
    (folder / layout.VOCABULARY).write_text(text.replace('["C4", 1]', '["C4", 2]'))
    return "vocabulary"


def foreign(folder: pathlib.Path) -> str:
    (folder / layout.MODEL).write_bytes(b"\x80\x04not a model")
    return "is not a model that Keras can load"


@pytest.mark.parametrize("damage", [unfinished, of_another_vocabulary, foreign])
def test_a_model_that_is_not_whole_is_refused(tmp_path, capsys, damage):
    model = write_model(tmp_path / "model")
    message = damage(tmp_path / "model")
    assert generate.main([f"--model={model}", f"--output={tmp_path / 'songs'}", *QUICK]) == 2
    assert message in capsys.readouterr().err


def test_a_model_of_no_numbers_fails_the_job(tmp_path, capsys):
    from models import bundle

    folder = write_model(tmp_path / "model")
    model = bundle.load(folder).model
    model.set_weights([np.full_like(weights, np.nan) for weights in model.get_weights()])
    bundle.save_model(model, f"{folder}/{layout.MODEL}")
    assert generate.main([f"--model={folder}", f"--output={tmp_path / 'songs'}", *QUICK]) == 1
    assert "NaN" in capsys.readouterr().err
    assert layout.completed(str(tmp_path / "songs")) is None


def test_flags_and_refusals_import_neither_tensorflow_nor_beam():
    program = (
        "import sys; from generator import generate; "
        "status = generate.main(['--model', '/nowhere', '--output', '/nowhere/songs']); "
        "import json; print(json.dumps([status, [name for name in ('tensorflow', 'keras', 'apache_beam') "
        "if name in sys.modules]]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [2, []]
