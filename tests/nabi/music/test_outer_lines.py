import numpy as np
import pytest
from hypothesis import given

from nabi.music.about import About
from nabi.music.outer_lines import outer_line
from nabi.music.song import Song
from tests.builders import notes_of, song, songs

# Of four voices: a soprano, an alto that is struck in its rest, and a bass below both.
CHORALE = song((0, 12, 72), (24, 12, 74), (0, 18, 67), (18, 18, 69), (0, 36, 48))


@pytest.mark.parametrize(
    ("music", "highest", "lowest"),
    [
        (CHORALE, [(0, 12, 72), (18, 6, 69), (24, 12, 74)], [(0, 36, 48)]),
        (song((0, 24, 60), (6, 6, 72)), [(0, 6, 60), (6, 6, 72)], [(0, 24, 60)]),
        (song((0, 24, 72), (6, 6, 60)), [(0, 24, 72)], [(0, 6, 72), (6, 6, 60)]),
        (song((6, 6, 60), (24, 6, 60)), [(6, 6, 60), (24, 6, 60)], [(6, 6, 60), (24, 6, 60)]),
        (song(), [], []),
    ],
)
def test_the_outer_lines_of_a_song(music, highest, lowest):
    assert notes_of(outer_line(music)) == highest
    assert notes_of(outer_line(music, lowest=True)) == lowest


def test_metadata_stays():
    music = Song.from_notes([0], [12], [60], About(time_signature="3/4"))
    assert outer_line(music).about.time_signature == "3/4"


@given(songs())
def test_a_line_sounds_one_note_at_a_time_and_is_its_own_line(music):
    for lowest in (False, True):
        line = outer_line(music, lowest=lowest)
        start, duration, _ = line.notes()
        assert (start[1:] >= (start + duration)[:-1]).all()
        assert outer_line(line, lowest=lowest) == line


@given(songs())
def test_nothing_is_struck_beyond_a_line(music):
    start, _, pitch = (column.astype(np.int64) for column in music.notes())
    line = outer_line(music)
    begin, length, top = (column.astype(np.int64) for column in line.notes())
    for tick, own in zip(start.tolist(), pitch.tolist(), strict=True):
        sounding = top[(begin <= tick) & (tick < begin + length)]
        assert not len(sounding) or own <= sounding[0]
