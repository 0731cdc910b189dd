"""What a model's scores of single tokens add up to: calibration, loss by kind of token and by position, units."""

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nabi.music.encodings import Encoding, sort_of
from nabi.music.vocabulary import END, UNKNOWN, Vocabulary
from trainer.data.window_arrays import TokenStream

if TYPE_CHECKING:
    # At run time it would bring TensorFlow.
    from trainer.evaluation.scoring import TokenScores

# Tokens do not say a song's tempo: a second of music is one at this.
QUARTERS_PER_MINUTE = 120

CALIBRATION_BINS = 10

Floats = npt.NDArray[Any]
Ints = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class MusicTotals:
    """How much music songs are.

    Attributes:
      tokens: known ids that are predicted.
      notes: struck notes.
      seconds: of sound, at `QUARTERS_PER_MINUTE`.
      unreadable: songs left out of all of this, since their known tokens alone make no song.
    """

    tokens: int
    notes: int
    seconds: float
    unreadable: int

    def rates(self, loss_nats: float) -> dict[str, float | None]:
        """A loss in nats a token in the other units; None where there is no music to share it among."""
        bits = loss_nats / math.log(2)
        a_note = self.tokens / self.notes if self.notes else None
        a_second = self.tokens / self.seconds if self.seconds else None
        return {
            "nats_per_token": loss_nats,
            "bits_per_token": bits,
            "nats_per_note": loss_nats * a_note if a_note else None,
            "bits_per_note": bits * a_note if a_note else None,
            "nats_per_second": loss_nats * a_second if a_second else None,
            "bits_per_second": bits * a_second if a_second else None,
            "perplexity": math.exp(min(loss_nats, 700.0)),
        }


def music_of(tokens: TokenStream, vocabulary: Vocabulary, encoding: Encoding) -> MusicTotals:
    """The notes and seconds that songs' ids decode to."""
    predicted, notes, ticks, unreadable = 0, 0, 0, 0
    begins = np.flatnonzero(tokens.places == 0)
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


def within(ranks: Ints, most: int) -> float:
    """The share of targets among the `most` likeliest ids."""
    return float(np.count_nonzero(ranks < most) / max(len(ranks), 1))


def calibration(top_probability: Floats, hit: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Whether the likeliest id comes as often as the model says (Guo et al. 2017, section 2).

    Args:
      top_probability: [N], of the likeliest id, 0..1.
      hit: [N], whether it came.

    Returns:
      `bins`: for each tenth of the probabilities, its upper end included, `low`, `high`, `tokens`, and the means
      `confidence` and `accuracy` (None in an empty one); `expected_error`: the mean distance of the two over tokens.
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
    """Loss by what a token says (`nabi.music.encodings.sort_of`, `end` for `<end>`), the commonest kind first."""
    special = vocabulary.special
    sorts = [*vocabulary.tokens[:special], *(sort_of(encoding, token) for token in vocabulary.tokens[special:])]
    sorts[END] = "end"
    names, of_id = np.unique(sorts, return_inverse=True)
    rows = _grouped(scores, ngram, of_id[scores.target], len(names))
    found = [{"kind": str(names[group]), **row} for group, row in rows]
    return sorted(found, key=lambda row: (-row["tokens"], row["kind"]))


def by_distance(scores: "TokenScores", ngram: Floats, distances: Ints) -> list[dict[str, Any]]:
    """Loss by how far a token is from a beginning: 1, 2 to 3, 4 to 7, ... `first` to `last`.

    Args:
      scores: [N] tokens.
      ngram: [N], the best n-gram's log probabilities, in nats.
      distances: [N], at least 1.
    """
    # Whole numbers below 2^53 have the exact logarithm's exponent: frexp, not log2, which may round up.
    doubling = np.frexp(distances.astype(np.float64))[1] - 1
    rows = _grouped(scores, ngram, doubling, int(doubling.max(initial=0)) + 1)
    return [{"first": 2**group, "last": 2 ** (group + 1) - 1, **row} for group, row in rows]


def _grouped(
    scores: "TokenScores", ngram: Floats, group: Ints, groups: int
) -> list[tuple[int, dict[str, float | int]]]:
    """The mean figures of every group that has a token."""
    counts, losses, hits, counted = (
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
                "ngram_nats": float(counted[index] / count),
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
    """Everything that is measured on one split.

    Args:
      scores: of the model.
      baselines: name -> log probabilities of the same tokens in the same order.
      best_ngram: the name of the one that kinds and positions are compared with.
      tokens: of the split's songs.
      vocabulary: of the ids.
      encoding: of the tokens.
    """
    music = music_of(tokens, vocabulary, encoding)
    losses = {name: float(-values.mean()) for name, values in baselines.items()}
    ngram = baselines[best_ngram]
    return {
        "tokens": len(scores),
        "songs": int(np.count_nonzero(tokens.places == 0)),
        "notes": music.notes,
        "seconds": music.seconds,
        "quarters_per_minute": QUARTERS_PER_MINUTE,
        "unreadable_songs": music.unreadable,
        "model": music.rates(scores.score().loss_nats),
        "baselines": {name: music.rates(loss) for name, loss in losses.items()},
        "top_1": within(scores.rank, 1),
        "top_5": within(scores.rank, 5),
        "calibration": calibration(scores.top_probability, scores.rank == 0),
        "by_kind": by_kind(scores, ngram, vocabulary, encoding),
        "by_position_in_window": by_distance(scores, ngram, scores.position + 1),
        "by_position_in_song": by_distance(scores, ngram, scores.place),
    }
