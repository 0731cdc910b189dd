"""A model's card as README.md: YAML that hubs read, then data, licences, figures, checks, limits and settings."""

import json
import textwrap
from collections.abc import Mapping
from typing import Any

from nabi.music.windows import SPLITS
from trainer.sharing import licences
from trainer.sharing.model_files import HALF, Facts

PACK = "model.nabi"

_METRICS = {"loss_nats": "loss (nats a token)", "perplexity": "perplexity", "accuracy": "accuracy"}
_LIMITS = (
    "It knows the style of its training music and no other; what it has in common with a training song, each sampled "
    "song says itself (`copied` in its row).",
    "Figures compare with those of the same dataset and encoding only, since a token of another says more or less.",
    "Notes lie on a grid, and songs are judged by counting, not by listeners: listen before you use one.",
)


def text(*, config: Mapping[str, Any], metrics: Mapping[str, Any], sampling: Mapping[str, Any], facts: Facts) -> str:
    """Writes the card.

    Args:
      config: content of the model's `config.json`.
      metrics: of its `metrics.json`; empty if it has none.
      sampling: of its `sampling.json`: `recipe` and `settings`; empty if it has none.
      facts: what its directory does not say.
    """
    name = _name(config, sampling)
    sections = {
        name: [_network(config, metrics, facts)],
        "How to sample": _how_to_sample(sampling),
        "Training music": _music(config, facts),
        "Figures": _figures(metrics, facts),
        "Checks": _checks(facts),
        "Limits": [f"- {limit}" for limit in _LIMITS],
        "Settings": _settings(config),
    }
    parts = [f"{'#' if title == name else '##'} {title}\n\n" + "\n".join(lines) for title, lines in sections.items()]
    return "\n\n".join([_front_matter(name, config, metrics, facts), *parts]) + "\n"


def _name(config: Mapping[str, Any], sampling: Mapping[str, Any]) -> str:
    recipe = sampling.get("recipe", "").partition(":")[0]
    return f"Nabi, {f'recipe {recipe}' if recipe else 'encoding ' + config['encoding']['name']}"


def _front_matter(name: str, config: Mapping[str, Any], metrics: Mapping[str, Any], facts: Facts) -> str:
    """Formats the fields of a hub's card; JSON is YAML, so that no text of others can break out of its field."""
    fields: dict[str, Any] = {
        "library_name": "nabi",
        **licences.hub_fields(facts.data),
        "tags": ["music", "midi", "symbolic-music", "lstm", "keras", f"encoding-{config['encoding']['name']}"],
    }
    if results := _results(config, metrics):
        fields["metrics"] = ["perplexity", "accuracy"]
        fields["model-index"] = [{"name": name, "results": results}]
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return "\n".join(["---", *lines, "---"])


def _results(config: Mapping[str, Any], metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lists the figures on held-out songs as a hub's `model-index` has them."""
    return [
        {
            "task": {"type": "music-modeling", "name": "prediction of the next token of a song"},
            "dataset": {"type": config["content"], "name": f"{config['encoding']['name']} tokens", "split": split},
            "metrics": [
                {"type": kind, "name": meaning, "value": round(metrics[split][kind], 6)}
                for kind, meaning in _METRICS.items()
            ],
        }
        for split in SPLITS[1:]
        if metrics.get(split)
    ]


def _network(config: Mapping[str, Any], metrics: Mapping[str, Any], facts: Facts) -> str:
    train = config["train"]
    size = f"{train['layers']} layers of {train['units']} units" if {"layers", "units"} <= set(train) else "Keras"
    memory = ", and a memory of its own song" if train.get("memory") else ""
    parameters = f"; {metrics['parameters']:,} parameters" if "parameters" in metrics else ""
    half = ", rounded to half precision" if facts.weights == HALF else ""
    return (
        f"An LSTM ({size}{memory}{parameters}{half}) that writes music token by token in the encoding "
        f"`{config['encoding']['name']}` of Nabi."
    )


def _how_to_sample(sampling: Mapping[str, Any]) -> list[str]:
    flags = " ".join(f"--{name}={value}" for name, value in sampling.get("settings", {}).items())
    defaults = ["", f"By default it samples as its recipe does: `{flags}`."] if flags else []
    commands = f"nabi play --model {PACK}\nnabi generate --model {PACK} --output songs --num_songs 40"
    python = f'import nabi\nsongs = nabi.load_model("{PACK}").sample(12, seed=1)\nnabi.write(songs[0], "song.mid")'
    return [*_code(commands), "", "From Python:", "", *_code(python), *defaults]


def _code(lines: str) -> list[str]:
    return textwrap.indent(lines, "    ").split("\n")


def _music(config: Mapping[str, Any], facts: Facts) -> list[str]:
    songs = facts.data["splits"] if facts.data else {}
    counts = [f"Songs: {', '.join(f'{count:,} {split}' for split, count in songs.items())}.", ""] if songs else []
    return [*counts, *licences.table(facts.data), "", f"Fingerprint of the dataset: `{config['content']}`."]


def _figures(metrics: Mapping[str, Any], facts: Facts) -> list[str]:
    if not metrics:
        return ["None are stated."]
    baselines = metrics.get("baselines", {})
    best = (metrics.get("best_ngram") or {}).get("name")
    lines = [
        f"| songs | nats a token | perplexity | accuracy | tokens |{f' {best}, nats a token |' if best else ''}",
        "|---|---|---|---|---|" + ("---|" if best else ""),
    ]
    for split in SPLITS:
        if score := metrics.get(split):
            counted = (baselines.get(split) or {}).get(best)
            figures = f"{score['loss_nats']:.4f} | {score['perplexity']:.3f} | {score['accuracy']:.3f}"
            beside = f" {counted:.4f} |" if counted is not None else " |" if best else ""
            lines.append(f"| {split} | {figures} | {score['tokens']:,} |{beside}")
    half = ["", "Measured before the weights were rounded to half precision."] if facts.weights == HALF else []
    return [*lines, "", f"Measured: {metrics['measured']}.", *half] if "measured" in metrics else [*lines, *half]


def _checks(facts: Facts) -> list[str]:
    if not facts.gate:
        return ["It was not judged by `nabi gate`."]
    lines = [f"- {'passed' if check['passed'] else '**failed**'}: {check['said']}" for check in facts.gate["checks"]]
    return ["`nabi gate` judged it by songs that it sampled:", "", *lines]


def _settings(config: Mapping[str, Any]) -> list[str]:
    versions = {name: version for name, version in config.get("versions", {}).items() if version}
    parts = {"training": config["train"], "dataset": config["dataset"], "versions": versions}
    return [line for title, part in parts.items() if part for line in (f"- {title}: `{json.dumps(part)}`",)]
