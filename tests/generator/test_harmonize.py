"""`--harmonize`: the songs of a job keep the melody of a file."""

import hashlib
import pathlib

import pytest

import nabi
from generator import generate
from nabi.music.about import About
from nabi.music.encodings import Encoding, Events, Voices
from nabi.music.song import Song
from nabi.reading import midi_writer
from nabi.workspace import paths
from tests import builders
from tests.generator.models import write_model

pytestmark = pytest.mark.slow

# Two bars of 3/4 in C major, over a bass.
SOPRANO = [(0, 12, 72), (12, 6, 76), (18, 18, 79), (36, 24, 71), (60, 12, 72)]
BASS = [(0, 36, 48), (36, 36, 43)]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return write_model(tmp_path_factory.mktemp("model"), encoding=Voices())


@pytest.fixture(scope="module")
def chorale(tmp_path_factory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("midi") / "chorale.mid"
    columns = zip(*SOPRANO, *BASS, strict=True)
    path.write_bytes(midi_writer.write(Song.from_notes(*columns, about=About(time_signature="3/4"))))
    return path


def rows(folder: pathlib.Path) -> list[dict]:
    return paths.read_rows(str(folder / "songs-00000-of-00001.jsonl"))


def test_every_song_has_the_melody_its_meter_and_its_key(model, chorale, tmp_path):
    flags = [f"--model={model}", f"--harmonize={chorale}", "--audio=none", "--num_songs=3", "--max_tokens=4"]
    assert generate.main([*flags, f"--output={tmp_path / 'songs'}"]) == 0
    made = rows(tmp_path / "songs")
    for row in made:
        song = midi_writer.read_exact((tmp_path / "songs" / row["file"]).read_bytes())
        assert set(SOPRANO) < set(builders.notes_of(song))
        assert (song.end, row["ended"]) == (72, True)
        # B lasts longest in the melody alone.
        assert row["primer"] == ["meter:3/4", "bar:2", "key:G-major", "last:3"]
        assert row["settings"]["harmonize"] == str(chorale)
        assert row["settings"]["harmonize_sha256"] == hashlib.sha256(chorale.read_bytes()).hexdigest()
    assert len({tuple(row["tokens"]) for row in made}) == 3
    summary = paths.read_json(str(tmp_path / "songs" / paths.SUMMARY))
    assert summary["settings"]["harmonize_sha256"] == made[0]["settings"]["harmonize_sha256"]
    # Song 1 is the same, whatever the number of songs, and without a job.
    songs = nabi.load_model(model).sample(2, harmonize=str(chorale))
    assert [list(song.tokens) for song in songs] == [row["tokens"] for row in made[:2]]
    assert songs[0].about.time_signature == "3/4"


def test_the_bass_is_kept_and_a_key_and_a_meter_are_what_is_said(model, chorale):
    (song,) = nabi.load_model(model).sample(
        1, harmonize=str(chorale), keep_voice="bass", key="G major", meter="6/8", max_draws=1
    )
    assert set(BASS) < set(builders.notes_of(song))
    assert song.primer == ("meter:6/8", "bar:2", "key:G-major", "last:3")
    assert song.about.time_signature == "6/8"


def refused(capsys, *flags: str) -> str:
    assert generate.main([*flags, "--audio=none"]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("encoding", "marks", "tokens", "message"),
    [
        (Events(), True, [], "--encoding voices, not events"),
        (Voices(), False, [], "trained without song marks, so that none of its songs ends"),
    ],
)
def test_a_model_that_cannot_keep_a_melody_is_refused(
    capsys, chorale, tmp_path, encoding: Encoding, marks: bool, tokens: list[str], message: str
):
    other = write_model(tmp_path / "model", encoding=encoding, tokens=tokens, song_marks=marks)
    said = refused(capsys, f"--model={other}", f"--output={tmp_path / 'songs'}", f"--harmonize={chorale}")
    assert message in said


@pytest.mark.parametrize(
    ("content", "flags", "message"),
    [
        (None, [], "is not there: name a MIDI file"),
        (b"no music", [], "cannot be read as a song"),
        (builders.midi([]), [], "cannot be read as a song"),
        (midi_writer.write(builders.song(*SOPRANO)), ["--highest=76"], "has the note G5 (79), outside of 0..76"),
    ],
)
def test_a_melody_that_cannot_be_kept_is_refused(capsys, model, tmp_path, content, flags, message):
    path = tmp_path / "melody.mid"
    if content is not None:
        path.write_bytes(content)
    said = refused(capsys, f"--model={model}", f"--output={tmp_path / 'songs'}", f"--harmonize={path}", *flags)
    assert said.startswith("--harmonize") or "--harmonize" in said
    assert message in said
    assert not (tmp_path / "songs" / paths.COMPLETED).exists()
