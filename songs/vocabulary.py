"""Token <-> id: ordered tokens with their counts, four special ids, JSON, a fingerprint."""

import dataclasses
import functools
import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from songs.encodings import Encoding

PAD, UNKNOWN, START, END = range(4)
SPECIAL_TOKENS = ("<pad>", "<unk>", "<start>", "<end>")


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """The tokens a model knows; `tokens[id]` is the token of an id, the four special ones first.

    Attributes:
      tokens: every token once, in the order of the ids.
      counts: how often each stood in the training split, before augmentation; 0 for the special ones.
    """

    tokens: tuple[str, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.tokens[:4] != SPECIAL_TOKENS:
            raise ValueError(f"a vocabulary starts with {SPECIAL_TOKENS}, got {self.tokens[:4]}")
        if len(set(self.tokens)) < len(self.tokens) or len(self.tokens) != len(self.counts):
            raise ValueError(f"a vocabulary needs different tokens and a count each, got {len(self.tokens)} tokens")

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], required: Iterable[str] = ()) -> "Vocabulary":
        """Descending count, ties by text; required tokens are there even when not counted."""
        counted = {**dict.fromkeys(required, 0), **counts}
        return cls.from_ordered(sorted(counted, key=lambda token: (-counted[token], token)), counted)

    @classmethod
    def from_ordered(cls, tokens: Sequence[str], counts: Mapping[str, int]) -> "Vocabulary":
        """A fixed order, as `--vocabulary` gives it; tokens that `counts` lacks count 0."""
        return cls((*SPECIAL_TOKENS, *tokens), (0, 0, 0, 0, *(counts.get(token, 0) for token in tokens)))

    @functools.cached_property
    def ids(self) -> dict[str, int]:
        """Token -> id."""
        return {token: index for index, token in enumerate(self.tokens)}

    def encode(self, tokens: Iterable[str]) -> npt.NDArray[np.int64]:
        """Ids of tokens, `<unk>` for those not known."""
        return np.fromiter(map(self.ids.get, tokens, itertools.repeat(UNKNOWN)), np.int64)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Tokens of ids, the special ones left out; raises ValueError for an id outside the vocabulary."""
        try:
            return [self.tokens[index] for index in ids if not 0 <= index < 4]
        except IndexError:
            raise ValueError(f"an id is outside this vocabulary's 0..{len(self.tokens) - 1}") from None

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that depend on tokens, order and counts alone."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """One line a token, so that versions of a file compare well."""
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
    """The tokens of a `--vocabulary` file: one a line, or a `vocabulary.json` whose order is kept.

    Raises:
      ValueError: if there is none, or one stands twice.
    """
    if text.lstrip().startswith("["):
        tokens = list(Vocabulary.from_json(text).tokens[4:])
    else:
        tokens = [line.strip() for line in text.splitlines() if line.strip()]
    repeated = sorted({token for token in tokens if tokens.count(token) > 1}) if len(set(tokens)) < len(tokens) else []
    if not tokens or repeated:
        raise ValueError(f"a vocabulary file needs tokens, each once; {repeated or 'it has none'}")
    return tokens


def legal_next(vocabulary: Vocabulary, encoding: Encoding) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The encoding's grammar over ids.

    Returns:
      next_KxV: int64, the row of `legal_KxV` that holds after each id, where one held before; row 0 holds at the start.
      legal_KxV: bool, which ids may come next. `<pad>`, `<unk>` and `<start>` never may.
    """
    rows = {kind: row for row, kind in enumerate(encoding.FOLLOWS)}
    special = ["start", "start", "start", "end"]
    kinds = [[*special, *(encoding.kind(token, before) for token in vocabulary.tokens[4:])] for before in rows]
    follows = encoding.FOLLOWS.values()
    legal = np.array([[kind in may for kind in after] for after, may in zip(kinds, follows, strict=True)])
    legal[:, [PAD, UNKNOWN, START]] = False
    return np.array([[rows.get(kind, 0) for kind in after] for after in kinds]), legal
