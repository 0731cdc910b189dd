from fractions import Fraction

from nabi.music.augmentation import variants
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
