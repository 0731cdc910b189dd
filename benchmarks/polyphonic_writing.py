"""Frames of a polyphonic set <-> tokens of an encoding."""

import dataclasses
from collections.abc import Sequence

from benchmarks.polyphonic_sets import Piece
from nabi.music.encodings import Encoding, Steps, read_steps, write_steps


@dataclasses.dataclass(frozen=True)
class Writing:
    """Writes frames in an encoding: `steps` keeps every one, others those up to the last note's end.

    A pitch that sounds in neighbouring frames is one note. So an encoding that loses nothing has one way to write a
    piece, and the probability of its tokens is at most that of its frames: what tells bars and keys costs too.

    Attributes:
      encoding: of the tokens.
      ticks: length of a frame.
    """

    encoding: Encoding
    ticks: int

    def tokens(self, piece: Piece) -> list[str]:
        """Writes a piece."""
        steps = write_steps(piece)
        return steps if isinstance(self.encoding, Steps) else self.encoding.encode(Steps(step=self.ticks).decode(steps))

    def frames(self, tokens: Sequence[str]) -> Piece:
        """Reads what `tokens` wrote."""
        is_steps = isinstance(self.encoding, Steps)
        steps = tokens if is_steps else Steps(step=self.ticks).encode(self.encoding.decode(tokens))
        return tuple(tuple(pitches) for pitches in read_steps(steps))
