"""Baselines that a model must beat: n-grams fitted on the training split, scored on the model's own targets."""

import dataclasses
import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from trainer.data.window_arrays import TokenStream, Windows, token_stream
from trainer.data.window_mode import WindowMode
from trainer.evaluation.ngrams import FloatArray, each_order

# Orders that are always reported, and the highest that is counted: where chords are spelled as their notes, five tokens
# are hardly a chord, and n-grams predict well at higher orders only.
REPORTED_ORDERS = (1, 2, 5)
HIGHEST_ORDER = 14

# The n-grams count the first whole songs of the training split up to this number of tokens: 45 seconds of one core, and
# 1.5 GB.
COUNTED_TOKENS = 10_000_000


class CountedSongs:
    """The songs of the training split that the baselines count: `add` its shards, in order.

    Attributes:
      songs: number of songs counted; each version of an augmented song is one.
      whole: True while every song added is counted.
    """

    def __init__(self, limit: int = COUNTED_TOKENS) -> None:
        self._limit = limit
        self._parts: list[TokenStream] = []
        self._tokens = 0
        self.songs = 0
        self.whole = True

    def add(self, windows: Windows) -> None:
        """Adds a shard's first songs, up to the limit of tokens; at least one song in all."""
        if not self.whole or not len(windows):
            return
        part = token_stream(windows)
        begins = np.flatnonzero(part.positions == 0)
        ends = np.append(begins[1:], len(part))
        songs = int(np.count_nonzero(ends <= self._limit - self._tokens)) or int(not self._tokens)
        end = int(ends[songs - 1]) if songs else 0
        self._parts.append(TokenStream(part.ids[:end], part.positions[:end], part.scored[:end]))
        self._tokens += end
        self.songs += songs
        self.whole = songs == len(ends)

    def tokens(self) -> TokenStream:
        """Joins the songs added."""
        return TokenStream.join(self._parts)

    def as_dict(self) -> dict[str, object]:
        """Summarizes it for `metrics.json`."""
        return {"songs": self.songs, "tokens": self._tokens, "whole_split": self.whole}


@dataclasses.dataclass(frozen=True)
class BestNgram:
    """The n-gram model with the lowest loss.

    Attributes:
      order: n, in 1..`HIGHEST_ORDER`; of equal losses the smaller.
      chosen_on: the split that the loss was measured on.
    """

    order: int
    chosen_on: str

    @property
    def name(self) -> str:
        """Its name among the baselines."""
        return name_of(self.order)

    def as_dict(self) -> dict[str, object]:
        """Summarizes it for `metrics.json`."""
        return {"name": self.name, "order": self.order, "chosen_on": self.chosen_on}


def name_of(order: int) -> str:
    """Names the n-gram of an order, at least 1."""
    return {1: "unigram", 2: "bigram"}.get(order, f"{order}-gram")


def describe(counted: Mapping[str, Any], best: Mapping[str, Any] | None) -> str:
    """Describes `CountedSongs.as_dict` and `BestNgram.as_dict` in words."""
    part = "all" if counted["whole_split"] else "the first"
    words = (
        f"baselines counted on {counted['songs']:,} songs, {counted['tokens']:,} tokens: {part} of the training split"
    )
    if not best:
        return words
    return f"{words}; of the n-grams up to {HIGHEST_ORDER} the {best['name']} is the best in {best['chosen_on']}"


@dataclasses.dataclass(frozen=True, eq=False)
class Baselines:
    """The baselines of one training split, on the targets that a model is scored on.

    The n-gram of the best order is among them, chosen on the validation split. Where only a test split is held out it
    is chosen on that one, which favours the n-gram, not the model.

    Attributes:
      counted: the songs that are counted.
      vocabulary_size: V.
      blocked: ids that are never predicted.
      held_out: split -> its windows; the best order is chosen on the first split that has a target.
      window_mode: how the model reads windows; where it sees one window only, no baseline has a longer history.
    """

    counted: CountedSongs
    vocabulary_size: int
    blocked: Sequence[int]
    held_out: Mapping[str, Windows]
    window_mode: WindowMode

    @property
    def best(self) -> BestNgram | None:
        """The best n-gram; None where nothing is held out."""
        return self._scored[0]

    def log_probabilities(self, split: str) -> dict[str, FloatArray]:
        """Returns each baseline's log probability of every target of a split, in the windows' order, in nats."""
        return self._scored[1][split]

    def score(self, split: str) -> dict[str, float] | None:
        """Returns the mean loss of each baseline in nats a token; None where there is no target."""
        logs = self.log_probabilities(split)
        return {name: float(-values.mean()) for name, values in logs.items()} if len(logs["uniform"]) else None

    # Computed on first use: a run that resumes from a checkpoint need not wait for it.
    @functools.cached_property
    def _scored(self) -> tuple[BestNgram | None, dict[str, dict[str, FloatArray]]]:
        streams = {split: token_stream(windows, self.window_mode.last_only) for split, windows in self.held_out.items()}
        ends = np.cumsum([np.count_nonzero(stream.scored) for stream in streams.values()])

        def by_split(logs: FloatArray) -> dict[str, FloatArray]:
            """Divides log probabilities of all splits, one after the other, by split."""
            return dict(zip(streams, np.split(logs, ends[:-1]), strict=True))

        uniform = np.full(ends[-1], -math.log(self.vocabulary_size - len(self.blocked)))
        reported, best = {"uniform": by_split(uniform)}, _Best()
        for order, logs in enumerate(self._each_order(TokenStream.join(list(streams.values()))), 1):
            logs_of_splits = by_split(logs)
            best.compare(order, logs_of_splits)
            if order in REPORTED_ORDERS:
                reported[name_of(order)] = logs_of_splits
        if best.ngram:
            reported[best.ngram.name] = best.logs_of_splits
        return best.ngram, {split: {name: logs[split] for name, logs in reported.items()} for split in streams}

    def _each_order(self, evaluated: TokenStream) -> Iterator[FloatArray]:
        highest = HIGHEST_ORDER
        if self.window_mode.one_window:
            highest = min(highest, *(windows.tokens.shape[1] for windows in self.held_out.values()))
        return each_order(
            self.counted.tokens(),
            evaluated,
            highest=highest,
            vocabulary_size=self.vocabulary_size,
            blocked=self.blocked,
        )


class _Best:
    """The best n-gram of those compared, and its log probabilities by split."""

    def __init__(self) -> None:
        self.ngram: BestNgram | None = None
        self.logs_of_splits: dict[str, FloatArray] = {}
        self._lowest = math.inf

    def compare(self, order: int, logs_of_splits: dict[str, FloatArray]) -> None:
        """Keeps an order if it predicts the first split that has a target better than the orders before it."""
        split = next((split for split, logs in logs_of_splits.items() if len(logs)), None)
        if split and (loss := float(-logs_of_splits[split].mean())) < self._lowest:
            self.ngram, self.logs_of_splits, self._lowest = BestNgram(order, split), logs_of_splits, loss
