"""Colours of a band's parts, in its picture and on the songs page."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from nabi.music.song import Song

# Dark enough to stand out on paper, and different for most colour-blind eyes (after Okabe and Ito 2008).
COLOURS = (
    (0, 114, 178), (213, 94, 0), (0, 138, 102), (160, 60, 130),
    (150, 105, 0), (60, 60, 60), (60, 140, 200), (190, 40, 60),
)  # fmt: skip
# Of a note's colour on the paper, by a quarter of the range of velocities: the softer, the paler.
SHARES = (0.3, 0.5, 0.75, 1.0)
_VELOCITIES = 128 // len(SHARES)


def of_notes(song: Song) -> npt.NDArray[np.int64]:
    """Returns the index in `shades` of the colour of each note of a song with its parts, [P]."""
    assert song.band
    colour = song.note_parts().astype(np.int64) % len(COLOURS)
    return len(SHARES) * colour + song.band.velocity // _VELOCITIES


def shades(paper: npt.NDArray[np.float64]) -> Iterator[npt.NDArray[np.float64]]:
    """Yields red, green and blue of each colour's shades on paper, the softest first."""
    for colour in COLOURS:
        for share in SHARES:
            yield paper + (np.array(colour) - paper) * share


def css(number: int) -> str:
    """Writes the colour of a part for a page.

    >>> css(0)
    '#0072b2'
    """
    return "#{:02x}{:02x}{:02x}".format(*COLOURS[number % len(COLOURS)])
