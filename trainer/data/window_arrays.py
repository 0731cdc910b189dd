"""A split's windows as arrays, and the songs that they were cut from; NumPy only."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nabi.music.vocabulary import PAD, START, UNKNOWN
from nabi.music.windows import cut as cut_windows
from nabi.music.windows import first_seen


def scored(targets: npt.NDArray[np.int32], last_only: bool) -> npt.NDArray[np.bool_]:
    """Marks the targets that are scored; `trainer.training.step.scored` is the same in TensorFlow.

    Args:
      targets: int32 [N, window].
      last_only: only the last position of each window is scored.

    Returns:
      bool [N, window]: True where the target is neither `<pad>` nor `<unk>`.
    """
    known = targets > UNKNOWN
    known[:, : -1 if last_only else 0] = False
    return known


@dataclasses.dataclass(frozen=True, eq=False)
class Windows:
    """Windows of a split in the order of its shards: by song, transposition and start.

    Attributes:
      tokens: int32 [N, window + 1], ids.
      starts: int64 [N], index in its song of each window's first token; a song begins at each 0.
    """

    tokens: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, selection: slice | npt.NDArray[Any]) -> "Windows":
        """Selects windows by a slice, by their numbers or by a mask."""
        return Windows(self.tokens[selection], self.starts[selection])

    def full(self) -> "Windows":
        """Selects the windows whose last token is not `<pad>`: those that `--target last` trains and scores."""
        return self[self.tokens[:, -1] != PAD]

    def blanked(self) -> "Windows":
        """Replaces each first token by `<start>`, as `--blank_first` trains."""
        tokens = self.tokens.copy()
        tokens[:, 0] = START
        return Windows(tokens, self.starts)

    def scored(self, last_only: bool) -> npt.NDArray[np.bool_]:
        """Marks the targets that are scored, bool [N, window]; see `scored`."""
        return scored(self.tokens[:, 1:], last_only)

    def rows(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Looks up the ids of windows by number, int32 [..., window + 1]; -1 gives a row of `<pad>`."""
        return np.where((numbers >= 0)[..., None], self.tokens[numbers], PAD)


@dataclasses.dataclass(frozen=True, eq=False)
class TokenStream:
    """The ids of songs, one song after another.

    Attributes:
      ids: int32 [L].
      positions: int32 [L], each id's index in its song; a song begins at each 0.
      scored: bool [L], True for ids that are predicted; a song's first id never is.
    """

    ids: npt.NDArray[np.int32]
    positions: npt.NDArray[np.int32]
    scored: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def join(cls, parts: Sequence["TokenStream"]) -> "TokenStream":
        """Concatenates streams; no parts give a stream without ids."""
        empty = cls(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.bool_))
        columns = zip(*((part.ids, part.positions, part.scored) for part in (empty, *parts)), strict=True)
        return cls(*map(np.concatenate, columns))


def concatenate(shards: Sequence[Windows], window: int) -> Windows:
    """Concatenates the windows of shards; no shards give arrays without rows."""
    tokens = [np.zeros((0, window + 1), np.int32), *(shard.tokens for shard in shards)]
    return Windows(np.concatenate(tokens), np.concatenate([np.zeros(0, np.int64), *(s.starts for s in shards)]))


def cut_anew(windows: Windows, stride: int) -> Windows:
    """Cuts the same songs into windows that start at 0, stride, 2 stride ...

    Args:
      windows: of whole songs, in the order of their shards; they may overlap.
      stride: ids from one window's start to the next, 1..window; where it is the window, each begins with the last
        token of the one before.
    """
    distances = np.diff(windows.starts, prepend=0)
    if np.all(distances[windows.starts > 0] == stride):
        return windows
    stream = token_stream(windows)
    songs = np.split(stream.ids, np.flatnonzero(stream.positions == 0)[1:])
    window = windows.tokens.shape[1] - 1
    cut = [cut_windows(song.astype(np.int64), window, stride) for song in songs]
    rows, starts = zip(*cut, strict=True)
    return Windows(np.concatenate(rows).astype(np.int32), np.concatenate(starts).astype(np.int64))


def first_songs(windows: Windows, tokens: int, last_only: bool = False) -> Windows:
    """Selects the first songs, whole, until they have this number of scored tokens; all if there are fewer."""
    counts = windows.scored(last_only).sum(axis=1)
    before = np.cumsum(counts) - counts
    later = np.flatnonzero((windows.starts == 0) & (before >= tokens))
    return windows[: later[0] if len(later) else len(windows)]


def token_stream(windows: Windows, last_only: bool = False) -> TokenStream:
    """Joins windows to the songs that they were cut from, and marks the targets that a model is scored on.

    Args:
      windows: of whole songs, in the order of their shards. Where windows overlap, a token belongs to the first that
        has it.
      last_only: only the last position of full windows is scored, as with `--target last`.

    Returns:
      Every id once; `<pad>` and `<unk>` are not scored.
    """
    own = first_seen(windows.tokens, windows.starts)
    # A window's first id is no target of that window.
    targets = np.pad(windows.scored(last_only), ((0, 0), (1, 0)))
    positions = windows.starts[:, None] + np.arange(windows.tokens.shape[1])
    return TokenStream(windows.tokens[own], positions[own].astype(np.int32), targets[own])
