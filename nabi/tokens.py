"""Encodes songs as tokens and decodes tokens, by the name of an encoding."""

from collections.abc import Sequence

from nabi.music import encodings
from nabi.music.encodings import ENCODINGS, Encoding
from nabi.music.song import Song
from nabi.music.suggestions import did_you_mean


def encode(song: Song, encoding: str | Encoding, **settings: object) -> list[str]:
    """Writes a song as tokens.

    >>> import nabi
    >>> song = nabi.Song.from_notes(start=[0, 0, 12], duration=[12, 12, 6], pitch=[60, 64, 67])
    >>> nabi.encode(song, "pitch-duration")
    ['C4.E4:1', 'G4:1/2']
    >>> nabi.encode(song, "grid", step=6)
    ['C4.E4', '~C4.~E4', 'G4']

    Args:
      song: the song to encode.
      encoding: `events`, `grid`, `pitch`, `pitch-duration` or `steps`; or the encoding of a dataset or a model.
      settings: of the encoding: `divisors`, with which the song was read; for some encodings `step` (ticks), `chords`
        ...

    Raises:
      ValueError: if there is no such encoding or setting, a setting is outside its range, or the song has other
        divisors.
    """
    return _encoding(encoding, settings).encode(song)


def decode(tokens: Sequence[str], encoding: str | Encoding, **settings: object) -> Song:
    """Reads what `encode` wrote.

    For every song `decode(encode(song, name), name)` is the part that the encoding keeps (`Encoding.reduce`): with
    `events` the whole song.

    >>> import nabi
    >>> list(nabi.decode(["C4", "d:1", "s:1", "E4", "d:2"], "events"))
    [Event(start=0, pitches=(60,), duration=12), Event(start=12, pitches=(64,), duration=24)]

    Args:
      tokens: as text.
      encoding, settings: with which the tokens were written; see `encode`.

    Raises:
      ValueError: as `encode`, or naming a token that the encoding does not have.
    """
    return _encoding(encoding, settings).decode(tokens)


def _encoding(encoding: str | Encoding, settings: dict[str, object]) -> Encoding:
    if not isinstance(encoding, str):
        if settings:
            raise ValueError(f"this {encoding.name} has its settings already: leave out {', '.join(settings)}")
        return encoding
    if encoding not in ENCODINGS:
        hint = did_you_mean(encoding, ENCODINGS) or f"; there are {', '.join(sorted(ENCODINGS))}"
        raise ValueError(f"unknown encoding {encoding}{hint}")
    return encodings.from_settings({"name": encoding, **settings})
