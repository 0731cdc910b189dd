"""What the LSTM is told of each token where it learns no vector for it (`--input_features`)."""

import numpy as np
import numpy.typing as npt

from nabi.music.encodings import Encoding
from nabi.music.song import Song
from nabi.music.vocabulary import PAD, START, Vocabulary


def table(kind: str, vocabulary: Vocabulary, encoding: Encoding) -> npt.NDArray[np.float32] | None:
    """A row of features for each id.

    Args:
      kind: `embedding`: none, vectors are learnt. `one-hot`: V columns, 1 in the id's own. `index`: one column, the
        place among the tokens from 0 to 1. `pitch-length`: two columns, the place of the token's highest pitch among
        the vocabulary's pitches, and of its length among its lengths, both from 0 to 1; 0 where it has none.
      vocabulary: of V tokens; the special ones have zeros, but `<unk>`, `<end>` and the marks of keys their own columns
        in `one-hot`.
      encoding: what tells a token's notes.

    Returns:
      float32 [V, F], or None.

    Raises:
      ValueError: if `pitch-length` finds no note in any token.
    """
    size = len(vocabulary)
    if kind == "embedding":
        return None
    if kind == "one-hot":
        rows = np.eye(size, dtype=np.float32)
        # What stands before a song, or a training window (`--blank_first`), is nothing that was played.
        rows[[PAD, START]] = 0
        return rows
    special = np.zeros((vocabulary.special, 2 if kind == "pitch-length" else 1))
    tokens = vocabulary.tokens[vocabulary.special :]
    if kind == "index":
        columns = np.linspace(0, 1, len(tokens))[:, None]
    else:
        heard = [_heard(token, encoding) for token in tokens]
        if all(pitch is None for pitch, _ in heard):
            raise ValueError(
                f"--input_features pitch-length needs tokens that are notes by themselves; those of the encoding "
                f"{encoding.settings()['name']!r} are not: preprocess with --encoding pitch-duration, pitch or grid"
            )
        columns = np.stack([_places([one[part] for one in heard]) for part in (0, 1)], axis=1)
    return np.concatenate([special, columns]).astype(np.float32)


def _heard(token: str, encoding: Encoding) -> tuple[int | None, int | None]:
    """Highest pitch and length in ticks of what a token alone says."""
    try:
        song: Song = encoding.decode([token])
    except ValueError:
        return None, None
    notes = list(song)
    return (max(notes[0].pitches), int(notes[0].duration)) if notes else (None, None)


def _places(values: list[int | None]) -> npt.NDArray[np.float64]:
    """Each value's place among the different ones, from 0 to 1."""
    different = sorted({value for value in values if value is not None})
    places = {value: place / max(len(different) - 1, 1) for place, value in enumerate(different)}
    return np.array([0.0 if value is None else places[value] for value in values])
