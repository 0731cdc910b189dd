"""Windows of a song and of its augmented copies."""

import pytest

from nabi.music import records
from nabi.music.band import Instrument
from nabi.music.song import Song
from nabi.music.timeline import Timeline
from nabi.music.windows import is_original, join_records
from pipelines.config import PreprocessConfig
from pipelines.preprocessing.shards import Encoder, SplitSong
from pipelines.reading import dataset_settings
from pipelines.reading.encoded_song import EncodedSong
from pipelines.reading.song_spool import SpoolPosition
from tests import builders

HASH = "0123456789abcdef" * 4
DUO = Song.from_parts(
    [0, 12], [12, 12], [60, 62], [0, 0], [60, 100],
    instruments=[Instrument("Violin", 40)], timeline=Timeline.of(tempi=[(0, 500_000)]),
)  # fmt: skip


def tokens_by_name(music: Song, split: str = "train", **settings: object) -> dict[tuple[str, int], str]:
    """(name, semitones) -> tokens without marks, of every copy of a song, in the order of its records."""
    config = PreprocessConfig.create({"window": 4, **settings})
    vocabulary = dataset_settings.make_vocabulary(config, {})
    encoder = Encoder(config.build_encoding(), vocabulary, config)
    song = SplitSong(HASH, split, SpoolPosition("", 0, 0))
    encoded = EncodedSong.of(music, encoder.encoding)
    windows = list(map(records.parse, encoder.records(song, encoded, encoder.ids(encoded))))
    assert all(is_original(window) == ((window.song, window.transpose) == (HASH, 0)) for window in windows)
    return {
        (window.song.removeprefix(HASH), window.transpose): " ".join(
            token for token in vocabulary.decode(window.tokens.tolist()) if not token.startswith("<")
        )
        for window in join_records(windows)
    }


@pytest.mark.parametrize("split", ["validation", "test"])
def test_held_out_songs_are_only_written_as_they_are(split):
    augmented = {"stretch": "0.8", "velocity_scale": "0.5", "time_scales": "2", "transpose": "1"}
    assert list(tokens_by_name(DUO, split, encoding="band", **augmented)) == [("", 0)]


def test_a_louder_copy_differs_in_velocities_alone():
    made = tokens_by_name(DUO, encoding="band", velocity_scale="1.2")
    assert made["", 0] == (
        "bar:1 key:G-minor last:2 part:40 tempo:120 program:40 velocity:4 C4 d:1 s:1 @1 velocity:7 D4 d:1 s:1"
    )
    assert (
        made["*velocity:6/5", 0]
        == "bar:1 key:G-minor last:2 part:40 tempo:120 program:40 velocity:5 C4 d:1 s:1 @1 velocity:8 D4 d:1 s:1"
    )
    assert len(made) == 2


def test_a_slower_copy_differs_in_tempo_alone():
    made = tokens_by_name(DUO, encoding="band", stretch="5/4")
    assert made["*tempo:4/5", 0] == made["", 0].replace("tempo:120", "tempo:96")


def test_in_seconds_a_slower_copy_has_longer_notes():
    music = builders.song((0, 100, 60), (100, 50, 62), ticks_per_quarter=50)
    assert tokens_by_name(music, time="seconds", stretch="1.1") == {
        ("", 0): "C4 d:2 s:2 D4 d:1",
        ("*stretch:11/10", 0): "C4 d:11/5 s:11/5 D4 d:11/10",
    }


def test_each_factor_is_one_more_copy_in_every_key_in_the_order_of_the_records():
    factors = {"stretch": "5/4", "velocity_scale": "2,1/2", "time_scales": "2"}
    made = tokens_by_name(DUO, encoding="band", transpose="-1,1", **factors)
    marks = ["", "*2", "*tempo:4/5", "*velocity:1/2", "*velocity:2"]
    assert list(made) == [(mark, semitones) for mark in marks for semitones in (-1, 0, 1)]
    assert (
        made["*velocity:1/2", 1]
        == "bar:1 key:G#-minor last:2 part:40 tempo:120 program:40 velocity:2 C#4 d:1 s:1 @1 velocity:4 Eb4 d:1 s:1"
    )


def test_a_copy_with_the_tokens_of_the_song_itself_is_no_copy():
    made = tokens_by_name(DUO, encoding="band", stretch="1.01,1.5", velocity_scale="1.001", transpose="1")
    assert list(made) == [("", 0), ("", 1), ("*tempo:2/3", 0), ("*tempo:2/3", 1)]
