"""What a model must beat: n-grams fitted on the training split, scored on the model's own targets."""

import dataclasses
import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from trainer.data.window_arrays import TokenStream, Windows, tokens_of
from trainer.data.window_mode import WindowMode
from trainer.evaluation.ngrams import FloatArray, each_order

# Orders that are always told, and the highest that is counted. Where chords are written as their notes, five tokens are
# hardly a chord: what counting can do shows at higher orders only.
TOLD_ORDERS = (1, 2, 5)
HIGHEST_ORDER = 14

# The n-grams count the first whole songs of the training split up to so many tokens: 45 seconds of
# one core, and 1.5 GB.
COUNTED_TOKENS = 10_000_000


class CountedSongs:
    """The training split's songs that the baselines count: `add` its shards, in order.

    Attributes:
      songs: songs counted; of an augmented song each version is one.
      whole: whether that is all of them.
    """

    def __init__(self, most: int = COUNTED_TOKENS) -> None:
        self._most = most
        self._parts: list[TokenStream] = []
        self._found = 0
        self.songs = 0
        self.whole = True

    def add(self, windows: Windows) -> None:
        """Takes a shard's songs, as many as fit; at least one in all."""
        if not self.whole or not len(windows):
            return
        part = tokens_of(windows)
        begins = np.flatnonzero(part.places == 0)
        ends = np.append(begins[1:], len(part))
        fit = int(np.count_nonzero(ends <= self._most - self._found)) or int(not self._found)
        end = int(ends[fit - 1]) if fit else 0
        self._parts.append(TokenStream(part.ids[:end], part.places[:end], part.scored[:end]))
        self._found += end
        self.songs += fit
        self.whole = fit == len(ends)

    def tokens(self) -> TokenStream:
        """Everything taken."""
        return TokenStream.join(self._parts)

    def as_dict(self) -> dict[str, object]:
        """What `metrics.json` says of it."""
        return {"songs": self.songs, "tokens": self._found, "whole_split": self.whole}


@dataclasses.dataclass(frozen=True)
class BestNgram:
    """The n-gram that predicts best.

    Attributes:
      order: n, the one of the lowest loss among 1..`HIGHEST_ORDER`; of equal ones the smaller.
      chosen_on: the split of that loss.
    """

    order: int
    chosen_on: str

    @property
    def name(self) -> str:
        """What it is called among the baselines."""
        return name_of(self.order)

    def as_dict(self) -> dict[str, object]:
        """Returns what `metrics.json` says of it."""
        return {"name": self.name, "order": self.order, "chosen_on": self.chosen_on}


def name_of(order: int) -> str:
    """Names the n-gram of an order, at least 1."""
    return {1: "unigram", 2: "bigram"}.get(order, f"{order}-gram")


def describe(counted: Mapping[str, Any], best: Mapping[str, Any] | None) -> str:
    """Says what `CountedSongs.as_dict` and `BestNgram.as_dict` say, in words."""
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

    The n-gram of the best order is among them: chosen on the validation split; on the test split where nothing else is
    held out, which flatters counting, not the model.

    Attributes:
      counted: what is counted.
      vocabulary_size: V.
      blocked: ids that are never predicted.
      held_out: split -> its windows, in the order in which they are asked to choose the best order.
      reading: how the model reads windows; where it has seen one window, no baseline looks further back.
    """

    counted: CountedSongs
    vocabulary_size: int
    blocked: Sequence[int]
    held_out: Mapping[str, Windows]
    reading: WindowMode

    @property
    def best(self) -> BestNgram | None:
        """The best n-gram; None where nothing is held out."""
        return self._scored[0]

    def log_probabilities(self, split: str) -> dict[str, FloatArray]:
        """Returns what each baseline gives to every target of a split, in the windows' order, in nats."""
        return self._scored[1][split]

    def score(self, split: str) -> dict[str, float] | None:
        """Returns the mean loss of each baseline in nats a token; None where there is no target."""
        found = self.log_probabilities(split)
        return {name: float(-values.mean()) for name, values in found.items()} if len(found["uniform"]) else None

    # Only when they are asked for: a run that goes on from a checkpoint need not wait for them.
    @functools.cached_property
    def _scored(self) -> tuple[BestNgram | None, dict[str, dict[str, FloatArray]]]:
        asked = {split: tokens_of(windows, self.reading.last_only) for split, windows in self.held_out.items()}
        ends = np.cumsum([np.count_nonzero(tokens.scored) for tokens in asked.values()])

        def of_splits(logs: FloatArray) -> dict[str, FloatArray]:
            return dict(zip(asked, np.split(logs, ends[:-1]), strict=True))

        uniform = np.full(ends[-1], -math.log(self.vocabulary_size - len(self.blocked)))
        told, best = {"uniform": of_splits(uniform)}, _Best()
        for order, logs in enumerate(self._each_order(TokenStream.join(list(asked.values()))), 1):
            found = of_splits(logs)
            best.compare(order, found)
            if order in TOLD_ORDERS:
                told[name_of(order)] = found
        if best.ngram:
            told[best.ngram.name] = best.found
        return best.ngram, {split: {name: found[split] for name, found in told.items()} for split in asked}

    def _each_order(self, asked: TokenStream) -> Iterator[FloatArray]:
        highest = HIGHEST_ORDER
        if self.reading.one_window:
            highest = min(highest, *(windows.tokens.shape[1] for windows in self.held_out.values()))
        return each_order(
            self.counted.tokens(),
            asked,
            highest=highest,
            vocabulary_size=self.vocabulary_size,
            blocked=self.blocked,
        )


class _Best:
    """The best n-gram of those compared, and its log probabilities by split."""

    def __init__(self) -> None:
        self.ngram: BestNgram | None = None
        self.found: dict[str, FloatArray] = {}
        self._lowest = math.inf

    def compare(self, order: int, found: dict[str, FloatArray]) -> None:
        """Takes an order if it predicts the first split that has a target better than the orders before it."""
        split = next((split for split, logs in found.items() if len(logs)), None)
        if split and (loss := float(-found[split].mean())) < self._lowest:
            self.ngram, self.found, self._lowest = BestNgram(order, split), found, loss
