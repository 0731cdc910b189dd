"""Confidence interval of a share that was counted."""

import math
import statistics

CONFIDENCE = 0.95


def interval(successes: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Computes Wilson's score interval of a share (Wilson 1927, JASA 22, pages 209-212).

    It holds a share exactly if a two-sided score test at this level does not refuse it; unlike p +- z * sqrt(p q / n),
    it stays within 0..1 and has a width where all trials ended alike.

    >>> [round(edge, 3) for edge in interval(7, 20)], [round(edge, 3) for edge in interval(0, 20)]
    ([0.181, 0.567], [0.0, 0.161])

    Args:
      successes: 0..trials.
      trials: independent ones, at least 1.
      confidence: share of such intervals that hold the true share, above 0 and below 1.

    Returns:
      Both edges, 0..1.
    """
    z = statistics.NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / trials
    middle = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    scale = 1 + z * z / trials
    return max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0)


def clear_counts(trials: int, share: float) -> tuple[int, int] | None:
    """Finds the counts of successes whose interval leaves out a share.

    >>> clear_counts(20, 0.5), clear_counts(3, 0.5)
    ((5, 15), None)

    Args:
      trials: at least 1.
      share: above 0 and below 1.

    Returns:
      The greatest such count below the share and the smallest above it; None if no count is clear on both sides.
    """
    below = [count for count in range(trials + 1) if interval(count, trials)[1] < share]
    above = [count for count in range(trials + 1) if interval(count, trials)[0] > share]
    return (below[-1], above[0]) if below and above else None
