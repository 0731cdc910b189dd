"""A song with its tokens, written once while it is read: what is counted and what is written need no other encoding."""

import dataclasses
import functools
import struct
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from nabi.music.encodings import Encoding
from nabi.music.song import Song
from nabi.music.vocabulary import Vocabulary

# Bytes of the music and of the different tokens; both follow, then the places.
_HEADER = struct.Struct("<2I")
_BETWEEN_TOKENS = "\n"


@dataclasses.dataclass(frozen=True, eq=False)
class EncodedSong:
    """A song and its tokens, song marks not among them.

    Attributes:
      music: `Song.to_bytes()`.
      distinct: the different tokens, in the order in which they first appear.
      places: uint16 or, of more than 65,536 different tokens, uint32 [L]: the index in `distinct` of each token.
    """

    music: bytes
    distinct: tuple[str, ...]
    places: npt.NDArray[np.uint16] | npt.NDArray[np.uint32]

    @classmethod
    def of(cls, song: Song, encoding: Encoding) -> "EncodedSong":
        """Encodes a song; raises ValueError for a song of another grid."""
        tokens = encoding.encode(song)
        place = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
        places = np.fromiter(map(place.__getitem__, tokens), _unsigned(len(place)), len(tokens))
        return cls(song.to_bytes(), tuple(place), places)

    @functools.cached_property
    def song(self) -> Song:
        """The song."""
        return Song.from_bytes(self.music)

    @property
    def tokens(self) -> list[str]:
        """The tokens, in order."""
        return [self.distinct[place] for place in self.places.tolist()]

    def counts(self) -> Iterable[tuple[str, int]]:
        """Yields each different token with the number of times that it stands in the song."""
        return zip(self.distinct, np.bincount(self.places, minlength=len(self.distinct)).tolist(), strict=True)

    def ids(self, vocabulary: Vocabulary) -> npt.NDArray[np.int64]:
        """Returns the tokens' ids, int64 [L]; `<unk>` for those that the vocabulary lacks."""
        ids: npt.NDArray[np.int64] = vocabulary.encode(self.distinct)[self.places]
        return ids

    def to_bytes(self) -> bytes:
        """Serializes the song and its tokens, for `from_bytes`."""
        text = _BETWEEN_TOKENS.join(self.distinct).encode()
        return b"".join([_HEADER.pack(len(self.music), len(text)), self.music, text, self.places.tobytes()])

    @classmethod
    def from_bytes(cls, data: bytes) -> "EncodedSong":
        """Reads what `to_bytes` wrote."""
        music_size, text_size = _HEADER.unpack_from(data)
        text_begin = _HEADER.size + music_size
        text_end = text_begin + text_size
        distinct = tuple(data[text_begin:text_end].decode().split(_BETWEEN_TOKENS)) if text_size else ()
        places = np.frombuffer(data, _unsigned(len(distinct)), offset=text_end)
        return cls(data[_HEADER.size : text_begin], distinct, places)


def _unsigned(size: int) -> "type[np.uint16] | type[np.uint32]":
    return np.uint16 if size <= 1 << 16 else np.uint32
