"""The page that composes: one HTML file of a model, its tables, the scripts that sample from it, and a player."""

import html
import json
from typing import TYPE_CHECKING, Any

from generator.composer import settings, tables, weights
from generator.config import GenerateConfig
from nabi.pages import template

if TYPE_CHECKING:
    from nabi.networks.trained_model import TrainedModel

PACKAGE = "generator.composer"
TEMPLATE, STYLE = "composer.html", "composer.css"
# Scripts of the worker that samples, in an order in which each finds the names of those before.
SAMPLING = (
    "integers", "simd", "arithmetic", "weights", "philox", "lstm", "runs", "clock", "slices", "openings", "phrases",
    "intervals", "memory", "interval_scores", "network", "frame_mask", "masks", "choice", "loops", "song", "keys",
    "song_state", "sampler",
)  # fmt: skip
# Scripts of the page itself.
_PLAYING = (
    "integers", "song", "keys", "quantise", "spelling", "midi_writer", "midi_reader", "synth", "midi_ports", "roll",
    "player", "recorder", "piano", "form", "app",
)  # fmt: skip
# Within a script element `</script>` would end the data and `<!--` would change its parsing; JSON escapes prevent both.
_SCRIPT_SAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


def page(model: "TrainedModel", config: GenerateConfig, *, title: str, precision: str) -> str:
    """Writes the page as HTML.

    Args:
      model: the model.
      config: settings that the page starts with.
      title: name of the model.
      precision: format of the weights, one of `weights.PRECISIONS`.

    Raises:
      ValueError: in one sentence, for a model that the page cannot sample from.
    """
    check(model)
    entries, content = weights.packed(weights.tensors(model.model, precision))
    data = {
        "title": title,
        "network": description(model),
        "precision": precision,
        "settings": settings.of_page(config),
        "residual": residual(model),
        "tensors": entries,
        "tables": tables.compiled(model),
    }
    parts = {"data": _json(data), "weights": content, "worker": script((*SAMPLING, "worker")), "page": script(_PLAYING)}
    return template.application(PACKAGE, TEMPLATE, STYLE, {**parts, "title": html.escape(title)})


def check(model: "TrainedModel") -> None:
    """Raises ValueError for a model that the page cannot sample from."""
    if model.encoding.name not in tables.ENCODINGS:
        raise ValueError(
            f"the page has models of --encoding {', '.join(tables.ENCODINGS)}, and this one is of "
            f"{model.encoding.name}: make songs with python -m generator.generate"
        )
    if model.config["target"] != "every":
        raise ValueError(
            f"the page has models of --target every, and this one is of --target {model.config['target']}: make songs "
            "with python -m generator.generate"
        )


def script(names: tuple[str, ...]) -> str:
    """Joins scripts of this package to one."""
    return "\n".join(template.read(PACKAGE, f"{name}.js") for name in names)


def description(model: "TrainedModel") -> str:
    """Describes the network in a few words, such as `2 x LSTM(256), voices`."""
    units = [layer.units for layer in model.model.layers if type(layer).__name__ == "LSTM"]
    return f"{len(units)} x LSTM({units[0]}), {model.encoding.name}"


def residual(model: "TrainedModel") -> list[bool]:
    """Tells of each LSTM layer whether its input is added to its output."""
    names = {layer.name for layer in model.model.layers}
    return [f"residual_{number}" in names for number in range(sum(name.startswith("lstm_") for name in names))]


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_SCRIPT_SAFE)
