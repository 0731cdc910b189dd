"""Song files that a user names, for a primer or to explain: as cheap and as odd as those of the training set."""

import gzip

import pytest

from generator.primers import song_files
from nabi.music.encodings import Bands, Events, Grid, Steps
from tests import builders
from tests.builders import midi, note, notes_of

# 559,240 quarter notes before the last note.
BOMB = midi([*note(0, 480, 60), *note(0xFFFFFFF, 0xFFFFFFF + 480, 64)])
FAR_APART = midi([event for at in range(200) for event in note(48_000 * at, 48_000 * at + 480, 60)])
SETTINGS = {"instrument": "all", "parser": "fast", "pedal": "drop", "time": "quarters"}


def read(tmp_path, data, encoding, **settings):
    (tmp_path / "a.mid.gz").write_bytes(data)
    return song_files.read(str(tmp_path / "a.mid.gz"), encoding, **SETTINGS, **settings)


def test_a_compressed_file_is_read_and_its_silence_is_that_of_the_training_songs(tmp_path):
    assert len(read(tmp_path, gzip.compress(builders.scale()), Events())) == 8
    assert notes_of(read(tmp_path, BOMB, Grid(), max_silence=8)) == [(0, 12, 60), (102, 12, 64)]


def test_a_score_is_read_by_its_ending_and_of_several_tunes_the_first(tmp_path):
    tunes = "".join(f"X:{number}\nM:4/4\nL:1/4\nK:D\n{notes}|]\n\n" for number, notes in enumerate(("DE", "G"), 1))
    (tmp_path / "tunes.abc").write_text(tunes)
    song = song_files.read(str(tmp_path / "tunes.abc"), Bands(), **SETTINGS)
    assert notes_of(song) == [(0, 12, 62), (12, 12, 64)]
    assert song.band
    (tmp_path / "none.abc").write_text("no music")
    with pytest.raises(ValueError, match=r"none\.abc cannot be read as a song"):
        song_files.read(str(tmp_path / "none.abc"), Bands(), **SETTINGS)


def test_a_file_that_takes_more_tokens_than_its_notes_are_worth_is_refused_in_a_sentence(tmp_path):
    assert len(read(tmp_path, FAR_APART, Events())) == 200
    with pytest.raises(
        ValueError, match=r"a\.mid\.gz is left out .* \(too-many-tokens: 26276 steps tokens for 200 notes"
    ):
        read(tmp_path, FAR_APART, Steps())


def test_what_the_dataset_of_a_model_says_is_what_is_done():
    dataset = {**SETTINGS, "window": 8, "selection": {"max_silence": 5}, "limits": {"max_tokens_per_note": 7}}
    assert song_files.as_trained(dataset) == {**SETTINGS, "max_silence": 5, "max_tokens_per_note": 7}
