import pytest

from nabi.music import quantisation


def test_divisors_are_numbers_with_commas_between():
    assert quantisation.parse("8, 6,5") == (8, 6, 5)
    assert quantisation.written((8, 6)) == "8,6"


@pytest.mark.parametrize(("divisors", "ticks"), [((4, 3), 12), ((6,), 6), ((8, 6), 24), ((8, 6, 5), 120), ((1,), 1)])
def test_a_grid_has_the_least_common_multiple_of_its_divisors(divisors, ticks):
    assert quantisation.ticks_per_quarter(divisors) == ticks


@pytest.mark.parametrize("text", ["", "4,", "x", "0", "65", "-4", "4.5", "4,4", "64,63", "11,13,5"])
def test_what_is_no_grid_is_refused_with_its_range(text):
    with pytest.raises(
        ValueError, match=rf"--divisors '{text}' must be different whole numbers in 1\.\.64 .* at most 480"
    ):
        quantisation.parse(text)
