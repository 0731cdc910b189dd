"""The songs page: one HTML file that shows and plays every song of a songs directory, without a network.

Everything shown is data that the page's script writes as text; no name, path or setting can become markup.
"""

import html
import importlib.resources
import json
import math
import re
from collections.abc import Mapping, Sequence

from songs import layout

TEMPLATE = "gallery.html"

# What the page shows of a song's row; the rest of the row (its tokens above all) stays in songs-*.jsonl.
_TEXTS = ("file", "picture", "audio", "key")
_NUMBERS = ("seed", "seconds", "notes", "log_likelihood", "novelty")

_PLACEHOLDER = re.compile(r"\{\{(title|data)\}\}")
# Inside a script element `</script>` ends the data and `<!--` changes how it is read; as JSON escapes neither does.
_SCRIPT_SAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}


def page(
    songs: Sequence[Mapping[str, object]],
    *,
    title: str,
    model: Mapping[str, object],
    metrics: Mapping[str, object],
    settings: Mapping[str, object],
) -> str:
    """The page as HTML, to be written beside the songs' files, which it names relatively.

    Args:
      songs: the rows of songs-*.jsonl, in any order; the page begins sorted by number. Of a row the page knows
        `song` (its number, the only one that has to be there), `name`, `file`, `picture`, `audio`, `key`, `seed`,
        `seconds`, `notes`, `log_likelihood` (nats), `novelty`, `tokens` (a list, or their number, which may also
        stand in `length`) and `roll` (`render.time_span`: where the song begins and ends in its picture). Without
        `audio` a song has no player.
      title: the page's heading.
      model: what to say of the model, label -> value.
      metrics: the model's metrics.json; the validation figures and the baselines are shown.
      settings: what the songs were made with, label -> value.
    """
    data = {
        "model": _texts(model),
        "losses": losses(metrics),
        "settings": _texts(settings),
        "songs": [_entry(row) for row in songs],
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_SCRIPT_SAFE)
    filled = {"title": html.escape(title), "data": text}
    template = importlib.resources.files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8")
    # In one pass, so that a song named {{data}} stays what it is.
    return _PLACEHOLDER.sub(lambda match: filled[match.group(1)], template)


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
    entry |= {key: value for key, value in numbers.items() if value is not None}
    roll = row.get("roll")
    if isinstance(roll, Sequence) and len(roll) == 2:
        entry["roll"] = [round(float(edge), 5) for edge in roll]
    return entry


def _length(tokens: object) -> object:
    return len(tokens) if isinstance(tokens, Sequence) else tokens


def _number(value: object) -> int | float | None:
    """A number that JSON can hold; None for anything else, infinities and not-a-number among it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    """Values as a person reads them; what was not set is left out."""
    return {
        str(name): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        for name, value in values.items()
        if value is not None
    }
