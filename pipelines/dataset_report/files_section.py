"""Sections of a dataset's page about files, splits and settings, each as HTML.

Every text that comes from a file or a user is escaped by `markup.text`.
"""

import collections
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nabi.music.windows import SPLITS
from nabi.pages import charts, markup
from nabi.pages.markup import text
from pipelines.dataset_report.ledger_summary import OUTCOMES, LedgerSummary

# With fewer a model learns its songs by heart.
FEW_SONGS, FEW_TOKENS = 20, 20_000
_MUCH_UNKNOWN, _MANY_LOST = 0.02, 0.1
_TOP_GROUPS = 10


def headline(description: Mapping[str, Any], summary: LedgerSummary) -> str:
    """Returns a line of facts about the whole dataset."""
    splits = description["splits"].values()
    facts = [
        markup.count(sum(split["songs"] for split in splits), "song"),
        markup.count(sum(split["tokens"] for split in splits), "token"),
        f"{description['vocabulary_size']:,} in the vocabulary",
        f"{text(description['settings']['encoding']['name'])} encoding",
        f"{summary.outcomes['read']:,} of {markup.count(summary.seconds.count, 'file')} read",
    ]
    return "".join(f"<span>{fact}</span>" for fact in facts)


def warnings(description: Mapping[str, Any], summary: LedgerSummary) -> str:
    """Lists what makes the dataset hard to learn from; "" if there is nothing to warn of."""
    messages = _warnings(description, summary)
    items = "".join(f"<li>{message}</li>" for message in messages)
    return f'<ul class="warnings" role="note" aria-label="Warnings">{items}</ul>' if messages else ""


def _warnings(description: Mapping[str, Any], summary: LedgerSummary) -> list[str]:
    splits = description["splits"]
    songs, tokens = (sum(split[key] for split in splits.values()) for key in ("songs", "tokens"))
    training = splits["train"]["tokens"]
    lost = summary.outcomes["lost"]
    messages = []
    if songs < FEW_SONGS:
        messages.append(
            f"This set is small: {markup.count(songs, 'song')}. With fewer than {FEW_SONGS} a model repeats them."
        )
    if training < FEW_TOKENS:
        messages.append(
            f"There is little to learn from: {markup.count(training, 'token')} to train on, fewer than {FEW_TOKENS:,}. "
            "More music, or <code>--transpose</code>, helps."
        )
    unknown = [
        f"{markup.percent(split['unknown'], split['tokens'])} of the {text(name)} tokens"
        for name, split in splits.items()
        if split["unknown"] > _MUCH_UNKNOWN * split["tokens"]
    ]
    if unknown:
        messages.append(
            f"{' and '.join(unknown)} are unknown to the vocabulary: the music is written in tokens that hardly "
            "repeat. Another <code>--encoding</code> may say it better."
        )
    if tokens and not splits.get("validation", {}).get("songs"):
        messages.append("No song is in validation: nothing can be said of music that the model has not seen.")
    if lost > _MANY_LOST * summary.seconds.count:
        messages.append(
            f"{markup.percent(lost, summary.seconds.count)} of the files were lost; the reasons stand below."
        )
    return messages


def splits(description: Mapping[str, Any]) -> str:
    """Tabulates songs, tokens, windows and unknown tokens of each split."""
    by_name = description["splits"]
    total = sum(split["tokens"] for split in by_name.values()) or 1
    rows = [
        [
            text(name), charts.meter(by_name[name]["tokens"] / total),
            *(f"{by_name[name][key]:,}" for key in _SPLIT_KEYS),
            markup.percent(by_name[name]["unknown"], by_name[name]["tokens"]),
        ]
        for name in SPLITS if name in by_name
    ]  # fmt: skip
    return markup.table("The splits", ["Split", "", "Songs", "Tokens", "Windows", "Unknown"], rows, "scrolling")


_SPLIT_KEYS = ("songs", "tokens", "windows")


def files(summary: LedgerSummary) -> str:
    """Tabulates files by outcome, reason, reading time and licence."""
    total = summary.seconds.count
    outcomes = [
        [name, charts.meter(summary.outcomes[name] / (total or 1)), f"{summary.outcomes[name]:,}",
         markup.percent(summary.outcomes[name], total)]
        for name in OUTCOMES
    ]  # fmt: skip
    heads = ["Outcome", "", "Files", "Share"]
    reasons = [
        [f"<b>{text(reason)}</b><br>{text(meaning)}<br><small>{text(example)}</small>", text(outcome), f"{count:,}"]
        for outcome in OUTCOMES
        for reason, count, meaning, example in summary.by_reason(outcome)
    ]
    slowest = [[text(source), markup.seconds(seconds)] for seconds, source in summary.ordered_slowest()]
    total_time, median, percentile_95 = map(
        markup.seconds, (summary.seconds.total, summary.seconds.quantile(0.5), summary.seconds.quantile(0.95))
    )
    times = f"{total_time} of reading; a file takes {median} at the median, and 95 % take at most {percentile_95}."
    return (
        f"<figure>{markup.table('What became of the files', heads, outcomes, 'names')}</figure>"
        + markup.figure(
            "Why", markup.table("Why files were not read whole", ["Reason", "Outcome", "Files"], reasons), bool(reasons)
        )
        + markup.figure(
            "Slowest", f"<p>{times}</p>" + markup.table("The slowest files", ["File", "Time"], slowest), bool(slowest)
        )
        + markup.figure(
            "Licences",
            _groups("Licences of the files", ["Licence", "Files"], summary.licences, text),
            bool(summary.licences),
        )
    )


def duplicates(summary: LedgerSummary, members: Mapping[str, Sequence[str]]) -> str:
    """Tabulates files of the same bytes and clusters of near duplicates.

    Args:
      summary: the ledger's summary.
      members: hash of a cluster -> sources of its first members, for the largest clusters.
    """

    def name_members(cluster: str) -> str:
        """Lists a cluster's first members, and how many more there are."""
        sources = members.get(cluster, ())
        more = _cluster_size(summary.clusters[cluster]) - len(sources)
        return "<br>".join([*map(text, sources), *([f"and {more:,} more"] if more > 0 else [])])

    heads = ["Songs of a cluster", "Songs"]
    exact = _groups("Files of the same bytes", ["File", "Copies"], summary.duplicates, text)
    near = _groups("Clusters of near duplicates", heads, summary.clusters, name_members, _cluster_size)
    exact_count = markup.count(summary.duplicates.total(), "file") + " more than once"
    near_count = f"{summary.near_duplicates():,} songs in {markup.count(len(summary.clusters), 'cluster')}"
    figures = markup.figure(f"Same bytes <small>{exact_count}</small>", exact, bool(summary.duplicates))
    figures += markup.figure(f"Near duplicates <small>{near_count}</small>", near, bool(summary.clusters))
    return figures or markup.nothing("Every song stands alone: no file repeats another.")


def _cluster_size(count: int) -> int:
    # `LedgerSummary.clusters` does not count the song that gives a cluster its name.
    return count + 1


def _groups(
    caption: str,
    heads: Sequence[str],
    groups: collections.Counter[str],
    name: Callable[[str], str],
    size: Callable[[int], int] = int,
) -> str:
    top = [(key, count) for key, count in groups.most_common(_TOP_GROUPS + 1) if key][:_TOP_GROUPS]
    return markup.table(caption, heads, [[name(key), f"{size(count):,}"] for key, count in top])


def provenance(description: Mapping[str, Any]) -> str:
    """Lists settings, fingerprints and versions."""
    fingerprints = {key: description[key] for key in ("request", "content") if description.get(key)}
    parts = {
        "Settings": description["settings"],
        "Fingerprints": fingerprints,
        "Versions": description.get("versions", {}),
    }
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
    """Writes a setting for a reader: yes or no, lists with commas, long lists by their length alone."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(_setting(item) if key == "name" else f"{key} {_setting(item)}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_setting, value)) if len(value) <= 8 else f"a list of {len(value):,}"
    return str(value)
