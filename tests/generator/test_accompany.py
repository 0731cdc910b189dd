"""`--accompany`: the songs of a job keep all parts of a file, and others play with them."""

import hashlib
import pathlib

import pytest

import nabi
from generator import generate
from nabi.music.band import Instrument
from nabi.music.encodings import Bands, Encoding, Events
from nabi.music.song import Song
from nabi.music.timeline import Timeline
from nabi.reading import band_midi
from nabi.workspace import paths
from tests.generator.models import write_model

pytestmark = pytest.mark.slow

# Two bars of 3/4 for a violin and drums, the second one slower.
PLAYERS = [Instrument("Violin", 40), Instrument("Drums", 0, is_drums=True)]
TUNE = Song.from_parts(
    [0, 12, 36, 0, 36], [12, 24, 36, 3, 3], [72, 76, 74, 36, 38], [0, 0, 0, 1, 1], [90, 90, 60, 90, 90],
    instruments=PLAYERS, timeline=Timeline.of(tempi=[(0, 500_000), (36, 600_000)], meters=[(0, 3, 4)]),
)  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return write_model(tmp_path_factory.mktemp("model"), encoding=Bands())


@pytest.fixture(scope="module")
def tune(tmp_path_factory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("midi") / "tune.mid"
    path.write_bytes(band_midi.write(TUNE))
    return path


def notes(song: Song, program: int, *, drums: bool = False) -> list[tuple[int, ...]]:
    """Start and pitch of the notes of a program, or of drums."""
    own = [player.program == program and player.is_drums == drums for player in song.band.instruments]
    start, _, pitch = (column.tolist() for column in song.notes())
    return [note for part, *note in zip(song.note_parts().tolist(), start, pitch, strict=True) if own[part]]


def test_every_song_has_the_given_parts_their_times_and_who_was_asked_for(model, tune, tmp_path):
    flags = [f"--model={model}", f"--accompany={tune}", "--parts=bass,0", "--audio=none", "--num_songs=3"]
    assert generate.main([*flags, f"--output={tmp_path / 'songs'}"]) == 0
    made = paths.read_rows(str(tmp_path / "songs" / "songs-00000-of-00001.jsonl"))
    for row in made:
        song = band_midi.read_exact((tmp_path / "songs" / row["file"]).read_bytes())
        assert song.end == TUNE.end
        assert notes(song, 40) == notes(TUNE, 40)
        assert notes(song, 0, drums=True) == notes(TUNE, 0, drums=True)
        assert song.band.timeline.tempi.tolist() == TUNE.band.timeline.tempi.tolist()
        assert row["ended"]
        # The violin's key; the bass is one of its family.
        assert row["primer"][:2] == ["meter:3/4", "bar:2"]
        listed = [token for token in row["tokens"] if token.startswith("part:")]
        assert {"part:0", "part:40", "part:drums"} < set(listed)
        assert len(listed) > len({"part:0", "part:40", "part:drums"})
        assert {int(token.removeprefix("part:")) for token in listed[:-1]} <= {0, *range(32, 40), 40}
        assert row["settings"]["accompany_sha256"] == hashlib.sha256(tune.read_bytes()).hexdigest()
    assert len({tuple(row["tokens"]) for row in made}) == 3
    songs = nabi.load_model(model).sample(2, accompany=str(tune), parts="bass,0")
    assert [list(song.tokens) for song in songs] == [row["tokens"] for row in made[:2]]


def test_a_file_that_is_over_before_a_drum_is_gets_none(tmp_path, capsys):
    model = write_model(tmp_path / "model", encoding=Bands(divisors=(8, 6)))
    short = Song.from_parts([0], [3], [72], [0], [90], instruments=PLAYERS, ticks_per_quarter=24)
    (tmp_path / "short.mid").write_bytes(band_midi.write(short))
    flags = [f"--model={model}", f"--accompany={tmp_path / 'short.mid'}", "--parts=drums", "--audio=none"]
    assert generate.main([*flags, f"--output={tmp_path / 'songs'}"]) == 2
    assert "is over before a drum is, a quarter of a quarter note: leave out drums" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "encoding", "message"),
    [
        (["--accompany=there/is/none.mid"], Bands(), "--accompany there/is/none.mid is not there: name a MIDI file"),
        ([], Events(), "needs a model whose tokens say who plays, --encoding band, not events"),
        (["--parts=drums"], Bands(), "--parts drums is given by --accompany"),
        (["--parts=40"], Bands(), "whose programs are 40, Drums: ask for other parts"),
        (["--parts=strings"], Bands(program_families=True), "--parts strings is given by --accompany"),
        (["--lowest=73"], Bands(), "has the note C5 (72), outside of 73..127"),
    ],
)
def test_what_cannot_be_accompanied_is_refused(
    flags: list[str], encoding: Encoding, message: str, tune, tmp_path, capsys
):
    model = write_model(tmp_path / "model", encoding=encoding)
    flags = [f"--accompany={tune}", *flags]
    assert generate.main([f"--model={model}", f"--output={tmp_path / 'songs'}", *flags]) == 2
    assert message in capsys.readouterr().err
