"""The name of a song in records, ledgers and indices, written and read here alone.

It has the form `sha256[#tune][+copy][*rendition]`; `nabi.music.rendition` writes and reads the last part.
"""

import dataclasses
import re

from nabi.music.rendition import ORIGINAL, Rendition

# Digits of a hash that a short name keeps: of 10 million songs two share 16 with a probability of 3 in a million.
SHORT_DIGITS = 16

_FORM = "sha256[#tune][+copy][*rendition], such as 0123456789abcdef#2+1*1/2"
_NAME = re.compile(r"([^#+*]+)(?:#([^#+*]+))?(?:\+([1-9][0-9]*))?(\*.*)?")
_PART = re.compile(r"[^#+*]+")


@dataclasses.dataclass(frozen=True, slots=True)
class SongId:
    """Identifies a song by the bytes of its file.

    Raises ValueError for parts that no name can hold.

    >>> str(SongId("0123456789abcdef", tune="2", copy=1, rendition=Rendition.parse("*1/2")))
    '0123456789abcdef#2+1*1/2'

    Attributes:
      sha256: of the file's bytes, 64 hexadecimal digits or the first 16 of them.
      tune: which song of a file that holds several; "" of a file of one.
      copy: number among the files of the same bytes that are kept, from 0.
      rendition: how the song is played; other than as it is read in augmented training songs.
    """

    sha256: str
    tune: str = ""
    copy: int = 0
    rendition: Rendition = ORIGINAL

    def __post_init__(self) -> None:
        if not _PART.fullmatch(self.sha256):
            raise ValueError(f"the hash {self.sha256!r} of a song must not be empty or hold #, + or *")
        if self.tune and not _PART.fullmatch(self.tune):
            raise ValueError(f"the tune {self.tune!r} of the file {self.sha256} must not hold #, + or *")
        if self.copy < 0:
            raise ValueError(f"the copy {self.copy} of the song {self.sha256} must be at least 0")

    @classmethod
    def parse(cls, name: str) -> "SongId":
        """Reads what `str` writes.

        >>> SongId.parse("0123456789abcdef#2+1").tune
        '2'

        Raises:
          ValueError: if the name is of another form, naming it.
        """
        match = _NAME.fullmatch(name)
        if not match:
            raise ValueError(f"{name!r} is no name of a song: it must have the form {_FORM}")
        sha256, tune, copy, mark = match.groups()
        try:
            return cls(sha256, tune or "", int(copy or 0), Rendition.parse(mark or ""))
        except ValueError as error:
            raise ValueError(f"{name!r} is no name of a song: {error}") from error

    def __str__(self) -> str:
        tune = f"#{self.tune}" if self.tune else ""
        copy = f"+{self.copy}" if self.copy else ""
        return f"{self.sha256}{tune}{copy}{self.rendition}"

    @property
    def short(self) -> str:
        """Returns the name with the first 16 digits of the hash, which is itself the name of a song.

        >>> SongId("0123456789abcdef" * 4, tune="2").short
        '0123456789abcdef#2'
        """
        return str(dataclasses.replace(self, sha256=self.sha256[:SHORT_DIGITS]))

    @property
    def original(self) -> "SongId":
        """Returns the id without the copy number and the rendition: that of the song as it was read.

        >>> str(SongId.parse("0123456789abcdef#2+1*1/2").original)
        '0123456789abcdef#2'
        """
        return SongId(self.sha256, self.tune)

    @property
    def is_whole_file(self) -> bool:
        """Tells whether the song is its whole file, as it was read and without a copy number."""
        return self == SongId(self.sha256)
