"""`evaluation-SPLIT.html`: how well a model predicts, on one self-contained page.

It is made from `evaluation-SPLIT.json` and the rows of history.csv; every text of a user goes through `markup.text`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nabi.pages import charts, headings, markup, template
from nabi.pages.charts import Line
from nabi.pages.markup import text
from trainer.evaluation.baselines import describe

TEMPLATE = "evaluation.html"

Figures = Mapping[str, Any]

# Column heads of losses -> units in the keys of `loss_breakdown.MusicTotals.rates`.
_UNITS = {"a token": "token", "a note": "note", "a second": "second"}

_CALIBRATION = "How often the likeliest token was right, by the model's confidence in it"


def page(evaluation: Figures, history: Sequence[Figures]) -> str:
    """Renders the page as HTML.

    Args:
      evaluation: content of evaluation-SPLIT.json, see `trainer.evaluate.run`.
      history: the rows of history.csv.
    """
    detail, best = evaluation["detail"], evaluation["best_ngram"]
    filled = {
        "title": f"{text(headings.name_of(evaluation['model']))}: {text(evaluation['split'])} split",
        "summary": "".join(f"<span>{fact}</span>" for fact in _headline(evaluation, detail)),
        "warnings": warnings(evaluation["warnings"]),
        "losses": losses(detail),
        "splits": splits(evaluation["splits"], evaluation["baselines"]),
        "history": curves(history, evaluation["baselines"].get("validation") or {}),
        "calibration": calibration(detail["calibration"]),
        "kinds": kinds(detail["by_kind"], best["name"]),
        "in_song": by_position(detail["by_position_in_song"], "its song", best["name"]),
        "in_window": by_position(detail["by_position_in_window"], "its window", best["name"]),
        "made": provenance(evaluation),
    }
    return template.document("trainer.evaluation", TEMPLATE, filled)


def _headline(evaluation: Figures, detail: Figures) -> list[str]:
    return [
        f"{detail['model']['nats_per_token']:.3f} nats a token",
        f"{_share(detail['top_1'])} predicted, {_share(detail['top_5'])} among the 5 likeliest",
        markup.count(detail["songs"], "song"),
        markup.count(detail["tokens"], "token"),
        f"{markup.count(detail['notes'], 'note')}, {detail['seconds'] / 60:,.1f} minutes of music",
        f"step {evaluation['step']:,}",
    ]


def warnings(sentences: Sequence[str]) -> str:
    """Lists the warnings about the model; a sentence where there are none."""
    if not sentences:
        return markup.nothing("Nothing was found against this model.")
    items = "".join(f"<li>{text(sentence, most=2_000)}</li>" for sentence in sentences)
    return f'<ul class="warnings" role="note" aria-label="Warnings">{items}</ul>'


def losses(detail: Figures) -> str:
    """Tabulates the losses of the model and the baselines in every unit, the best first."""
    rows = [("this model", detail["model"]), *detail["baselines"].items()]
    ordered = sorted(rows, key=lambda row: row[1]["nats_per_token"])
    cells = [
        [
            f"<b>{text(name)}</b>" if name == "this model" else text(name),
            *(_both(rates, unit) for unit in _UNITS.values()),
            _number(rates["perplexity"], 2),
        ]
        for name, rates in ordered
    ]
    heads = ["Predicted by", *(f"{head}<br><small>nats, bits</small>" for head in _UNITS), "perplexity"]
    return markup.table("Losses of the model and of the baselines, the best first", heads, cells, "scrolling")


def _both(rates: Figures, unit: str) -> str:
    return f"{_number(rates[f'nats_per_{unit}'])}<br><small>{_number(rates[f'bits_per_{unit}'])}</small>"


def splits(scores: Mapping[str, Figures | None], baselines: Mapping[str, Figures | None]) -> str:
    """Tabulates every split's figures beside the baselines' losses."""
    names = list(dict.fromkeys(name for nats in baselines.values() for name in nats or () if name != "uniform"))
    rows = [
        [
            text(split),
            f"{score['tokens']:,}",
            f"<b>{_number(score['loss_nats'])}</b>",
            _number(score["perplexity"], 2),
            _share(score["accuracy"]),
            *(_number((baselines.get(split) or {}).get(name)) for name in names),
        ]
        for split, score in scores.items()
        if score
    ]
    heads = ["Split", "Tokens", "Loss", "Perplexity", "Predicted", *names]
    return markup.table("Figures of each split", heads, rows, "scrolling")


def curves(history: Sequence[Figures], baselines: Figures) -> str:
    """Draws the loss by step, with the validation split's baselines as dashed lines."""
    if not history:
        return markup.nothing("No step was trained (--steps 0).")
    last = history[-1]["step"]
    losses_by_step = [
        Line(name, [(row["step"], row[key]) for row in history if row.get(key) is not None], kind)
        for name, key, kind in (
            ("training, with dropout", "train_loss_nats", "first"),
            ("validation", "validation_loss_nats", "second"),
        )
    ]
    flat = [Line(f"{name} {nats:.2f}", [(0, nats), (last, nats)], "faint") for name, nats in baselines.items()]
    ticks = [(0, "0"), (last / 2, f"{last // 2:,}"), (last, f"step {last:,}")]
    return charts.plot([*losses_by_step, *flat], f"Loss in nats a token over {last:,} steps", ticks, (0, last))


def calibration(figures: Figures) -> str:
    """Draws and tabulates how often the likeliest token is right, by the model's confidence in it.

    Args:
      figures: see `loss_breakdown.calibration`.
    """
    bins = [row for row in figures["bins"] if row["tokens"]]
    lines = [
        Line("accuracy of the likeliest token", [(row["confidence"], row["accuracy"]) for row in bins]),
        Line("perfect calibration", [(0, 0), (1, 1)], "faint"),
    ]
    error = figures["expected_error"]
    label = f"Calibration: the expected error is {error:.3f}"
    rows = [
        [
            f"{row['low']:.1f} to {row['high']:.1f}",
            f"{row['tokens']:,}",
            _share(row["confidence"]),
            _share(row["accuracy"]),
        ]
        for row in bins
    ]
    ticks = [(0, "0"), (0.5, "0.5"), (1, "probability 1")]
    heads = ["Probability", "Tokens", "Confidence", "Accuracy"]
    return (
        f"<figure><figcaption>Calibration <small>expected error {error:.3f}</small></figcaption>"
        f"{charts.plot(lines, label, ticks, (0, 1))}</figure>"
        f"<figure>{markup.table(_CALIBRATION, heads, rows, 'scrolling')}</figure>"
    )


def kinds(rows: Sequence[Figures], ngram: str) -> str:
    """Tabulates the loss by kind of token beside the best n-gram's; the bar is the kind's share of the whole loss."""
    total = sum(row["tokens"] * row["loss_nats"] for row in rows) or 1
    cells = [
        [
            text(row["kind"]),
            charts.meter(row["tokens"] * row["loss_nats"] / total),
            f"{row['tokens']:,}",
            f"<b>{_number(row['loss_nats'])}</b>",
            _number(row["ngram_nats"]),
            _share(row["accuracy"]),
        ]
        for row in rows
    ]
    heads = ["Kind", "", "Tokens", "Loss", ngram, "Predicted"]
    return markup.table("Loss by kind of token", heads, cells, "scrolling")


def by_position(rows: Sequence[Figures], where: str, ngram: str) -> str:
    """Draws the loss by a token's position in a song or a window, the model's beside the best n-gram's."""
    last = max(len(rows) - 1, 1)
    lines = [
        Line(name, [(index, row[key]) for index, row in enumerate(rows)], kind)
        for name, key, kind in (("this model", "loss_nats", "first"), (ngram, "ngram_nats", "faint"))
    ]
    interval = -(-len(rows) // 5)
    ticks = [(index, f"{rows[index]['first']:,}") for index in range(0, len(rows), interval)]
    label = f"Loss in nats by a token's position in {where}"
    return charts.plot(lines, label, ticks, (0, last))


def provenance(evaluation: Figures) -> str:
    """Lists the model, the dataset and how the figures were measured."""
    detail = evaluation["detail"]
    facts = {
        "model": evaluation["model"],
        "dataset": evaluation["data"],
        "trained on": "this dataset" if evaluation["same_data"] else "another dataset of the same vocabulary",
        "measured": evaluation["measured"],
        "second": f"of music at {detail['quarters_per_minute']} quarter notes a minute: tokens hold no tempo",
        "baselines": describe(evaluation["baselines_counted"], evaluation["best_ngram"]).removeprefix("baselines "),
    }
    if detail["unreadable_songs"]:
        left_out = markup.count(detail["unreadable_songs"], "song")
        facts["left out"] = f"{left_out}, not in notes and seconds: without unknown tokens they cannot be decoded"
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{text(value)}</dd>' for name, value in facts.items())}</dl>"


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"
