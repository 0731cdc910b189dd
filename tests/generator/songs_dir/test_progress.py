import logging
import threading

import pytest

from generator.songs_dir import progress
from generator.songs_dir.progress import SongsProgress
from nabi.workspace import paths


def test_a_line_says_songs_notes_a_second_and_time_left():
    assert progress.line(3, 10, 3, 600, 2.0) == "3 of 10 songs, 300 notes/s, 0:00:05 left"
    assert progress.line(130, 1000, 30, 900, 300.0) == "130 of 1000 songs, 3 notes/s, 2:25:00 left"


def test_before_the_first_song_nothing_is_guessed():
    assert progress.line(5, 10, 0, 0, 3.0) == "5 of 10 songs"


def test_rows_are_counted_once_as_they_come(tmp_path):
    files = [str(tmp_path / name) for name in "abc"]
    watch = SongsProgress(files, done=2, total=9)
    paths.write_rows(files[1], [{"notes": 4}, {"notes": 6}])
    assert watch.look().startswith("4 of 9 songs")
    paths.write_rows(files[0], [{"notes": 1}])
    assert watch.look().startswith("5 of 9 songs")
    assert (watch.songs, watch.notes) == (3, 11)


def test_few_files_are_looked_for_at_a_time_and_all_in_turn(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "_PROBES", 2)
    files = [str(tmp_path / name) for name in "abcde"]
    paths.write_rows(files[4], [{"notes": 4}])
    watch = SongsProgress(files, done=0, total=5)
    assert [watch.look()[:6] for _ in range(3)] == ["0 of 5", "0 of 5", "1 of 5"]


def test_lines_come_while_the_work_lasts(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    with SongsProgress([str(tmp_path / "a")], done=0, total=1, seconds=0.01) as watch:
        while not caplog.messages:
            assert watch.songs == 0
    assert caplog.messages[0] == "0 of 1 songs"


def test_it_ends_with_the_work(tmp_path):
    before = threading.enumerate()
    with pytest.raises(KeyError), SongsProgress([str(tmp_path / "a")], done=0, total=1):
        raise KeyError
    assert threading.enumerate() == before
