"""`summary.html`: the songs of a job compared with the training songs, on one page without a network.

It is made from `summary.json` and the model's style reference; all text is escaped by `markup.text`.
"""

from collections.abc import Mapping
from typing import Any

from generator.pages import summary_charts
from nabi.analysis.form import FIGURES
from nabi.analysis.style_reference import StyleReference
from nabi.music import note_names
from nabi.pages import charts, headings, markup, template
from nabi.pages.markup import text
from nabi.workspace import paths

TEMPLATE = "summary.html"

Figures = Mapping[str, Any]

_STATISTICS = {
    "pitch_class_entropy": ("Pitch-class entropy", "bits, 0 to 3.58: how evenly a song uses the twelve tones"),
    "scale_consistency": ("Scale consistency", "share of a song's notes in the scale that fits best"),
    "pitch_range": ("Pitch range", "semitones from a song's lowest to its highest note"),
    "polyphony": ("Polyphony", "pitches that sound at once, where any does"),
    "empty_beat_rate": ("Empty beats", "share of quarter notes of time at which nothing sounds"),
}
# Set of songs -> its column's head.
_COLUMNS = {"songs": "these songs", "training": "training", "validation": "validation"}
_WITHOUT = (
    "The model directory has no reference.json, which tells what its training songs are like; models that are trained "
    "from now on have it."
)


def page(summary: Figures, reference: StyleReference | None, folder: str) -> str:
    """Writes the page as HTML.

    Args:
      summary: summary of the songs (`generator.songs_dir.summary`), and their `settings`.
      reference: style of the training songs.
      folder: songs directory, which the heading names.
    """
    content = {
        "title": text(_title(summary["songs"], folder)),
        "summary": "".join(f"<span>{fact}</span>" for fact in headline(summary)),
        "index": text(paths.INDEX),
        "overlaps": overlaps(summary),
        **summary_charts.all_of(summary, reference),
        "form": form(summary["figures"]),
        "figures": statistics(summary["figures"]),
        "parts": parts(summary.get("parts", {})),
        "keys": keys(summary["keys"], reference),
        "novelty": novelty(summary["novelty"]),
        "made": definitions(summary["settings"]),
    }
    return template.document("generator.pages", TEMPLATE, content)


def _title(songs: int, folder: str) -> str:
    return f"{headings.name_of(folder)}: what {markup.count(songs, 'song')} {'is' if songs == 1 else 'are'} like"


def headline(summary: Figures) -> list[str]:
    """Lists the facts under the title."""
    low, high = summary["pitch_range"] or (None, None)
    likelihood = summary["log_likelihood_per_token"]
    facts = [
        markup.count(summary["notes"], "note"),
        f"{summary['seconds'] / 60:,.1f} minutes",
        f"{note_names.PITCH_NAMES[low]} to {note_names.PITCH_NAMES[high]}" if low is not None else "no notes",
        f"{markup.percent(summary['ended'], summary['songs'])} came to their end",
    ]
    facts += [f"log-likelihood {likelihood:.3f} nats a token"] if likelihood is not None else []
    without = summary["without_notes"]
    return [*facts, *([f"{markup.count(without, 'song')} without a note"] if without else [])]


def overlaps(summary: Figures) -> str:
    """Writes the table of overlaps with the training songs, of these songs and of validation songs."""
    if "compared_with" not in summary:
        return markup.nothing(_WITHOUT)
    rows = [
        [
            f"{text(labels.title)}<small>{text(labels.explained)}</small>",
            charts.meter(distribution["overlap"] or 0),
            f"<b>{_share(distribution['overlap'])}</b>",
            _share(distribution["validation_overlap"]),
        ]
        for name, labels in summary_charts.FORMATS.items()
        for distribution in [summary["distributions"][name]]
    ]
    counts = summary["compared_with"]
    note = (
        f"<p>{markup.count(counts['training'], 'training song')} and "
        f"{markup.count(counts['validation'], 'validation song')}, transposed copies left out. Few songs overlap less "
        "than many, whoever wrote them.</p>"
    )
    heads = ["Distribution", "", "these songs", "validation"]
    return markup.table("Overlap with the training songs", heads, rows) + note


def form(means: Mapping[str, Mapping[str, float]]) -> str:
    """Writes the table of how songs hold together, with the standard deviation of the training songs."""
    return _figures(means, FIGURES, "How songs hold together", {**_COLUMNS, "training_spread": "training, ±"})


def statistics(means: Mapping[str, Mapping[str, float]]) -> str:
    """Writes the table of means over songs, in three columns."""
    return _figures(means, _STATISTICS, "Figures of these songs, of the training and of the validation songs", _COLUMNS)


def _figures(
    means: Mapping[str, Mapping[str, float]],
    labels: Mapping[str, tuple[str, str]],
    caption: str,
    columns: Mapping[str, str],
) -> str:
    rows = [
        [f"{text(title)}<small>{text(explained)}</small>", *(_number(means[name].get(column)) for column in columns)]
        for name, (title, explained) in labels.items()
        if name in means
    ]
    if not rows:
        return markup.nothing("No song has a note.")
    return markup.table(caption, ["Mean of songs", *columns.values()], rows, "scrolling")


def parts(families: Mapping[str, Figures]) -> str:
    """Writes the section of the parts of bands, a row for each family of instruments; nothing without parts."""
    if not families:
        return ""
    rows = [
        [
            text(family),
            *(f"{row[name]:,}" for name in ("songs", "parts", "notes")),
            "" if row["pitch"] is None else f"{row['pitch']:.0f}",
            f"{row['velocity']:.0f}",
            f"{row['density']:.2f}",
            markup.percent(row["on_beat"], 1),
        ]
        for family, row in families.items()
    ]
    heads = ["Family", "songs", "parts", "notes", "pitch", "velocity", "notes a quarter note", "on beats and halves"]
    table = markup.table("Parts of these songs by family of instruments", heads, rows, "scrolling")
    return f'<section id="parts"><h2>Parts</h2><div class="panel">{table}</div></section>'


def keys(counts: Mapping[str, int], reference: StyleReference | None) -> str:
    """Writes the table of songs by key, with the share of training songs in each key."""
    total = sum(counts.values())
    if not total:
        return markup.nothing("No song has a key.")
    highest = max(counts.values())
    trained = reference.train.keys if reference and reference.train.keys else None
    rows = [
        [
            text(name),
            charts.meter(songs / highest),
            f"{songs:,}",
            markup.percent(songs, total),
            *([markup.percent(trained[name], trained.total())] if trained else []),
        ]
        for name, songs in counts.items()
    ]
    return markup.table("Songs by key", ["Key", "", "songs", "share", *(["training"] if trained else [])], rows)


def novelty(copied: Figures | None) -> str:
    """Writes the list of facts about copies."""
    if copied is None:
        return markup.nothing("What these songs copy was not looked for, or they are too short to tell.")
    facts = {
        "songs that are long enough to tell": f"{copied['songs']:,}",
        "songs that copy something": f"{copied['songs_that_copy']:,}",
        "share of notes not copied, mean": _share(copied["mean"]),
        "... of the song that copies most": _share(copied["lowest"]),
        "most notes copied in a row": f"{copied['most_copied_notes']:,}",
        "most bars copied in a row": f"{copied['most_copied_bars']:,.1f}",
    }
    return definitions(facts)


def definitions(facts: Mapping[str, object]) -> str:
    """Writes facts as a definition list; None is left out."""
    rows = [f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in facts.items() if value is not None]
    return f"<dl>{''.join(rows)}</dl>"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"
