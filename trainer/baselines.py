"""What a model must beat: uniform, unigram and bigram, fitted on the training split, on the model's own targets."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from songs.vocabulary import UNKNOWN
from trainer.batches import Windows

IntArray = npt.NDArray[np.int64]


def transitions(windows: Windows, last_only: bool = False) -> tuple[IntArray, IntArray]:
    """Each target that a model is scored on, once, and the token before it.

    Args:
      windows: in the order of their shards. Where windows overlap, a token belongs to the first that has it.
      last_only: only the last position of full windows, as `--target last` scores.

    Returns:
      history int64 [N] and target int64 [N]; no target is `<pad>` or `<unk>`.
    """
    tokens = windows.tokens.astype(np.int64)
    scored = (tokens[:, 1:] > UNKNOWN) & fresh(windows)
    if last_only:
        scored[:, :-1] = False
    return tokens[:, :-1][scored], tokens[:, 1:][scored]


def fresh(windows: Windows) -> npt.NDArray[np.bool_]:
    """Which targets no window before has had: bool [N, window]."""
    window = windows.tokens.shape[1] - 1
    moved = np.diff(windows.starts, prepend=0)
    overlap = np.where(windows.starts == 0, 0, np.maximum(window - moved, 0))
    return np.arange(window) >= overlap[:, None]


class Ngrams:
    """Counts of the training split; `add` all of it, then `score`.

    - uniform: 1 / A for each of the A ids that may be predicted.
    - unigram: (count + 1) / (all + A).
    - bigram: interpolated with that unigram by Witten and Bell's rule (Chen and Goodman 1998, section 2.5):
      (count(h, y) + T(h) unigram(y)) / (count(h) + T(h)), T(h) being the number of different ids seen after h.
    """

    def __init__(self, vocabulary_size: int, blocked: Sequence[int]) -> None:
        self._size = vocabulary_size
        self._allowed = vocabulary_size - len(blocked)
        self._unigrams: IntArray = np.zeros(vocabulary_size, np.int64)
        # Pairs as history * V + target, ascending: a table of V * V would not fit for a large vocabulary.
        self._pairs: IntArray = np.zeros(0, np.int64)
        self._pair_counts: IntArray = np.zeros(0, np.int64)

    @property
    def tokens(self) -> int:
        """Targets counted."""
        return int(self._unigrams.sum())

    def add(self, history: IntArray, target: IntArray) -> None:
        """Counts more transitions."""
        self._unigrams += np.bincount(target, minlength=self._size)
        new, new_counts = np.unique(history * self._size + target, return_counts=True)
        pairs, places = np.unique(np.concatenate([self._pairs, new]), return_inverse=True)
        counts = np.zeros(len(pairs), np.int64)
        np.add.at(counts, places, np.concatenate([self._pair_counts, new_counts]))
        self._pairs, self._pair_counts = pairs, counts

    def score(self, history: IntArray, target: IntArray) -> dict[str, float] | None:
        """Mean loss of each baseline in nats a token; None where there is no target."""
        if not len(target):
            return None
        unigram = (self._unigrams[target] + 1) / (self.tokens + self._allowed)
        return {
            "uniform": math.log(self._allowed),
            "unigram": float(-np.log(unigram).mean()),
            "bigram": float(-np.log(self._bigram(history, target, unigram)).mean()),
        }

    def _bigram(self, history: IntArray, target: IntArray, unigram: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        of_history = self._pairs // self._size
        seen = np.bincount(of_history, self._pair_counts, minlength=self._size)[history]
        kinds = np.bincount(of_history, minlength=self._size)[history]
        wanted = history * self._size + target
        places = np.minimum(np.searchsorted(self._pairs, wanted), max(len(self._pairs) - 1, 0))
        together = np.where(self._pairs[places] == wanted, self._pair_counts[places], 0) if len(self._pairs) else 0
        return np.where(seen > 0, (together + kinds * unigram) / np.maximum(seen + kinds, 1), unigram)
