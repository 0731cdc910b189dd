"""Tables of a model's figures beside published ones."""

import dataclasses
from collections.abc import Mapping, Sequence

from benchmarks.polyphonic_sets import SETS

# Shares of a melody that one training piece has too: below MOSTLY_NEW a piece is new, from HALF on it is half known.
MOSTLY_NEW, HALF = 0.1, 0.5


@dataclasses.dataclass(frozen=True)
class StepScore:
    """A model's figures on a split, in nats a time step.

    Attributes:
      nats_per_step: nats of all tokens but `<end>`, divided by the time steps.
      mean_of_pieces: mean over pieces of the same quotient of each.
      steps: time steps, with silent ones.
      pieces: pieces of the split.
      new_nats_per_step: `nats_per_step` of the pieces that share less than 10 % of their melody with any training
        piece; None if there are none.
      new_pieces: number of these pieces.
      half_shared: number of pieces that share half or more of their melody with one training piece.
    """

    nats_per_step: float
    mean_of_pieces: float
    steps: int
    pieces: int
    new_nats_per_step: float | None
    new_pieces: int
    half_shared: int


@dataclasses.dataclass(frozen=True)
class Row:
    """Score of a model on a split of a set, whose training pieces were written in `keys` keys at most."""

    name: str
    split: str
    keys: int
    score: StepScore


_HEADER = (
    f"{'set':<14}{'split':<12}{'keys':>5}{'pieces':>8}{'steps':>9}{'nats/step':>11}{'mean of pieces':>16}"
    f"{'new pieces':>12}{'nats/step':>11}{'half known':>12}{'RNN-NADE':>10}{'LSTM':>7}{'target':>8}"
)
_NOTE = (
    "keys: that training pieces were written in at most, where they stay within 21..108; validation and test in one.\n"
    "nats/step: all nats of the split over all its time steps, the first one too; mean of pieces: of each piece's\n"
    "nats a step; new pieces: less than 10 % of their melody stands in one training piece (in runs of 12 intervals),\n"
    "beside them their nats/step; half known: half or more does. RNN-NADE: Boulanger-Lewandowski et al. (2012); LSTM:\n"
    "Bai et al. (2018), the notes of a step independent of each other; both on the whole test split. Less is better."
)


def table(rows: Sequence[Row]) -> str:
    """Formats rows; those of the test split have the published figures beside them."""
    return "\n".join([_HEADER, *map(_line, rows), _NOTE])


def overlap_table(shares: Mapping[str, Sequence[float]]) -> str:
    """Counts the test pieces of each set by the share, 0..1, of their melody that one training piece has too."""
    lines = [f"{'set':<14}{'test pieces':>12}{'half or more':>14}{'less than 10 %':>16}"]
    for name, values in shares.items():
        half, new = sum(share >= HALF for share in values), sum(share < MOSTLY_NEW for share in values)
        lines.append(f"{name:<14}{len(values):>12,}{half:>14,}{new:>16,}")
    return "\n".join(lines)


def _line(row: Row) -> str:
    score, known = row.score, SETS[row.name]
    ours = f"{row.keys:>5}{score.pieces:>8,}{score.steps:>9,}{score.nats_per_step:>11.3f}{score.mean_of_pieces:>16.3f}"
    new = "-" if score.new_nats_per_step is None else f"{score.new_nats_per_step:.3f}"
    ours += f"{score.new_pieces:>12,}{new:>11}{score.half_shared:>12,}"
    lstm = "-" if known.lstm is None else f"{known.lstm:.2f}"
    published = f"{known.rnn_nade:>10.2f}{lstm:>7}{known.target:>8.1f}"
    return f"{row.name:<14}{row.split:<12}{ours}{published if row.split == 'test' else ''}"
