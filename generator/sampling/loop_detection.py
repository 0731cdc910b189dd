"""Whether a song has come into a loop: its last notes are one phrase, again and again."""

# ruff: noqa: N803 - shapes stand in the names of arrays.

import numpy as np
import numpy.typing as npt

from generator.sampling.token_content import TokenContents

# Music repeats. A phrase that comes often is a loop if it makes up so many tokens with notes and so much time: neither
# four strikes of a chord nor a chord that some encodings tell again at each step are one. A phrase that takes no time
# would never end.
LEAST_NOTES = 24
LEAST_QUARTERS = 16

# Tokens of the longest phrase that is looked for.
LONGEST_PHRASE = 128


def looping(ids_L: npt.NDArray[np.int32], meanings: TokenContents, repeats: int) -> int:
    """How many tokens at the end of a song repeat the phrase before them; 0 where it is no loop.

    Args:
      ids_L: the song so far, int32 [L].
      meanings: of the ids.
      repeats: times that the phrase has to come, the first included, at least 2.

    Returns:
      L less the first phrase of the loop and what is before it, of the shortest phrase that loops.
    """
    for phrase in range(1, min(LONGEST_PHRASE, len(ids_L) // repeats) + 1):
        same = ids_L[phrase:] == ids_L[:-phrase]
        # The run of equals at the end; all of it, if there is no unequal.
        run = len(same) if same.all() else int(np.argmin(same[::-1]))
        if run >= (repeats - 1) * phrase and _goes_on(ids_L[-run - phrase :], meanings):
            return run
    return 0


def _goes_on(ids_L: npt.NDArray[np.int32], meanings: TokenContents) -> bool:
    ticks = int(meanings.ticks_V[ids_L].sum())
    long_enough = not ticks or ticks >= LEAST_QUARTERS * meanings.ticks_per_quarter
    return long_enough and np.count_nonzero(meanings.notes_V[ids_L]) >= LEAST_NOTES
