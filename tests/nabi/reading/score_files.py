"""Scores, built in code and read."""

from nabi.music.about import About
from nabi.music.errors import ParseError
from nabi.reading import scores
from nabi.reading.read_settings import ReadSettings
from tests.builders import notes_of


def notes(data, ending, instrument="all"):
    """The notes of a file of one tune."""
    ((tune, song),) = read(data, ending, instrument)
    assert tune == ""
    return notes_of(song)


def read(data, ending, instrument="all", divisors=(4, 3)):
    data = data if isinstance(data, bytes) else data.encode()
    settings = ReadSettings(instrument, divisors=divisors)
    return scores.read(data, ending=ending, settings=settings, about=About("file", "hash"))


def refusal(data, ending, instrument="all"):
    ((_, error),) = read(data, ending, instrument)
    assert isinstance(error, ParseError)
    return str(error)


def xml(*parts, names=(), extra=""):
    """A partwise score; a part is a list of measures, a measure its XML. Divisions are 12 a quarter."""
    listed = "".join(
        f'<score-part id="P{index}"><part-name>{names[index] if names else ""}</part-name></score-part>'
        for index in range(len(parts))
    )
    written = "".join(
        f'<part id="P{index}">'
        + "".join(f'<measure number="{number}">{measure}</measure>' for number, measure in enumerate(part, 1))
        + "</part>"
        for index, part in enumerate(parts)
    )
    return f'<?xml version="1.0"?>{extra}<score-partwise><part-list>{listed}</part-list>{written}</score-partwise>'


def attributes(fifths=0, mode="", beats=4, beat_type=4, more=""):
    mode = f"<mode>{mode}</mode>" if mode else ""
    return (
        f"<attributes><divisions>12</divisions><key><fifths>{fifths}</fifths>{mode}</key>"
        f"<time><beats>{beats}</beats><beat-type>{beat_type}</beat-type></time>{more}</attributes>"
    )


def note(step, duration=12, octave=4, before="", tie=""):
    ties = "".join(f'<tie type="{kind}"/>' for kind in tie.split())
    length = f"<duration>{duration}</duration>" if duration else ""
    return f"<note>{before}<pitch><step>{step}</step><octave>{octave}</octave></pitch>{length}{ties}</note>"


REST = "<note><rest/><duration>12</duration></note>"
START = '<barline location="left"><repeat direction="forward"/></barline>'
END = '<barline location="right"><repeat direction="backward"/></barline>'
