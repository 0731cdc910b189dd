"""The songs page: one HTML file that shows and plays every song of one or more songs directories, without a network.

The page's script writes all data as text; no name, path or setting can become markup.
"""

import dataclasses
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence

from generator.pages import loss_chart
from generator.pages.loss_chart import number
from nabi.music.note_names import PITCH_NAMES
from nabi.pages import template
from nabi.workspace import paths

# Most songs of a page, so that it opens at once (0.9 s when measured); the others are in songs-*.jsonl.
MOST_SONGS = 10_000

TEMPLATE, STYLE = "gallery.html", "gallery.css"
# Placeholder in the template -> the script that fills it.
_SCRIPTS = {
    "list": "gallery_list.js",
    "about": "gallery_about.js",
    "card": "gallery_card.js",
    "parts": "gallery_parts.js",
    "favourites": "gallery_favourites.js",
    "links": "gallery_links.js",
    "score": "gallery_score.js",
    "stems": "gallery_stems.js",
    "player": "gallery_player.js",
}

# Columns of a song's row that the page shows; the others, above all the tokens, stay in songs-*.jsonl.
_FILES = ("file", "score", "engraving", "pdf", "picture", "audio", "parts_page")
_TEXTS = ("key", "copied", "copied_from")
_NUMBERS = (
    "seed",
    "seconds",
    "notes",
    "log_likelihood",
    "novelty",
    "copied_notes",
    "copied_bars",
    "attempts",
    "agreement",
    "candidates",
    "nats_per_note",
)

# Of the column `form`.
_PARALLELS = ("parallel_fifths", "parallel_octaves")
_FORM = ("recurrence", "key_kept", "held_chords", "top_voice_steps")

_COLOUR = re.compile("#[0-9a-f]{6}")

# Within a script element `</script>` would end the data and `<!--` would change its parsing; JSON escapes prevent both.
_SCRIPT_SAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


@dataclasses.dataclass(frozen=True)
class SongSet:
    """The songs of a songs directory, and facts about them.

    Attributes:
      songs: rows of songs-*.jsonl, in any order. The page uses `song` (number of the song, the only required column),
        `name`, `file`, `score` (MusicXML), `engraving` (SVG of the score), `pdf`, `picture`, `audio`, `key`, `seed`,
        `seconds`, `notes`, `log_likelihood` (nats), `ended`, `attempts`, `agreement`, `candidates`, `nats_per_note`,
        `form`, the columns of `copied_bars.figures`, `parts` (of a band: `name`, `colour`, `notes`, `velocity`),
        `parts_page` (`parts_page.page`, of several parts), `tokens` (a list, or their number, which may also be in
        `length`), `pitch_range` (lowest and highest MIDI number) and `roll` (`render.time_span`: beginning and end of
        the song in its picture). A song without `audio` has no player.
      model: facts about the model, label -> value.
      metrics: metrics.json of the model, whose validation figures and baselines are shown.
      settings: settings of the songs, label -> value.
      folder: relative link from the page to the songs' files, such as `../greedy`; "" for the page's own folder.
      summary: file name, in that folder, of the page that compares the set with the training songs; "": none.
      index: file name, in that folder, of the page of this set alone; "": none.
      archive: file name, in that folder, of a zip of all songs; "": none.
      name: name of the set where there are several.
    """

    songs: Sequence[Mapping[str, object]]
    model: Mapping[str, object]
    metrics: Mapping[str, object]
    settings: Mapping[str, object]
    folder: str = ""
    summary: str = ""
    index: str = ""
    archive: str = ""
    name: str = ""


def page(sets: Sequence[SongSet], *, title: str) -> str:
    """Writes the page as HTML, with songs of equal number in several sets side by side.

    Args:
      sets: sets of songs in the order of their columns; each has a name if there are several.
      title: heading of the page.
    """
    entries = ((entry["song"], at, entry) for at, song_set in enumerate(sets) for entry in _entries(song_set))
    ordered = sorted(entries, key=lambda entry: entry[:2])
    data = {
        "sets": [_facts(song_set) for song_set in sets],
        "losses": _losses(sets),
        "songs": [{**entry, "set": at} if at else entry for _, at, entry in ordered],
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_SCRIPT_SAFE)
    # The name of a training song may have bytes that are not UTF-8; as JSON escapes they can be written and read.
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    scripts = {name: template.read("generator.pages", file) for name, file in _SCRIPTS.items()}
    return template.application(
        "generator.pages",
        TEMPLATE,
        STYLE,
        {**scripts, "title": html.escape(title), "origin": paths.fingerprint(_origin(sets)), "data": text},
    )


def _origin(sets: Sequence[SongSet]) -> list[object]:
    """Selects what songs are determined by, besides their numbers: favourites are kept under its fingerprint."""
    return [
        [song_set.name, _texts(song_set.model), _texts(song_set.metrics), _texts(song_set.settings)]
        for song_set in sets
    ]


def _facts(song_set: SongSet) -> dict[str, object]:
    """Selects the page's data about a set, without its songs."""
    files = {"summary": song_set.summary, "index": song_set.index, "archive": song_set.archive}
    pages = {name: _link(song_set.folder, file) for name, file in files.items() if file}
    return {"name": song_set.name, "model": _texts(song_set.model), "settings": _texts(song_set.settings), **pages}


def _losses(sets: Sequence[SongSet]) -> list[loss_chart.Bar]:
    """Builds the chart's bars; [] if the models were trained on different datasets."""
    if len({song_set.model.get("dataset") for song_set in sets}) > 1:
        return []
    return loss_chart.bars([(song_set.name or "this model", song_set.metrics) for song_set in sets])


def _entries(song_set: SongSet) -> Iterable[dict[str, object]]:
    return (_entry(row, song_set) for row in song_set.songs)


def _entry(row: Mapping[str, object], song_set: SongSet) -> dict[str, object]:
    """Selects the page's data about a row; missing values, and texts in the place of numbers, are left out."""
    song = int(str(row["song"]))
    name = str(row.get("name") or f"Song {song}")
    files = {"file": f"{paths.song_name(song)}.mid"} | {key: str(row[key]) for key in _FILES if row.get(key)}
    entry: dict[str, object] = {
        "song": song,
        "name": f"{song_set.name} · {name}" if song_set.name else name,
        **{key: _link(song_set.folder, file) for key, file in files.items()},
        **{key: str(row[key]) for key in _TEXTS if row.get(key)},
    }
    numbers = {key: number(row.get(key)) for key in _NUMBERS}
    numbers["tokens"] = number(_length(row.get("tokens", row.get("length"))))
    numbers["per_token"] = _per_token(numbers["log_likelihood"], numbers["tokens"], bool(row.get("ended")))
    entry |= {key: value for key, value in {**numbers, **_form(row.get("form"))}.items() if value is not None}
    if isinstance(row.get("ended"), bool):
        entry["ending"] = "ended" if row["ended"] else "cut off"
    if roll := _pair(row.get("roll")):
        entry["roll"] = [round(edge, 5) for edge in roll]
    pitches = _pair(row.get("pitch_range"))
    if pitches and all(0 <= pitch <= 127 for pitch in pitches):
        entry["pitches"] = " to ".join(PITCH_NAMES[int(pitch)] for pitch in pitches)
    if parts := _parts(row.get("parts")):
        entry["parts"] = parts
    return entry


def _parts(parts: object) -> list[dict[str, object]]:
    """Selects what the page shows of a song's parts, each with its colour in the picture."""
    rows = [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []
    return [
        {
            "name": str(part.get("name") or "unnamed"),
            "colour": colour,
            "notes": number(part.get("notes")),
            "velocity": number(part.get("velocity")),
        }
        for part in rows
        if _COLOUR.fullmatch(colour := str(part.get("colour")))
    ]


def _form(figures: object) -> dict[str, float | None]:
    """Selects the figures of how a song holds together that songs are sorted by; parallels are those of both kinds."""
    if not isinstance(figures, Mapping):
        return {}
    values = {name: number(figures.get(name)) for name in (*_PARALLELS, *_FORM)}
    fifths, octaves = (values.pop(name) for name in _PARALLELS)
    return {**values, "parallels": None if fifths is None or octaves is None else round(fifths + octaves, 4)}


def _link(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file


def _per_token(log_likelihood: float | None, tokens: float | None, ended: bool) -> float | None:
    """Computes nats a sampled token, which compares songs of any length; `<end>` counts, though the row omits it."""
    if log_likelihood is None or not tokens:
        return None
    return round(log_likelihood / (tokens + ended), 4)


def _pair(values: object) -> tuple[float, float] | None:
    """Returns two numbers; None for anything else."""
    if not isinstance(values, Sequence) or len(values) != 2:
        return None
    low, high = (number(value) for value in values)
    return None if low is None or high is None else (low, high)


def _length(tokens: object) -> object:
    return len(tokens) if isinstance(tokens, Sequence) else tokens


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    """Formats values as text; None is left out."""
    return {
        str(name): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        for name, value in values.items()
        if value is not None
    }
