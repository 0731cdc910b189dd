"""`decision.html`: the gate's verdict on a model, its checks, and what changed in the music."""

from collections.abc import Mapping, Sequence
from typing import Any

from nabi.pages import headings, markup, template
from nabi.pages.charts import meter
from nabi.pages.markup import text
from trainer.judging import gate_checks

TEMPLATE = "gate.html"
_FIRST = "<p>There is no champion to compare with.</p>"


def page(decision: Mapping[str, Any]) -> str:
    """Renders the content of decision.json as HTML."""
    drift = decision["drift"]
    verdict = gate_checks.verdict(decision)
    filled = {
        "title": f"{text(headings.name_of(decision['challenger']))}: {verdict[0].lower()}{verdict[1:]}",
        "summary": "".join(f"<span>{text(fact)}</span>" for fact in _headline(decision)),
        "reasons": _reasons(decision),
        "checks": _checks(decision["checks"]),
        "music": _music(drift),
        "overlaps": _overlaps(drift),
    }
    return template.document("trainer.judging", TEMPLATE, filled)


def _headline(decision: Mapping[str, Any]) -> list[str]:
    failed = sum(not check["passed"] for check in decision["checks"])
    songs = f"{markup.count(decision['songs_to_judge_by'], 'song')} new to both models"
    verdict = f"{markup.count(failed, 'check')} failed" if failed else "all checks passed"
    if not decision["champion"]:
        return [verdict, f"{decision['challenger']}, judged by itself"]
    return [verdict, songs, f"{decision['challenger']} against {decision['champion']}"]


def _reasons(decision: Mapping[str, Any]) -> str:
    items = "".join(f"<li>{text(reason)}</li>" for reason in decision["reasons"])
    return items or "<li>Nothing.</li>"


def _checks(checks: Sequence[Mapping[str, Any]]) -> str:
    heads = ("Check", "Measured", "Threshold", "Result")
    return markup.table("Checks of the challenger", heads, [_check(check) for check in checks], "sentences")


def _check(check: Mapping[str, Any]) -> list[str]:
    verdict = "passed" if check["passed"] else '<b class="failed">failed</b>'
    return [f"<b>{text(check['name'])}</b>", text(check["said"]), text(check["threshold"]), verdict]


def _music(drift: Mapping[str, Any] | None) -> str:
    if not drift:
        return _FIRST
    files = ", ".join(f"{count:,} {change}" for change, count in drift["files"].items())
    rows = [[text(name), *(f"{value:,}" for value in drift[name])] for name in ("songs", "tokens", "vocabulary")]
    for name, pair in drift["figures"].items():
        rows.append([text(name.replace("_", " ")), *map(_figure, pair)])
    return f"<p>Files: {text(files)}.</p>" + markup.table(
        "The music of both datasets", ("Figure", "Champion's", "Challenger's"), rows
    )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _overlaps(drift: Mapping[str, Any] | None) -> str:
    if not drift:
        return _FIRST
    rows = [
        [text(name.replace("_", " ")), "–" if value is None else meter(value), _figure(value), _moved(name, drift)]
        for name, value in drift["overlaps"].items()
    ]
    return markup.table(
        "How much the distributions of both datasets overlap", ("Distribution", "", "Overlap", ""), rows
    )


def _moved(name: str, drift: Mapping[str, Any]) -> str:
    return '<b class="failed">moved</b>' if name in drift["moved"] else ""
