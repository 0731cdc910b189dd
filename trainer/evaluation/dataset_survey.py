"""Reads the whole dataset once before training: checks it, counts for the baselines, keeps what will be scored."""

import dataclasses

import numpy as np
import numpy.typing as npt

from nabi.music.vocabulary import UNKNOWN
from nabi.music.windows import SPLITS, first_seen
from trainer.data import batches
from trainer.data.dataset import Dataset
from trainer.data.window_arrays import Windows, concatenate, cut_anew, first_songs
from trainer.data.window_mode import WindowMode
from trainer.evaluation.baselines import Baselines, CountedSongs

# Splits that no model is trained on.
HELD_OUT = SPLITS[1:]

# Number of training windows that the final figures are measured on; about this many where songs are read whole.
TRAINING_SAMPLE = 1024

_MEASURED = (
    "validation and test: every token once, the LSTM's state carried through each song; train: {windows} windows "
    "{sample}{blank}; no dropout"
)
_SAMPLE = "at even distances, each from a state of zeros"
_SAMPLE_OF_SONGS = "of songs spread over all, likewise"
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
    """The windows that a model is scored on, its baselines, and the dataset's figures.

    Attributes:
      window_mode: how the model reads windows.
      training_windows: number of windows that are trained on.
      windows: split -> windows that are scored: `validation` and `test` whole, a sample of `train`.
      baselines: fitted on the training split.
      unknown_share: split -> share of its tokens that are `<unk>`, 0..1; `<unk>` is never predicted.
    """

    window_mode: WindowMode
    training_windows: int
    windows: dict[str, Windows]
    baselines: Baselines
    unknown_share: dict[str, float]

    @property
    def measured(self) -> str:
        """A description of how the figures of the splits are measured."""
        last = _MEASURED_OVERLAPPING if self.window_mode.overlapping else _MEASURED_LAST
        words = last if self.window_mode.last_only else _MEASURED
        return words.format(
            windows=len(self.windows["train"]),
            sample=_SAMPLE_OF_SONGS if self.window_mode.carried else _SAMPLE,
            blank=_BLANK if self.window_mode.blank_first else "",
        )

    def carried(self, split: str) -> bool:
        """Returns True if the LSTM's state is carried from window to window where this split is scored."""
        return self.window_mode.carried or (not self.window_mode.last_only and split != "train")

    def baseline_losses(self) -> dict[str, dict[str, float] | None]:
        """Measures each baseline's loss on the held-out splits, nats a token; None for a split without a target."""
        return {split: self.baselines.score(split) for split in HELD_OUT}


def survey_dataset(dataset: Dataset, window_mode: WindowMode) -> DatasetSurvey:
    """Reads every shard once; those of the training split one at a time, so that it need not fit into memory.

    Raises:
      ValueError: if a shard is damaged, or `--target last` or the vocabulary leaves nothing to train on.
    """
    counted, sample = CountedSongs(), _TrainingSample(window_mode, dataset)
    known, unknown = 0, [0, 0]
    for shard in batches.read_windows(dataset, "train"):
        counted.add(shard)
        unknown = [before + more for before, more in zip(unknown, _unknown(shard), strict=True)]
        trained = shard.full() if window_mode.last_only else shard
        sample.add(trained)
        known += np.count_nonzero(trained.scored(window_mode.last_only))
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
    held_out = {split: _held_out(dataset, split, window_mode) for split in HELD_OUT}
    shares = {"train": _share(unknown), **{split: _share(_unknown(windows)) for split, windows in held_out.items()}}
    baselines = Baselines(counted, len(dataset.vocabulary), dataset.blocked, held_out, window_mode)
    return DatasetSurvey(window_mode, sample.seen, {"train": sample.windows(), **held_out}, baselines, shares)


class _TrainingSample:
    """The training windows that the final figures are measured on: `add` the shards, in order.

    They are at even distances; where the state is carried, those of whole songs, spread over all, or of the first songs
    where windows may overlap.

    Attributes:
      seen: number of windows added, sampled or not.
    """

    def __init__(self, window_mode: WindowMode, dataset: Dataset) -> None:
        self._window_mode, self._window = window_mode, dataset.window
        self._every = -(-dataset.windows("train") // TRAINING_SAMPLE)
        self._parts: list[Windows] = []
        self._songs = 0
        self.seen = 0

    def add(self, windows: Windows) -> None:
        """Adds a shard's windows, and keeps those that belong to the sample."""
        if self._window_mode.overlapping:
            missing = TRAINING_SAMPLE - sum(map(len, self._parts))
            part = first_songs(windows, missing, last_only=True)
        elif self._window_mode.carried:
            part = cut_anew(windows[_is_sampled(self._song_numbers(windows), self._every)], self._window)
        else:
            part = windows[-self.seen % self._every :: self._every]
        # A view would keep the whole shard in memory.
        self._parts.append(Windows(part.tokens.copy(), part.starts.copy()))
        self.seen += len(windows)

    def _song_numbers(self, windows: Windows) -> npt.NDArray[np.int64]:
        """Numbers the songs of all shards, int64 [N]: that of each window."""
        numbers: npt.NDArray[np.int64] = np.cumsum(windows.starts == 0) - 1 + self._songs
        self._songs += int(np.count_nonzero(windows.starts == 0))
        return numbers

    def windows(self) -> Windows:
        """Joins the sample, with the first tokens that it is trained with."""
        sample = concatenate(self._parts, self._window)
        return sample.blanked() if self._window_mode.blank_first else sample


def _is_sampled(numbers: npt.NDArray[np.int64], every: int) -> npt.NDArray[np.bool_]:
    """Marks one of `every` numbers on average, 0 among them, with no period: copies in twelve keys follow each other.

    Multiples of the golden ratio are spread evenly (Knuth, The Art of Computer Programming, volume 3, section 6.4).
    """
    spread: npt.NDArray[np.int64] = numbers * 0x9E3779B1 % 2**32
    return spread * every < 2**32


def _held_out(dataset: Dataset, split: str, window_mode: WindowMode) -> Windows:
    """Reads all windows of a split; a state carried through overlapping windows reads them at the training's stride."""
    windows = concatenate(list(batches.read_windows(dataset, split)), dataset.window)
    return cut_anew(windows, int(dataset.settings["stride"])) if window_mode.overlapping else windows


def _unknown(windows: Windows) -> tuple[int, int]:
    """Counts the targets that are `<unk>`, and all targets; each token once, however much windows overlap."""
    targets = windows.tokens[:, 1:][first_seen(windows.tokens, windows.starts)[:, 1:]]
    return int(np.count_nonzero(targets == UNKNOWN)), len(targets)


def _share(counts: tuple[int, int] | list[int]) -> float:
    return counts[0] / max(counts[1], 1)
