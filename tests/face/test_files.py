import dataclasses
import gzip
import io
import pathlib

import pytest

import nabi
from nabi.reading import midi_writer
from tests import builders

TWO_TUNES = "X:1\nL:1/4\nK:C\nCDE\n\nX:7\nL:1/4\nK:G\nGAB\n"
SONG = builders.song((0, 12, 60), (12, 24, 64))


def test_what_is_written_is_read(tmp_path):
    nabi.write(SONG, tmp_path / "tune.mid")
    song = nabi.read(tmp_path / "tune.mid")
    assert list(song) == list(SONG)
    assert song.about.source == str(tmp_path / "tune.mid")


def test_files_that_are_open_are_read_and_written():
    file = io.BytesIO()
    nabi.write(SONG, file)
    assert file.getvalue() == midi_writer.write(SONG)
    assert list(nabi.read(io.BytesIO(file.getvalue()))) == list(SONG)


def test_an_open_file_of_a_score_is_known_by_its_name(tmp_path):
    (tmp_path / "tune.abc").write_text("X:1\nL:1/4\nK:C\nCDE\n")
    with (tmp_path / "tune.abc").open("rb") as file:
        assert [event.pitches for event in nabi.read(file)] == [(60,), (62,), (64,)]


def test_a_compressed_file_is_read(tmp_path):
    (tmp_path / "tune.mid.gz").write_bytes(gzip.compress(midi_writer.write(SONG)))
    assert list(nabi.read(str(tmp_path / "tune.mid.gz"))) == list(SONG)


def test_a_song_is_written_with_what_its_file_told():
    about = nabi.About(source="songs.zip!airs/air.v2.mid", tempo=90.0, time_signature="3/4")
    song = dataclasses.replace(SONG, about=about)
    file, other = io.BytesIO(), io.BytesIO()
    nabi.write(song, file)
    assert file.getvalue() == midi_writer.write(song, tempo=90.0, track_name="air")
    nabi.write(song, other, tempo=60, track_name="", program=40, velocity=80)
    assert other.getvalue() == midi_writer.write(song, tempo=60, program=40, velocity=80)


def test_one_of_several_tunes_is_named(tmp_path):
    path = tmp_path / "two.abc"
    path.write_text(TWO_TUNES)
    assert [event.pitches for event in nabi.read(path, tune="7")] == [(67,), (69,), (71,)]
    assert {tune: len(song) for tune, song in nabi.read_tunes(path).items()} == {"1": 3, "7": 3}


@pytest.mark.parametrize(
    ("tune", "sentence"),
    [
        ("", "two.abc holds 2 tunes (1, 7): name one, tune='1', or read all with nabi.read_tunes"),
        ("2", "two.abc has no tune '2'; its 2 tunes are 1, 7"),
    ],
)
def test_a_file_of_several_tunes_needs_the_name_of_one(tmp_path, monkeypatch, tune, sentence):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("two.abc").write_text(TWO_TUNES)
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - compared whole
        nabi.read("two.abc", tune=tune)
    assert str(raised.value) == sentence


def test_a_tune_that_is_damaged_costs_only_itself(tmp_path):
    (tmp_path / "two.abc").write_text("X:1\nL:1/4\nK:C\n\nX:2\nL:1/4\nK:G\nGAB\n")
    first, second = nabi.read_tunes(tmp_path / "two.abc").values()
    assert (type(first), first.reason, len(second)) == (nabi.ParseError, "no-notes", 3)


def test_options_of_preprocessing_are_keywords(tmp_path):
    quintuplets = [(96 * number, 96 * number + 96, 60 + number) for number in range(5)]
    piano, violin = ([event for note in quintuplets for event in builders.note(*note, channel=c)] for c in (0, 1))
    late = builders.note(480 * 400, 480 * 401, 90, channel=1)
    data = builders.midi(piano, [builders.program(0, 40, 1), *violin, *late])
    song = nabi.read(io.BytesIO(data), divisors=(5,), instrument="40", max_silence=8)
    assert builders.notes_of(song)[:2] == [(0, 1, 60), (1, 1, 61)]
    assert (song.ticks_per_quarter, song.about.instrument, song.end < 5 * 16) == (5, "Violin", True)
    assert song == nabi.read(io.BytesIO(data), divisors=(5,), instrument="40", max_silence=8, parser="music21")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"instrument": "flute"}, "instrument 'flute' must be one of all, first, piano, drums or a General MIDI"),
        ({"parser": "slow"}, "parser 'slow' must be one of fast, music21"),
        ({"divisors": (0,)}, "divisors '0' must be different whole numbers in 1..64"),
        ({"max_silence": 0}, "max_silence 0 must be at least 1 quarter note"),
        ({"tune": "2"}, "tune.mid holds one tune, which has no name: leave tune='2' out"),
    ],
)
def test_a_wrong_option_is_named_with_its_range(tmp_path, monkeypatch, options, sentence):
    monkeypatch.chdir(tmp_path)
    nabi.write(SONG, "tune.mid")
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - its beginning is compared
        nabi.read("tune.mid", **options)
    assert str(raised.value).startswith(sentence)


def test_what_is_no_music_says_why_and_names_the_file(tmp_path):
    path = tmp_path / "letter.mid"
    path.write_text("Dear Nabi")
    with pytest.raises(nabi.ParseError) as raised:
        nabi.read(path)
    assert raised.value.reason == "not-midi"
    assert raised.value.detail.startswith(f"{path}: ")


def test_an_archive_and_a_missing_file_are_told(tmp_path):
    with pytest.raises(OSError, match=r"cannot read .*none.mid: there is no such file"):
        nabi.read(tmp_path / "none.mid")
    with pytest.raises(ValueError, match=r"all.zip is an archive: extract a file from it"):
        nabi.read("all.zip")


@pytest.mark.parametrize("wrong", [{"program": 128}, {"velocity": 0}])
def test_what_cannot_be_written_leaves_no_file(tmp_path, wrong):
    with pytest.raises(ValueError, match=r"must be in"):
        nabi.write(SONG, tmp_path / "tune.mid", **wrong)
    assert list(tmp_path.iterdir()) == []
