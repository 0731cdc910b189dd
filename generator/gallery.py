"""The songs page: one HTML file that shows and plays every song of a songs directory, without a network.

Everything shown is data that the page's script writes as text; no name, path or setting can become markup.
"""

import html
import importlib.resources
import json
import math
from collections.abc import Mapping, Sequence

from pages import template
from songs import layout
from songs.names import PITCH_NAMES

# Songs that a page can have and still open at once (it measured 0.9 s); the others are in songs-*.jsonl.
MOST_SONGS = 10_000

TEMPLATE = "gallery.html"
# Placeholder in the template -> the file that fills it.
_PARTS = {
    "style": "gallery.css",
    "list": "gallery_list.js",
    "card": "gallery_card.js",
    "player": "gallery_player.js",
}

# What the page shows of a song's row; the rest of the row (its tokens above all) stays in songs-*.jsonl.
_TEXTS = ("file", "picture", "audio", "key", "copied", "copied_from")
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


def page(
    songs: Sequence[Mapping[str, object]],
    *,
    title: str,
    model: Mapping[str, object],
    metrics: Mapping[str, object],
    settings: Mapping[str, object],
    summary: str | None = None,
) -> str:
    """The page as HTML, to be written beside the songs' files, which it names relatively.

    Args:
      songs: the rows of songs-*.jsonl, in any order; the page begins sorted by number. Of a row the page knows
        `song` (its number, the only one that has to be there), `name`, `file`, `picture`, `audio`, `key`, `seed`,
        `seconds`, `notes`, `log_likelihood` (nats), `ended`, `attempts`, `agreement`, what `copying.figures` tells,
        `tokens` (a list, or their number, which may also stand in `length`), `pitch_range` (the lowest and the highest
        MIDI number) and `roll` (`render.time_span`: where the song begins and ends in its picture). Without `audio` a
        song has no player.
      title: the page's heading.
      model: what to say of the model, label -> value.
      metrics: the model's metrics.json; the validation figures and the baselines are shown.
      settings: what the songs were made with, label -> value.
      summary: the name of the page beside this one that compares the set with the training songs, if there is one.
    """
    data = {
        "model": _texts(model),
        "losses": losses(metrics),
        "settings": _texts(settings),
        "songs": [_entry(row) for row in songs],
        **({"summary": summary} if summary else {}),
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_SCRIPT_SAFE)
    # A training song's name may hold bytes that are no text: as JSON escapes they can be written and read.
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    parts = {name: _read(file) for name, file in _PARTS.items()}
    return template.fill("generator", TEMPLATE, {**parts, "title": html.escape(title), "data": text})


def losses(metrics: Mapping[str, object]) -> list[dict[str, object]]:
    """The model's validation loss among the baselines', in nats a token, the highest first, as the page's chart.

    Where there was no validation split the training loss stands in, and `split` says so; without either there is
    nothing to compare and the list is empty.
    """
    for split in ("validation", "train"):
        figures = _mapping(metrics.get(split))
        loss = _number(figures.get("loss_nats"))
        if loss is not None:
            break
    else:
        return []
    of_split = _mapping(_mapping(metrics.get("baselines")).get(split))
    baselines = {name: _number(value) for name, value in of_split.items()}
    rows: list[tuple[float, dict[str, object]]] = [
        (value, {"name": name, "loss": value}) for name, value in baselines.items() if value is not None
    ]
    ours = {
        "name": "this model",
        "loss": loss,
        "model": True,
        "split": split,
        "accuracy": _number(figures.get("accuracy")),
    }
    rows.append((loss, {key: value for key, value in ours.items() if value is not None}))
    return [row for _, row in sorted(rows, key=lambda row: -row[0])]


def _entry(row: Mapping[str, object]) -> dict[str, object]:
    """What the page is given of a row; what the row lacks, or what is not a number where one belongs, is left out."""
    number = int(str(row["song"]))
    entry: dict[str, object] = {
        "song": number,
        "name": str(row.get("name") or f"Song {number}"),
        "file": f"{layout.song_name(number)}.mid",
    }
    entry |= {key: str(row[key]) for key in _TEXTS if row.get(key)}
    numbers = {key: _number(row.get(key)) for key in _NUMBERS}
    numbers["tokens"] = _number(_length(row.get("tokens", row.get("length"))))
    numbers["per_token"] = _per_token(numbers["log_likelihood"], numbers["tokens"], bool(row.get("ended")))
    entry |= {key: value for key, value in numbers.items() if value is not None}
    if roll := _pair(row.get("roll")):
        entry["roll"] = [round(edge, 5) for edge in roll]
    if pitches := _pair(row.get("pitch_range")):
        entry["pitches"] = " to ".join(PITCH_NAMES[int(pitch)] for pitch in pitches)
    return entry


def _per_token(log_likelihood: float | None, tokens: float | None, ended: bool) -> float | None:
    """Nats a sampled token, by which songs of any length compare; an `<end>` was sampled too, but is not in the row."""
    if log_likelihood is None or not tokens:
        return None
    return round(log_likelihood / (tokens + ended), 4)


def _pair(values: object) -> tuple[float, float] | None:
    """Two numbers; None for anything else."""
    if not isinstance(values, Sequence) or len(values) != 2:
        return None
    low, high = (_number(value) for value in values)
    return None if low is None or high is None else (low, high)


def _length(tokens: object) -> object:
    return len(tokens) if isinstance(tokens, Sequence) else tokens


def _number(value: object) -> int | float | None:
    """A number that JSON can hold; None for anything else, infinities and not-a-number among it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value


def _read(name: str) -> str:
    return importlib.resources.files("generator").joinpath(name).read_text(encoding="utf-8")


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    """Values as a person reads them; what was not set is left out."""
    return {
        str(name): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        for name, value in values.items()
        if value is not None
    }
