"""In which order, and when, the measures of a score sound: its repeats, endings, da capo and dal segno.

music21 expands repeats part by part, so that a sign in one part only, or a measure that is short in one part, would set
the parts apart. Here the signs of all parts go into one row of empty measures, which music21 expands, and a measure
starts at one time in all parts.
"""

import copy
import dataclasses
import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from music21 import bar, note, repeat, spanner, stream

from nabi.music.errors import ParseError

# A few bytes can ask for any number of repeats; no music asks for more than these.
MAX_TIMES = 16
MAX_NESTED = 3

_INDEX = "measure"
# What music21 makes of a bracket whose number is no number.
_NO_NUMBER = [0]


class _Ending(NamedTuple):
    """A first, second ... ending: its first and last measure (indices), and the passes that it is for."""

    first: int
    last: int
    numbers: Sequence[int]


@dataclasses.dataclass(frozen=True)
class MeasureTimes:
    """When a staff's measures sound.

    Attributes:
      measures: music21's, as written.
      passes: (index of a measure, its start in quarters), in the order of sounding.
    """

    measures: Sequence[stream.Measure]
    passes: Sequence[tuple[int, Fraction]]


def layouts(score: stream.Score) -> list[MeasureTimes]:
    """The layout of each part of a score, without measures for one that is not cut into any.

    Raises:
      ParseError: `not-expanded` if music21 cannot expand the repeats.
    """
    measures = [list(part.getElementsByClass(stream.Measure)) for part in score.parts]
    parts = [score, *score.parts]
    brackets = [bracket for part in parts for bracket in part.getElementsByClass(spanner.RepeatBracket)]
    if len({len(of_part) for of_part in measures}) == 1:
        passes = _passes(measures, brackets)
        return [MeasureTimes(of_part, passes) for of_part in measures]
    alone = [MeasureTimes(of_part, _passes([of_part], brackets)) for of_part in measures]
    repeated = [layout for layout in alone if len(layout.passes) > len(layout.measures)]
    if repeated and len({len(layout.passes) for layout in alone}) > 1:
        raise ParseError("not-expanded", "the parts have different numbers of measures, and repeats")
    return alone


def exact(quarters: float | Fraction) -> Fraction:
    """music21's times are floats where those are exact, else fractions."""
    return quarters if isinstance(quarters, Fraction) else Fraction(quarters)


def _passes(parts: Sequence[Sequence[stream.Measure]], brackets: Iterable[Any]) -> list[tuple[int, Fraction]]:
    """(measure, start) in the order of sounding of parts of equally many measures."""
    lengths = [max(_length(of_part, index) for of_part in parts) for index in range(len(parts[0]))]
    start = max((exact(of_part[0].offset) for of_part in parts if of_part), default=Fraction(0))
    passes = []
    for index in _order(parts, brackets):
        passes.append((index, start))
        start += lengths[index]
    return passes


def _length(measures: Sequence[stream.Measure], index: int) -> Fraction:
    if index + 1 < len(measures):
        return exact(measures[index + 1].offset) - exact(measures[index].offset)
    return exact(measures[index].highestTime)


def _order(parts: Sequence[Sequence[stream.Measure]], brackets: Iterable[Any]) -> list[int]:
    """Indices of measures in the order of sounding."""
    row = [stream.Measure(number=index + 1) for index in range(len(parts[0]))]
    marked = [_mark(target, measures) for target, *measures in zip(row, *parts, strict=True)]
    if not any(marked):
        return list(range(len(row)))
    _check_bounds(row)
    endings = _endings(row, parts, brackets)
    _pair_repeats(row, endings)
    skeleton = stream.Part()
    for index, measure in enumerate(row):
        # music21's own measureMap goes by measure numbers, which its da capo changes.
        rest = note.Rest()
        rest.editorial[_INDEX] = index
        measure.append(rest)
        skeleton.append(measure)
    for ending in endings:
        skeleton.insert(0, spanner.RepeatBracket(row[ending.first : ending.last + 1], number=list(ending.numbers)))
    try:
        expanded = repeat.Expander(skeleton).process()
        return [int(rest.editorial[_INDEX]) for rest in expanded.recurse().getElementsByClass(note.Rest)]
    except Exception as error:
        raise ParseError("not-expanded", f"music21 cannot expand its repeats: {error}") from error


def _mark(target: stream.Measure, measures: Iterable[stream.Measure]) -> bool:
    """Gives an empty measure the signs of the parts' measures, each once; whether there are any."""
    found = False
    for measure in measures:
        for side in ("leftBarline", "rightBarline"):
            barline = getattr(measure, side)
            if isinstance(barline, bar.Repeat):
                found = True
                setattr(target, side, bar.Repeat(direction=barline.direction, times=barline.times))
        for sign in measure.getElementsByClass(repeat.RepeatExpression):
            found = True
            if not target.getElementsByClass(type(sign)):
                target.insert(0, copy.deepcopy(sign))
    return found


def _pair_repeats(row: Sequence[stream.Measure], endings: Sequence[_Ending]) -> None:
    """Gives each repeat both its signs, where engravers leave one out.

    One that is closed and was not opened goes back to where the one before it ended, with its endings (music21 would
    go back to the first measure). One that is opened and never closed (ABC's `A :: B |]`) asks for nothing.
    """
    opened: list[tuple[stream.Measure, str]] = []
    begin = 0
    for index, measure in enumerate(row):
        for side in ("leftBarline", "rightBarline"):
            barline = getattr(measure, side)
            if not isinstance(barline, bar.Repeat):
                continue
            if barline.direction == "start":
                opened.append((measure, side))
                continue
            if opened:
                opened.pop()
            elif 0 < begin <= index:
                row[begin].leftBarline = bar.Repeat(direction="start")
            begin = _after(index, endings)
    for measure, side in opened:
        setattr(measure, side, None)


def _after(index: int, endings: Iterable[_Ending]) -> int:
    """The measure after a closed repeat and the ending that follows it."""
    return next((ending.last for ending in endings if ending.first == index + 1), index) + 1


def _endings(row: Sequence[Any], parts: Sequence[Sequence[Any]], brackets: Iterable[Any]) -> list[_Ending]:
    """The first, second ... endings, each once, in their order."""
    place = {id(measure): index for of_part in parts for index, measure in enumerate(of_part)}
    found: dict[tuple[int, int], _Ending] = {}
    for bracket in brackets:
        spanned = [place[id(measure)] for measure in bracket.getSpannedElements() if id(measure) in place]
        if spanned:
            span = min(spanned), max(spanned)
            found[span] = _Ending(*span, bracket.numberRange)
    endings = [found[span] for span in sorted(found)]
    return [_as_meant(ending, then, row) for ending, then in itertools.pairwise(endings)] + endings[-1:]


def _as_meant(ending: _Ending, then: _Ending, row: Sequence[stream.Measure]) -> _Ending:
    """An ending where the next one tells what its bracket does not: its number, and how far it goes."""
    numbers = range(1, then.numbers[0]) if list(ending.numbers) == _NO_NUMBER else ending.numbers
    before = then.first - 1
    if list(numbers[-1:]) == [then.numbers[0] - 1] and isinstance(row[before].rightBarline, bar.Repeat):
        return _Ending(ending.first, max(ending.last, before), numbers)
    return _Ending(ending.first, ending.last, numbers)


def _check_bounds(row: Iterable[Any]) -> None:
    """Refuses repeats that music21 would unfold to any length."""
    depth = 0
    for measure in row:
        for barline in (measure.leftBarline, measure.rightBarline):
            if isinstance(barline, bar.Repeat):
                depth = max(depth + (1 if barline.direction == "start" else -1), 0)
                if depth > MAX_NESTED or (barline.times or 0) > MAX_TIMES:
                    raise ParseError(
                        "not-expanded", f"repeats of more than {MAX_TIMES} times or {MAX_NESTED} levels are refused"
                    )
