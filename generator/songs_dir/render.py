"""A song's picture: a piano roll, time to the right and pitch up, as PNG.

Painted as an array of palette indices: a picture costs milliseconds and a few kB, where a plotting library costs a
second, and the same song gives the same bytes.
"""

import functools
import io
import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from nabi.music.bars import bar_ticks
from nabi.music.song import Song

# Twice the size at which the songs page shows it on a desktop, so that it is sharp there on a dense screen too.
WIDTH = 1200
HEIGHT = 360
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 40

# A short song does not fill the picture: a note's width then still says how long it is.
MIN_BARS = 4
MIN_SEMITONES = 28
FONT_SIZE = 21
MIN_BAR_PIXELS = 12
MIN_LABEL_PIXELS = 88
MIN_QUARTER_PIXELS = 16

Canvas = npt.NDArray[np.uint8]

PAPER, BLACK_KEY, QUARTER_LINE, BAR_LINE, C_LINE, INK = range(6)
# Four shades of the labels' ink and, for every colour of note, two of the note: antialiased edges, and the body.
INK_SHADES = 4
NOTES = INK + INK_SHADES
NOTE_COLOURS = 16

_BLACK_KEYS = (1, 3, 6, 8, 10)
_LOWEST_COLOURED, _HIGHEST_COLOURED = 36, 91
_GROUNDS = ((252, 252, 252), (245, 245, 246), (238, 238, 239), (214, 214, 216), (199, 199, 204))
_INK_COLOUR = (98, 98, 108)
# Low notes are blue, middle ones violet, high ones red; all dark enough to stand out on paper.
_NOTE_SCALE = ((31, 83, 163), (112, 72, 178), (214, 72, 92))


def piano_roll(song: Song) -> bytes:
    """The song as a PNG of WIDTH x HEIGHT pixels, all of it, however long; the same song gives the same bytes.

    Bars follow the song's time signature, 4/4 where it has none; lines stand at bars, quarters and every C. A song
    without notes gives a picture that says so.
    """
    canvas = np.full((HEIGHT, WIDTH), PAPER, np.uint8)
    rows = _row_edges(song)
    _paint_keys(canvas, rows)
    _paint_time(canvas, song)
    _paint_octaves(canvas, rows)
    if len(song):
        _paint_notes(canvas, song, rows)
    else:
        _paint_text(canvas, "no notes", WIDTH // 2, (HEIGHT - BOTTOM) // 2, "mm")
    picture = Image.fromarray(canvas, "P")
    picture.putpalette(_palette())
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=9)
    return file.getvalue()


def time_span(song: Song) -> tuple[float, float]:
    """Where the song's tick 0 and its end lie in its picture, as fractions of the picture's width."""
    pixels = _pixels_per_tick(song)
    return LEFT / WIDTH, (LEFT + song.end * pixels) / WIDTH


def _pixels_per_tick(song: Song) -> float:
    """The scale at which whole bars fill the picture's width."""
    bar = bar_ticks(song)
    return (WIDTH - LEFT - RIGHT) / (bar * max(math.ceil(song.end / bar), MIN_BARS))


def _row_edges(song: Song) -> dict[int, tuple[int, int]]:
    """The first and the last-but-one pixel row of every pitch shown."""
    low, high = (int(song.pitches.min()) - 2, int(song.pitches.max()) + 2) if len(song) else (60, 60)
    missing = max(MIN_SEMITONES - (high - low + 1), 0)
    low = min(max(low - missing // 2, 0), 127 - MIN_SEMITONES + 1)
    high = min(max(high + missing - missing // 2, low + MIN_SEMITONES - 1), 127)
    edges = np.linspace(HEIGHT - BOTTOM, TOP, high - low + 2).round().astype(int).tolist()
    return {low + row: (edges[row + 1], edges[row]) for row in range(high - low + 1)}


def _paint_keys(canvas: Canvas, rows: dict[int, tuple[int, int]]) -> None:
    for pitch, (top, bottom) in rows.items():
        if pitch % 12 in _BLACK_KEYS:
            canvas[top:bottom, LEFT : WIDTH - RIGHT] = BLACK_KEY


def _paint_octaves(canvas: Canvas, rows: dict[int, tuple[int, int]]) -> None:
    for pitch, (top, bottom) in rows.items():
        if pitch % 12 == 0:
            canvas[bottom - 1 : bottom + 1, LEFT : WIDTH - RIGHT] = C_LINE
            _paint_text(canvas, f"C{pitch // 12 - 1}", LEFT - 10, (top + bottom) // 2, "rm")


def _paint_time(canvas: Canvas, song: Song) -> None:
    """Lines at bars and quarters, and bar numbers, as many of each as leave room."""
    end = WIDTH - RIGHT
    quarter_pixels = song.ticks_per_quarter * _pixels_per_tick(song)
    bar_pixels = bar_ticks(song) * _pixels_per_tick(song)
    if quarter_pixels >= MIN_QUARTER_PIXELS:
        _paint_lines(canvas, quarter_pixels, QUARTER_LINE)
    _paint_lines(canvas, bar_pixels * _thinning(bar_pixels, MIN_BAR_PIXELS), BAR_LINE)
    step = _thinning(bar_pixels, MIN_LABEL_PIXELS)
    for bar in range(0, round((end - LEFT) / bar_pixels), step):
        _paint_text(canvas, str(bar + 1), round(LEFT + bar * bar_pixels) + 2, HEIGHT - BOTTOM + 8, "lt")


def _paint_lines(canvas: Canvas, spacing: float, index: int) -> None:
    positions = np.arange(LEFT, WIDTH - RIGHT + 1, spacing).round().astype(int)
    canvas[TOP : HEIGHT - BOTTOM, positions] = index


def _thinning(pixels: float, at_least: int) -> int:
    """The power of two by which lines so far apart are thinned out."""
    return int(2 ** max(0, math.ceil(math.log2(at_least / pixels))))


def _paint_notes(canvas: Canvas, song: Song, rows: dict[int, tuple[int, int]]) -> None:
    starts, durations, pitches = song.notes()
    pixels = _pixels_per_tick(song)
    lefts = (LEFT + starts * pixels).round().astype(int).tolist()
    rights = (LEFT + (starts + durations) * pixels).round().astype(int).tolist()
    for left, right, pitch in zip(lefts, rights, pitches.tolist(), strict=True):
        # Two notes of one pitch that follow each other stay two.
        gap = min(2, max(right - left - 2, 0))
        top, bottom = rows[pitch]
        bar = canvas[top + 1 : bottom, left : max(right - gap, left + 2)]
        edge = NOTES + 2 * _colour_of(pitch)
        _paint_bar(bar, edge)


def _paint_bar(bar: Canvas, edge: int) -> None:
    """A note in the colour `edge` + 1, its corners rounded as far as its size allows."""
    ground = bar[0, 0]
    bar[:] = edge + 1
    if min(bar.shape) < 4:
        return
    bar[:: bar.shape[0] - 1, :: bar.shape[1] - 1] = edge
    if min(bar.shape) >= 7:
        bar[:: bar.shape[0] - 1, :: bar.shape[1] - 1] = ground
        bar[1 :: bar.shape[0] - 3, :: bar.shape[1] - 1] = edge
        bar[:: bar.shape[0] - 1, 1 :: bar.shape[1] - 3] = edge


def _colour_of(pitch: int) -> int:
    height = (pitch - _LOWEST_COLOURED) / (_HIGHEST_COLOURED - _LOWEST_COLOURED)
    return round(min(max(height, 0.0), 1.0) * (NOTE_COLOURS - 1))


def _paint_text(canvas: Canvas, text: str, x: int, y: int, anchor: str) -> None:
    """Writes a label; `anchor` says which point of it (x, y) is, in Pillow's letters."""
    mask, offset_x, offset_y = _text_mask(text, anchor)
    target = canvas[y + offset_y : y + offset_y + mask.shape[0], x + offset_x : x + offset_x + mask.shape[1]]
    mask = mask[: target.shape[0], : target.shape[1]]
    target[mask > 0] = INK + mask[mask > 0] - 1


@functools.lru_cache(maxsize=256)
def _text_mask(text: str, anchor: str) -> tuple[Canvas, int, int]:
    """A label's shades, 0 (none) to INK_SHADES, and its corner's distance from the anchor."""
    # Pillow's own font: the picture does not depend on the machine's.
    font = ImageFont.load_default(FONT_SIZE)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text, anchor=anchor))
    picture = Image.new("L", (right - left + 1, bottom - top + 1))
    ImageDraw.Draw(picture).text((-left, -top), text, fill=255, font=font, anchor=anchor)
    return (np.asarray(picture, np.uint16) * INK_SHADES // 255).astype(np.uint8), left, top


@functools.lru_cache(maxsize=1)
def _palette() -> list[int]:
    """Red, green and blue of every index."""
    paper = np.array(_GROUNDS[0], float)
    inks = [_mix(paper, np.array(_INK_COLOUR), (shade + 1) / INK_SHADES) for shade in range(INK_SHADES)]
    scale = np.linspace(0, len(_NOTE_SCALE) - 1, NOTE_COLOURS)
    channels = np.array(_NOTE_SCALE, float).T
    notes = np.stack([np.interp(scale, range(len(_NOTE_SCALE)), channel) for channel in channels], axis=1)
    shades = [shade for note in notes for shade in (_mix(paper, note, 0.5), note)]
    return np.array([*_GROUNDS, *inks, *shades]).round().astype(int).ravel().tolist()


def _mix(ground: npt.NDArray[np.float64], colour: npt.NDArray[np.float64], share: float) -> npt.NDArray[np.float64]:
    return ground + (colour - ground) * share
