"""The parts of a dataset's page that tell of its files, splits and settings, each as HTML.

Every text of a file or of a user goes through `markup.text`.
"""

import collections
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nabi.music.windows import SPLITS
from nabi.pages import charts, markup
from nabi.pages.markup import text
from pipelines.dataset_report.ledger_summary import OUTCOMES, LedgerSummary

# Below these a model learns its songs by heart.
FEW_SONGS, FEW_TOKENS = 20, 20_000
_MUCH_UNKNOWN, _MANY_LOST = 0.02, 0.1
_TOP_GROUPS = 10


def headline(described: Mapping[str, Any], summary: LedgerSummary) -> str:
    """The whole set in a line."""
    splits = described["splits"].values()
    facts = [
        markup.count(sum(split["songs"] for split in splits), "song"),
        markup.count(sum(split["tokens"] for split in splits), "token"),
        f"{described['vocabulary_size']:,} in the vocabulary",
        f"{text(described['settings']['encoding']['name'])} encoding",
        f"{summary.outcomes['read']:,} of {markup.count(summary.seconds.count, 'file')} read",
    ]
    return "".join(f"<span>{fact}</span>" for fact in facts)


def warnings(described: Mapping[str, Any], summary: LedgerSummary) -> str:
    """What stands in the way of learning from this set; nothing if nothing does."""
    said = list(_warnings(described, summary))
    items = "".join(f"<li>{line}</li>" for line in said)
    return f'<ul class="warnings" role="note" aria-label="Warnings">{items}</ul>' if said else ""


def _warnings(described: Mapping[str, Any], summary: LedgerSummary) -> list[str]:
    splits = described["splits"]
    songs, tokens = (sum(split[key] for split in splits.values()) for key in ("songs", "tokens"))
    training = splits["train"]["tokens"]
    lost = summary.outcomes["lost"]
    said = []
    if songs < FEW_SONGS:
        said.append(
            f"This set is small: {markup.count(songs, 'song')}. With fewer than {FEW_SONGS} a model repeats them."
        )
    if training < FEW_TOKENS:
        said.append(
            f"There is little to learn from: {markup.count(training, 'token')} to train on, fewer than {FEW_TOKENS:,}. "
            "More music, or <code>--transpose</code>, helps."
        )
    unknown = [
        f"{markup.percent(split['unknown'], split['tokens'])} of the {text(name)} tokens"
        for name, split in splits.items()
        if split["unknown"] > _MUCH_UNKNOWN * split["tokens"]
    ]
    if unknown:
        said.append(
            f"{' and '.join(unknown)} are unknown to the vocabulary: the music is written in tokens that hardly "
            "repeat. Another <code>--encoding</code> may say it better."
        )
    if tokens and not splits.get("validation", {}).get("songs"):
        said.append("No song is in validation: nothing can be said of music that the model has not seen.")
    if lost > _MANY_LOST * summary.seconds.count:
        said.append(f"{markup.percent(lost, summary.seconds.count)} of the files were lost; the reasons stand below.")
    return said


def splits(described: Mapping[str, Any]) -> str:
    """Songs, tokens, windows and unknown tokens of each split."""
    found = described["splits"]
    every = sum(split["tokens"] for split in found.values()) or 1
    rows = [
        [
            text(name), charts.meter(found[name]["tokens"] / every), *(f"{found[name][key]:,}" for key in _SPLIT_KEYS),
            markup.percent(found[name]["unknown"], found[name]["tokens"]),
        ]
        for name in SPLITS if name in found
    ]  # fmt: skip
    return markup.table("The splits", ["Split", "", "Songs", "Tokens", "Windows", "Unknown"], rows, "scrolling")


_SPLIT_KEYS = ("songs", "tokens", "windows")


def files(summary: LedgerSummary) -> str:
    """What became of the files, why, and how long it took."""
    every = summary.seconds.count
    outcomes = [
        [name, charts.meter(summary.outcomes[name] / (every or 1)), f"{summary.outcomes[name]:,}",
         markup.percent(summary.outcomes[name], every)]
        for name in OUTCOMES
    ]  # fmt: skip
    heads = ["Outcome", "", "Files", "Share"]
    reasons = [
        [f"<b>{text(reason)}</b><br>{text(meaning)}<br><small>{text(example)}</small>", text(outcome), f"{count:,}"]
        for outcome in OUTCOMES
        for reason, count, meaning, example in summary.by_reason(outcome)
    ]
    slowest = [[text(source), markup.seconds(took)] for took, source in summary.ordered_slowest()]
    total, median, most = map(
        markup.seconds, (summary.seconds.total, summary.seconds.quantile(0.5), summary.seconds.quantile(0.95))
    )
    told = f"{total} of reading; a file takes {median} at the median, and 95 % take at most {most}."
    return (
        f"<figure>{markup.table('What became of the files', heads, outcomes, 'names')}</figure>"
        + markup.figure(
            "Why", markup.table("Why files were not read whole", ["Reason", "Outcome", "Files"], reasons), bool(reasons)
        )
        + markup.figure(
            "Slowest", f"<p>{told}</p>" + markup.table("The slowest files", ["File", "Time"], slowest), bool(slowest)
        )
        + markup.figure(
            "Licences",
            _groups("Licences of the files", ["Licence", "Files"], summary.licences, text),
            bool(summary.licences),
        )
    )


def duplicates(summary: LedgerSummary, members: Mapping[str, Sequence[str]]) -> str:
    """Files of the same bytes, and clusters of songs that are nearly the same."""

    def named(cluster: str) -> str:
        sources = members.get(cluster, ())
        more = summary.clusters[cluster] + 1 - len(sources)
        return "<br>".join([*map(text, sources), *([f"and {more:,} more"] if more > 0 else [])])

    def largest(count: int) -> int:
        return count + 1

    exact = _groups("Files of the same bytes", ["File", "Copies"], summary.duplicates, text)
    near = _groups("Clusters of near duplicates", ["Songs of a cluster", "Songs"], summary.clusters, named, largest)
    same = markup.count(summary.duplicates.total(), "file") + " more than once"
    close = f"{summary.near_duplicates():,} songs in {markup.count(len(summary.clusters), 'cluster')}"
    shown = markup.figure(f"Same bytes <small>{same}</small>", exact, bool(summary.duplicates))
    shown += markup.figure(f"Near duplicates <small>{close}</small>", near, bool(summary.clusters))
    return shown or markup.nothing("Every song stands alone: no file repeats another.")


def _groups(
    caption: str,
    heads: Sequence[str],
    groups: collections.Counter[str],
    name: Callable[[str], str],
    size: Callable[[int], int] = int,
) -> str:
    top = [(key, count) for key, count in groups.most_common(_TOP_GROUPS + 1) if key][:_TOP_GROUPS]
    return markup.table(caption, heads, [[name(key), f"{size(count):,}"] for key, count in top])


def made(described: Mapping[str, Any]) -> str:
    """Settings, fingerprints and versions."""
    prints = {key: described[key] for key in ("request", "content") if described.get(key)}
    parts = {"Settings": described["settings"], "Fingerprints": prints, "Versions": described.get("versions", {})}
    return "".join(
        f"<figure><figcaption>{title}</figcaption><dl>"
        + "".join(
            f"<dt>{text(key.replace('_', ' '))}</dt><dd>{text(_setting(value))}</dd>"
            for key, value in values.items()
            if value is not None and value != ""
        )
        + "</dl></figure>"
        for title, values in parts.items()
    )


def _setting(value: object) -> str:
    """A setting as a person reads it; a list of tokens by its length."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(_setting(item) if key == "name" else f"{key} {_setting(item)}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_setting, value)) if len(value) <= 8 else f"a list of {len(value):,}"
    return str(value)
