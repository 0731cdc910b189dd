"""Finds the earlier passage that each token of a song repeats, by the rule of a network's memory (`nabi.networks`)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

# Tokens that a network's memory goes back (`nabi.networks.song_memory.TOKENS`).
FURTHEST = 1024


def repeated(
    tokens: Sequence[str], uncounted: Sequence[bool] | None = None, furthest: int = FURTHEST
) -> tuple[Ints, Ints]:
    """Finds for each token where the tokens before it stood earlier.

    A run of equal tokens at a distance is halved by a token that differs, since music comes again with changes.

    >>> runs, sources = repeated("C D E C D E".split())
    >>> runs.tolist(), sources.tolist()
    ([0, 0, 0, 0, 1, 2], [-1, -1, -1, -1, 1, 2])

    Args:
      tokens: of a song, T of them.
      uncounted: for each, true if it neither lengthens nor halves a run, such as a bar's number; None: none.
      furthest: greatest distance that is found.

    Returns:
      int64 [T] each: the longest run that ends before each token, and the index of the token that followed its earlier
      occurrence, the latest of several; 0 and -1 where there is none.
    """
    ids = np.unique(np.array(tokens, object).astype(str), return_inverse=True)[1]
    uncounted = [False] * len(ids) if uncounted is None else uncounted
    longest, sources = np.zeros(len(ids), np.int64), np.full(len(ids), -1)
    # Index d - 1: the run at distance d.
    runs = np.zeros(len(ids), np.int64)
    for now in range(2, len(ids)):
        past = runs[: min(now - 1, furthest)]
        if not uncounted[now - 1]:
            earlier = ids[: now - 1][::-1][: len(past)]
            past[:] = np.where(earlier == ids[now - 1], past + 1, past // 2)
        best = int(past.argmax())
        if past[best]:
            longest[now], sources[now] = past[best], now - 1 - best
    return longest, sources
