"""What became of a source that was read, and of a song that was written: rows of the pipeline."""

import dataclasses
import json

from nabi.analysis.tune_fingerprint import Fingerprint
from nabi.workspace.ledger import LedgerRow
from pipelines.reading.song_spool import SpoolPosition
from pipelines.reading.sources import as_text


@dataclasses.dataclass(frozen=True, slots=True)
class ReadOutcome(LedgerRow):
    """The row of a source that was read, with what later steps need of its song.

    With slots it takes half the memory; Beam's local runner holds all rows that it shuffles.

    Attributes:
      position: the song's position in the spool; None without a song.
      song: the name under which records are written (`nabi.music.song_id`): the hash, with `+1` ... for duplicates
        that are kept.
      bands: bands of the fingerprint (see `nabi.analysis.tune_fingerprint`), joined by spaces; "" once clusters are
        named.
      sketch: sketch of the fingerprint; b"" once clusters are named.
    """

    position: SpoolPosition | None = None
    song: str = ""
    bands: str = ""
    sketch: bytes = b""

    @classmethod
    def without_song(cls, source: str, outcome: str, reason: str, detail: str, seconds: float) -> "ReadOutcome":
        """Returns the row of a source that gave no song."""
        return cls(source, outcome, reason, as_text(detail), seconds=seconds)

    def fingerprint(self) -> Fingerprint:
        """Returns the fingerprint by which near duplicates of the song are found."""
        return Fingerprint(tuple(self.bands.split()), self.sketch)

    def to_json(self) -> bytes:
        """Serializes the row of a source that was just read, for `from_json`."""
        values = {name: value for name in _READ_FIELDS if (value := getattr(self, name))}
        return json.dumps({**values, "sketch": self.sketch.hex()}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "ReadOutcome":
        """Reads what `to_json` wrote; raises ValueError on anything else."""
        try:
            fields = json.loads(data)
            lists = {name: tuple(fields[name]) for name in ("alternatives", "repaired") if name in fields}
            return cls(**{**fields, **lists, "sketch": bytes.fromhex(fields["sketch"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"no row of a source: {error!r}") from error


# Fields of a row that are known once its source is read, besides the sketch, which is no text.
_READ_FIELDS = (*(field.name for field in dataclasses.fields(LedgerRow)), "bands")


@dataclasses.dataclass(frozen=True, slots=True)
class WrittenSong:
    """A song that was written to a shard.

    Attributes:
      song: its name.
      split: its split.
      tokens: number of tokens, song marks included, before augmentation.
      unknown: number of tokens that the vocabulary lacks.
      windows: number of records, augmented ones included.
      cluster: its cluster of near duplicates; "": none.
    """

    song: str
    split: str
    tokens: int
    unknown: int
    windows: int
    cluster: str = ""
