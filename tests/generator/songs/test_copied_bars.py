import pickle

import numpy as np
import pytest

from generator.songs.copied_bars import figures, index_file, of_parts
from nabi.analysis import copies
from nabi.music.band import Instrument
from nabi.music.song import Song
from nabi.workspace import paths
from tests.generator.indices import write_index
from tests.generator.models import CONTENT
from tests.nabi.analysis.copies.music import index_of, part, plant, walk

TRAINING = [walk(1), walk(2)]
HELD_OUT = copies.HeldOut.of([(0, 0.0, 0.0), (12, 0.5, 0.1), (15, 1.0, 0.2), (16, 1.5, 0.3)])


@pytest.fixture
def index(tmp_path) -> copies.Index:
    return write_index(tmp_path / "model", *TRAINING, held_out=HELD_OUT)


def test_a_row_says_what_was_copied_from_where_and_how_that_stands(index):
    song = plant(*part(TRAINING[1], 5, 35), before=30, after=40, semitones=2)
    ticks = copies.find(song, index).longest
    assert figures(song, index) == {
        "copied_share": 0.3,
        "copied_notes": 30,
        "copied_bars": round((ticks.end - ticks.start) / 48, 3),
        "copied_from": "1.mid",
        "copied": "copies more than 3 of 4 validation songs in all, more than every validation song in a row",
        "novelty": 0.7,
    }


def test_a_song_that_copies_nothing_is_wholly_new(index):
    assert figures(walk(3, waits=(1, 5)), index) == {
        "copied_share": 0.0,
        "copied_notes": 0,
        "copied_bars": 0.0,
        "copied": "copies no run of 12 notes",
        "novelty": 1.0,
    }


def test_of_a_song_too_short_to_tell_nothing_is_said(index):
    assert figures(walk(1, 11), index) == {}
    assert figures(Song.from_notes([], [], []), index) == {}


def test_what_was_given_is_no_copy(index):
    given = plant(*part(TRAINING[0], 0, 30), before=0, after=20)
    assert figures(given, index)["copied_share"] == 0.6
    assert figures(given, index, primer_notes=30)["copied_share"] == 0
    # Of what goes on with the primer's own song, the part that was made counts.
    assert figures(given, index, primer_notes=10)["copied_share"] == 0.5
    assert figures(given, index, primer_notes=10)["copied_notes"] == 20


def test_trivial_music_is_no_plagiarism_where_all_songs_have_it():
    """A figure of 8 notes that training, validation and generated songs repeat, and 40 notes that one has copied."""

    def ostinato(times: int, foreign: int, gap: int) -> Song:
        onset = 3 * np.arange(8 * times)
        return plant(onset, np.tile([60, 63, 67, 63, 68, 63, 67, 63], times), before=foreign, after=5, gap=gap)

    training = [walk(1), ostinato(4, 20, 7), ostinato(9, 10, 7)]
    index = index_of(*training)
    held_out = [copies.find(ostinato(times, times, 11), index) for times in (2, 3, 4, 5, 6)]
    habit = copies.HeldOut.of([(song.longest.different, song.longest_bars, song.share) for song in held_out])
    looping = copies.find(ostinato(30, 3, 11), index)
    assert (looping.longest.notes >= 72, looping.longest.different) == (True, 19)
    assert copies.standing(looping.longest.different, habit.notes) == "as much as most validation songs"
    stolen = copies.find(plant(*part(training[0], 0, 40), before=60, after=60), index)
    assert copies.standing(stolen.longest.different, habit.notes) == "more than every validation song"


def test_a_worker_reads_the_index_once_and_is_not_sent_it(tmp_path, index, monkeypatch):
    loads, load = [], copies.load
    monkeypatch.setattr(copies, "load", lambda *arguments: loads.append(arguments) or load(*arguments))
    found = index_file(str(tmp_path / "model"), {"content": CONTENT})
    for _ in range(3):
        assert pickle.loads(pickle.dumps(found)).read().songs == index.songs
    assert len(loads) == 1
    assert len(pickle.dumps(found)) < 500


def test_a_model_without_an_index_has_none(tmp_path):
    assert index_file(str(tmp_path), {"content": CONTENT}) is None


@pytest.mark.parametrize("content", ["other", CONTENT])
def test_an_index_of_another_dataset_or_damaged_is_refused(tmp_path, index, content):
    path = tmp_path / "model" / paths.COPIES
    if content == CONTENT:
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=rf"{path} is no index of the training songs \(.*\): copy the model directory"):
        index_file(str(tmp_path / "model"), {"content": content})


DUO = [Instrument("Flute", 73), Instrument("Bass", 33), Instrument("Drums", 0, is_drums=True)]


def duo(*lines: Song) -> Song:
    """A band of these lines, the first a flute's, and a drum."""
    columns = [
        (*note, number, 90)
        for number, line in enumerate(lines)
        for note in zip(*(column.tolist() for column in line.notes()), strict=True)
    ]
    return Song.from_parts(*zip(*columns, (0, 3, 36, 2, 90), strict=True), instruments=DUO)


def test_each_part_is_told_what_it_copies_by_itself(tmp_path):
    # A flute that copies is hidden in the whole by a bass between its notes.
    training, others = walk(1, waits=(6,)), walk(4, waits=(7,))
    index = write_index(tmp_path / "model", training)
    song = duo(training, others)
    assert figures(song, index)["copied_notes"] == 0
    nothing = duo(*[Song.from_notes([], [], [])] * 2)
    notes = len(training.pitches)
    assert of_parts(song, index, nothing) == {
        "Flute": {"copied_notes": notes, "copied_from": "0.mid"},
        "Bass": {"copied_notes": 0},
    }
    onsets, pitches = part(training, 0, 40)
    begun = duo(Song.from_notes(onsets, [6] * 40, pitches), others)
    assert of_parts(song, index, begun)["Flute"]["copied_notes"] == notes - 40
    assert of_parts(training, index, nothing) == {}
