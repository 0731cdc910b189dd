"""What every encoding offers."""

from collections.abc import Container, Mapping, Sequence
from typing import ClassVar, Protocol

from songs.song import About, Song

# The kinds that stand for the song's borders in every grammar.
START = "start"
END = "end"


class Encoding(Protocol):
    """A way to write a song as tokens and to read it back.

    Attributes:
      name: what `--encoding` calls it.
      FOLLOWS: the grammar: for each kind of token (and `START`, which stands first) the kinds that may come next (`END`
        among them).
    """

    name: ClassVar[str]
    FOLLOWS: ClassVar[Mapping[str, frozenset[str]]]

    def settings(self) -> dict[str, object]:
        """What `from_settings` needs to build this encoding again, the name included."""

    def encode(self, song: Song) -> list[str]:
        """The song's tokens; none for a song without notes."""

    def decode(self, tokens: Sequence[str], about: About | None = None) -> Song:
        """The song that tokens say; raises ValueError naming a token that is not of this encoding."""

    def most_tokens(self, song: Song) -> int:
        """How many tokens `encode` and `spell` give at most, told from the notes' times: nothing is written."""

    def reduce(self, song: Song) -> Song:
        """What of a song survives: `decode(encode(song)) == reduce(song)`."""

    def kind(self, token: str, before: str) -> str:
        """The token's place in the grammar, a key of `FOLLOWS`, where it comes after one of the kind `before`."""

    def ticks(self, token: str) -> int:
        """How much later the next token's notes begin for this one, in ticks; raises ValueError as `decode` does."""

    def required(self) -> tuple[str, ...]:
        """Tokens that belong to every vocabulary, seen in the data or not."""

    def spell(self, tokens: Sequence[str], known: Container[str]) -> list[str]:
        """The same music in known tokens as far as the encoding can say it so."""
