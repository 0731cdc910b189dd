import io

import numpy as np
import pytest
from PIL import Image

from generator.songs_dir import render
from nabi.music.about import About
from nabi.music.band import Instrument
from nabi.music.song import Song


def colours(song):
    """The picture as RGB, [height, width, 3]."""
    return np.asarray(Image.open(io.BytesIO(render.piano_roll(song))).convert("RGB"), int)


def is_note(picture):
    """Where a picture is coloured: paper, lines and labels are grey."""
    return picture.max(axis=2) - picture.min(axis=2) > 40


def extent(picture):
    """The first and last row and column that hold a note."""
    rows, columns = np.nonzero(is_note(picture))
    return rows.min(), rows.max(), columns.min(), columns.max()


def test_notes_are_coloured_where_they_sound_and_nowhere_else():
    # Four bars of 4/4 are 192 ticks, 1124 pixels from LEFT: a half note is 140.5, less the gap of 2 before the next.
    low = colours(Song.from_notes([0], [24], [60]))
    high = colours(Song.from_notes([24], [24], [72]))
    both = colours(Song.from_notes([0, 24], [24, 24], [60, 72]))
    assert extent(low)[2:] == (render.LEFT, render.LEFT + 137)
    assert extent(high)[2:] == (render.LEFT + 140, render.LEFT + 278)
    notes = is_note(both)
    middle_of_first, middle_of_second = render.LEFT + 70, render.LEFT + 210
    first, second = np.flatnonzero(notes[:, middle_of_first]), np.flatnonzero(notes[:, middle_of_second])
    assert min(len(first), len(second)) > 4
    assert second.max() < first.min()
    # An octave apart: twelve rows of a 28th of the height.
    assert first.mean() - second.mean() == pytest.approx(12 * (360 - 12 - 40) / 28, abs=1)
    assert not notes[:, render.LEFT + 285 :].any()


def test_picture_is_small_and_of_the_size_that_it_says():
    song = Song.from_notes(np.arange(500) * 6, np.full(500, 6), 40 + np.arange(500) * 7 % 40)
    data = render.piano_roll(song)
    assert Image.open(io.BytesIO(data)).size == (1200, 360)
    assert len(data) < 12_000


def test_equal_songs_have_equal_bytes_and_others_do_not():
    one, other = (Song.from_notes([0, 12], [12, 12], [60, top]) for top in (64, 65))
    assert render.piano_roll(one) == render.piano_roll(Song.from_bytes(one.to_bytes()))
    assert render.piano_roll(one) != render.piano_roll(other)


def test_repeated_notes_stay_apart():
    row = is_note(colours(Song.from_notes([0, 24], [24, 24], [60, 60]))).any(axis=0)
    assert not row[render.LEFT + 139]
    assert row[[render.LEFT + 130, render.LEFT + 150]].all()


def test_low_notes_are_bluer_than_high_ones():
    def colour(pitch):
        picture = colours(Song.from_notes([0], [48], [pitch]))
        top, bottom, left, right = extent(picture)
        return picture[(top + bottom) // 2, (left + right) // 2]

    low, high = colour(36), colour(91)
    assert low[2] > low[0]
    assert high[0] > high[2]


@pytest.mark.parametrize(
    ("signature", "bar_pixels"), [("4/4", 281.0), ("3/4", 281.0), (None, 281.0), ("nonsense", 281.0), ("0/4", 281.0)]
)
def test_short_songs_fill_four_bars_at_most(signature, bar_pixels):
    song = Song.from_notes([0], [12], [60], About(time_signature=signature))
    quarters = 3 if signature == "3/4" else 4
    left, right = render.time_span(song)
    assert left * render.WIDTH == pytest.approx(render.LEFT)
    assert (right - left) * render.WIDTH == pytest.approx(bar_pixels / quarters)


def test_songs_of_any_length_and_pitch_fit():
    longest = Song.from_notes([0, 67_000_000], [6, 12], [0, 127])
    assert render.time_span(longest)[1] <= 1 - render.RIGHT / render.WIDTH
    rows, columns = np.nonzero(is_note(colours(longest)))
    assert rows.min() >= render.TOP - 1
    assert rows.max() < render.HEIGHT - render.BOTTOM
    assert columns.min() == render.LEFT


@pytest.mark.parametrize("bars", range(4, 13))
def test_no_bar_is_numbered_beyond_the_last(bars):
    labels = colours(Song.from_notes([0], [48 * bars], [60]))[render.HEIGHT - render.BOTTOM + 2 :]
    assert labels[:, render.WIDTH - render.RIGHT :].min() > 240


def test_a_song_without_notes_says_so():
    empty = colours(Song.from_notes([], [], []))
    assert not is_note(empty).any()
    # The words: ink in the middle, darker than any line, where a picture of notes has none.
    middle = (slice(120, 190), slice(500, 700))
    assert empty[middle].max(axis=2).min() < 120
    assert colours(Song.from_notes([0], [12], [60]))[middle].max(axis=2).min() > 150


TRIO = [Instrument("Flute", 73), Instrument("Bass", 32), Instrument("Drums", 0, is_drums=True)]


def trio(*notes):
    """A song of (start, duration, pitch, part, velocity)."""
    return Song.from_parts(*zip(*notes, strict=True), instruments=TRIO)


def colour_at(song, tick):
    """The colour in the middle of what sounds at a tick, of four bars."""
    picture = colours(song)
    column = picture[:, render.LEFT + round((tick + 0.5) * (render.WIDTH - render.LEFT - render.RIGHT) / 192)]
    rows = np.flatnonzero(column.max(axis=1) - column.min(axis=1) > 20)
    return tuple(column[(rows.min() + rows.max()) // 2].tolist())


def test_each_part_has_a_colour_which_is_paler_where_it_is_soft():
    song = trio((0, 24, 60, 0, 100), (48, 24, 60, 1, 100), (96, 24, 60, 0, 40))
    loud, other, soft = (colour_at(song, tick) for tick in (12, 60, 108))
    assert (loud, other) == ((0, 114, 178), (213, 94, 0))
    assert all(pale > dark for pale, dark in zip(soft, loud, strict=True))


def test_a_note_is_the_paler_the_softer_in_four_steps():
    song = trio(*((24 * at, 24, 60, 0, velocity) for at, velocity in enumerate((31, 32, 63, 64, 95, 96, 127))))
    shades = [colour_at(song, 24 * at + 8)[0] for at in range(7)]
    assert shades == [176, 126, 126, 63, 63, 0, 0]


def layers(song):
    """Of each layer where it is opaque, and its colours; [height, width] and [height, width, 3]."""
    pictures = [np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"), int) for data in render.part_layers(song)]
    return [(picture[..., 3] > 0, picture[..., :3]) for picture in pictures]


def test_layers_are_the_picture_without_notes_and_the_notes_of_each_part():
    song = trio((0, 24, 60, 0, 100), (48, 24, 64, 1, 40), (96, 24, 36, 2, 100))
    (covers, picture), *parts = layers(song)
    assert covers.all()
    assert not is_note(picture).any()
    for at, (opaque, _) in zip((12, 60, 108), parts, strict=True):
        columns = np.flatnonzero(opaque.any(axis=0))
        assert columns.min() < render.LEFT + at * 1124 / 192 < columns.max() < columns.min() + 150
    for opaque, colour in parts:
        picture = np.where(opaque[..., None], colour, picture)
    # But for the corners of notes, which are rounded over whatever lies beneath.
    assert np.mean((picture != colours(song)).any(axis=2)) < 1e-4


def test_the_strip_of_drums_is_named_where_there_are_drums():
    def label(song):
        # The names of pitches begin further to the right.
        return colours(song)[:, :20].min() < 150

    assert label(trio((0, 24, 70, 0, 100), (0, 24, 36, 2, 100), (0, 24, 38, 2, 100)))
    assert not label(trio((0, 24, 70, 0, 100), (0, 24, 50, 1, 100)))


def test_drums_stand_below_all_pitches():
    # The drum's number is higher than the note's pitch.
    song = trio((0, 24, 30, 0, 100), (48, 24, 81, 2, 100), (96, 24, 35, 2, 100))
    notes = is_note(colours(song))
    middles = [np.flatnonzero(notes[:, render.LEFT + round(at * 1124 / 192)]).mean() for at in (12, 49, 97)]
    assert middles[0] < middles[1] < middles[2]


def test_more_drums_than_rows_share_them():
    song = trio(*((at, 3, 27 + at, 2, 100) for at in range(60)))
    top, bottom, *_ = extent(colours(song))
    assert bottom - top <= render.DRUM_ROWS * render.DRUM_ROW
    assert render.piano_roll(song) == render.piano_roll(Song.from_bytes(song.to_bytes()))


def test_a_band_of_every_pitch_and_drum_is_drawn():
    song = trio(*((0, 48, pitch, 0, 90) for pitch in range(128)), *((0, 3, drum, 2, 90) for drum in range(128)))
    assert is_note(colours(song)).any()
