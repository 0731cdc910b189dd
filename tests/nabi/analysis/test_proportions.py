import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.analysis import proportions


def test_intervals_are_those_of_published_examples():
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3.
    assert proportions.interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert proportions.interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert proportions.interval(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert proportions.interval(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


@given(st.integers(1, 300).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_the_edges_are_where_a_score_test_begins_to_refuse(counts):
    successes, trials = counts
    z = statistics.NormalDist().inv_cdf(0.975)
    for edge in proportions.interval(successes, trials):
        if 1e-9 < edge < 1 - 1e-9:
            deviation = abs(successes / trials - edge) / math.sqrt(edge * (1 - edge) / trials)
            assert deviation == pytest.approx(z, rel=1e-6)


def test_few_answers_can_never_be_clear():
    assert [proportions.clear_counts(trials, 0.5) for trials in (3, 4)] == [None, (0, 4)]
