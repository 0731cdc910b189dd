"""The whole job on files that are odd, not bad: each is read, says how, and costs what its notes are worth."""

import gzip
import io
import struct
import tarfile

import pytest

from nabi.music.errors import ParseError
from nabi.reading import file_reader
from nabi.workspace import paths
from pipelines import preprocess
from pipelines.config import PreprocessConfig
from pipelines.reading import dataset_settings
from tests import builders
from tests.builders import midi, note

SCALE = builders.scale()
SILENCE = [*note(0, 480, 60), *note(480, 960, 62)]
RIFF = b"RIFF" + struct.pack("<I", 12 + len(SCALE)) + b"RMIDdata" + struct.pack("<I", len(SCALE)) + SCALE
# Each longer than 268 million ticks, 559,240 quarter notes.
BOMBS = {
    "silence.mid": midi([*SILENCE, *note(0xFFFFFFF, 0xFFFFFFF + 480, 64)]),
    "first.mid": midi(note(0xFFFFFFF, 0xFFFFFFF + 480, 64)),
    "held.mid": midi(note(0, 0xFFFFFFF, 60)),
    "held-chord.mid": midi([event for pitch in range(40, 80) for event in note(0, 0xFFFFFFF, pitch)]),
    "far-apart.mid": midi([event for at in range(200) for event in note(48_000 * at, 48_000 * at + 480, 60)]),
    "rest.abc": b"X:1\nM:none\nL:1/4\nK:C\nC " + b"z64 " * 60 + b"D|\n",
}
ENCODINGS = ("pitch", "pitch-duration", "events", "grid", "steps", "voices", "bars")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", BOMBS)
def test_a_few_bytes_cost_few_tokens_in_every_encoding(name, encoding):
    config = PreprocessConfig(encoding=encoding, window=8)
    ((_, song),) = file_reader.read_songs(BOMBS[name], source=name)
    kept = config.selection.of(song)
    assert kept.about.shortened_quarters > 3000
    assert len(kept.pitches) == len(song.pitches)
    if refusal := dataset_settings.refusal(config, kept):
        # A note or a silence of some 30 quarter notes for each note, in sixteenths.
        assert (name, encoding, refusal[0]) in {
            ("far-apart.mid", "steps", "too-many-tokens"),
            ("held.mid", "steps", "too-many-tokens"),
        }
        return
    assert len(config.build_encoding().encode(kept)) <= 128 * len(kept.pitches)


def test_what_is_left_out_names_its_cost_and_the_limit():
    ((_, song),) = file_reader.read_songs(BOMBS["far-apart.mid"], source="far-apart.mid")
    config = PreprocessConfig(encoding="steps", window=8)
    reason, sentence = dataset_settings.refusal(config, config.selection.of(song))
    assert (reason, sentence) == ("too-many-tokens", "26276 steps tokens for 200 notes; --max_tokens_per_note is 128")


def write_files(folder):
    folder.mkdir()
    files = {
        "bomb.mid": BOMBS["silence.mid"],
        "container.rmi": RIFF,
        "frames.mid": midi([*note(0, 500, 60), *note(1000, 1500, 62)], division=(256 - 25) << 8 | 40),
        "packed.mid.gz": gzip.compress(builders.scale(7)),
        "patterns.mid": midi(SILENCE, [], note(0, 480, 72) + note(480, 960, 71), kind=2),
        "plain.mid": SCALE,
        "zeros.mid.gz": gzip.compress(b"\0" * (file_reader.MAX_BYTES + 1)),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with tarfile.open(folder / "all.tar", "w") as archive:
        for name, data in (("a/inner.mid.gz", gzip.compress(builders.scale(6))), ("b.tar.gz", gzip.compress(b""))):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def make(folder, output, *flags):
    given = ["--window=4", "--max_lost_fraction=1", "--split=1,0,0", "--shards=1", "--near_duplicates=keep", *flags]
    preprocess.main(["--input", str(folder), "--output", str(output), *given])
    (path,) = output.glob("ledger-*")
    said = ("outcome", "reason", "repaired", "shortened_quarters")
    return {
        row["source"].removeprefix(f"{folder}/"): tuple(row[key] for key in said) for row in paths.read_rows(str(path))
    }


@pytest.mark.slow
def test_the_ledger_says_how_each_was_read(tmp_path):
    write_files(tmp_path / "midi")
    rows = make(tmp_path / "midi", tmp_path / "first", "--keep_songs")
    assert rows == {
        "all.tar!a/inner.mid.gz": ("read", "", ["gzip"], 0),
        "all.tar!b.tar.gz": ("lost", "unreadable", [], 0),
        # 559,240 quarters of the last note's start, less 2 of notes, in bars of 4.
        "bomb.mid": ("read", "", [], 559_208),
        "container.rmi": ("read", "", ["riff"], 0),
        "frames.mid": ("read", "", ["smpte"], 0),
        "packed.mid.gz": ("read", "", ["gzip"], 0),
        "patterns.mid#1": ("read", "", ["format-2"], 0),
        "patterns.mid#3": ("read", "", ["format-2"], 0),
        "plain.mid": ("read", "", [], 0),
        "zeros.mid.gz": ("lost", "too-large", [], 0),
    }
    # What was kept is what reading again gives, and another limit on silence reads again.
    assert make(tmp_path / "midi", tmp_path / "again", f"--reuse={tmp_path / 'first'}") == rows
    shards = [(tmp_path / name / "train-00000-of-00001.tfrecord").read_bytes() for name in ("first", "again")]
    assert shards[0] == shards[1]
    shorter = make(tmp_path / "midi", tmp_path / "shorter", "--max_silence=8", f"--reuse={tmp_path / 'first'}")
    assert shorter["bomb.mid"] == ("read", "", [], 559_232)


def test_a_silence_of_no_length_is_refused():
    with pytest.raises(ValueError, match="--max_silence 0 must be at least 1"):
        preprocess.parse(["--input=a", "--output=b", "--max_silence=0"])
    with pytest.raises(ValueError, match="--max_tokens_per_note 0 must be at least 1"):
        preprocess.parse(["--input=a", "--output=b", "--max_tokens_per_note=0"])


def test_a_bomb_is_no_song_only_where_the_reader_says_so():
    """A delta that no song has, of ticks that are quarter notes."""
    ((_, error),) = file_reader.read_songs(midi(note(0xFFFFFFF, 0xFFFFFFF + 1, 60), division=1), source="a.mid")
    assert isinstance(error, ParseError)
    assert error.reason == "too-long"
