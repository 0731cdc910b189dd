"""Bars of a song, by its time signature, 4/4 where it has none (or one that says nothing)."""

from nabi.music.song import Song

_COMMON_TIME = (4, 4)


def meter(song: Song) -> tuple[int, int]:
    """The beats of a bar and the beat's part of a whole note: 3/8 is (3, 8)."""
    return parse(song.about.time_signature or "")


def parse(time_signature: str) -> tuple[int, int]:
    """The same of a time signature such as `3/8`."""
    beats, _, unit = time_signature.partition("/")
    if not (beats.isdecimal() and unit.isdecimal() and int(beats) and int(unit)):
        return _COMMON_TIME
    return int(beats), int(unit)


def bar_ticks(song: Song) -> float:
    """A bar's length in ticks."""
    return song.ticks_per_quarter * quarters(song.about.time_signature or "")


def quarters(time_signature: str) -> float:
    """The quarter notes of a bar of a time signature."""
    beats, unit = parse(time_signature)
    return 4 * beats / unit


def place(song: Song, tick: float) -> str:
    """Where a tick lies, as bar and beat, both counted from 1: `3:1` is the beginning of the third bar.

    A tick between two beats belongs to the one before it.
    """
    beat = 4 * song.ticks_per_quarter / meter(song)[1]
    bar, rest = divmod(tick, bar_ticks(song))
    return f"{int(bar) + 1}:{int(rest // beat) + 1}"
