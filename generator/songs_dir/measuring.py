"""Measurements of a generated song's music, as columns of its row."""

from typing import Any

from nabi.analysis import copies, form
from nabi.analysis.style_profile import SongMeasurements
from nabi.music.song import Song


def columns(song: Song, primer_notes: int = 0) -> dict[str, Any]:
    """Measures a song.

    Args:
      song: notes of the song.
      primer_notes: number of its first notes that the primer gave.

    Returns:
      Of the whole song: `key`, such as `D minor`; `key_correlation`, the correlation with that key, -1..1
      (`nabi.music.keys`); `pitch_range`, its lowest and highest MIDI number; `entropy` of its pitch classes, 0..3.58
      bits (`nabi.analysis.statistics`). Each is None where it is undefined. `form`, how it holds together, name ->
      figure (`nabi.analysis.form`). And `measured`, the measurements of the generated notes alone for the summary of
      all songs, since the primer says nothing about the model.
    """
    song = song.merged()
    whole = SongMeasurements.of(song)
    generated = SongMeasurements.of(copies.after(song, primer_notes)) if primer_notes else whole
    figures = whole.as_dict()["figures"]
    return {
        "key": whole.key.name if whole.key else None,
        "key_correlation": round(whole.key.correlation, 4) if whole.key else None,
        "pitch_range": [int(song.pitches.min()), int(song.pitches.max())] if len(song) else None,
        "entropy": figures.get("pitch_class_entropy"),
        "form": {name: figures[name] for name in form.FIGURES if name in figures},
        "measured": generated.as_dict(),
    }
