"""What a generated song's row says of its music."""

from typing import Any

from nabi.analysis import copies
from nabi.analysis.style_profile import SongMeasurements
from nabi.music.song import Song


def columns(song: Song, primer_notes: int = 0) -> dict[str, Any]:
    """What is measured of a song.

    Args:
      song: as it sounds.
      primer_notes: how many of its first notes were given and not made.

    Returns:
      Of the whole song: `key`, such as `D minor`; `key_correlation`, how clear it is, -1..1 (`nabi.music.keys`);
      `pitch_range`, its lowest and highest MIDI number; `entropy`, of its pitch classes, 0..3.58 bits
      (`nabi.analysis.statistics`). Each is None where the song has none. And `measured`, of the notes that were made,
      for the
      summary of all songs: what was given tells nothing of the model.
    """
    whole = SongMeasurements.of(song)
    made = SongMeasurements.of(copies.after(song, primer_notes)) if primer_notes else whole
    return {
        "key": whole.key.name if whole.key else None,
        "key_correlation": round(whole.key.correlation, 4) if whole.key else None,
        "pitch_range": [int(song.pitches.min()), int(song.pitches.max())] if len(song) else None,
        "entropy": whole.as_dict()["figures"].get("pitch_class_entropy"),
        "measured": made.as_dict(),
    }
