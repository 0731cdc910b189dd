"""One look at the whole dataset before training: it is sound, what the baselines know, what will be scored."""

import dataclasses

import numpy as np

from songs.vocabulary import PAD, UNKNOWN
from songs.windows import SPLITS
from trainer import batches
from trainer.baselines import Baselines, Counted, fresh
from trainer.batches import Windows
from trainer.dataset import Dataset

# Splits that no model learns from.
HELD_OUT = SPLITS[1:]

# Training windows that the final figures are measured on.
TRAINING_SAMPLE = 1024

_MEASURED = (
    "validation and test: every token once, the LSTM's state carried through each song; train: {windows} windows at "
    "even distances, each from a state of zeros; no dropout"
)
_MEASURED_LAST = "the last token of every full window, each from a state of zeros ({windows} of train); no dropout"


@dataclasses.dataclass(frozen=True, eq=False)
class Survey:
    """What was found.

    Attributes:
      last_only: whether only full windows, at their last position, are trained and scored.
      training_windows: how many the training split has.
      windows: `validation` and `test` whole, and a sample of `train` at even distances.
      baselines: of the training split.
      unknown_share: split -> share of its tokens that are `<unk>`, which is never predicted.
    """

    last_only: bool
    training_windows: int
    windows: dict[str, Windows]
    baselines: Baselines
    unknown_share: dict[str, float]

    @property
    def measured(self) -> str:
        """How the figures of the splits are taken, in words."""
        return (_MEASURED_LAST if self.last_only else _MEASURED).format(windows=len(self.windows["train"]))

    def baseline_losses(self) -> dict[str, dict[str, float] | None]:
        """Each baseline's loss in nats a token of the held-out splits; None for a split without a target."""
        return {split: self.baselines.score(self.windows[split], self.last_only) for split in HELD_OUT}


def take(dataset: Dataset, *, last_only: bool) -> Survey:
    """Reads every shard once, the training split's one at a time.

    Raises:
      ValueError: if a shard is damaged, or `--target last` or the vocabulary leaves nothing to train on.
    """
    counted = Counted()
    every = -(-dataset.windows("train") // TRAINING_SAMPLE)
    sample, count, known, unknown = [], 0, 0, [0, 0]
    for shard in batches.read_windows(dataset, "train"):
        counted.add(shard)
        unknown = [before + more for before, more in zip(unknown, _unknown(shard), strict=True)]
        kept = shard.full() if last_only else shard
        sample.append(Windows(kept.tokens[-count % every :: every], kept.starts[-count % every :: every]))
        count += len(kept)
        known += np.count_nonzero(kept.scored(last_only))
    if not count:
        raise ValueError(
            f"--target last needs full windows, and no song of {dataset.folder} has more than {dataset.window} tokens: "
            "use --target every, or preprocess with a smaller --window"
        )
    if not known:
        raise ValueError(
            f"no token to predict in the training split of {dataset.folder} is in its vocabulary of "
            f"{len(dataset.vocabulary)}: preprocess with a --vocabulary of these songs, or without"
        )
    held_out = {
        split: batches.concatenate(list(batches.read_windows(dataset, split)), dataset.window) for split in HELD_OUT
    }
    shares = {"train": _share(unknown), **{split: _share(_unknown(windows)) for split, windows in held_out.items()}}
    windows = {"train": batches.concatenate(sample, dataset.window), **held_out}
    return Survey(last_only, count, windows, Baselines(counted, len(dataset.vocabulary), dataset.blocked), shares)


def _unknown(windows: Windows) -> tuple[int, int]:
    """How many targets, each counted once, are `<unk>`, and how many are tokens at all."""
    targets = np.where(fresh(windows), windows.tokens[:, 1:], PAD)
    return int(np.count_nonzero(targets == UNKNOWN)), int(np.count_nonzero(targets >= UNKNOWN))


def _share(counts: tuple[int, int] | list[int]) -> float:
    return counts[0] / max(counts[1], 1)
