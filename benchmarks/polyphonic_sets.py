"""The four polyphonic sets of Boulanger-Lewandowski et al. (2012): their files, frames, splits, published figures.

N. Boulanger-Lewandowski, Y. Bengio, P. Vincent: Modeling Temporal Dependencies in High-Dimensional Sequences:
Application to Polyphonic Music Generation and Transcription. ICML 2012.
"""

import dataclasses
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

# The 88 columns of a frame are the keys of a piano.
LOWEST, HIGHEST = 21, 108

# Split -> the cell array of the .mat file that holds its pieces.
CELLS = {"train": "traindata", "validation": "validdata", "test": "testdata"}

# The MIDI numbers that sound in each frame, ascending.
Piece = tuple[tuple[int, ...], ...]


@dataclasses.dataclass(frozen=True)
class PolyphonicSet:
    """A set and its figures, in nats a time step on its test split.

    Attributes:
      ticks: length of a frame, 12 ticks to the quarter note; used for generated songs only, no figure depends on it.
      rnn_nade: figure of the RNN-NADE, the best of Boulanger-Lewandowski et al. (2012), table 1.
      lstm: figure of a plain LSTM with independent notes in Bai et al. (2018), table 1, or None.
      target: goal for Nabi.
    """

    ticks: int
    rnn_nade: float
    lstm: float | None
    target: float


# Stem of the file's name -> set.
SETS = {
    "JSB_Chorales": PolyphonicSet(ticks=12, rnn_nade=5.56, lstm=8.45, target=4.5),
    "Nottingham": PolyphonicSet(ticks=6, rnn_nade=2.31, lstm=3.29, target=2.0),
    "MuseData": PolyphonicSet(ticks=6, rnn_nade=5.60, lstm=None, target=4.8),
    "Piano_midi": PolyphonicSet(ticks=6, rnn_nade=7.05, lstm=None, target=5.8),
}


def read(path: pathlib.Path) -> dict[str, list[Piece]]:
    """Reads a file: split -> its pieces in the order of the file, with all frames.

    Raises:
      ValueError: if the file does not exist, is no .mat file of this kind, or SciPy is not installed.
    """
    try:
        from scipy.io import loadmat, matlab
    except ImportError as error:
        raise ValueError("SciPy reads .mat files and is not installed: run `pip install -e .[benchmark]`") from error
    try:
        content = loadmat(path)
        return {split: [piece_of(roll) for roll in content[cell].ravel()] for split, cell in CELLS.items()}
    except (OSError, KeyError, ValueError, matlab.MatReadError) as error:
        cells = ", ".join(CELLS.values())
        raise ValueError(f"{path} is no .mat file with {cells} ({error}): give --paper their folder") from error


def piece_of(roll: npt.NDArray[Any]) -> Piece:
    """Converts a piano roll [frames, 88] of 0 and 1 to MIDI numbers of each frame; raises ValueError on other input."""
    if roll.ndim != 2 or roll.shape[1] != HIGHEST - LOWEST + 1 or not np.isin(roll, (0, 1)).all():
        raise ValueError(f"a piece must be an array [frames, {HIGHEST - LOWEST + 1}] of 0 and 1, got {roll.shape}")
    return tuple(tuple((np.flatnonzero(frame) + LOWEST).tolist()) for frame in roll)


def transpositions(piece: Piece, semitones: Iterable[int]) -> list[int]:
    """Selects the transpositions that keep a piece within 21..108, ascending, with 0."""
    pitches = [pitch for frame in piece for pitch in frame] or [LOWEST, HIGHEST]
    low, high = LOWEST - min(pitches), HIGHEST - max(pitches)
    return sorted({0, *(by for by in semitones if low <= by <= high)})


def transpose(piece: Piece, semitones: int) -> Piece:
    """Moves all notes of a piece by semitones."""
    return tuple(tuple(pitch + semitones for pitch in frame) for frame in piece)


@dataclasses.dataclass(frozen=True)
class Statistics:
    """Counts of a split.

    Attributes:
      pieces: pieces of the file.
      frames: time steps.
      notes: 1s in all frames.
      tokens: tokens of `steps` without `<start>` and `<end>`: one for each note and one for each frame.
      augmented_tokens: tokens with all transpositions that are written.
      silent_ends: pieces whose last frame is silent.
      silent_end_frames: silent frames at their ends, which a song could not keep.
    """

    pieces: int
    frames: int
    notes: int
    tokens: int
    augmented_tokens: int
    silent_ends: int
    silent_end_frames: int


def statistics(pieces: Sequence[Piece], semitones: Sequence[int] = ()) -> Statistics:
    """Counts a split that is also written at these transpositions, where they fit."""
    frames = [len(piece) for piece in pieces]
    notes = [sum(map(len, piece)) for piece in pieces]
    copies = [len(transpositions(piece, semitones)) for piece in pieces]
    silent = [len(piece) - max((end for end, frame in enumerate(piece, 1) if frame), default=0) for piece in pieces]
    augmented = sum(number * (a + b) for number, a, b in zip(copies, frames, notes, strict=True))
    return Statistics(
        pieces=len(pieces),
        frames=sum(frames),
        notes=sum(notes),
        tokens=sum(frames) + sum(notes),
        augmented_tokens=augmented,
        silent_ends=sum(map(bool, silent)),
        silent_end_frames=sum(silent),
    )


def statistics_of(pieces: Mapping[str, Sequence[Piece]], semitones: Sequence[int]) -> dict[str, Statistics]:
    """Counts each split; only the training split is also written at these transpositions."""
    return {split: statistics(own, semitones if split == "train" else ()) for split, own in pieces.items()}


def describe(name: str, splits: Mapping[str, Statistics]) -> str:
    """Formats the statistics of a set as a table."""
    columns = [field.name for field in dataclasses.fields(Statistics)]
    lines = [f"{name:<12}" + "".join(f"{column.replace('_', ' '):>18}" for column in columns)]
    for split, counts in splits.items():
        lines.append(f"{split:<12}" + "".join(f"{value:>18,}" for value in dataclasses.astuple(counts)))
    return "\n".join(lines)
