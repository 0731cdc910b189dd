"""Where a song repeats itself, token by token: the rule by which a network's memory recalls (`nabi.networks`)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def repeated(tokens: Sequence[str], uncounted: Sequence[bool] | None = None) -> tuple[Ints, Ints]:
    """Finds for each token where the tokens before it stood earlier.

    A run of equal tokens at a distance is halved by a token that differs, since music comes again with changes.

    >>> runs, sources = repeated("C D E C D E".split())
    >>> runs.tolist(), sources.tolist()
    ([0, 0, 0, 0, 1, 2], [-1, -1, -1, -1, 1, 2])

    Args:
      tokens: of a song, T of them.
      uncounted: for each, true if it neither lengthens nor halves a run, such as a bar's number; None: none.

    Returns:
      int64 [T] each: the length of the longest run that ends before each token, and the index of the token that
      followed its earlier occurrence, the latest of several; 0 and -1 where there is none.
    """
    ids = np.unique(np.array(tokens, object).astype(str), return_inverse=True)[1]
    uncounted = [False] * len(ids) if uncounted is None else uncounted
    found, sources = np.zeros(len(ids), np.int64), np.full(len(ids), -1)
    # Index d - 1: the run at distance d.
    runs = np.zeros(len(ids), np.int64)
    for now in range(1, len(ids)):
        past = runs[: now - 1]
        if now > 1 and not uncounted[now - 1]:
            past[:] = np.where(ids[: now - 1][::-1] == ids[now - 1], past + 1, past // 2)
        if now > 1 and past.max() > 0:
            best = int(past.argmax())
            found[now], sources[now] = past[best], now - 1 - best
    return found, sources
