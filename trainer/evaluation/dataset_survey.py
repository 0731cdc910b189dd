"""One look at the whole dataset before training: it is sound, what the baselines know, what will be scored."""

import dataclasses

import numpy as np

from nabi.music.vocabulary import UNKNOWN
from nabi.music.windows import SPLITS, first_seen
from trainer.data import batches
from trainer.data.dataset import Dataset
from trainer.data.window_arrays import Windows, concatenate, cut_anew, first_songs
from trainer.data.window_mode import WindowMode
from trainer.evaluation.baselines import Baselines, CountedSongs

# Splits that no model learns from.
HELD_OUT = SPLITS[1:]

# Training windows that the final figures are measured on.
TRAINING_SAMPLE = 1024

_MEASURED = (
    "validation and test: every token once, the LSTM's state carried through each song; train: {windows} windows at "
    "even distances, each from a state of zeros{blank}; no dropout"
)
_MEASURED_LAST = (
    "the last token of every full window, each from a state of zeros ({windows} of train{blank}); no dropout"
)
_MEASURED_OVERLAPPING = (
    "the last token of every full window, cut as those of the training split, the LSTM's state carried through each "
    "song's ({windows} of train, of its first songs); no dropout"
)
_BLANK = ", with <start> in place of the first token"


@dataclasses.dataclass(frozen=True, eq=False)
class DatasetSurvey:
    """What was found.

    Attributes:
      reading: how the model reads windows.
      training_windows: how many the training split has that are trained on.
      windows: `validation` and `test` whole, and a sample of `train`.
      baselines: of the training split.
      unknown_share: split -> share of its tokens that are `<unk>`, which is never predicted.
    """

    reading: WindowMode
    training_windows: int
    windows: dict[str, Windows]
    baselines: Baselines
    unknown_share: dict[str, float]

    @property
    def measured(self) -> str:
        """How the figures of the splits are taken, in words."""
        last = _MEASURED_OVERLAPPING if self.reading.overlapping else _MEASURED_LAST
        words = last if self.reading.last_only else _MEASURED
        return words.format(windows=len(self.windows["train"]), blank=_BLANK if self.reading.blank_first else "")

    def carried(self, split: str) -> bool:
        """Whether the LSTM's state goes on from window to window where a split is scored."""
        return self.reading.carried if self.reading.last_only else split != "train"

    def baseline_losses(self) -> dict[str, dict[str, float] | None]:
        """Each baseline's loss in nats a token of the held-out splits; None for a split without a target."""
        return {split: self.baselines.score(split) for split in HELD_OUT}


def take(dataset: Dataset, reading: WindowMode) -> DatasetSurvey:
    """Reads every shard once, the training split's one at a time.

    Raises:
      ValueError: if a shard is damaged, or `--target last` or the vocabulary leaves nothing to train on.
    """
    counted, sample = CountedSongs(), _Sample(reading, dataset)
    known, unknown = 0, [0, 0]
    for shard in batches.read_windows(dataset, "train"):
        counted.add(shard)
        unknown = [before + more for before, more in zip(unknown, _unknown(shard), strict=True)]
        kept = shard.full() if reading.last_only else shard
        sample.add(kept)
        known += np.count_nonzero(kept.scored(reading.last_only))
    if not sample.seen:
        raise ValueError(
            f"--target last needs full windows, and no song of {dataset.folder} has more than {dataset.window} tokens: "
            "use --target every, or preprocess with a smaller --window"
        )
    if not known:
        raise ValueError(
            f"no token to predict in the training split of {dataset.folder} is in its vocabulary of "
            f"{len(dataset.vocabulary)}: preprocess with a --vocabulary of these songs, or without"
        )
    held_out = {split: _held_out(dataset, split, reading) for split in HELD_OUT}
    shares = {"train": _share(unknown), **{split: _share(_unknown(windows)) for split, windows in held_out.items()}}
    baselines = Baselines(counted, len(dataset.vocabulary), dataset.blocked, held_out, reading)
    return DatasetSurvey(reading, sample.seen, {"train": sample.windows(), **held_out}, baselines, shares)


class _Sample:
    """The training windows that the final figures are measured on: `add` the shards, in order.

    At even distances, or the first whole songs where the state goes on through overlapping windows.

    Attributes:
      seen: windows added.
    """

    def __init__(self, reading: WindowMode, dataset: Dataset) -> None:
        self._reading, self._window = reading, dataset.window
        self._every = -(-dataset.windows("train") // TRAINING_SAMPLE)
        self._parts: list[Windows] = []
        self.seen = 0

    def add(self, windows: Windows) -> None:
        """Takes what it needs of a shard's."""
        if self._reading.overlapping:
            wanted = TRAINING_SAMPLE - sum(map(len, self._parts))
            taken = first_songs(windows, wanted, last_only=True)
        else:
            taken = windows[-self.seen % self._every :: self._every]
        # What was taken is a view, which would keep the whole shard in memory.
        self._parts.append(Windows(taken.tokens.copy(), taken.starts.copy()))
        self.seen += len(windows)

    def windows(self) -> Windows:
        """All that was taken, as it is trained."""
        taken = concatenate(self._parts, self._window)
        return taken.blanked() if self._reading.blank_first else taken


def _held_out(dataset: Dataset, split: str, reading: WindowMode) -> Windows:
    """All windows of a split; a state that goes on through overlapping windows meets them as it did in training."""
    windows = concatenate(list(batches.read_windows(dataset, split)), dataset.window)
    return cut_anew(windows, int(dataset.settings["stride"])) if reading.overlapping else windows


def _unknown(windows: Windows) -> tuple[int, int]:
    """How many targets, each counted once, are `<unk>`, and how many are tokens at all."""
    targets = windows.tokens[:, 1:][first_seen(windows.tokens, windows.starts)[:, 1:]]
    return int(np.count_nonzero(targets == UNKNOWN)), len(targets)


def _share(counts: tuple[int, int] | list[int]) -> float:
    return counts[0] / max(counts[1], 1)
