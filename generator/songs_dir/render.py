"""Picture of a song: a piano roll as PNG, time to the right and pitch up.

It is painted as an array of palette indices, which takes milliseconds and a few kB, where a plotting library takes a
second; and equal songs give equal bytes.
"""

import dataclasses
import functools
import io
import itertools
import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from generator.songs_dir import palette, part_colours
from generator.songs_dir.palette import (
    BAR_LINE,
    BLACK_KEY,
    C_LINE,
    INK,
    INK_SHADES,
    NOTE_COLOURS,
    NOTES,
    PAPER,
    QUARTER_LINE,
)
from nabi.music.bars import bar_ticks
from nabi.music.song import Song

# Twice the size on the songs page on a desktop, so that it is sharp on a dense screen too.
WIDTH = 1200
HEIGHT = 360
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 40

# Shortest time and smallest pitch range of a picture: a short song does not fill it, so widths stay comparable.
MIN_BARS = 4
MIN_SEMITONES = 28
FONT_SIZE, DRUM_FONT_SIZE = 21, 18
MIN_BAR_PIXELS = 12
MIN_LABEL_PIXELS = 88
MIN_QUARTER_PIXELS = 16

Canvas = npt.NDArray[np.uint8]

# The most height of the strip in which drums stand, a row for each, under all that has pitch.
DRUM_ROWS, DRUM_ROW = 8, 10

_BLACK_KEYS = (1, 3, 6, 8, 10)
_LOWEST_COLOURED, _HIGHEST_COLOURED = 36, 91


def piano_roll(song: Song) -> bytes:
    """Draws the whole song as a PNG of WIDTH x HEIGHT pixels; equal songs give equal bytes.

    Bars follow the song's time signature, 4/4 if it has none; lines mark bars, quarters and every C. The picture of a
    song without notes says so. Of a song with its parts each has a colour (`part_colours`), paler where it is soft, and
    drums stand in a strip of their own.
    """
    rows = _Rows.of(song)
    canvas = _grid(song, rows)
    if len(song):
        _paint_notes(canvas, song, rows)
    else:
        _paint_text(canvas, "no notes", WIDTH // 2, (HEIGHT - BOTTOM) // 2, "mm")
    return _png(canvas)


def part_layers(song: Song) -> list[bytes]:
    """Draws the picture of a song with its parts in layers, PNGs: all but the notes, and the notes of each part."""
    rows = _Rows.of(song)
    layers = [_png(_grid(song, rows))]
    for part in np.unique(song.note_parts()).tolist():
        canvas = np.full((HEIGHT, WIDTH), PAPER, np.uint8)
        _paint_notes(canvas, song, rows, part)
        layers.append(_png(canvas, transparency=PAPER))
    return layers


def _grid(song: Song, rows: "_Rows") -> Canvas:
    """Paints keys, lines and labels."""
    canvas = np.full((HEIGHT, WIDTH), PAPER, np.uint8)
    _paint_keys(canvas, rows.pitches)
    _paint_time(canvas, song)
    _paint_octaves(canvas, rows.pitches)
    if rows.drums:
        top = min(top for top, _ in rows.drums.values())
        canvas[top - 1, LEFT : WIDTH - RIGHT] = C_LINE
        _paint_text(canvas, "drums", LEFT - 10, (top + HEIGHT - BOTTOM) // 2, "rm", DRUM_FONT_SIZE)
    return canvas


def _png(canvas: Canvas, **options: int) -> bytes:
    picture = Image.fromarray(canvas, "P")
    picture.putpalette(palette.rgb())
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=9, **options)
    return file.getvalue()


def time_span(song: Song) -> tuple[float, float]:
    """Computes the positions of a song's tick 0 and of its end in its picture, as fractions of the width, 0..1."""
    pixels = _pixels_per_tick(song)
    return LEFT / WIDTH, (LEFT + song.end * pixels) / WIDTH


def _pixels_per_tick(song: Song) -> float:
    """Computes the scale at which whole bars fill the picture's width."""
    bar = bar_ticks(song)
    return (WIDTH - LEFT - RIGHT) / (bar * max(math.ceil(song.end / bar), MIN_BARS))


@dataclasses.dataclass(frozen=True)
class _Rows:
    """The pixel rows, the first and one past the last, of every pitch shown and of every drum."""

    pitches: dict[int, tuple[int, int]]
    drums: dict[int, tuple[int, int]]

    @classmethod
    def of(cls, song: Song) -> "_Rows":
        """Places the rows of a song, drums at the bottom."""
        drums = _drum_rows(song)
        floor = HEIGHT - BOTTOM - DRUM_ROW * len(set(drums.values()))
        return cls(_row_edges(song.merged(), floor), drums)


def _drum_rows(song: Song) -> dict[int, tuple[int, int]]:
    """Computes the pixel rows of every drum, the lowest at the bottom; of more than fit several have one row."""
    drums = np.unique(song.pitches[song.is_drum()]).tolist()
    size = max(-(-len(drums) // DRUM_ROWS), 1)
    edges = [HEIGHT - BOTTOM - DRUM_ROW * (at // size) for at in range(len(drums))]
    return {drum: (edge - DRUM_ROW, edge) for drum, edge in zip(drums, edges, strict=True)}


def _row_edges(song: Song, floor: int) -> dict[int, tuple[int, int]]:
    """Computes the pixel rows of every pitch shown, above the row `floor`: the first, and one past the last."""
    low, high = (int(song.pitches.min()) - 2, int(song.pitches.max()) + 2) if len(song) else (60, 60)
    missing = max(MIN_SEMITONES - (high - low + 1), 0)
    low = min(max(low - missing // 2, 0), 127 - MIN_SEMITONES + 1)
    high = min(max(high + missing - missing // 2, low + MIN_SEMITONES - 1), 127)
    edges = np.linspace(floor, TOP, high - low + 2).round().astype(int).tolist()
    return {low + row: (min(edges[row + 1], edges[row] - 1), edges[row]) for row in range(high - low + 1)}


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
    """Paints lines at bars and quarters and bar numbers, thinned out where there is no room."""
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
    """Computes the power of two by which lines `pixels` apart are thinned out to be `at_least` pixels apart."""
    return int(2 ** max(0, math.ceil(math.log2(at_least / pixels))))


def _paint_notes(canvas: Canvas, song: Song, rows: _Rows, part: int | None = None) -> None:
    """Paints the notes of a part, or, without one, all."""
    starts, durations, pitches = song.notes()
    colours = (
        part_colours.of_notes(song) + NOTE_COLOURS if song.band else [_colour_of(pitch) for pitch in pitches.tolist()]
    )
    pixels = _pixels_per_tick(song)
    lefts = (LEFT + starts * pixels).round().astype(int).tolist()
    rights = (LEFT + (starts + durations) * pixels).round().astype(int).tolist()
    notes = zip(lefts, rights, pitches.tolist(), colours, song.is_drum().tolist(), strict=True)
    own = itertools.repeat(True) if part is None else song.note_parts() == part
    for left, right, pitch, colour, is_drum in itertools.compress(notes, own):
        # A gap keeps consecutive notes of one pitch apart.
        gap = min(2, max(right - left - 2, 0))
        top, bottom = (rows.drums if is_drum else rows.pitches)[pitch]
        # Where a row is a pixel high there is no line between two.
        bar = canvas[min(top + 1, bottom - 1) : bottom, left : max(right - gap, left + 2)]
        _paint_bar(bar, NOTES + 2 * int(colour))


def _paint_bar(bar: Canvas, edge: int) -> None:
    """Fills a note with the colour `edge` + 1 and rounds its corners as far as its size allows."""
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


def _paint_text(canvas: Canvas, text: str, x: int, y: int, anchor: str, size: int = FONT_SIZE) -> None:
    """Writes a label whose anchor, in Pillow's letters, is at (x, y)."""
    mask, offset_x, offset_y = _text_mask(text, anchor, size)
    target = canvas[y + offset_y : y + offset_y + mask.shape[0], x + offset_x : x + offset_x + mask.shape[1]]
    mask = mask[: target.shape[0], : target.shape[1]]
    target[mask > 0] = INK + mask[mask > 0] - 1


@functools.lru_cache(maxsize=256)
def _text_mask(text: str, anchor: str, size: int) -> tuple[Canvas, int, int]:
    """Draws a label in shades 0 (none) to INK_SHADES; returns it with the offset of its corner from the anchor."""
    # Pillow's own font, so that pictures do not depend on the fonts of the machine.
    font = ImageFont.load_default(size)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text, anchor=anchor))
    picture = Image.new("L", (right - left + 1, bottom - top + 1))
    ImageDraw.Draw(picture).text((-left, -top), text, fill=255, font=font, anchor=anchor)
    return (np.asarray(picture, np.uint16) * INK_SHADES // 255).astype(np.uint8), left, top
