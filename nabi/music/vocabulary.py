"""Vocabularies: token <-> id, with counts, special ids, a JSON form and a fingerprint."""

import dataclasses
import functools
import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from nabi.music.encodings import Encoding

PAD, UNKNOWN, START, END = range(4)
SPECIAL_TOKENS = ("<pad>", "<unk>", "<start>", "<end>")


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """The tokens of a model; `tokens[id]` is the token of an id, the four special ones first.

    Attributes:
      tokens: every token once, in the order of the ids.
      counts: occurrences of each in the training split, before augmentation; special tokens are not counted.
      special: the number of special ids, which come first.
    """

    special: ClassVar[int] = len(SPECIAL_TOKENS)

    tokens: tuple[str, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.tokens[:4] != SPECIAL_TOKENS:
            raise ValueError(f"a vocabulary starts with {SPECIAL_TOKENS}, got {self.tokens[:4]}")
        if len(set(self.tokens)) < len(self.tokens) or len(self.tokens) != len(self.counts):
            raise ValueError(f"a vocabulary needs different tokens and a count each, got {len(self.tokens)} tokens")

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], required: Iterable[str] = ()) -> "Vocabulary":
        """Orders tokens by descending count, ties by text; required tokens are included even if not counted.

        >>> Vocabulary.from_counts({"C4": 1, "E4": 2}, required=["G4"]).tokens[4:]
        ('E4', 'C4', 'G4')
        """
        counted = {**dict.fromkeys(required, 0), **counts}
        ordered = sorted(counted.keys() - {*SPECIAL_TOKENS}, key=lambda token: (-counted[token], token))
        return cls.from_ordered(ordered, counted)

    @classmethod
    def from_ordered(cls, tokens: Sequence[str], counts: Mapping[str, int]) -> "Vocabulary":
        """Takes tokens in a fixed order, as `--vocabulary` gives it; tokens that `counts` lacks count 0."""
        ordered = (*SPECIAL_TOKENS, *tokens)
        return cls(ordered, tuple(counts.get(token, 0) for token in ordered))

    @property
    def music_counts(self) -> list[tuple[str, int]]:
        """(token, count) of every token that is music, in the order of the ids."""
        return list(zip(self.tokens[self.special :], self.counts[self.special :], strict=True))

    def unpredicted(self, *, song_marks: bool) -> list[int]:
        """Lists the ids that a model never predicts: all special ones but `<end>`, and `<end>` without song marks."""
        return [index for index in range(self.special) if index != END or not song_marks]

    @functools.cached_property
    def ids(self) -> dict[str, int]:
        """Token -> id."""
        return {token: index for index, token in enumerate(self.tokens)}

    def encode(self, tokens: Iterable[str]) -> npt.NDArray[np.int64]:
        """Maps tokens to ids, int64 [L]; unknown tokens become `<unk>`.

        >>> Vocabulary.from_counts({"C4": 1, "E4": 2}).encode(["C4", "A4"]).tolist()
        [5, 1]
        """
        return np.fromiter(map(self.ids.get, tokens, itertools.repeat(UNKNOWN)), np.int64)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Maps ids to tokens, special ones left out; raises ValueError for an id outside the vocabulary."""
        decoded, size = [], len(self.tokens)
        for index in ids:
            # A tuple gives an element from its end for a negative index.
            if not 0 <= index < size:
                raise ValueError(f"the id {index} is outside this vocabulary's 0..{size - 1}")
            if index >= self.special:
                decoded.append(self.tokens[index])
        return decoded

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that depend on tokens, order and counts alone."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """Writes one line a token, so that versions of a file compare well."""
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in zip(self.tokens, self.counts, strict=True))
        return f"[\n{rows}\n]\n"

    @classmethod
    def from_json(cls, text: str) -> "Vocabulary":
        """Reads `to_json`; raises ValueError saying what is wrong with the text."""
        try:
            rows = [(str(token), int(count)) for token, count in json.loads(text)]
        except (TypeError, ValueError) as error:
            raise ValueError(f"not a vocabulary: expected rows of [token, count] ({error})") from error
        return cls(tuple(token for token, _ in rows), tuple(count for _, count in rows))

    def __len__(self) -> int:
        return len(self.tokens)


def read_token_list(text: str) -> list[str]:
    """Reads the tokens of a `--vocabulary` file: one a line, or a `vocabulary.json`, whose order is kept.

    Raises:
      ValueError: if there is none, or one stands twice.
    """
    if text.lstrip().startswith("["):
        vocabulary = Vocabulary.from_json(text)
        tokens = list(vocabulary.tokens[vocabulary.special :])
    else:
        tokens = [line.strip() for line in text.splitlines() if line.strip()]
    repeated = sorted({token for token in tokens if tokens.count(token) > 1}) if len(set(tokens)) < len(tokens) else []
    if not tokens or repeated:
        raise ValueError(f"a vocabulary file needs tokens, each once; {repeated or 'it has none'}")
    return tokens


def legal_next(vocabulary: Vocabulary, encoding: Encoding) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Translates the grammar of an encoding to the ids of a vocabulary.

    Returns:
      next_KxV: int64, the state after each id in each state, an index of `legal_KxV`; a song begins in state 0.
      legal_KxV: bool, the ids that may come next in each state. Of the special ids only `<end>` ever may.
    """
    rows = {kind: row for row, kind in enumerate(encoding.FOLLOWS)}
    music = vocabulary.tokens[vocabulary.special :]
    special = ["end" if index == END else "start" for index in range(vocabulary.special)]
    kinds = [[*special, *(encoding.kind(token, before) for token in music)] for before in rows]
    follows = encoding.FOLLOWS.values()
    legal = np.array([[kind in may for kind in after] for after, may in zip(kinds, follows, strict=True)])
    legal[:, vocabulary.unpredicted(song_marks=True)] = False
    return np.array([[rows.get(kind, 0) for kind in after] for after in kinds]), legal
