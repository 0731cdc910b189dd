"""Detection of loops: songs whose last notes repeat one phrase again and again."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import numpy as np
import numpy.typing as npt

from generator.sampling.token_content import TokenContents

# Music repeats, so a repeated phrase is a loop only if it fills this many tokens with notes and this much time: four
# strikes of a chord are no loop, nor is a held chord that some encodings write at each step. A phrase that takes no
# time would never end.
LEAST_NOTES = 24
LEAST_QUARTERS = 16

# Tokens of the longest phrase that is searched for.
LONGEST_PHRASE = 128


def looping(ids_L: npt.NDArray[np.int32], contents: TokenContents, repeats: int) -> int:
    """Counts the tokens at the end of a song that repeat the phrase before them; 0 if there is no loop.

    Args:
      ids_L: the song so far, int32 [L].
      contents: notes and ticks of each id.
      repeats: occurrences that make a loop, the first included, at least 2.

    Returns:
      The tokens after the first occurrence of the shortest phrase that loops.
    """
    # A phrase comes again in another bar.
    alike_L = np.where(np.isin(ids_L, contents.bars), contents.bars[0], ids_L) if contents.bars else ids_L
    for phrase in range(1, min(LONGEST_PHRASE, len(ids_L) // repeats) + 1):
        same = alike_L[phrase:] == alike_L[:-phrase]
        # Length of the run of equal pairs at the end; argmin would give 0 if all are equal.
        run = len(same) if same.all() else int(np.argmin(same[::-1]))
        if run >= (repeats - 1) * phrase and _is_long(ids_L[-run - phrase :], contents):
            return run
    return 0


def _is_long(ids_L: npt.NDArray[np.int32], contents: TokenContents) -> bool:
    ticks = int(contents.ticks_V[ids_L].sum())
    long_enough = not ticks or ticks >= LEAST_QUARTERS * contents.ticks_per_quarter
    return long_enough and np.count_nonzero(contents.notes_V[ids_L]) >= LEAST_NOTES
