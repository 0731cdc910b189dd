"""Pairs of a real song and a model's: excerpts that begin in the same bar, last as long and sound alike."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from generator.listening import excerpts
from generator.listening.sources import NamedSong
from generator.pages.listening_page import SIDES, Pair
from generator.sampling.primer import hashed
from nabi.reading.midi_writer import DEFAULT_TEMPO


class Match(NamedTuple):
    """A real song and a model's, with the bar in which both excerpts begin and the tempo of both."""

    real: NamedSong
    made: NamedSong
    bar: int
    tempo: float

    @property
    def name(self) -> str:
        """Name by which what is drawn for the pair is drawn."""
        return f"{self.real.name} {self.made.name}"


def match(
    real: Iterable[NamedSong], made: Iterable[NamedSong], *, count: int, seconds: float, seed: int
) -> list[Match]:
    """Matches each real song with the first model's song that is left and has a bar in common to begin with.

    Args:
      real: real songs in the order in which they are drawn; no more are read than it takes.
      made: songs of a model, in that order.
      count: pairs, at most.
      seconds: length of an excerpt.
      seed: draws the bar among those that both songs have.

    Returns:
      At most `count` pairs, each song in one.
    """
    left, found = list(made), []
    for song in real:
        tempo = song.song.about.tempo or DEFAULT_TEMPO
        own = excerpts.bars_to_begin(song.song, seconds=seconds, tempo=tempo)
        for other in left if own else []:
            common = sorted(own & excerpts.bars_to_begin(other.song, seconds=seconds, tempo=tempo))
            if common:
                bar = common[hashed(f"bar {seed} {song.name} {other.name}") % len(common)]
                found.append(Match(song, other, bar, tempo))
                left.remove(other)
                break
        if len(found) == count or not left:
            break
    return found


def render(matches: Iterable[Match], *, seconds: float, seed: int, program: int) -> Iterator[Pair]:
    """Renders pairs, in either order as the seed draws it; see `excerpts.synthesize`."""
    for match_ in matches:
        sounds = [
            excerpts.synthesize(song.song, match_.bar, seconds=seconds, tempo=match_.tempo, program=program)
            for song in (match_.made, match_.real)
        ]
        place = hashed(f"side {seed} {match_.name}") % 2
        yield Pair(excerpts.encode_alike(*(sounds[::-1] if place else sounds)), SIDES[place])
