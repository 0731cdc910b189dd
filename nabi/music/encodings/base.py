"""What every encoding offers."""

import dataclasses
import functools
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import ClassVar, Protocol

from nabi.music import quantisation
from nabi.music.song import About, Event, Song

# The kinds that stand for the song's borders in every grammar.
START = "start"
END = "end"


class Encoding(Protocol):
    """A way to write a song as tokens and to read it back.

    Attributes:
      name: what `--encoding` calls it.
      FOLLOWS: the grammar: for each kind of token (and `START`, which stands first) the kinds that may come next (`END`
        among them).
      divisors: the grid of the songs that it writes and reads, as `nabi.music.quantisation` has them.
    """

    name: ClassVar[str]
    FOLLOWS: ClassVar[Mapping[str, frozenset[str]]]

    @property
    def divisors(self) -> tuple[int, ...]:
        """Those of that grid."""

    @property
    def ticks_per_quarter(self) -> int:
        """Ticks a quarter note of that grid."""

    def settings(self) -> dict[str, object]:
        """What `from_settings` needs to build this encoding again, the name included."""

    def encode(self, song: Song) -> list[str]:
        """The song's tokens, none for a song without notes; raises ValueError for a song of another grid."""

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


@dataclasses.dataclass(frozen=True, kw_only=True)
class OnGrid:
    """What encodings have in common: they write songs of one grid, and decode to songs of that grid.

    Attributes:
      divisors: of a quarter note, as `nabi.music.quantisation` has them.
    """

    name: ClassVar[str]

    divisors: tuple[int, ...] = quantisation.DEFAULT

    def __post_init__(self) -> None:
        # JSON has lists.
        object.__setattr__(self, "divisors", quantisation.checked(self.divisors))

    @functools.cached_property
    def ticks_per_quarter(self) -> int:
        """Ticks a quarter note of the songs that are written and read."""
        return quantisation.ticks_per_quarter(self.divisors)

    def settings(self) -> dict[str, object]:
        """What builds this encoding again, as JSON has it."""
        return {"name": self.name, **dataclasses.asdict(self), "divisors": list(self.divisors)}

    def checked(self, song: Song) -> Song:
        """The song, if it is on the encoding's grid; raises ValueError if it is not."""
        if song.ticks_per_quarter != self.ticks_per_quarter:
            raise ValueError(
                f"the song has {song.ticks_per_quarter} ticks a quarter note, the encoding {self.ticks_per_quarter} "
                f"(divisors {quantisation.written(self.divisors)}): read the song with those divisors"
            )
        return song

    def song_of(self, events: Iterable[Event], about: About | None) -> Song:
        """The song that events make on the encoding's grid."""
        return Song.from_events(events, about, self.ticks_per_quarter)
