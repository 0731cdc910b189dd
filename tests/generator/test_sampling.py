import numpy as np
import pytest

from generator import sampling
from generator.plan import Sampling

NOTHING = -np.inf


def logits(*probabilities: float) -> np.ndarray:
    """One row of logits that softmax turns into these probabilities."""
    with np.errstate(divide="ignore"):
        return np.log(np.array([probabilities], np.float32))


def choices(row: np.ndarray, settings: Sampling, count: int = 20_000) -> np.ndarray:
    """How often each token is chosen, at evenly spaced random numbers."""
    uniform = ((np.arange(count) + 0.5) / count).astype(np.float32)
    chosen = sampling.choose(np.repeat(row, count, axis=0), uniform, settings).numpy()
    return np.bincount(chosen, minlength=row.shape[1]) / count


def test_greedy_takes_the_likeliest_and_of_equals_the_first():
    rows = np.concatenate([logits(0.1, 0.6, 0.3), logits(0.2, 0.4, 0.4)])
    np.testing.assert_array_equal(sampling.choose(rows, np.zeros(2, np.float32), Sampling(greedy=True)), [1, 1])


def test_drawing_inverts_the_cumulative_distribution():
    rows = np.repeat(logits(0.25, 0.5, 0.25), 6, axis=0)
    uniform = np.array([0.0, 0.24, 0.26, 0.74, 0.76, 0.9999999], np.float32)
    np.testing.assert_array_equal(sampling.draw(rows, uniform), [0, 0, 1, 1, 2, 2])


def test_what_has_no_probability_is_never_drawn_not_even_at_the_ends():
    rows = np.repeat(logits(0.0, 0.5, 0.0, 0.5, 0.0), 3, axis=0)
    uniform = np.array([0.0, 0.5, np.nextafter(np.float32(1), np.float32(0))], np.float32)
    np.testing.assert_array_equal(sampling.draw(rows, uniform), [1, 3, 3])


def test_tokens_come_as_often_as_their_probability():
    np.testing.assert_allclose(choices(logits(0.5, 0.2, 0.3), Sampling(top_p=1)), [0.5, 0.2, 0.3], atol=1e-3)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_raises_probabilities_to_its_inverse(temperature):
    powers = np.array([0.5, 0.2, 0.3]) ** (1 / temperature)
    settings = Sampling(temperature=temperature, top_p=1)
    np.testing.assert_allclose(choices(logits(0.5, 0.2, 0.3), settings), powers / powers.sum(), atol=1e-3)


def test_a_small_temperature_is_greedy():
    np.testing.assert_array_equal(choices(logits(0.3, 0.4, 0.3), Sampling(temperature=1e-3), 100), [0, 1, 0])


def test_top_k_keeps_the_k_likeliest():
    kept = sampling.keep_top_k(np.array([[3.0, 1.0, 2.0, 0.0], [0.0, 1.0, 2.0, 3.0]], np.float32), 2)
    np.testing.assert_array_equal(kept, [[3, NOTHING, 2, NOTHING], [NOTHING, NOTHING, 2, 3]])


def test_top_k_above_the_vocabulary_keeps_all():
    row = logits(0.5, 0.2, 0.3)
    np.testing.assert_array_equal(sampling.keep_top_k(row, 99), row)


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.4, [0]), (0.5, [0]), (0.51, [0, 2]), (0.8, [0, 2]), (0.81, [0, 1, 2]), (0.0001, [0])]
)
def test_top_p_keeps_the_token_that_crosses_it(top_p, kept):
    # Probabilities that float32 adds up exactly.
    row = np.log(np.array([[16, 6, 10]], np.float32) / 32)
    shares = {0.8: 26 / 32, 0.81: 27 / 32}
    result = sampling.keep_top_p(row, shares.get(top_p, top_p)).numpy()
    assert np.flatnonzero(np.isfinite(result[0])).tolist() == kept


def test_top_p_counts_legal_tokens_only():
    row = sampling.masked(logits(0.8, 0.15, 0.05), np.array([[False, True, True]]))
    np.testing.assert_allclose(choices(row.numpy(), Sampling(top_p=0.7)), [0, 1, 0])


def test_top_k_comes_before_top_p():
    # Of the two likeliest the first has 4/7, above 0.55; of all three it has 0.4.
    np.testing.assert_array_equal(choices(logits(0.4, 0.3, 0.3001), Sampling(top_k=2, top_p=0.55), 100), [1, 0, 0])


def test_log_likelihood_is_of_the_legal_tokens():
    row = sampling.masked(logits(0.5, 0.25, 0.25), np.array([[False, True, True]]))
    np.testing.assert_allclose(sampling.log_likelihood(row, [2]), [np.log(0.5)], rtol=1e-6)


def test_rows_are_chosen_apart():
    rows = np.concatenate([logits(0.9, 0.1), logits(0.1, 0.9)])
    np.testing.assert_array_equal(sampling.choose(rows, np.full(2, 0.5, np.float32), Sampling()), [0, 1])
