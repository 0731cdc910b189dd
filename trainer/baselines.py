"""What a model must beat: n-grams fitted on the training split, scored on the model's own targets."""

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from songs.vocabulary import PAD, UNKNOWN
from trainer.ngrams import FloatArray, Ngram, Tokens, join
from trainer.reading import Reading

if TYPE_CHECKING:
    # At run time it would bring TensorFlow.
    from trainer.batches import Windows

# Name -> the n of its n-grams; 0 knows nothing.
ORDERS = {"uniform": 0, "unigram": 1, "bigram": 2, "5-gram": 5}

# The n-grams count the first whole songs of the training split up to so many tokens: 20 seconds and 1 GB.
COUNTED_TOKENS = 5_000_000


def tokens_of(windows: "Windows", last_only: bool = False) -> Tokens:
    """Songs put together of their windows, with each target that a model is scored on.

    Args:
      windows: of whole songs, in the order of their shards. Where windows overlap, a token belongs to the first that
        has it.
      last_only: only the last position of full windows is scored, as `--target last` does.

    Returns:
      All ids once; no `<pad>` or `<unk>` is scored.
    """
    begins = windows.starts[:, None] == 0
    own = np.hstack([begins, fresh(windows)]) & (windows.tokens != PAD)
    scored = windows.tokens > UNKNOWN
    scored[:, : -1 if last_only else 1] = False
    places = windows.starts[:, None] + np.arange(windows.tokens.shape[1])
    return Tokens(windows.tokens[own], places[own].astype(np.int32), scored[own])


def fresh(windows: "Windows") -> npt.NDArray[np.bool_]:
    """Which targets no window before has had: bool [N, window]."""
    window = windows.tokens.shape[1] - 1
    moved = np.diff(windows.starts, prepend=0)
    overlap = np.where(windows.starts == 0, 0, np.maximum(window - moved, 0))
    return np.arange(window) >= overlap[:, None]


class Counted:
    """The training split's songs that the baselines count: `add` its shards, in order.

    Attributes:
      songs: songs counted; of an augmented song each version is one.
      whole: whether that is all of them.
    """

    def __init__(self, most: int = COUNTED_TOKENS) -> None:
        self._most = most
        self._parts: list[Tokens] = []
        self._found = 0
        self.songs = 0
        self.whole = True

    def add(self, windows: "Windows") -> None:
        """Takes a shard's songs, as many as fit; at least one in all."""
        if not self.whole or not len(windows):
            return
        part = tokens_of(windows)
        begins = np.flatnonzero(part.places == 0)
        ends = np.append(begins[1:], len(part))
        fit = int(np.count_nonzero(ends <= self._most - self._found)) or int(not self._found)
        end = int(ends[fit - 1]) if fit else 0
        self._parts.append(Tokens(part.ids[:end], part.places[:end], part.scored[:end]))
        self._found += end
        self.songs += fit
        self.whole = fit == len(ends)

    def tokens(self) -> Tokens:
        """Everything taken."""
        return join(self._parts)

    def as_dict(self) -> dict[str, object]:
        """What `metrics.json` says of it."""
        return {"songs": self.songs, "tokens": self._found, "whole_split": self.whole}


def told(counted: Mapping[str, Any]) -> str:
    """What `Counted.as_dict` says, in words."""
    part = "all" if counted["whole_split"] else "the first"
    return (
        f"baselines counted on {counted['songs']:,} songs, {counted['tokens']:,} tokens: {part} of the training split"
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Baselines:
    """The baselines of one training split.

    Attributes:
      counted: what is counted.
      vocabulary_size: V.
      blocked: ids that are never predicted.
    """

    counted: Counted
    vocabulary_size: int
    blocked: Sequence[int]

    @functools.cached_property
    def _models(self) -> dict[str, Ngram]:
        # Only when they are asked for: a run that goes on from a checkpoint need not wait for them.
        tokens = self.counted.tokens()
        return {
            name: Ngram(tokens, order=order, vocabulary_size=self.vocabulary_size, blocked=self.blocked)
            for name, order in ORDERS.items()
            if order
        }

    def log_probabilities(self, windows: "Windows", reading: Reading) -> dict[str, FloatArray]:
        """Each baseline's verdict on every target that a model is scored on, in the windows' order, in nats.

        Where a model has seen one window, no baseline looks further back.
        """
        tokens = tokens_of(windows, reading.last_only)
        most_history = windows.tokens.shape[1] - 1 if reading.one_window else None
        uniform = np.full(np.count_nonzero(tokens.scored), -math.log(self.vocabulary_size - len(self.blocked)))
        found = {name: model.log_probabilities(tokens, most_history) for name, model in self._models.items()}
        return {"uniform": uniform, **found}

    def score(self, windows: "Windows", reading: Reading) -> dict[str, float] | None:
        """Mean loss of each baseline in nats a token; None where there is no target."""
        found = self.log_probabilities(windows, reading)
        return {name: float(-values.mean()) for name, values in found.items()} if len(found["uniform"]) else None
