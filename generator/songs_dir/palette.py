"""The palette of a song's picture."""

import functools

import numpy as np
import numpy.typing as npt

from generator.songs_dir import part_colours

PAPER, BLACK_KEY, QUARTER_LINE, BAR_LINE, C_LINE, INK = range(6)
# Indices: four shades of the labels' ink, then for every colour of note one for antialiased edges and one for its body.
INK_SHADES = 4
NOTES = INK + INK_SHADES
NOTE_COLOURS = 16

_GROUNDS = ((252, 252, 252), (245, 245, 246), (238, 238, 239), (214, 214, 216), (199, 199, 204))
_INK_COLOUR = (98, 98, 108)
# Low notes are blue, middle ones violet, high ones red; all dark enough to stand out on paper.
_NOTE_SCALE = ((31, 83, 163), (112, 72, 178), (214, 72, 92))


@functools.lru_cache(maxsize=1)
def rgb() -> list[int]:
    """Computes red, green and blue of every index, 0..255, in one list."""
    paper = np.array(_GROUNDS[0], float)
    inks = [_mix(paper, np.array(_INK_COLOUR), (shade + 1) / INK_SHADES) for shade in range(INK_SHADES)]
    scale = np.linspace(0, len(_NOTE_SCALE) - 1, NOTE_COLOURS)
    columns = np.array(_NOTE_SCALE, float).T
    notes = np.stack([np.interp(scale, range(len(_NOTE_SCALE)), channel) for channel in columns], axis=1)
    notes = [*notes, *part_colours.shades(paper)]
    shades = [shade for note in notes for shade in (_mix(paper, note, 0.5), note)]
    return np.array([*_GROUNDS, *inks, *shades]).round().astype(int).ravel().tolist()


def _mix(ground: npt.NDArray[np.float64], colour: npt.NDArray[np.float64], share: float) -> npt.NDArray[np.float64]:
    return ground + (colour - ground) * share
