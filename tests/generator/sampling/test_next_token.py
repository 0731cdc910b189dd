from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.config import GenerateConfig
from generator.sampling import next_token
from generator.sampling.temperatures import Group

pytestmark = pytest.mark.slow

NOTHING = -np.inf


def logits(*probabilities: float) -> np.ndarray:
    """One row of logits that softmax turns into these probabilities."""
    with np.errstate(divide="ignore"):
        return np.log(np.array([probabilities], np.float32))


def choices(row: np.ndarray, settings: GenerateConfig, count: int = 20_000) -> np.ndarray:
    """How often each token is chosen; the first draws are at evenly spaced random numbers."""
    uniforms = np.random.RandomState(1).random_sample((count, next_token.DRAWS)).astype(np.float32)
    uniforms[:, 0] = (np.arange(count) + 0.5) / count
    chosen = next_token.choose(np.repeat(row, count, axis=0), uniforms, settings).numpy()
    return np.bincount(chosen, minlength=row.shape[1]) / count


def left(probabilities: Sequence[float], settings: GenerateConfig) -> list[int]:
    """The tokens that the filters leave."""
    ids = np.arange(len(probabilities))
    rows = np.repeat(np.array([probabilities], np.float32), len(ids), axis=0)
    return np.flatnonzero(next_token.passes(rows, ids, settings)).tolist()


def test_greedy_takes_the_likeliest_and_of_equals_the_first():
    rows = np.concatenate([logits(0.1, 0.6, 0.3), logits(0.2, 0.4, 0.4)])
    np.testing.assert_array_equal(
        next_token.choose(rows, np.zeros((2, 1), np.float32), GenerateConfig(decoding="greedy")), [1, 1]
    )


def test_drawing_inverts_the_cumulative_distribution():
    rows = np.repeat(np.array([[0.25, 0.5, 0.25]], np.float32), 6, axis=0)
    uniform = np.array([0.0, 0.24, 0.26, 0.74, 0.76, 0.9999999], np.float32)
    np.testing.assert_array_equal(next_token.draw(rows, uniform), [0, 0, 1, 1, 2, 2])


def test_what_has_no_probability_is_never_drawn_not_even_at_the_ends():
    rows = np.repeat(np.array([[0.0, 0.5, 0.0, 0.5, 0.0]], np.float32), 3, axis=0)
    uniform = np.array([0.0, 0.5, np.nextafter(np.float32(1), np.float32(0))], np.float32)
    np.testing.assert_array_equal(next_token.draw(rows, uniform), [1, 3, 3])


def test_tokens_come_as_often_as_their_probability():
    np.testing.assert_allclose(choices(logits(0.5, 0.2, 0.3), GenerateConfig(top_p=1.0)), [0.5, 0.2, 0.3], atol=1e-3)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_raises_probabilities_to_its_inverse(temperature):
    powers = np.array([0.5, 0.2, 0.3]) ** (1 / temperature)
    settings = GenerateConfig(temperature=temperature, top_p=1.0)
    np.testing.assert_allclose(choices(logits(0.5, 0.2, 0.3), settings), powers / powers.sum(), atol=1e-3)


def test_a_small_temperature_is_greedy():
    np.testing.assert_array_equal(choices(logits(0.3, 0.4, 0.3), GenerateConfig(temperature=1.0e-3), 100), [0, 1, 0])


@pytest.mark.parametrize("size", [1, 31, 32, 33, 1000])
def test_a_token_is_found_in_any_block(size):
    row = np.full((size, size), 1 / size, np.float32)
    middles = ((np.arange(size) + 0.5) / size).astype(np.float32)
    np.testing.assert_array_equal(next_token.draw(row, middles), np.arange(size))


@pytest.mark.parametrize(("top_k", "kept"), [(1, [0]), (2, [0, 2]), (3, [0, 1, 2, 3]), (99, [0, 1, 2, 3])])
def test_top_k_keeps_the_k_likeliest_and_what_ties_with_the_last(top_k, kept):
    assert left([0.5, 0.125, 0.25, 0.125], GenerateConfig(top_k=top_k, top_p=1.0)) == kept


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.4, [0]), (0.5, [0]), (0.51, [0, 2]), (26 / 32, [0, 2]), (27 / 32, [0, 1, 2]), (0.0001, [0])]
)
def test_top_p_keeps_the_token_that_crosses_it(top_p, kept):
    # Probabilities that float32 adds up exactly.
    assert left([16 / 32, 6 / 32, 10 / 32], GenerateConfig(top_p=top_p)) == kept


@pytest.mark.parametrize(("min_p", "kept"), [(0.5, [0, 2]), (0.51, [0]), (0.25, [0, 1, 2])])
def test_min_p_keeps_what_is_likely_beside_the_likeliest(min_p, kept):
    assert left([0.5, 0.125, 0.25, 0.0625], GenerateConfig(top_p=1.0, min_p=min_p)) == kept


@pytest.mark.parametrize(
    "settings", [GenerateConfig(top_k=2, top_p=1.0), GenerateConfig(top_p=0.4), GenerateConfig(top_p=1.0, min_p=0.7)]
)
def test_tokens_that_pass_come_as_often_as_their_share_among_them(settings):
    np.testing.assert_allclose(choices(logits(0.3, 0.35, 0.2, 0.15), settings), [6 / 13, 7 / 13, 0, 0], atol=0.01)


def test_hardly_any_of_many_equal_tokens_passes_and_each_as_often():
    # The first two are likelier than 398 others by a hair.
    row = np.zeros((1, 400), np.float32)
    row[0, :2] = 0.01
    np.testing.assert_allclose(choices(row, GenerateConfig(top_k=2))[:2], [0.5, 0.5], atol=0.015)


def test_a_token_that_does_not_pass_is_followed_by_a_likelier_one():
    uniforms = np.full((1, 3), 0.95, np.float32)
    # 3, then 2 of the three that are likelier, then 1 of two.
    assert next_token.choose(logits(0.4, 0.3, 0.2, 0.1), uniforms, GenerateConfig(top_k=2)).numpy() == [1]


def test_the_likeliest_is_taken_when_there_are_no_more_draws():
    uniforms = np.array([[0.95], [0.6]], np.float32)
    rows = np.repeat(logits(0.4, 0.3, 0.2, 0.1), 2, axis=0)
    np.testing.assert_array_equal(next_token.choose(rows, uniforms, GenerateConfig(top_k=2)), [0, 1])


@pytest.mark.parametrize(("settings", "numbers"), [({"top_p": 1.0}, 1), ({"top_p": 0.9}, 16), ({"top_k": 3}, 16)])
def test_one_random_number_a_token_is_enough_without_filters(settings, numbers):
    assert next_token.uniforms(GenerateConfig(**settings)) == numbers


def test_top_p_counts_legal_tokens_only():
    row = next_token.masked(logits(0.8, 0.15, 0.05), np.array([[False, True, True]]))
    np.testing.assert_allclose(choices(row.numpy(), GenerateConfig(top_p=0.7)), [0, 1, 0])


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=40).filter(any),
    st.integers(0, 5),
    st.sampled_from([0.01, 0.3, 0.5, 0.9, 1.0]),
    st.sampled_from([0.0, 0.1, 0.5]),
)
def test_filters_leave_what_sorting_leaves(counts, top_k, top_p, min_p):
    probabilities = np.array(counts) / 512
    probabilities[np.argmax(counts)] += 1 - probabilities.sum()
    descending = np.sort(probabilities)[::-1]
    likelier = np.searchsorted(-descending, -probabilities)
    kept = (np.concatenate([[0], np.cumsum(descending)])[likelier] < top_p) | (top_p == 1)
    kept &= (likelier < top_k) | (top_k == 0)
    kept &= probabilities >= min_p * descending[0]
    config = GenerateConfig(top_k=top_k, top_p=top_p, min_p=min_p)
    assert left(probabilities, config) == np.flatnonzero(kept).tolist()
    assert int(np.argmax(probabilities)) in left(probabilities, config)


def test_log_likelihood_is_of_the_legal_tokens():
    row = next_token.masked(logits(0.5, 0.25, 0.25), np.array([[False, True, True]]))
    np.testing.assert_allclose(next_token.log_likelihood(row, [2]), [np.log(0.5)], rtol=1e-6)


def test_rows_are_chosen_apart():
    rows = np.concatenate([logits(0.9, 0.1), logits(0.1, 0.9)])
    np.testing.assert_array_equal(
        next_token.choose(rows, np.full((2, next_token.DRAWS), 0.5, np.float32), GenerateConfig()), [0, 1]
    )


def test_the_temperature_of_a_group_leaves_its_share():
    # Two notes and three tokens of rhythm: these have 0.6 together, whatever is added to all logits.
    rhythm = Group(np.array([False, False, True, True, True]), 0.5)
    for added in (0.0, 7.0):
        found = next_token.probabilities(logits(0.3, 0.1, 0.1, 0.2, 0.3) + added, 1.0, [rhythm])
        np.testing.assert_allclose(found, [[0.3, 0.1, 0.6 * 1 / 14, 0.6 * 4 / 14, 0.6 * 9 / 14]], rtol=1e-5)
    row = logits(0.3, 0.1, 0.1, 0.2, 0.3)
    found = next_token.probabilities(row, 0.5, [rhythm])
    np.testing.assert_allclose(found, next_token.probabilities(row, 0.5), rtol=1e-5)


def test_groups_are_drawn_apart():
    rhythm, plan = (Group(np.isin(np.arange(5), ids), 0.5) for ids in ([1, 2], [3, 4]))
    found = next_token.probabilities(logits(0.2, 0.1, 0.3, 0.1, 0.3), 1.0, [rhythm, plan])
    np.testing.assert_allclose(found, [[0.2, 0.04, 0.36, 0.04, 0.36]], rtol=1e-5)


def test_a_row_without_a_legal_token_of_a_group_is_drawn_among_the_others():
    rhythm = Group(np.array([False, False, True]), 0.5)
    row = np.array([[0.0, 0.0, -np.inf]], np.float32)
    np.testing.assert_allclose(next_token.probabilities(row, 1.0, [rhythm]), [[0.5, 0.5, 0.0]])
