"""The name of a song in records, ledgers and indices: `sha256[#tune][+copy][*scale]`, written and read here alone."""

import dataclasses
import fractions
import re

# Digits of a hash that a short name keeps: of 10 million songs two share 16 with a probability of 3 in a million.
SHORT_DIGITS = 16

_UNSCALED = fractions.Fraction(1)
_FORM = "sha256[#tune][+copy][*scale], such as 0123456789abcdef#2+1*1/2"
_NAME = re.compile(r"([^#+*]+)(?:#([^#+*]+))?(?:\+([1-9][0-9]*))?(?:\*([1-9][0-9]*(?:/[1-9][0-9]*)?))?")
_PART = re.compile(r"[^#+*]+")


@dataclasses.dataclass(frozen=True, slots=True)
class SongId:
    """Identifies a song by the bytes of its file.

    Raises ValueError for parts that no name can hold.

    >>> str(SongId("0123456789abcdef", tune="2", copy=1, scale=fractions.Fraction(1, 2)))
    '0123456789abcdef#2+1*1/2'

    Attributes:
      sha256: of the file's bytes, 64 hexadecimal digits or the first 16 of them.
      tune: which song of a file that holds several; "" of a file of one.
      copy: number among the files of the same bytes that are kept, from 0.
      scale: factor of all times, above 0; other than 1 in augmented training songs.
    """

    sha256: str
    tune: str = ""
    copy: int = 0
    scale: fractions.Fraction = _UNSCALED

    def __post_init__(self) -> None:
        if not _PART.fullmatch(self.sha256):
            raise ValueError(f"the hash {self.sha256!r} of a song must not be empty or hold #, + or *")
        if self.tune and not _PART.fullmatch(self.tune):
            raise ValueError(f"the tune {self.tune!r} of the file {self.sha256} must not hold #, + or *")
        if self.copy < 0 or self.scale <= 0:
            raise ValueError(
                f"the copy {self.copy} of the song {self.sha256} must be at least 0 and its scale {self.scale} above 0"
            )

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
        sha256, tune, copy, scale = match.groups()
        return cls(sha256, tune or "", int(copy or 0), fractions.Fraction(scale) if scale else _UNSCALED)

    def __str__(self) -> str:
        tune = f"#{self.tune}" if self.tune else ""
        copy = f"+{self.copy}" if self.copy else ""
        scale = f"*{self.scale}" if self.scale != 1 else ""
        return f"{self.sha256}{tune}{copy}{scale}"

    @property
    def short(self) -> str:
        """Returns the name with the first 16 digits of the hash, which is itself the name of a song.

        >>> SongId("0123456789abcdef" * 4, tune="2").short
        '0123456789abcdef#2'
        """
        return str(dataclasses.replace(self, sha256=self.sha256[:SHORT_DIGITS]))

    @property
    def original(self) -> "SongId":
        """Returns the id without the copy number and the scale: that of the song as it was read.

        >>> str(SongId.parse("0123456789abcdef#2+1*1/2").original)
        '0123456789abcdef#2'
        """
        return SongId(self.sha256, self.tune)

    @property
    def is_whole_file(self) -> bool:
        """Tells whether the song is its whole file, unscaled and without a copy number."""
        return self == SongId(self.sha256)
