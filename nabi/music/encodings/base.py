"""The interface of all encodings, and the part that they share."""

import dataclasses
import functools
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import ClassVar, Protocol

from nabi.music import note_names, quantisation
from nabi.music.about import About
from nabi.music.song import Event, Song

# The kinds of a song's beginning and end in every grammar.
START = "start"
END = "end"


class Encoding(Protocol):
    """A way to write a song as tokens and to read it back.

    Attributes:
      name: its name for `--encoding`.
      FOLLOWS: the grammar: for each kind of token (and `START`, which stands first) the kinds that may come next (`END`
        among them).
      PARTS: True if tokens say who plays a note: songs are read with their parts (`nabi.music.band`).
      divisors: of the quarter note, which give the grid (`nabi.music.quantisation`).
    """

    name: ClassVar[str]
    PARTS: ClassVar[bool]
    FOLLOWS: ClassVar[Mapping[str, frozenset[str]]]

    @property
    def divisors(self) -> tuple[int, ...]:
        """The divisors of the quarter note of the encoding's grid."""

    @property
    def ticks_per_quarter(self) -> int:
        """The ticks of a quarter note of the grid."""

    def settings(self) -> dict[str, object]:
        """Returns the name and the options, from which `from_settings` builds this encoding again."""

    def encode(self, song: Song) -> list[str]:
        """Writes a song as tokens, none for a song without notes; raises ValueError for a song of another grid."""

    def decode(self, tokens: Sequence[str], about: About | None = None) -> Song:
        """Reads tokens as a song; raises ValueError naming a token that is not of this encoding."""

    def most_tokens(self, song: Song) -> int:
        """Bounds the number of tokens that `encode` and `spell` give, from the notes' times, without encoding."""

    def reduce(self, song: Song) -> Song:
        """Returns the part of a song that survives encoding: `decode(encode(song)) == reduce(song)`."""

    def kind(self, token: str, before: str) -> str:
        """Returns the kind of a token, a key of `FOLLOWS`, where the token before it is of the kind `before`."""

    def ticks(self, token: str) -> int:
        """Returns the ticks from a token to the onset of the next note; raises ValueError as `decode` does."""

    def required(self) -> tuple[str, ...]:
        """Returns the tokens that belong to every vocabulary, whether the data has them or not."""

    def spell(self, tokens: Sequence[str], known: Container[str]) -> list[str]:
        """Writes the same music in known tokens, as far as the encoding can."""

    def opening(self, bars: int, meter: str, key: str = "") -> tuple[str, ...]:
        """Returns the first tokens of a song of so many bars, a meter and a key, where tokens say these.

        Args:
          bars: at least 0; 0: any number.
          meter: such as `3/4`; "": any.
          key: one of `nabi.music.keys.KEY_NAMES`; "": any.
        """

    def key_number(self, token: str) -> int:
        """Returns 1 more than the index in `nabi.music.keys.KEY_NAMES` of the key that a token names; else 0."""

    def number(self, token: str) -> int:
        """Returns the number that a token says of where a song is: bars up to the end, or ticks; 0 for any other."""

    def program(self, token: str) -> int:
        """Returns the General MIDI program that a token says plays on, -1 for any other token."""

    def part(self, token: str) -> int:
        """Returns the program of a part that a token says the song has, 128 for drums, -1 for any other token."""

    def lengthened(self, tokens: Sequence[str], bars: int) -> list[str]:
        """Writes tokens as the beginning of a song of so many bars, if its tokens say this."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class OnGrid:
    """The common base of encodings, which write and read songs of one grid.

    Attributes:
      divisors: of the quarter note, which give the grid (`nabi.music.quantisation`).
    """

    name: ClassVar[str]
    PARTS: ClassVar[bool] = False

    divisors: tuple[int, ...] = quantisation.DEFAULT

    def __post_init__(self) -> None:
        # JSON has lists where this class has tuples.
        object.__setattr__(self, "divisors", quantisation.checked(self.divisors))

    @functools.cached_property
    def ticks_per_quarter(self) -> int:
        """The ticks of a quarter note of the songs that are written and read."""
        return quantisation.ticks_per_quarter(self.divisors)

    def settings(self) -> dict[str, object]:
        """Returns the name and the options as JSON has them; `from_settings` builds this encoding again."""
        return {"name": self.name, **dataclasses.asdict(self), "divisors": list(self.divisors)}

    def checked(self, song: Song) -> Song:
        """Returns the song if it is on the encoding's grid; raises ValueError if it is not."""
        if song.ticks_per_quarter != self.ticks_per_quarter:
            raise ValueError(
                f"the song has {song.ticks_per_quarter} ticks a quarter note, the encoding {self.ticks_per_quarter} "
                f"(divisors {quantisation.written(self.divisors)}): read the song with those divisors"
            )
        return song

    def required(self) -> tuple[str, ...]:
        """Returns no token: the vocabulary is that of the data."""
        return ()

    def spell(self, tokens: Sequence[str], known: Container[str]) -> list[str]:
        """Returns the tokens as they are: an unknown one has no other spelling."""
        del known
        return list(tokens)

    def opening(self, bars: int, meter: str, key: str = "") -> tuple[str, ...]:
        """Returns no token: nothing says how long a song will be, in what meter or key."""
        del bars, meter, key
        return ()

    def key_number(self, token: str) -> int:
        """Returns 0: no token says a key."""
        del token
        return 0

    def number(self, token: str) -> int:
        """Returns 0: no token says where a song is."""
        del token
        return 0

    def program(self, token: str) -> int:
        """Returns -1: no token says who plays."""
        del token
        return -1

    def part(self, token: str) -> int:
        """Returns -1: no token says which parts a song has."""
        del token
        return -1

    def lengthened(self, tokens: Sequence[str], bars: int) -> list[str]:
        """Returns the tokens as they are: nothing says how long a song will be."""
        del bars
        return list(tokens)

    def song_of(self, events: Iterable[Event], about: About | None) -> Song:
        """Makes a song of events on the encoding's grid."""
        return Song.from_events(events, about, self.ticks_per_quarter)


@functools.lru_cache(maxsize=65536)
def as_sum(prefix: str, ticks: int, ticks_per_quarter: int, longest: int) -> tuple[str, ...]:
    """Writes ticks as tokens of at most `longest` quarter notes each, longest first; none for 0.

    >>> as_sum("d:", ticks=54, ticks_per_quarter=12, longest=4)
    ('d:4', 'd:1/2')
    """
    count, rest = divmod(ticks, longest * ticks_per_quarter)
    tokens = (f"{prefix}{longest}",) * count
    return (*tokens, prefix + note_names.duration_name(rest, ticks_per_quarter)) if rest else tokens
