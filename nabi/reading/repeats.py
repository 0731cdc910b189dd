"""Expands the repeats of a score: the order and the times in which its measures sound.

music21 expands repeats part by part: a sign in one part only, or a short measure in one part, would desynchronise the
parts. Here the signs of all parts are copied to one row of empty measures, which music21 expands, and a measure starts
at the same time in all parts.
"""

import copy
import dataclasses
import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from music21 import bar, note, repeat, spanner, stream

from nabi.music.errors import ParseError

# Repeats of a measure and levels of nesting, at most: a few bytes can ask for any number, music needs no more.
MAX_TIMES = 16
MAX_NESTED = 3

_INDEX = "measure"
# music21's number range of a bracket without a number.
_NO_NUMBER = [0]


class _Ending(NamedTuple):
    """A first, second ... ending: its first and last measure (indices), and the numbers of its passes."""

    first: int
    last: int
    numbers: Sequence[int]


@dataclasses.dataclass(frozen=True)
class MeasureTimes:
    """The times at which a staff's measures sound.

    Attributes:
      measures: music21's, as written.
      passes: (index of a measure, its start in quarters), in the order of sounding.
    """

    measures: Sequence[stream.Measure]
    passes: Sequence[tuple[int, Fraction]]


def layouts(score: stream.Score) -> list[MeasureTimes]:
    """Computes the measure times of each part of a score; without measures for a part that is not cut into any.

    Raises:
      ParseError: `not-expanded` if music21 cannot expand the repeats.
    """
    measures = [list(part.getElementsByClass(stream.Measure)) for part in score.parts]
    parts = [score, *score.parts]
    brackets = [bracket for part in parts for bracket in part.getElementsByClass(spanner.RepeatBracket)]
    if len({len(of_part) for of_part in measures}) == 1:
        passes = _passes(measures, brackets)
        return [MeasureTimes(of_part, passes) for of_part in measures]
    separate = [MeasureTimes(of_part, _passes([of_part], brackets)) for of_part in measures]
    repeated = [layout for layout in separate if len(layout.passes) > len(layout.measures)]
    if repeated and len({len(layout.passes) for layout in separate}) > 1:
        raise ParseError("not-expanded", "the parts have different numbers of measures, and repeats")
    return separate


def exact(quarters: float | Fraction) -> Fraction:
    """Converts a time of music21, a float where that is exact or else a fraction, to a fraction."""
    return quarters if isinstance(quarters, Fraction) else Fraction(quarters)


def _passes(parts: Sequence[Sequence[stream.Measure]], brackets: Iterable[Any]) -> list[tuple[int, Fraction]]:
    """Lists (measure, start) in the order of sounding, for parts of equally many measures."""
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
    """Lists the indices of measures in the order of sounding."""
    row = [stream.Measure(number=index + 1) for index in range(len(parts[0]))]
    marked = [_mark(target, measures) for target, *measures in zip(row, *parts, strict=True)]
    if not any(marked):
        return list(range(len(row)))
    _check_bounds(row)
    endings = _endings(row, parts, brackets)
    _pair_repeats(row, endings)
    skeleton = stream.Part()
    for index, measure in enumerate(row):
        # music21's measureMap uses measure numbers, which its da capo changes.
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
    """Copies the signs of the parts' measures to an empty measure, each once; tells whether there are any."""
    has_signs = False
    for measure in measures:
        for side in ("leftBarline", "rightBarline"):
            barline = getattr(measure, side)
            if isinstance(barline, bar.Repeat):
                has_signs = True
                setattr(target, side, bar.Repeat(direction=barline.direction, times=barline.times))
        for sign in measure.getElementsByClass(repeat.RepeatExpression):
            has_signs = True
            if not target.getElementsByClass(type(sign)):
                target.insert(0, copy.deepcopy(sign))
    return has_signs


def _pair_repeats(row: Sequence[stream.Measure], endings: Sequence[_Ending]) -> None:
    """Gives each repeat both its signs, where engravers leave one out.

    A repeat without a start sign goes back to the end of the previous repeat and its endings (music21 would go back to
    the first measure). A start sign without an end (ABC's `A :: B |]`) is removed.
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
    """Returns the index of the measure after a closed repeat and the ending that follows it."""
    return next((ending.last for ending in endings if ending.first == index + 1), index) + 1


def _endings(row: Sequence[Any], parts: Sequence[Sequence[Any]], brackets: Iterable[Any]) -> list[_Ending]:
    """Lists the first, second ... endings, each once, in their order."""
    place = {id(measure): index for of_part in parts for index, measure in enumerate(of_part)}
    endings_by_span: dict[tuple[int, int], _Ending] = {}
    for bracket in brackets:
        spanned = [place[id(measure)] for measure in bracket.getSpannedElements() if id(measure) in place]
        if spanned:
            span = min(spanned), max(spanned)
            endings_by_span[span] = _Ending(*span, bracket.numberRange)
    endings = [endings_by_span[span] for span in sorted(endings_by_span)]
    return [_as_meant(ending, following, row) for ending, following in itertools.pairwise(endings)] + endings[-1:]


def _as_meant(ending: _Ending, following: _Ending, row: Sequence[stream.Measure]) -> _Ending:
    """Completes an ending by the next one: its number, and its last measure."""
    numbers = range(1, following.numbers[0]) if list(ending.numbers) == _NO_NUMBER else ending.numbers
    before = following.first - 1
    if list(numbers[-1:]) == [following.numbers[0] - 1] and isinstance(row[before].rightBarline, bar.Repeat):
        return _Ending(ending.first, max(ending.last, before), numbers)
    return _Ending(ending.first, ending.last, numbers)


def _check_bounds(row: Iterable[Any]) -> None:
    """Refuses repeats that music21 would expand to any length."""
    depth = 0
    for measure in row:
        for barline in (measure.leftBarline, measure.rightBarline):
            if isinstance(barline, bar.Repeat):
                depth = max(depth + (1 if barline.direction == "start" else -1), 0)
                if depth > MAX_NESTED or (barline.times or 0) > MAX_TIMES:
                    raise ParseError(
                        "not-expanded", f"repeats of more than {MAX_TIMES} times or {MAX_NESTED} levels are refused"
                    )
