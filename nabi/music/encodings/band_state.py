"""The state of a band that is read token by token: who plays, how loud, and when."""

import dataclasses
from collections.abc import Container

from nabi.music import performance_steps
from nabi.music.encodings.band_reduction import DRUMS
from nabi.music.encodings.metred import METERS

# What is said of drums among the parts of a song.
DRUMS_PART = "drums"


@dataclasses.dataclass
class BandReader:
    """Collects the notes of a band.

    Attributes:
      steps: number of velocity steps; 0: none.
      now: tick.
      program: of the notes that follow.
      step: velocity step that was read for the next note; 0: that of its program's last note.
      notes: start, duration, pitch, program (128: drums) and velocity of each note; the last duration may be 0 yet.
      tempi, meters: rows of `nabi.music.timeline.Timeline`.
    """

    steps: int
    now: int = 0
    program: int = 0
    step: int = 0
    notes: list[list[int]] = dataclasses.field(default_factory=list)
    tempi: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    meters: list[tuple[int, int, int]] = dataclasses.field(default_factory=list)
    _steps: dict[int, int] = dataclasses.field(default_factory=dict)

    def read(self, kind: str, token: str, said: str) -> None:
        """Reads a token that is no shift, note or duration.

        Args:
          kind: of the token, by `nabi.music.encodings.bands.Bands.kind`; what only tells a song's plan is passed over.
          token: the token.
          said: what stands behind its colon.

        Raises:
          ValueError: naming a token of another form.
        """
        if kind == "drum":
            self._drum(_number(token, said, range(128)))
        elif kind == "program":
            self.program = _number(token, said, range(128))
        elif kind == "part" and said != DRUMS_PART:
            _number(token, said, range(128))
        elif kind == "velocity":
            self.step = _number(token, said, range(1, self.steps + 1))
        elif kind == "tempo":
            tempo = _number(token, said, performance_steps.TEMPI)
            self.tempi.append((self.now, performance_steps.tempo_microseconds(tempo)))
        elif kind.startswith("meter"):
            if said not in METERS:
                raise _no_token(token)
            beats, _, unit = said.partition("/")
            self.meters.append((self.now, int(beats), int(unit)))

    def note(self, pitch: int) -> None:
        """Adds a note of the present program, still without a duration."""
        self.notes.append([self.now, 0, pitch, self.program, self._velocity(self.program)])

    def _drum(self, pitch: int) -> None:
        """Adds a drum, which has no duration of its own."""
        self.notes.append([self.now, 1, pitch, DRUMS, self._velocity(DRUMS)])

    def lengthen(self, ticks: int, token: str) -> None:
        """Adds to the duration of the last note; raises ValueError naming the token if there is none."""
        if not self.notes or self.notes[-1][3] == DRUMS:
            raise ValueError(f"{token!r} is a duration without a note before it")
        self.notes[-1][1] += ticks

    def _velocity(self, program: int) -> int:
        """Returns the velocity of a program's next note; of its first one without a velocity, that in the middle."""
        if not self.steps:
            return performance_steps.DEFAULT_VELOCITY
        step = self.step or self._steps.get(program, 1 + self.steps // 2)
        self._steps[program], self.step = step, 0
        return int(performance_steps.velocities(step, self.steps))


def _number(token: str, text: str, legal: Container[int]) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) in legal):
        raise _no_token(token)
    return int(text)


def _no_token(token: str) -> ValueError:
    return ValueError(f"{token!r} is no token of the encoding band")
