import dataclasses

import pytest

from nabi.music.about import About
from nabi.music.selection import Selection
from tests.builders import notes_of, song

MUSIC = song((0, 30, 60), (12, 12, 72), (24, 12, 64), (36, 6, 61))


@pytest.mark.parametrize(
    ("selection", "notes"),
    [
        (Selection(), notes_of(MUSIC)),
        (Selection(pitches=(61, 64)), [(24, 12, 64), (36, 6, 61)]),
        (Selection(excerpt=(1, 3)), [(0, 12, 72), (12, 12, 64)]),
        (Selection(excerpt=(0, 2)), [(0, 24, 60), (12, 12, 72)]),
        (Selection(excerpt=(1, 4), pitches=(61, 71)), [(12, 12, 64), (24, 6, 61)]),
        (Selection(excerpt=(9, 10)), []),
    ],
    ids=["all", "pitches", "excerpt", "cut at its end", "both", "nothing"],
)
def test_the_notes_that_are_kept(selection, notes):
    assert notes_of(selection.of(MUSIC)) == notes


def test_an_excerpt_is_in_quarter_notes_on_every_grid():
    fine = song((0, 24, 60), (24, 24, 72), (48, 24, 64), ticks_per_quarter=24)
    assert Selection(excerpt=(1, 2)).of(fine) == song((0, 24, 72), ticks_per_quarter=24)


def test_phrases_of_an_excerpt_end_where_they_did_in_it_and_others_are_left_out():
    music = dataclasses.replace(MUSIC, about=About(phrase_ends=(6, 12, 24, 36, 42)))
    assert Selection(excerpt=(1, 3)).of(music).about.phrase_ends == (12, 24)
    assert Selection(pitches=(61, 64)).of(music).about.phrase_ends == (6, 12, 24, 36, 42)
