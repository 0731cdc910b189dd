"""Counts the bars and beats of a song by its time signature: 4/4 where it has none, or one that cannot be read."""

from nabi.music.song import Song

_COMMON_TIME = (4, 4)


def meter(song: Song) -> tuple[int, int]:
    """Returns the beats of a bar and the note value of a beat: (3, 8) for 3/8."""
    return parse(song.about.time_signature or "")


def parse(time_signature: str) -> tuple[int, int]:
    """Reads a time signature as (beats of a bar, note value of a beat); (4, 4) for any other text.

    >>> parse("3/8")
    (3, 8)
    """
    beats, _, unit = time_signature.partition("/")
    if not (beats.isdecimal() and unit.isdecimal() and int(beats) and int(unit)):
        return _COMMON_TIME
    return int(beats), int(unit)


def bar_ticks(song: Song) -> float:
    """Returns the length of a bar in ticks."""
    return song.ticks_per_quarter * quarters(song.about.time_signature or "")


def quarters(time_signature: str) -> float:
    """Returns the length of a bar in quarter notes.

    >>> quarters("6/8")
    3.0
    """
    beats, unit = parse(time_signature)
    return 4 * beats / unit


def number(song: Song, tick: float) -> int:
    """Returns the bar in which a tick is, from 1."""
    return int(tick // bar_ticks(song)) + 1


def place(song: Song, tick: float) -> str:
    """Names the bar and the beat of a tick, both counted from 1: `3:1` is the beginning of the third bar.

    >>> place(Song.from_notes(start=[0], duration=[12], pitch=[60]), tick=60)
    '2:2'

    A tick between two beats belongs to the one before it.
    """
    beat = 4 * song.ticks_per_quarter / meter(song)[1]
    return f"{number(song, tick)}:{int(tick % bar_ticks(song) // beat) + 1}"
