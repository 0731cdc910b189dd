"""Sections of a dataset's page about its music: songs, notes, lengths and tokens, each as HTML.

Every text that comes from a file or a user is escaped by `markup.text`.
"""

import collections
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from nabi.music import note_names
from nabi.music.vocabulary import Vocabulary
from nabi.pages import charts, markup
from nabi.pages.charts import Bar
from nabi.pages.markup import text
from nabi.pages.piano_rolls import piano_roll
from nabi.workspace.ledger import LedgerRow
from pipelines.dataset_report.ledger_summary import LedgerSummary
from pipelines.dataset_report.quantile_sketch import Bin, QuantileSketch
from pipelines.dataset_report.token_statistics import MusicCounts, Sample

_TOP_TOKENS, _TOP_DURATIONS = 30, 14
# Characters shown: a song read with --instrument all names every one of them.
_INSTRUMENT_SIGNS = 70
# Length in quarter notes -> name of the note value.
_NOTE_VALUES = {
    Fraction(length): name
    for length, name in {
        "1/16": "64th", "1/12": "48th", "1/8": "32nd", "1/6": "16th triplet", "1/5": "16th quintuplet", "1/4": "16th",
        "1/3": "8th triplet", "1/2": "8th", "2/3": "quarter triplet", "3/4": "dotted 8th", "1": "quarter",
        "3/2": "dotted quarter", "2": "half", "3": "dotted half", "4": "whole",
    }.items()
}  # fmt: skip


def rolls(samples: Sequence[Sample], rows: Mapping[str, LedgerRow]) -> str:
    """Draws songs as piano rolls.

    Args:
      samples: the songs.
      rows: a sample's name -> its ledger row, where there is one.
    """
    cards = []
    for sample in samples:
        row = rows.get(sample.name)
        source = row.source if row else sample.name
        title = re.split(r"[/!]", source)[-1] or source
        facts = [markup.count(row.events, "event"), markup.count(row.tokens, "token")] if row else []
        facts += [text(row.instrument, _INSTRUMENT_SIGNS)] if row and row.instrument else []
        cards.append(
            f'<article class="song">{piano_roll(sample.song, title)}<div>'
            f'<h3 title="{text(source)}">{text(title)}</h3><p>{"".join(f"<span>{fact}</span>" for fact in facts)}</p>'
            "</div></article>"
        )
    return f'<div class="songs">{"".join(cards)}</div>' if cards else markup.nothing("No song could be drawn.")


def pitches(music: MusicCounts) -> str:
    """Charts the number of notes of each pitch and each pitch class."""
    if not sum(music.classes):
        return markup.nothing("The vocabulary counts no pitch.")
    commonest = note_names.PITCH_CLASSES[max(range(12), key=music.classes.__getitem__)]
    classes = charts.bars(
        [Bar(count, f"{name}: {count:,}") for name, count in zip(note_names.PITCH_CLASSES, music.classes, strict=True)],
        f"Pitch classes: the commonest is {commonest}",
        [((index + 0.5) / 12, name) for index, name in enumerate(note_names.PITCH_CLASSES)],
    )
    without = sum(music.classes) - sum(music.pitches)
    note = f"<p>{without:,} notes of chords have no octave in this encoding and count as classes only.</p>"
    return (
        f"<figure><figcaption>Pitches</figcaption>{_pitch_chart(music)}{note if without else ''}</figure>"
        f"<figure><figcaption>Pitch classes</figcaption>{classes}</figure>"
    )


def _pitch_chart(music: MusicCounts) -> str:
    used = [pitch for pitch, count in enumerate(music.pitches) if count]
    if not used:
        return markup.nothing("This encoding's tokens name no octave.")
    commonest = max(used, key=music.pitches.__getitem__)
    low, high, top = (note_names.PITCH_NAMES[pitch] for pitch in (used[0], used[-1], commonest))
    return charts.pitches(music.pitches, f"Pitches from {low} to {high}: the commonest is {top}")


def durations(music: MusicCounts, encoding: str, samples: Sequence[Sample]) -> str:
    """Charts the durations that tokens name; for encodings without such tokens, those of the sampled songs' notes."""
    counts, note = music.durations, ""
    if encoding == "events":
        note = "By duration tokens; what lasts longer than 4 quarter notes is a sum of several."
    if encoding == "pitch":
        return markup.nothing("This encoding keeps no time.")
    if not counts:
        counts = collections.Counter(length for sample in samples for length in _lengths(sample))
        note = "Measured on the notes of the songs above: this encoding's tokens say no duration."
    return _duration_rows(counts) + (f"<p>{note}</p>" if note else "")


def _lengths(sample: Sample) -> Iterator[Fraction]:
    """Yields the lengths of a sample's notes in quarter notes."""
    return (Fraction(ticks, sample.song.ticks_per_quarter) for ticks in sample.song.notes()[1].tolist())


def _duration_rows(counts: collections.Counter[Fraction]) -> str:
    total = counts.total() or 1
    top = sorted(length for length, _ in counts.most_common(_TOP_DURATIONS))
    rows = [(str(length), _NOTE_VALUES.get(length, ""), counts[length]) for length in top]
    others = total - sum(count for _, _, count in rows)
    if others and len(counts) > len(top):
        rows.append(("other", f"{len(counts) - len(top):,} lengths", others))
    highest = max((count for _, _, count in rows), default=1)
    return "".join(
        f'<div class="row"><span>{text(name)} <small>{text(value)}</small></span>{charts.meter(count / highest)}'
        f"<span>{markup.percent(count, total)}</span></div>"
        for name, value, count in rows
    )


def lengths(summary: LedgerSummary) -> str:
    """Charts the songs' lengths in events and in tokens."""
    return "".join(
        f"<figure><figcaption>{unit.capitalize()} a song <small>median {sketch.quantile(0.5):,}, "
        f"longest {sketch.highest:,}</small></figcaption>{_histogram(sketch, unit)}</figure>"
        for unit, sketch in (("events", summary.events), ("tokens", summary.tokens))
        if sketch.count
    )


def _histogram(sketch: QuantileSketch, unit: str) -> str:
    bins = sketch.histogram()
    label = f"Songs by {unit}: the median song has {sketch.quantile(0.5):,}, the longest {sketch.highest:,}"
    return charts.bars([Bar(row.count, _songs_in(row, unit)) for row in bins], label, _edge_ticks(bins))


def _songs_in(row: Bin, unit: str) -> str:
    between = f"{row.low:,}" if row.high == row.low + 1 else f"{row.low:,} to {row.high - 1:,}"
    return f"{between} {unit}: {markup.count(row.count, 'song')}"


def _edge_ticks(bins: Sequence[Bin]) -> list[tuple[float, str]]:
    """Returns (position 0..1, label) of a few of the bins' edges, far enough apart for a phone's screen."""
    step = -(-len(bins) // 4)
    inner = [index for index in range(0, len(bins), step) if len(bins) - index > step / 2]
    return [*((index / len(bins), f"{bins[index].low:,}") for index in inner), (1, f"{bins[-1].high:,}")]


def tokens(vocabulary: Vocabulary) -> str:
    """Lists the commonest tokens and charts counts by rank."""
    ranked = sorted(vocabulary.music_counts, key=lambda row: -row[1])
    ranked = [row for row in ranked if row[1]]
    if not ranked:
        return markup.nothing("No token was counted.")
    total, highest = sum(count for _, count in ranked), ranked[0][1]
    once = sum(count == 1 for _, count in ranked)
    unseen = len(vocabulary) - vocabulary.special - len(ranked)
    facts = [f"{markup.percent(once, len(ranked))} of {markup.count(len(ranked), 'token')} are seen once"]
    facts += [f"{unseen:,} belong to the vocabulary unseen"] if unseen else []
    items = "".join(
        f"<li><code>{text(token)}</code>{charts.meter(count / highest)}<span>{count:,}</span>"
        f"<span>{markup.percent(count, total)}</span></li>"
        for token, count in ranked[:_TOP_TOKENS]
    )
    label = f"Token counts by rank, both logarithmic: from {highest:,} for the commonest of {len(ranked):,} down"
    curve = charts.curve([count for _, count in ranked], label)
    return (
        f'<ol class="tokens">{items}</ol><figure><figcaption>Count by rank <small>{"; ".join(facts)}</small>'
        f"</figcaption>{curve}</figure>"
    )
