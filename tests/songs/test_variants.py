from fractions import Fraction

import pytest

from songs.variants import parse_scales, parse_transpose, variants
from tests.builders import notes_of, song


def made(music, transpose=(), scales=()):
    return [
        (variant.transpose, str(variant.scale), notes_of(variant.song))
        for variant in variants(music, transpose, scales)
    ]


def test_every_combination_once_the_original_among_them():
    assert made(song((0, 6, 60)), (-1, 2), (Fraction(2),)) == [
        (-1, "1", [(0, 6, 59)]),
        (0, "1", [(0, 6, 60)]),
        (2, "1", [(0, 6, 62)]),
        (-1, "2", [(0, 12, 59)]),
        (0, "2", [(0, 12, 60)]),
        (2, "2", [(0, 12, 62)]),
    ]


def test_what_leaves_the_pitches_or_the_grid_is_left_out():
    assert [key for key, _, _ in made(song((0, 6, 1), (0, 6, 126)), range(-3, 4))] == [-1, 0, 1]
    assert made(song((0, 3, 60)), (), (Fraction(1, 2),)) == [(0, "1", [(0, 3, 60)])]


@pytest.mark.parametrize(("text", "semitones"), [("-2..1", (-2, -1, 0, 1)), ("3,-1", (-1, 3)), ("4", (4,))])
def test_transpositions(text, semitones):
    assert parse_transpose(text) == semitones


@pytest.mark.parametrize("text", ["3..1", "x", "-99..2", ""])
def test_no_transposition(text):
    with pytest.raises(ValueError, match="--transpose"):
        parse_transpose(text)


def test_scales():
    assert parse_scales("1/2,2") == (Fraction(1, 2), Fraction(2))
    for text in ("0", "9", "1/0", "fast"):
        with pytest.raises(ValueError, match="--time_scales"):
            parse_scales(text)
