"""How songs begin: with `<start>`, with a MIDI file, or with windows of a dataset's split."""

import dataclasses
import hashlib
import heapq
import itertools
import pathlib
from collections.abc import Iterator

from generator.grammar import Grammar
from songs import layout, reading, records, storage
from songs.encodings import Encoding
from songs.vocabulary import START, Vocabulary
from songs.windows import SPLITS

FROM_START = "start"

# Different primers a job takes from a split, and the records they are drawn from: enough for variety, and few enough
# that every worker can have them all.
MAX_PRIMERS = 1024
MAX_SCANNED = 65_536


@dataclasses.dataclass(frozen=True)
class Primers:
    """Song number -> its first ids.

    Attributes:
      pool: the primers to pick from; each has at least one id, `<start>` or music.
      seed: of the picking.
    """

    pool: tuple[tuple[int, ...], ...] = ((START,),)
    seed: int = 0

    def of(self, song: int) -> tuple[int, ...]:
        """The primer of a song: one of the pool, by the seed and the song's number."""
        return self.pool[_hash(f"primer {self.seed} {song}") % len(self.pool)]

    @property
    def longest(self) -> int:
        """Ids of the longest primer."""
        return max(len(primer) for primer in self.pool)


@dataclasses.dataclass(frozen=True)
class Reader:
    """What it takes to turn music into a primer.

    Attributes:
      vocabulary: the model's.
      encoding: the model's.
      grammar: the model's; what it does not allow is left out of a primer.
      song_marks: whether `<start>` stands before a song.
      tokens: how many tokens a primer has at most, `<start>` not counted, at least 1.
    """

    vocabulary: Vocabulary
    encoding: Encoding
    grammar: Grammar
    song_marks: bool
    tokens: int

    def from_file(self, path: str, *, instrument: str, parser: str) -> Primers:
        """The beginning of a MIDI file, the same for every song.

        Raises:
          ValueError: if the file cannot be read, is no song, or holds nothing that the model knows.
        """
        try:
            song = reading.read_song(storage.read_bytes(path), source=path, instrument=instrument, parser=parser)
        except reading.ParseError as error:
            raise ValueError(f"--primer {path} cannot be read as a song ({error})") from error
        known = self.encoding.spell(self.encoding.encode(song), self.vocabulary.ids)
        primer = self._primer(self.vocabulary.encode(known).tolist(), at_start=True)
        if not primer:
            raise ValueError(f"--primer {path} holds nothing the model knows: none of its tokens is in the vocabulary")
        return Primers((primer,))

    def from_split(self, dataset: str, split: str, *, seed: int, content: str) -> Primers:
        """Windows of a dataset, the beginning of each; the same ones for the same dataset and seed.

        Args:
          dataset: the directory.
          split: `train`, `validation` or `test`.
          seed: which windows, and which song gets which.
          content: the fingerprint of the dataset that the model was trained on.

        Raises:
          ValueError: if it is another dataset, or its split holds nothing to begin with.
        """
        marks = layout.require_completed(dataset, "dataset", "python -m pipelines.preprocess")
        if marks.get("content") != content:
            raise ValueError(
                f"--data {dataset} has the fingerprint {marks.get('content')}, but the model was trained on {content}: "
                "pass the dataset that the model was trained on"
            )
        shards = int(layout.read_json(storage.join(dataset, layout.DATASET))["splits"].get(split, {}).get("shards", 0))
        scanned = itertools.islice(_windows(dataset, split, shards, seed), MAX_SCANNED)
        chosen = heapq.nsmallest(MAX_PRIMERS, scanned, key=lambda window: _order(window, seed))
        primers = (self._primer(window.tokens.tolist(), at_start=window.start == 0) for window in chosen)
        pool = tuple(primer for primer in primers if primer)
        if not pool:
            raise ValueError(f"--primer {split}: this split of the dataset {dataset} holds no window to start from")
        return Primers(pool, seed)

    def _primer(self, ids: list[int], at_start: bool) -> tuple[int, ...]:
        """`<start>` where a song begins, then its first tokens; nothing if the model knows none of them."""
        music = self.grammar.walk(ids)[: self.tokens]
        return (*([START] if at_start and self.song_marks else []), *music) if music else ()


def check(primer: str) -> None:
    """Raises ValueError if a primer is neither `start`, a split, nor a file that is there."""
    if primer in (FROM_START, *SPLITS):
        return
    if not storage.scheme_of(primer) and not pathlib.Path(primer).is_file():
        raise ValueError(f"--primer {primer!r} is neither a MIDI file nor one of {', '.join((FROM_START, *SPLITS))}")


def _windows(dataset: str, split: str, shards: int, seed: int) -> Iterator[records.Window]:
    """The split's windows, file by file, from the file that the seed picks."""
    first = _hash(f"shard {seed}") % max(shards, 1)
    for index in range(shards):
        name = layout.shard_name(split, (first + index) % shards, shards)
        with storage.open_read(storage.join(dataset, name)) as file:
            yield from map(records.parse, records.read(file))


def _order(window: records.Window, seed: int) -> int:
    return _hash(f"window {seed} {window.song} {window.transpose} {window.start}")


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
