"""Answers to a listening test: the CSV files that its page saves, and what they say."""

import csv
import io
from collections.abc import Sequence
from typing import NamedTuple

from generator.pages.listening_page import SIDES
from nabi.analysis import proportions
from nabi.pages import markup
from nabi.workspace import storage

# Columns of a CSV, the first line: as listening.js writes them.
COLUMNS = ("test", "listener", "pair", "model", "named", "preferred")
CHANCE = 0.5


class Answer(NamedTuple):
    """A listener's answer to a pair; the last three fields are each `A` or `B`.

    Attributes:
      test: fingerprint of the test.
      listener: name that the page drew for the listener.
      pair: number of the pair, from 1.
      model: which excerpt was the model's.
      named: which one the listener took for the model's.
      preferred: which one the listener prefers.
    """

    test: str
    listener: str
    pair: str
    model: str
    named: str
    preferred: str


def read(paths: Sequence[str]) -> list[Answer]:
    """Reads files of answers.

    Raises:
      ValueError: if a file is not such a file, or has no answer; if they are of two tests; if an answer comes twice.
      nabi.workspace.storage.StorageError: if a file cannot be read.
    """
    answers = [answer for path in paths for answer in _of_file(path)]
    tests = sorted({answer.test for answer in answers})
    if len(tests) > 1:
        raise ValueError(f"--score was given answers to {len(tests)} tests ({', '.join(tests)}): score each test alone")
    seen: set[tuple[str, str]] = set()
    for answer in answers:
        if (answer.listener, answer.pair) in seen:
            raise ValueError(
                f"--score was given two answers of listener {answer.listener} to pair {answer.pair}: give each "
                "listener's file once"
            )
        seen.add((answer.listener, answer.pair))
    return answers


def _of_file(path: str) -> list[Answer]:
    rows = list(csv.reader(io.StringIO(storage.read_text(path).removeprefix("\ufeff"))))
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ValueError(f"{path} has no answers: its first line must be {','.join(COLUMNS)}")
    for line, row in enumerate(rows[1:], 2):
        if len(row) != len(COLUMNS) or not set(row[3:]) <= set(SIDES):
            raise ValueError(
                f"{path}, line {line}: {','.join(row)} is no answer, such as ...,1,A,B,A: save it again from the page"
            )
    if not rows[1:]:
        raise ValueError(f"{path} has no answer below its first line: answer a pair, and save again")
    return [Answer(*row) for row in rows[1:]]


def score(answers: Sequence[Answer]) -> str:
    """Describes answers in sentences: the share fooled, with its interval, and the share that prefers the model's.

    Args:
      answers: at least one.
    """
    fooled = sum(answer.named != answer.model for answer in answers)
    preferred = sum(answer.preferred == answer.model for answer in answers)
    listeners, pairs = ({getattr(answer, field) for answer in answers} for field in ("listener", "pair"))
    total = len(answers)
    return "\n".join(
        [
            f"{markup.count(total, 'answer')} of {markup.count(len(listeners), 'listener')} "
            f"to {markup.count(len(pairs), 'pair')}",
            f"fooled:                 {_share(fooled, total)}",
            f"preferred the model's:  {_share(preferred, total)}",
            _fooled_sentence(fooled, total),
            *_by_listener(answers, sorted(listeners)),
        ]
    )


def _share(count: int, total: int) -> str:
    low, high = (100 * edge for edge in proportions.interval(count, total))
    level = f"{100 * proportions.CONFIDENCE:.0f} % interval"
    return f"{count} of {total}, {100 * count / total:.1f} % ({level} {low:.1f} to {high:.1f} %, Wilson 1927)"


def _fooled_sentence(fooled: int, total: int) -> str:
    low, high = proportions.interval(fooled, total)
    if high < CHANCE:
        return "The listeners tell the model's songs from real ones: they are fooled less often than by chance (50 %)."
    if low > CHANCE:
        return (
            "The listeners take real songs for the model's more often than by chance (50 %): they hear a difference, "
            "and expect another one of a model."
        )
    counts = proportions.clear_counts(total, CHANCE)
    if not counts:
        return f"So few answers show no difference from chance (50 %), whatever they are; {_fewest()} can."
    return (
        "The answers do not differ from chance (50 %): it is not shown that the listeners tell the model's songs from "
        f"real ones. Of {total} answers, at most {counts[0]} or at least {counts[1]} fooled would show a difference."
    )


def _fewest() -> int:
    """Counts the answers that it takes for any of them to be clear."""
    return next(total for total in range(1, 1000) if proportions.clear_counts(total, CHANCE))


def _by_listener(answers: Sequence[Answer], listeners: Sequence[str]) -> list[str]:
    """Lists the answers of each of several listeners: those of one are no independent trials."""
    if len(listeners) == 1:
        return []
    rows = [[answer for answer in answers if answer.listener == listener] for listener in listeners]
    return [
        f"  {own[0].listener}: fooled in {sum(answer.named != answer.model for answer in own)} of {len(own)}"
        for own in rows
    ]
