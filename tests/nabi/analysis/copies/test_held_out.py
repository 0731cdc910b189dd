import pytest

from nabi.analysis.copies import HeldOut, standing

HUNDRED = list(range(100))


@pytest.mark.parametrize(
    ("value", "others", "words"),
    [
        (95, HUNDRED, "more than 95 % of validation songs"),
        (4, HUNDRED, "less than 95 % of validation songs"),
        (0, HUNDRED, "less than 99 % of validation songs"),
        (100, HUNDRED, "more than every validation song"),
        (-1, HUNDRED, "less than every validation song"),
        (50, HUNDRED, "more than 50 % of validation songs"),
        (3, [0, 1, 2, 4, 5], "more than 3 of 5 validation songs"),
        (1, [0, 1, 2, 4, 5], "less than 3 of 5 validation songs"),
        (9, [1], "more than every validation song"),
        (0, [0, 0, 0], "as much as most validation songs"),
        (0, [0, 0, 7], "as much as most validation songs"),
        (5, [0, 5, 5, 9], "as much as most validation songs"),
    ],
)
def test_a_figure_among_those_of_validation_songs(value, others, words):
    assert standing(value, others) == words


def test_median_and_quantile_are_figures_of_songs():
    figures = HeldOut.of([(number, number / 4, number / 100) for number in reversed(range(1, 101))])
    assert figures.as_dict() == {
        "songs": 100,
        "notes": {"median": 51, "95 %": 96, "largest": 100},
        "bars": {"median": 12.75, "95 %": 24, "largest": 25},
        "share": {"median": 0.51, "95 %": 0.96, "largest": 1.0},
    }
    assert figures.notes == tuple(range(1, 101))


def test_without_validation_songs_there_are_no_figures():
    assert HeldOut.of([]) == HeldOut()
    assert HeldOut().as_dict() == {"songs": 0}
