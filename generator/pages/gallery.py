"""The songs page: one HTML file that shows and plays every song of one or more songs directories, without a network.

Everything shown is data that the page's script writes as text; no name, path or setting can become markup.
"""

import dataclasses
import html
import json
from collections.abc import Iterable, Mapping, Sequence

from generator.pages import loss_chart
from generator.pages.loss_chart import number
from nabi.music.note_names import PITCH_NAMES
from nabi.pages import template
from nabi.workspace import paths

# Songs that a page can have and still open at once (it measured 0.9 s); the others are in songs-*.jsonl.
MOST_SONGS = 10_000

TEMPLATE, STYLE = "gallery.html", "gallery.css"
# Placeholder in the template -> the script that fills it.
_SCRIPTS = {
    "list": "gallery_list.js",
    "about": "gallery_about.js",
    "card": "gallery_card.js",
    "player": "gallery_player.js",
}

# What the page shows of a song's row; the rest of the row (its tokens above all) stays in songs-*.jsonl.
_FILES = ("file", "picture", "audio")
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
)

# Inside a script element `</script>` ends the data and `<!--` changes how it is read; as JSON escapes neither does.
_SCRIPT_SAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}


@dataclasses.dataclass(frozen=True)
class SongSet:
    """The songs of a songs directory, and what a page says of them.

    Attributes:
      songs: the rows of songs-*.jsonl, in any order. Of a row the page knows `song` (its number, the only one that has
        to be there), `name`, `file`, `picture`, `audio`, `key`, `seed`, `seconds`, `notes`, `log_likelihood` (nats),
        `ended` (whether it came to its end), `attempts`, `agreement`, what `copying.figures` tells, `tokens` (a list,
        or their number, which may also stand in `length`), `pitch_range` (the lowest and the highest MIDI number) and
        `roll` (`render.time_span`: where the song begins and ends in its picture). Without `audio` a song has no
        player.
      model: what to say of the model, label -> value.
      metrics: the model's metrics.json; the validation figures and the baselines are shown.
      settings: what the songs were made with, label -> value.
      folder: where the songs' files lie, as the page beside them or elsewhere names it: `../greedy`; "" beside it.
      summary: the page in that folder that compares the set with the training songs, if there is one.
      index: the page in that folder of this set alone, if there is one.
      name: of the set, where there are several.
    """

    songs: Sequence[Mapping[str, object]]
    model: Mapping[str, object]
    metrics: Mapping[str, object]
    settings: Mapping[str, object]
    folder: str = ""
    summary: str = ""
    index: str = ""
    name: str = ""


def page(sets: Sequence[SongSet], *, title: str) -> str:
    """The page as HTML, with the songs of several sets side by side, those of equal number together.

    Args:
      sets: in the order in which their songs stand; of several each has a name.
      title: the page's heading.
    """
    entries = ((entry["song"], at, entry) for at, one in enumerate(sets) for entry in _entries(one))
    ordered = sorted(entries, key=lambda entry: entry[:2])
    data = {
        "sets": [_told(one) for one in sets],
        "losses": _losses(sets),
        "songs": [{**entry, "set": at} if at else entry for _, at, entry in ordered],
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_SCRIPT_SAFE)
    # A training song's name may hold bytes that are no text: as JSON escapes they can be written and read.
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    scripts = {name: template.read("generator.pages", file) for name, file in _SCRIPTS.items()}
    return template.application(
        "generator.pages", TEMPLATE, STYLE, {**scripts, "title": html.escape(title), "data": text}
    )


def _told(one: SongSet) -> dict[str, object]:
    """What the page is told of a set besides its songs."""
    pages = {name: _placed(one.folder, page) for name, page in (("summary", one.summary), ("index", one.index)) if page}
    return {"name": one.name, "model": _texts(one.model), "settings": _texts(one.settings), **pages}


def _losses(sets: Sequence[SongSet]) -> list[loss_chart.Bar]:
    """The chart's bars; none where the models learned from different datasets."""
    if len({one.model.get("dataset") for one in sets}) > 1:
        return []
    return loss_chart.bars([(one.name or "this model", one.metrics) for one in sets])


def _entries(one: SongSet) -> Iterable[dict[str, object]]:
    return (_entry(row, one) for row in one.songs)


def _entry(row: Mapping[str, object], one: SongSet) -> dict[str, object]:
    """What the page is given of a row; what the row lacks, or what is not a number where one belongs, is left out."""
    song = int(str(row["song"]))
    name = str(row.get("name") or f"Song {song}")
    files = {"file": f"{paths.song_name(song)}.mid"} | {key: str(row[key]) for key in _FILES if row.get(key)}
    entry: dict[str, object] = {
        "song": song,
        "name": f"{one.name} · {name}" if one.name else name,
        **{key: _placed(one.folder, file) for key, file in files.items()},
        **{key: str(row[key]) for key in _TEXTS if row.get(key)},
    }
    numbers = {key: number(row.get(key)) for key in _NUMBERS}
    numbers["tokens"] = number(_length(row.get("tokens", row.get("length"))))
    numbers["per_token"] = _per_token(numbers["log_likelihood"], numbers["tokens"], bool(row.get("ended")))
    entry |= {key: value for key, value in numbers.items() if value is not None}
    if isinstance(row.get("ended"), bool):
        entry["ending"] = "ended" if row["ended"] else "cut off"
    if roll := _pair(row.get("roll")):
        entry["roll"] = [round(edge, 5) for edge in roll]
    pitches = _pair(row.get("pitch_range"))
    if pitches and all(0 <= pitch <= 127 for pitch in pitches):
        entry["pitches"] = " to ".join(PITCH_NAMES[int(pitch)] for pitch in pitches)
    return entry


def _placed(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file


def _per_token(log_likelihood: float | None, tokens: float | None, ended: bool) -> float | None:
    """Nats a sampled token, by which songs of any length compare; an `<end>` was sampled too, but is not in the row."""
    if log_likelihood is None or not tokens:
        return None
    return round(log_likelihood / (tokens + ended), 4)


def _pair(values: object) -> tuple[float, float] | None:
    """Two numbers; None for anything else."""
    if not isinstance(values, Sequence) or len(values) != 2:
        return None
    low, high = (number(value) for value in values)
    return None if low is None or high is None else (low, high)


def _length(tokens: object) -> object:
    return len(tokens) if isinstance(tokens, Sequence) else tokens


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    """Values as a person reads them; what was not set is left out."""
    return {
        str(name): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        for name, value in values.items()
        if value is not None
    }
