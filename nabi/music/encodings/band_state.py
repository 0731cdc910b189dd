"""The state of a band that is read token by token: who plays, how loud, and when."""

import dataclasses

from nabi.music import performance_steps
from nabi.music.encodings.band_reduction import DRUMS


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

    def note(self, pitch: int) -> None:
        """Adds a note of the present program, still without a duration."""
        self.notes.append([self.now, 0, pitch, self.program, self._velocity(self.program)])

    def drum(self, pitch: int) -> None:
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
