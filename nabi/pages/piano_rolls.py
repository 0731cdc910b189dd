"""Draws the beginning of a song as a piano roll, in inline SVG."""

from collections.abc import Sequence

from nabi.music import note_names
from nabi.music.song import Song
from nabi.pages.markup import count, text

# Length drawn in quarter notes: 16 bars of 4/4.
MAX_QUARTERS = 64
# Gap drawn between a note and the next one of its pitch, in quarter notes.
_GAP_QUARTERS = 1 / 12
# Notes drawn of a song at most, so that the page stays small.
_MAX_NOTES = 3_000


def piano_roll(song: Song, name: str) -> str:
    """Draws a song's beginning as a piano roll, with lines at each C and every 4 bars of 4/4.

    Args:
      song: a song of at least one note; a silence at its beginning that is longer than the picture is left out, by
        multiples of 4 bars.
      name: the song's name, for screen readers.
    """
    quarter, most = song.ticks_per_quarter, MAX_QUARTERS * song.ticks_per_quarter
    gap = _GAP_QUARTERS * quarter
    start, duration, pitch = (column[:_MAX_NOTES].tolist() for column in song.notes())
    silent = start[0] // (16 * quarter) * 16 * quarter if start[0] >= most else 0
    notes_shown = zip((onset - silent for onset in start), duration, pitch, strict=True)
    shown = [note for note in notes_shown if note[0] < most]
    low, high = min(note[2] for note in shown) - 2, max(note[2] for note in shown) + 2
    # At least 28 pitches, so that the notes of a narrow tune are not drawn as bricks.
    low, high = min(low, (low + high) // 2 - 14), max(high, (low + high) // 2 + 14)
    end = min(max(note[0] + note[1] for note in shown), most)
    notes = "".join(
        f"M{begin} {high - key}h{max(min(length, end - begin) - gap, gap / 2):g}" for begin, length, key in shown
    )
    lines = "".join(f"M0 {high - key + 0.5:g}h{end}" for key in range(low, high) if key % 12 == 0)
    lines += "".join(f"M{tick} -1v{high - low + 2}" for tick in range(0, end, 16 * quarter)[1:])
    return (
        f'<svg class="roll" viewBox="0 -1 {end} {high - low + 2}" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(_describe(name, [note[2] for note in shown], end / quarter))}">'
        f'<path class="grid" d="{lines}"/><path class="notes" d="{notes}"/></svg>'
    )


def _describe(name: str, keys: Sequence[int], quarters: float) -> str:
    """Describes a piano roll for screen readers: its notes, their range and its length."""
    low, high = note_names.PITCH_NAMES[min(keys)], note_names.PITCH_NAMES[max(keys)]
    time = f"{quarters:.3g} quarter notes of time"
    return f"Piano roll of {name}: {count(len(keys), 'note')}, {low} to {high}, in {time}"
