"""A split's windows in arrays, and the songs that they were cut of; NumPy only."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nabi.music.vocabulary import PAD, START, UNKNOWN
from nabi.music.windows import cut as cut_windows
from nabi.music.windows import first_seen


def scored(targets: npt.NDArray[np.int32], last_only: bool) -> npt.NDArray[np.bool_]:
    """Which targets count, as `trainer.training.step.scored` has it in TensorFlow: bool, in the shape of `targets` [N,
    window].

    Args:
      targets: int32 [N, window].
      last_only: only the last position of each window counts.
    """
    known = targets > UNKNOWN
    known[:, : -1 if last_only else 0] = False
    return known


@dataclasses.dataclass(frozen=True, eq=False)
class Windows:
    """Windows of a split in the order of its shards: by song, transposition and start.

    Attributes:
      tokens: int32 [N, window + 1].
      starts: int64 [N], the index in its song of each window's first token; 0 begins a song.
    """

    tokens: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, which: slice | npt.NDArray[Any]) -> "Windows":
        """Some of them: a slice, their numbers or a mask."""
        return Windows(self.tokens[which], self.starts[which])

    def full(self) -> "Windows":
        """Those whose last token is not `<pad>`: what `--target last` trains and scores."""
        return self[self.tokens[:, -1] != PAD]

    def blanked(self) -> "Windows":
        """With `<start>` in place of each first token, as `--blank_first` trains."""
        tokens = self.tokens.copy()
        tokens[:, 0] = START
        return Windows(tokens, self.starts)

    def scored(self, last_only: bool) -> npt.NDArray[np.bool_]:
        """Which targets count: bool [N, window]."""
        return scored(self.tokens[:, 1:], last_only)

    def rows(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """The windows of these numbers, int32 [..., window + 1]; of -1 `<pad>` alone."""
        return np.where((numbers >= 0)[..., None], self.tokens[numbers], PAD)


@dataclasses.dataclass(frozen=True, eq=False)
class TokenStream:
    """Songs' ids one after another.

    Attributes:
      ids: int32 [L].
      places: int32 [L], each id's index in its song; 0 begins a song.
      scored: bool [L], which ids are predicted; no first id of a song is.
    """

    ids: npt.NDArray[np.int32]
    places: npt.NDArray[np.int32]
    scored: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def join(cls, parts: Sequence["TokenStream"]) -> "TokenStream":
        """Returns tokens one after another; of no parts, no tokens."""
        empty = cls(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.bool_))
        columns = zip(*((part.ids, part.places, part.scored) for part in (empty, *parts)), strict=True)
        return cls(*map(np.concatenate, columns))


def concatenate(shards: Sequence[Windows], window: int) -> Windows:
    """All windows in one array; none gives arrays of no rows."""
    tokens = [np.zeros((0, window + 1), np.int32), *(shard.tokens for shard in shards)]
    return Windows(np.concatenate(tokens), np.concatenate([np.zeros(0, np.int64), *(s.starts for s in shards)]))


def cut_anew(windows: Windows, stride: int) -> Windows:
    """The same songs in windows that start at 0, stride, 2 stride ...

    Args:
      windows: of whole songs, in the order of their shards, however much they overlap.
      stride: ids from one window's start to the next, 1..window; as large as the window, each begins with the last
        token of the one before.
    """
    moved = np.diff(windows.starts, prepend=0)
    if np.all(moved[windows.starts > 0] == stride):
        return windows
    tokens = tokens_of(windows)
    songs = np.split(tokens.ids, np.flatnonzero(tokens.places == 0)[1:])
    window = windows.tokens.shape[1] - 1
    cut = [cut_windows(song.astype(np.int64), window, stride) for song in songs]
    rows, starts = zip(*cut, strict=True)
    return Windows(np.concatenate(rows).astype(np.int32), np.concatenate(starts).astype(np.int64))


def first_songs(windows: Windows, tokens: int, last_only: bool = False) -> Windows:
    """Whole songs from the start on in which at least so many tokens are scored, or all there are."""
    counts = windows.scored(last_only).sum(axis=1)
    before = np.cumsum(counts) - counts
    later = np.flatnonzero((windows.starts == 0) & (before >= tokens))
    return windows[: later[0] if len(later) else len(windows)]


def tokens_of(windows: Windows, last_only: bool = False) -> TokenStream:
    """Songs put together of their windows, with each target that a model is scored on.

    Args:
      windows: of whole songs, in the order of their shards. Where windows overlap, a token belongs to the first that
        has it.
      last_only: only the last position of full windows is scored, as `--target last` does.

    Returns:
      All ids once; no `<pad>` or `<unk>` is scored.
    """
    own = first_seen(windows.tokens, windows.starts)
    # No first id of a song is a target.
    targets = np.pad(windows.scored(last_only), ((0, 0), (1, 0)))
    places = windows.starts[:, None] + np.arange(windows.tokens.shape[1])
    return TokenStream(windows.tokens[own], places[own].astype(np.int32), targets[own])
