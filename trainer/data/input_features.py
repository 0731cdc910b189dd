"""Input representations of tokens other than a learned embedding (`--input_features`)."""

import numpy as np
import numpy.typing as npt

from nabi.music.encodings import Encoding
from nabi.music.song import Song
from nabi.music.vocabulary import PAD, START, Vocabulary


def table(kind: str, vocabulary: Vocabulary, encoding: Encoding) -> npt.NDArray[np.float32] | None:
    """Builds the table of input features, a row for each id.

    Args:
      kind: `embedding`: no table, vectors are learned. `one-hot`: V columns, 1 in the id's own. `index`: one column,
        the token's rank in the vocabulary scaled to 0..1. `pitch-length`: two columns, the rank of the token's highest
        pitch among the vocabulary's pitches and of its length among the lengths, both scaled to 0..1; 0 where a token
        has none.
      vocabulary: of V tokens. Rows of special tokens are zeros, but in `one-hot` `<unk>` and `<end>` have columns of
        their own.
      encoding: decodes a token to its notes.

    Returns:
      float32 [V, F]; None for `embedding`.

    Raises:
      ValueError: if `pitch-length` finds no note in any token.
    """
    size = len(vocabulary)
    if kind == "embedding":
        return None
    if kind == "one-hot":
        rows = np.eye(size, dtype=np.float32)
        # <pad>, and <start> before a song or a training window (`--blank_first`), stand for nothing that was played.
        rows[[PAD, START]] = 0
        return rows
    special = np.zeros((vocabulary.special, 2 if kind == "pitch-length" else 1))
    tokens = vocabulary.tokens[vocabulary.special :]
    if kind == "index":
        columns = np.linspace(0, 1, len(tokens))[:, None]
    else:
        notes = [_pitch_and_length(token, encoding) for token in tokens]
        if all(pitch is None for pitch, _ in notes):
            raise ValueError(
                f"--input_features pitch-length needs tokens that are notes by themselves; those of the encoding "
                f"{encoding.settings()['name']!r} are not: preprocess with --encoding pitch-duration, pitch or grid"
            )
        columns = np.stack([_scaled_ranks([note[part] for note in notes]) for part in (0, 1)], axis=1)
    return np.concatenate([special, columns]).astype(np.float32)


def _pitch_and_length(token: str, encoding: Encoding) -> tuple[int | None, int | None]:
    """Decodes a single token to its highest pitch and its length in ticks; None where it is no note by itself."""
    try:
        song: Song = encoding.decode([token])
    except ValueError:
        return None, None
    notes = list(song)
    return (max(notes[0].pitches), int(notes[0].duration)) if notes else (None, None)


def _scaled_ranks(values: list[int | None]) -> npt.NDArray[np.float64]:
    """Ranks each value among the different ones, scaled to 0..1; 0 for None."""
    different = sorted({value for value in values if value is not None})
    ranks = {value: rank / max(len(different) - 1, 1) for rank, value in enumerate(different)}
    return np.array([0.0 if value is None else ranks[value] for value in values])
