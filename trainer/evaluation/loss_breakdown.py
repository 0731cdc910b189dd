"""Summaries of a model's scores of single tokens: calibration, loss by kind of token and by position, units of loss."""

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nabi.music.encodings import Encoding, kind_of
from nabi.music.vocabulary import END, UNKNOWN, Vocabulary
from trainer.data.window_arrays import TokenStream

if TYPE_CHECKING:
    # At run time it would bring TensorFlow.
    from trainer.evaluation.scoring import TokenScores

# Tokens hold no tempo: seconds of music are counted at this one.
QUARTERS_PER_MINUTE = 120

CALIBRATION_BINS = 10

Floats = npt.NDArray[Any]
Ints = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class MusicTotals:
    """The amount of music in a set of songs.

    Attributes:
      tokens: predicted ids that the vocabulary knows.
      notes: number of struck notes.
      seconds: duration, at `QUARTERS_PER_MINUTE`.
      unreadable: number of songs left out of all of this: without their unknown tokens they cannot be decoded.
    """

    tokens: int
    notes: int
    seconds: float
    unreadable: int

    def rates(self, loss_nats: float) -> dict[str, float | None]:
        """Converts a loss in nats a token to the other units; None where there is no note or no second."""
        bits = loss_nats / math.log(2)
        tokens_per_note = self.tokens / self.notes if self.notes else None
        tokens_per_second = self.tokens / self.seconds if self.seconds else None
        return {
            "nats_per_token": loss_nats,
            "bits_per_token": bits,
            "nats_per_note": loss_nats * tokens_per_note if tokens_per_note else None,
            "bits_per_note": bits * tokens_per_note if tokens_per_note else None,
            "nats_per_second": loss_nats * tokens_per_second if tokens_per_second else None,
            "bits_per_second": bits * tokens_per_second if tokens_per_second else None,
            "perplexity": math.exp(min(loss_nats, 700.0)),
        }


def music_of(tokens: TokenStream, vocabulary: Vocabulary, encoding: Encoding) -> MusicTotals:
    """Decodes songs and counts their predicted tokens, notes and seconds."""
    predicted, notes, ticks, unreadable = 0, 0, 0, 0
    begins = np.flatnonzero(tokens.positions == 0)
    for ids in np.split(tokens.ids, begins[1:]) if len(begins) else ():
        try:
            song = encoding.decode(vocabulary.decode(ids.tolist()))
        except ValueError:
            unreadable += 1
            continue
        predicted += int(np.count_nonzero(ids[1:] > UNKNOWN))
        notes += len(song.pitches)
        ticks += song.end
    return MusicTotals(predicted, notes, ticks / encoding.ticks_per_quarter * 60 / QUARTERS_PER_MINUTE, unreadable)


def top_accuracy(ranks: Ints, count: int) -> float:
    """Returns the share of targets among the `count` likeliest ids, 0..1; `ranks` are int [N], from 0."""
    return float(np.count_nonzero(ranks < count) / max(len(ranks), 1))


def calibration(top_probability: Floats, hit: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Compares the model's confidence in its likeliest id with how often that is right (Guo et al. 2017, section 2).

    Args:
      top_probability: float [N], of the likeliest id, 0..1.
      hit: bool [N], True where the likeliest id is the target.

    Returns:
      `bins`: for each tenth of the probabilities, its upper end included, `low`, `high`, `tokens`, and the means
      `confidence` and `accuracy` (None without tokens); `expected_error`: their mean difference, weighted by tokens.
    """
    bins = np.clip(np.ceil(top_probability * CALIBRATION_BINS).astype(int) - 1, 0, CALIBRATION_BINS - 1)
    counts, confidence, accuracy = (
        np.bincount(bins, weights, CALIBRATION_BINS)
        for weights in (None, top_probability.astype(np.float64), hit.astype(np.float64))
    )
    error = float(np.abs(accuracy - confidence).sum() / max(len(hit), 1))
    rows = [
        {
            "low": index / CALIBRATION_BINS,
            "high": (index + 1) / CALIBRATION_BINS,
            "tokens": int(count),
            "confidence": float(confidence[index] / count) if count else None,
            "accuracy": float(accuracy[index] / count) if count else None,
        }
        for index, count in enumerate(counts.tolist())
    ]
    return {"expected_error": error, "bins": rows}


def by_kind(scores: "TokenScores", ngram: Floats, vocabulary: Vocabulary, encoding: Encoding) -> list[dict[str, Any]]:
    """Groups the loss by kind of token (`nabi.music.encodings.kind_of`, `end` for `<end>`), the commonest first."""
    special = vocabulary.special
    kinds = [*vocabulary.tokens[:special], *(kind_of(encoding, token) for token in vocabulary.tokens[special:])]
    kinds[END] = "end"
    names, kind_of_id = np.unique(kinds, return_inverse=True)
    groups = _grouped(scores, ngram, kind_of_id[scores.target], len(names))
    rows = [{"kind": str(names[kind]), **figures} for kind, figures in groups]
    return sorted(rows, key=lambda row: (-row["tokens"], row["kind"]))


def by_distance(scores: "TokenScores", ngram: Floats, distances: Ints) -> list[dict[str, Any]]:
    """Groups the loss by a token's distance from a beginning: 1, 2 to 3, 4 to 7, ... `first` to `last`.

    Args:
      scores: of N tokens.
      ngram: float [N], the best n-gram's log probabilities, in nats.
      distances: int [N], at least 1.
    """
    # frexp is exact for whole numbers below 2^53; log2 may round up.
    doubling = np.frexp(distances.astype(np.float64))[1] - 1
    groups = _grouped(scores, ngram, doubling, int(doubling.max(initial=0)) + 1)
    return [{"first": 2**group, "last": 2 ** (group + 1) - 1, **figures} for group, figures in groups]


def _grouped(
    scores: "TokenScores", ngram: Floats, group: Ints, groups: int
) -> list[tuple[int, dict[str, float | int]]]:
    """Averages the scores of every group that has a token."""
    counts, losses, hits, ngram_losses = (
        np.bincount(group, weights, groups)
        for weights in (None, -scores.log_probability.astype(np.float64), scores.rank == 0, -ngram)
    )
    return [
        (
            index,
            {
                "tokens": int(count),
                "loss_nats": float(losses[index] / count),
                "accuracy": float(hits[index] / count),
                "ngram_nats": float(ngram_losses[index] / count),
            },
        )
        for index, count in enumerate(counts.tolist())
        if count
    ]


def detail(
    scores: "TokenScores",
    baselines: dict[str, Floats],
    *,
    best_ngram: str,
    tokens: TokenStream,
    vocabulary: Vocabulary,
    encoding: Encoding,
) -> dict[str, Any]:
    """Measures one split in every way.

    Args:
      scores: of the model, on the split's N scored tokens.
      baselines: name -> float [N], log probabilities of the same tokens in the same order, in nats.
      best_ngram: name of the baseline that kinds and positions are compared with.
      tokens: of the split's songs.
      vocabulary: of the ids.
      encoding: of the tokens.

    Returns:
      `detail` of evaluation-SPLIT.json.
    """
    music, ngram = music_of(tokens, vocabulary, encoding), baselines[best_ngram]
    return {
        "tokens": len(scores),
        "songs": int(np.count_nonzero(tokens.positions == 0)),
        "notes": music.notes,
        "seconds": music.seconds,
        "quarters_per_minute": QUARTERS_PER_MINUTE,
        "unreadable_songs": music.unreadable,
        "model": music.rates(scores.score().loss_nats),
        "baselines": {name: music.rates(float(-logs.mean())) for name, logs in baselines.items()},
        "top_1": top_accuracy(scores.rank, 1),
        "top_5": top_accuracy(scores.rank, 5),
        "calibration": calibration(scores.top_probability, scores.rank == 0),
        "by_kind": by_kind(scores, ngram, vocabulary, encoding),
        "by_position_in_window": by_distance(scores, ngram, scores.position_in_window + 1),
        "by_position_in_song": by_distance(scores, ngram, scores.position_in_song),
    }
