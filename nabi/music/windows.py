"""Cuts songs of ids into windows and joins them again; assigns songs to splits and shards."""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nabi.music import records, vocabulary
from nabi.music.rendition import ORIGINAL
from nabi.music.song_id import SongId

SPLITS = ("train", "validation", "test")


def mark(ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Puts `<start>` before a song's ids and `<end>` after them.

    >>> mark(np.array([7, 8])).tolist()
    [2, 7, 8, 3]
    """
    return np.concatenate([[vocabulary.START], ids, [vocabulary.END]])


def cut(ids: npt.NDArray[np.int64], window: int, stride: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Cuts a song into windows of `window` + 1 ids that start at 0, stride, 2 stride ... until one holds the last id.

    >>> windows, starts = cut(np.array([2, 7, 8, 9, 3]), window=3, stride=3)
    >>> windows.tolist(), starts.tolist()
    ([[2, 7, 8, 9], [9, 3, 0, 0]], [0, 3])

    The input of a window is its first `window` ids, the target its last `window`, so neighbouring windows share an id.
    The last window is padded with `<pad>`; a song of fewer than 2 ids has no window.

    Args:
      ids: int64 [L].
      window: targets a window, at least 1.
      stride: ids from one window's start to the next, 1..window: no id may be skipped.

    Returns:
      windows, int64 [N, window + 1], and starts, int64 [N]: the index in `ids` of each window's first id.
    """
    if window < 1 or not 1 <= stride <= window:
        raise ValueError(f"window {window} must be at least 1 and stride {stride} in 1..{window}")
    if len(ids) < 2:
        return np.zeros((0, window + 1), np.int64), np.zeros(0, np.int64)
    rest = max(len(ids) - (window + 1), 0)
    starts = np.arange(-(-rest // stride) + 1) * stride
    padded = np.full(starts[-1] + window + 1, vocabulary.PAD, np.int64)
    padded[: len(ids)] = ids
    return padded[starts[:, None] + np.arange(window + 1)], starts


def of_song(
    ids: npt.NDArray[np.int64], song: str, *, window: int, stride: int, transpose: int = 0
) -> Iterator[records.Window]:
    """Cuts a song as `cut` does and yields its windows as records have them.

    Args:
      ids: int64 [L].
      song: its name (`nabi.music.song_id.SongId`).
      window: targets a window.
      stride: ids from one window's start to the next.
      transpose: semitones by which the song was transposed.
    """
    cut_ids, starts = cut(ids, window, stride)
    for tokens, start in zip(cut_ids, starts.tolist(), strict=True):
        yield records.Window(tokens, song, start, transpose)


def first_seen(tokens: npt.NDArray[Any], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Marks the ids of windows that no earlier window has: each id of a song once, without `<pad>`.

    Args:
      tokens: integers [N, window + 1], the windows of whole songs, in order within each song.
      starts: int64 [N], the index in its song of each window's first id; 0 begins a song.

    Returns:
      bool [N, window + 1].
    """
    strides = np.diff(starts, prepend=0)
    shared = np.where(starts == 0, 0, tokens.shape[1] - strides)
    mask: npt.NDArray[np.bool_] = (np.arange(tokens.shape[1]) >= shared[:, None]) & (tokens != vocabulary.PAD)
    return mask


def join(tokens: npt.NDArray[Any], starts: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Joins windows to songs, whatever the stride: the ids that `cut` was given, one song after another.

    >>> join(*cut(np.array([2, 7, 8, 9, 3]), window=3, stride=1)).tolist()
    [2, 7, 8, 9, 3]

    >>> join(*cut(np.array([2, 7, 8, 9, 3]), window=3, stride=1)).tolist()
    [2, 7, 8, 9, 3]

    Args:
      tokens: integers [N, window + 1], see `first_seen`.
      starts: int64 [N].
    """
    return tokens[first_seen(tokens, starts)]


def is_original(window: records.Window) -> bool:
    """Tells whether a window is of a song in its own key, played as it was read.

    >>> [is_original(records.Window(np.array([2, 7]), song, 0, 0)) for song in ("ab+1", "ab*1/2", "ab*velocity:6/5")]
    [True, False, False]
    """
    return window.transpose == 0 and SongId.parse(window.song).rendition == ORIGINAL


def join_records(windows: Iterable[records.Window], most: int | None = None) -> Iterator[records.Window]:
    """Joins the windows of a shard to songs, one for each transposition.

    Args:
      windows: in the order of the shard.
      most: ids of a song that are kept, its first; None: all.

    Yields:
      Each song as one window of all its ids, int64 [L]; it ends where a window is missing.
    """
    for (song, transpose), own in itertools.groupby(windows, lambda window: (window.song, window.transpose)):
        unbroken = list(_unbroken(own, most))
        if unbroken:
            starts = np.array([window.start for window in unbroken])
            ids = join(np.stack([window.tokens for window in unbroken]), starts)
            yield records.Window(ids[:most], song, 0, transpose)


def _unbroken(windows: Iterable[records.Window], most: int | None) -> Iterator[records.Window]:
    """Yields the windows of a song up to the first gap, or until they hold `most` ids."""
    end = 0
    for window in windows:
        if window.start > end or (most is not None and end >= most):
            return
        yield window
        end = window.start + len(window.tokens)


def fraction_of(text: str) -> float:
    """Maps a text to a number in [0, 1) by its sha256: the same on every machine, on every day."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def split_of(sha256: str, shares: Sequence[float]) -> str:
    """Returns the split of a song by its hash; it does not change as songs are added.

    >>> split_of("0123456789abcdef", shares=(0, 1, 0))
    'validation'

    Args:
      sha256: of the song, or of its cluster of near duplicates.
      shares: of train, validation and test, summing to 1.
    """
    position = fraction_of(f"split {sha256}")
    for name, bound in zip(SPLITS, np.cumsum(shares), strict=True):
        if position < bound:
            return name
    return max(zip(shares, SPLITS, strict=True))[1]


def rebalance(
    counts: Mapping[str, int], smallest: Mapping[str, Sequence[str]], shares: Sequence[float]
) -> dict[str, str]:
    """Moves songs between splits so that every split with a share above 0 has a song.

    The training song with the smallest hash moves to an empty split, validation first. Fewer than 3 songs all go to
    training.

    Args:
      counts: songs a split.
      smallest: the (up to) 3 smallest hashes of each split, ascending.
      shares: of train, validation and test.

    Returns:
      song hash -> its new split.
    """
    left = {name: list(smallest.get(name, ())) for name in SPLITS}
    size = {name: counts.get(name, 0) for name in SPLITS}
    if sum(size.values()) < len(SPLITS):
        return {song: "train" for name in SPLITS[1:] for song in left[name]}
    moves = {}
    for name, share in zip(SPLITS, shares, strict=True):
        if share > 0 and not size[name]:
            donor = "train" if size["train"] > 1 else max(SPLITS, key=lambda split: size[split])
            moves[left[donor].pop(0)] = name
            size[donor], size[name] = size[donor] - 1, 1
    return moves


def shard_of(sha256: str, shards: int) -> int:
    """Returns the shard, 0..shards - 1, to which a song's windows are written."""
    return int(fraction_of(f"shard {sha256}") * shards)
