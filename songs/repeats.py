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
from typing import Any

from music21 import bar, note, repeat, spanner, stream

from songs.errors import ParseError

# A few bytes can ask for any number of repeats; no music asks for more than these.
MAX_TIMES = 16
MAX_NESTED = 3

_INDEX = "measure"


@dataclasses.dataclass(frozen=True)
class Layout:
    """When a staff's measures sound.

    Attributes:
      measures: music21's, as written.
      passes: (index of a measure, its start in quarters), in the order of sounding.
    """

    measures: Sequence[stream.Measure]
    passes: Sequence[tuple[int, Fraction]]


def layouts(score: stream.Score) -> list[Layout]:
    """The layout of each part of a score, without measures for one that is not cut into any.

    Raises:
      ParseError: `not-expanded` if music21 cannot expand the repeats.
    """
    measures = [list(part.getElementsByClass(stream.Measure)) for part in score.parts]
    parts = [score, *score.parts]
    brackets = [bracket for part in parts for bracket in part.getElementsByClass(spanner.RepeatBracket)]
    if len({len(of_part) for of_part in measures}) == 1:
        passes = _passes(measures, brackets)
        return [Layout(of_part, passes) for of_part in measures]
    alone = [Layout(of_part, _passes([of_part], brackets)) for of_part in measures]
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
    _drop_unclosed_repeats(row)
    skeleton = stream.Part()
    for index, measure in enumerate(row):
        # music21's own measureMap goes by measure numbers, which its da capo changes.
        rest = note.Rest()
        rest.editorial[_INDEX] = index
        measure.append(rest)
        skeleton.append(measure)
    for bracket in _brackets(row, parts, brackets):
        skeleton.insert(0, bracket)
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


def _drop_unclosed_repeats(row: Sequence[stream.Measure]) -> None:
    """Takes away repeats that are opened and never closed (ABC's `A :: B |]`): they ask for nothing."""
    opened: list[tuple[stream.Measure, str]] = []
    for measure in row:
        for side in ("leftBarline", "rightBarline"):
            barline = getattr(measure, side)
            if isinstance(barline, bar.Repeat) and barline.direction == "start":
                opened.append((measure, side))
            elif isinstance(barline, bar.Repeat) and opened:
                opened.pop()
    for measure, side in opened:
        setattr(measure, side, None)


def _brackets(row: Sequence[Any], parts: Sequence[Sequence[Any]], brackets: Iterable[Any]) -> list[Any]:
    """The first, second ... endings, over the empty measures, each once."""
    place = {id(measure): index for of_part in parts for index, measure in enumerate(of_part)}
    found: dict[tuple[int, int], Sequence[int]] = {}
    for bracket in brackets:
        spanned = [place[id(measure)] for measure in bracket.getSpannedElements() if id(measure) in place]
        if spanned:
            found[min(spanned), max(spanned)] = bracket.numberRange
    spans = [(*span, numbers) for span, numbers in sorted(found.items())]
    following = [(first, numbers) for first, _, numbers in spans[1:]]
    return [
        spanner.RepeatBracket(row[first : _end(row, last, numbers, then) + 1], number=list(numbers))
        for (first, last, numbers), then in itertools.zip_longest(spans, following)
    ]


def _end(row: Sequence[Any], last: int, numbers: Sequence[int], then: tuple[int, Sequence[int]] | None) -> int:
    """The last measure of an ending: where its bracket is drawn over the first measures only, that of the repeat."""
    if then is None or not numbers or list(then[1][:1]) != [numbers[-1] + 1]:
        return last
    before = then[0] - 1
    return max(last, before) if isinstance(row[before].rightBarline, bar.Repeat) else last


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
