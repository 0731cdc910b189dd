"""Recipes: ready configurations, one TOML file each, with a table for each job."""

import dataclasses
import importlib.resources
import pathlib
import pkgutil
import tomllib
from collections.abc import Mapping
from typing import Any

# Jobs whose table may stand several times, each a run with a name of its own.
_WITH_RUNS = ("train", "generate")
_TABLES = ("preprocess", *_WITH_RUNS)
# What checks a table. Settings are their jobs' own, and known here by name alone, as `retrain` knows the jobs: so each
# job, and not only the one whose table it is, tells at its start of what would stop the last one after hours. None of
# them imports Beam or TensorFlow.
_CHECKS = {
    "preprocess": "pipelines.config:PreprocessConfig.create",
    "train": "trainer.config:TrainConfig.create",
    "generate": "generator.config:GenerateConfig.create",
}


def names() -> list[str]:
    """The recipes that Nabi brings."""
    return sorted(file.name.removesuffix(".toml") for file in _folder().iterdir() if file.name.endswith(".toml"))


@dataclasses.dataclass(frozen=True)
class GenerateRun:
    """A `[[generate]]` of a recipe: its name, and that of the `[[train]]` whose model it samples."""

    name: str
    model: str


def plan(recipe: str) -> list[GenerateRun]:
    """What a recipe makes, in its order: every `[[generate]]`, each with its `model`, the first `[[train]]` if none.

    Args:
      recipe: as in `load`; of `NAME:run` only the run: the `[[generate]]` of that name, or else the first one with the
        `[[train]]` of that name.

    Raises:
      ValueError: as `load` does.
    """
    name, _, run = recipe.partition(":")
    content = read(name)
    trained, made = ([str(row["name"]) for row in content.get(table, [])] for table in _WITH_RUNS)
    first = trained[0] if trained else ""
    songs = [GenerateRun(str(row["name"]), str(row.get("model", first))) for row in content.get("generate", [])]
    songs = songs or [GenerateRun("", first)]
    if not run:
        return songs
    if run not in (*trained, *made):
        raise ValueError(f"recipe {name} has no run {run!r}; it has {', '.join(dict.fromkeys((*trained, *made)))}")
    chosen = next((one for one in songs if one.name == run), songs[0])
    return [GenerateRun(chosen.name, run if run in trained else chosen.model)]


def load(recipe: str, table: str) -> dict[str, Any]:
    """The settings that a recipe has for a job, without the run's `name` and `model`, which `plan` tells.

    Args:
      recipe: `NAME` of a recipe here or the path of a TOML file; `NAME:run` picks a run, the first is the default.
      table: `preprocess`, `train` or `generate`.

    Raises:
      ValueError: if the recipe, its table or the run is not there, saying which are.
    """
    name, _, run = recipe.partition(":")
    content = read(name)
    runs = content.get(table, [])
    if table not in _WITH_RUNS:
        runs = [runs] if runs else []
    if run and table in _WITH_RUNS:
        runs = [settings for settings in runs if settings.get("name") == run]
        if not runs:
            there = ", ".join(str(settings.get("name")) for settings in content.get(table, []))
            raise ValueError(f"recipe {name} has no {table} run {run!r}; it has {there or 'none'}")
    return _settings(runs[0]) if runs else {}


def _settings(run: Mapping[str, Any]) -> dict[str, Any]:
    """A table without what names it."""
    return {key: value for key, value in run.items() if key not in ("name", "model")}


def sampling(recipe: str) -> tuple[str, dict[str, Any]]:
    """How a recipe samples the model of a `[[train]]`: by its first `[[generate]]`, or else the first of the recipe.

    Args:
      recipe: as in `load`; the run is a `[[train]]`, the first if none is named.

    Returns:
      The `[[generate]]`, as `NAME:run`, and its settings; "" and none where the recipe has none.

    Raises:
      ValueError: as `load` does.
    """
    name, _, run = recipe.partition(":")
    content = read(name)
    trained = [row["name"] for row in content.get("train", [])]
    first = trained[0] if trained else ""
    models = {row["name"]: row.get("model", first) for row in content.get("generate", [])}
    if not models:
        return "", {}
    chosen = next((made for made, model in models.items() if model == (run or first)), next(iter(models)))
    return f"{name}:{chosen}", load(f"{name}:{chosen}", "generate")


def read(name: str) -> dict[str, Any]:
    """A recipe's tables; raises ValueError if there is no such recipe, or any table is not as its job takes it."""
    content = _tables(name)
    for table, check in _CHECKS.items():
        runs = content.get(table, [])
        for run in runs if table in _WITH_RUNS else [runs or {}]:
            try:
                pkgutil.resolve_name(check)(_settings(run))
            except ValueError as error:
                shown = f"[[{table}]] {run['name']}" if table in _WITH_RUNS else f"[{table}]"
                raise ValueError(f"recipe {name}, {shown}: {error}") from error
    return content


def _tables(name: str) -> dict[str, Any]:
    """A recipe's tables, named and tied together as they should be; raises ValueError if they are not."""
    path = pathlib.Path(name)
    if name not in names() and not path.is_file():
        raise ValueError(f"recipe {name!r} is neither a TOML file nor one of {', '.join(names())}")
    file = _folder() / f"{name}.toml" if name in names() else path
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"recipe {name}: {error}") from error
    unknown = sorted(set(content) - {*_TABLES, "description"})
    if unknown:
        raise ValueError(f"recipe {name} has unknown tables {', '.join(unknown)}; it may have {', '.join(_TABLES)}")
    if not isinstance(content.get("preprocess", {}), dict):
        raise ValueError(f"recipe {name}: write [preprocess] once, in single brackets")
    for table in _WITH_RUNS:
        rows = content.get(table, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "name" in row for row in rows):
            raise ValueError(f"recipe {name}: write [[{table}]] with a `name` in each")
        named = [row["name"] for row in rows]
        for one in named:
            if not isinstance(one, str) or not one.strip() or "/" in one or "," in one:
                raise ValueError(
                    f"recipe {name}: the `name` {one!r} of a [[{table}]] must be text without / and ,: directories are "
                    "named after it, and lists hold it"
                )
        if len(set(named)) < len(named):
            raise ValueError(f"recipe {name}: each [[{table}]] needs a `name` of its own; there are {', '.join(named)}")
    trained = [row["name"] for row in content.get("train", [])]
    for row in content.get("generate", []):
        if "model" in row and row["model"] not in trained:
            raise ValueError(
                f"recipe {name}: the model {row['model']!r} of [[generate]] {row['name']} must be one of the "
                f"[[train]] runs: {', '.join(trained) or 'there are none'}"
            )
    return content


def _folder() -> Any:
    return importlib.resources.files("nabi.recipes")
