"""`--dry_run`: forecasts a dataset's size and costs from a sample of the input, before time or money is spent."""

import collections
import dataclasses
import time
from collections.abc import Sequence

from nabi.music import windows
from nabi.workspace.ledger import READ
from pipelines.config import PreprocessConfig
from pipelines.preprocessing.shards import Encoder, SplitSong
from pipelines.reading import dataset_settings, rows
from pipelines.reading.encoded_song import EncodedSong
from pipelines.reading.song_spool import SpoolPosition
from pipelines.reading.sources import Source

_SAMPLE = 200
# With fewer a model learns the songs by heart.
_FEW_SONGS, _FEW_TOKENS = 20, 20_000


@dataclasses.dataclass
class Forecast:
    """A dataset's size and costs, extrapolated from a sample, except for `files`, `sample` and `types`.

    Attributes:
      files: sources that the input names.
      sample: sources that were read.
      outcomes: (outcome, reason) -> sources.
      events: notes and chords.
      tokens: tokens, song marks included, before augmentation.
      types: different tokens of the sample, a lower bound for the whole.
      records: windows, those of augmented songs included.
      record_bytes: size of the record files.
      seconds: time to read and write on one core of this machine.
    """

    files: int
    sample: int
    outcomes: collections.Counter[tuple[str, str]]
    events: int
    tokens: int
    types: int
    records: int
    record_bytes: int
    seconds: float


def forecast(listing: Sequence[Source], config: PreprocessConfig, sample: int = _SAMPLE) -> Forecast:
    """Reads up to `sample` sources, chosen by a hash of their names, and extrapolates to all of `listing`."""
    chosen = sorted(listing, key=lambda source: windows.fraction_of(f"sample {source.name}"))[:sample]
    began = time.monotonic()
    with rows.SourceReader(config) as reader:
        results = list(reader.read(chosen))
    songs = [EncodedSong.from_bytes(song) for _, song in results if song]
    counts = collections.Counter(token for song in songs for token in song.tokens)
    encoder = Encoder(config.build_encoding(), dataset_settings.make_vocabulary(config, counts), config)
    training_song = SplitSong("sample", "train", SpoolPosition("", 0, 0))
    records = [record for song in songs for record in encoder.records(training_song, song, encoder.ids(song))]
    scale = len(listing) / max(len(chosen), 1)

    def extrapolate(value: float) -> int:
        """Scales a figure of the sample to all sources."""
        return round(value * scale)

    outcomes = collections.Counter((row.outcome, row.reason) for row, _ in results)
    return Forecast(
        files=len(listing),
        sample=len(chosen),
        outcomes=collections.Counter({key: extrapolate(count) for key, count in outcomes.items()}),
        events=extrapolate(sum(row.events for row, _ in results)),
        tokens=extrapolate(counts.total() + 2 * config.song_marks * len(songs)),
        types=len(encoder.vocabulary),
        records=extrapolate(len(records)),
        # TFRecord adds 16 bytes to each record: its length and two checksums.
        record_bytes=extrapolate(sum(len(record) + 16 for record in records)),
        seconds=(time.monotonic() - began) * scale,
    )


def describe(expected: Forecast) -> str:
    """Returns the forecast as lines of text, with a warning if the set is too small to learn from."""
    read = sum(count for (outcome, _), count in expected.outcomes.items() if outcome == READ)
    lines = [
        f"{expected.files:,} files matched; a sample of {expected.sample:,} was read, the rest is extrapolated",
        *(
            f"  {count:9,} {outcome}{f' ({reason})' if reason else ''}"
            for (outcome, reason), count in expected.outcomes.most_common()
        ),
        f"  {expected.events:9,} notes and chords, {expected.tokens:,} tokens",
        f"  {expected.types:9,} different tokens in the sample; more files bring more",
        f"  {expected.records:9,} training windows, {expected.record_bytes / 1e6:,.1f} MB",
        f"  {_duration(expected.seconds)} on one core of this machine, and about 10 s to start and finish",
    ]
    if read < _FEW_SONGS or expected.tokens < _FEW_TOKENS:
        lines.append(
            f"warning: {read:,} songs and {expected.tokens:,} tokens are few: a model will learn them by heart. Give "
            f"more files (at least {_FEW_SONGS} songs and {_FEW_TOKENS:,} tokens), or --transpose -5..6"
        )
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:9.1f} hours" if seconds > 5400 else f"{max(seconds, 1):9.0f} s"
