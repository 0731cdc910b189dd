import numpy as np
import pytest

from nabi.music.encodings.events import Events
from nabi.music.vocabulary import Vocabulary
from pipelines.reading.encoded_song import EncodedSong
from tests import builders

SONG = builders.song((0, 12, 60), (12, 12, 62), (24, 12, 60))
TOKENS = ["C4", "d:1", "s:1", "D4", "d:1", "s:1", "C4", "d:1"]


@pytest.mark.parametrize("song", [SONG, builders.song()])
def test_a_song_comes_back_from_its_bytes_with_its_tokens(song):
    read = EncodedSong.from_bytes(EncodedSong.of(song, Events()).to_bytes())
    assert read.song == song
    assert read.tokens == (TOKENS if len(song) else [])


def test_tokens_are_counted_and_numbered_by_their_different_ones():
    encoded = EncodedSong.of(SONG, Events())
    assert list(encoded.counts()) == [("C4", 2), ("d:1", 3), ("s:1", 2), ("D4", 1)]
    vocabulary = Vocabulary.from_counts({"C4": 2, "d:1": 3, "s:1": 2})
    assert encoded.ids(vocabulary).tolist() == [5, 4, 6, 1, 4, 6, 5, 4]


def test_more_different_tokens_than_two_bytes_can_number():
    many = tuple(map(str, range((1 << 16) + 1)))
    read = EncodedSong.from_bytes(EncodedSong(b"", many, np.array([1 << 16, 0], np.uint32)).to_bytes())
    assert read.tokens == ["65536", "0"]
