"""Metadata of songs."""

import dataclasses
import json

from nabi.music.song_id import SongId


@dataclasses.dataclass(frozen=True)
class About:
    """Metadata of a song: all that a file tells besides the notes.

    Attributes:
      source: the origin of the song: `path`, `archive!member` or `file#tune`.
      sha256: of the file's bytes, in hexadecimal; with `#tune` where a file holds several (`nabi.music.song_id`).
      instrument: the instruments whose notes were taken, in the words of the file or of General MIDI.
      tempo: quarter notes a minute at the start, or None where the file gives none.
      time_signature: such as `3/4`, at the start, or None.
      key_signature: such as `D minor`, at the start, or None.
      alternatives: the file's other instruments that have notes, each with its program: `Violin (40)`.
      repaired: irregularities of the file, keys of `nabi.reading.repair.REPAIRS`.
      shortened_quarters: quarter notes of silence that were taken out (see `nabi.music.silence`).
      phrase_ends: ticks at which phrases end, ascending: where a score's notes with a fermata end, and at a MIDI file's
        markers `phrase end`.
      tracks: fingerprint of the tracks that the notes were written in, as text (see `nabi.analysis.tune_fingerprint`);
        "" of one track.
    """

    source: str = ""
    sha256: str = ""
    instrument: str = ""
    tempo: float | None = None
    time_signature: str | None = None
    key_signature: str | None = None
    alternatives: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    shortened_quarters: float = 0.0
    phrase_ends: tuple[int, ...] = ()
    tracks: str = ""

    def to_json(self) -> bytes:
        """Serializes the metadata, for `from_json`; equal metadata gives equal bytes."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "About":
        """Reads what `to_json` wrote; raises ValueError on anything else."""
        try:
            fields = json.loads(data)
            lists = {name: tuple(fields[name]) for name in ("alternatives", "repaired", "phrase_ends")}
            return cls(**{**fields, **lists})
        except (KeyError, TypeError) as error:
            raise ValueError(f"no metadata of a song: {error!r}") from error

    def of_tune(self, tune: str) -> "About":
        """Returns the metadata of one tune of a file that holds several; "" names the only tune of a file."""
        if not tune:
            return self
        sha256 = str(SongId(self.sha256, tune)) if self.sha256 else ""
        return dataclasses.replace(self, source=f"{self.source}#{tune}", sha256=sha256)
