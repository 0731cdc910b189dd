"""Candidates of a song (`--candidates`): several songs are sampled for each number, and the likeliest is kept.

Candidate K of song N is song N * candidates + K of the same seed, with the primer of song N, so that it depends on
nothing but the model, the settings, the seed and these two numbers.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from generator.config import GenerateConfig

if TYPE_CHECKING:
    from generator.sampling.song_state import SongIds


def numbers(songs: Sequence[int], candidates: int) -> list[int]:
    """Lists the numbers of the candidates of some songs, those of one song in a row.

    >>> numbers([0, 7], candidates=3)
    [0, 1, 2, 21, 22, 23]
    """
    return [song * candidates + candidate for song in songs for candidate in range(candidates)]


def nats_per_note(log_likelihood: float, notes: int) -> float:
    """Computes the mean surprise of a note, in nats, at least 0; infinite for a song without sampled notes.

    >>> nats_per_note(-12.0, notes=8), nats_per_note(-3.0, notes=0)
    (1.5, inf)
    """
    return -log_likelihood / notes if notes else math.inf


@dataclasses.dataclass(frozen=True)
class Choice:
    """Rule that chooses one of the candidates of a song.

    Attributes:
      config: settings of the songs.
      notes: candidate -> number of its sampled notes.
      refuses: the conditions of the settings (`refusal.refusal`), by which each candidate was sampled again while it
        did not meet them; None if there are none.
    """

    config: GenerateConfig
    notes: Callable[["SongIds"], int]
    refuses: Callable[["SongIds"], str] | None = None

    def likeliest(self, candidates: Sequence["SongIds"]) -> "SongIds":
        """Returns the candidate of the fewest nats a note, the first of several.

        It is one that meets the conditions and ended; if none does, one that meets the conditions, or else one that
        ended, or else any. Its `refused` has the refusals of all candidates.
        """
        kept = min(candidates, key=self._rank)
        refused = tuple(reason for candidate in candidates for reason in candidate.refused)
        return dataclasses.replace(kept, refused=refused)

    def _rank(self, candidate: "SongIds") -> tuple[bool, bool, float]:
        surprise = nats_per_note(candidate.log_likelihood, self.notes(candidate))
        return self._is_refused(candidate), not candidate.ended, surprise

    def _is_refused(self, candidate: "SongIds") -> bool:
        """Tells whether the last draw of a candidate was kept although it was refused."""
        if self.refuses is None or len(candidate.refused) + 1 < self.config.max_draws:
            return False
        return bool(self.refuses(candidate))
