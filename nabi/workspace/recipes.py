"""Recipes: ready configurations, each a TOML file with a table for each job."""

import dataclasses
import importlib.resources
import pathlib
import pkgutil
import tomllib
from collections.abc import Mapping
from typing import Any

# Jobs whose table may occur several times, each a run with a name of its own.
_WITH_RUNS = ("train", "generate")
_TABLES = ("preprocess", *_WITH_RUNS)
# Table -> its check, by name, since settings belong to their jobs: every job checks all tables when it starts, so that
# a fault in the last job's table does not show after hours. None of the checks imports Beam or TensorFlow.
_CHECKS = {
    "preprocess": "pipelines.config:PreprocessConfig.create",
    "train": "trainer.config:TrainConfig.create",
    "generate": "generator.config:GenerateConfig.create",
}


def names() -> list[str]:
    """Lists the recipes that come with Nabi."""
    return sorted(file.name.removesuffix(".toml") for file in _folder().iterdir() if file.name.endswith(".toml"))


@dataclasses.dataclass(frozen=True)
class GenerateRun:
    """A `[[generate]]` of a recipe: its name, and that of the `[[train]]` whose model it samples."""

    name: str
    model: str


def plan(recipe: str) -> list[GenerateRun]:
    """Lists a recipe's `[[generate]]` runs in order, each with its `model`, by default the first `[[train]]`.

    Args:
      recipe: see `load`; `NAME:run` gives a single run: the `[[generate]]` of that name, else the first one with the
        `[[train]]` of that name.

    Raises:
      ValueError: as `load` does.
    """
    name, _, run = recipe.partition(":")
    content = read(name)
    models, names_ = ([str(row["name"]) for row in content.get(table, [])] for table in _WITH_RUNS)
    first = models[0] if models else ""
    runs = [GenerateRun(str(row["name"]), str(row.get("model", first))) for row in content.get("generate", [])]
    runs = runs or [GenerateRun("", first)]
    if not run:
        return runs
    if run not in (*models, *names_):
        raise ValueError(f"recipe {name} has no run {run!r}; it has {', '.join(dict.fromkeys((*models, *names_)))}")
    chosen = next((generate for generate in runs if generate.name == run), runs[0])
    return [GenerateRun(chosen.name, run if run in models else chosen.model)]


def load(recipe: str, table: str) -> dict[str, Any]:
    """Returns a recipe's settings for a job, without the run's `name` and `model` (see `plan`).

    Args:
      recipe: `NAME` of a recipe of Nabi or the path of a TOML file; `NAME:run` picks a run, the first is the default.
      table: `preprocess`, `train` or `generate`.

    Raises:
      ValueError: if there is no such recipe, table or run, with those there are.
    """
    name, _, run = recipe.partition(":")
    content = read(name)
    runs = content.get(table, [])
    if table not in _WITH_RUNS:
        runs = [runs] if runs else []
    if run and table in _WITH_RUNS:
        runs = [settings for settings in runs if settings.get("name") == run]
        if not runs:
            others = ", ".join(str(settings.get("name")) for settings in content.get(table, []))
            raise ValueError(f"recipe {name} has no {table} run {run!r}; it has {others or 'none'}")
    return _settings(runs[0]) if runs else {}


def _settings(run: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a table without the keys that name its run and its model."""
    return {key: value for key, value in run.items() if key not in ("name", "model")}


def sampling(recipe: str) -> tuple[str, dict[str, Any]]:
    """Returns the sampling settings of a `[[train]]`: its first `[[generate]]`, else the first one of the recipe.

    Args:
      recipe: see `load`; the run is a `[[train]]`, by default the first.

    Returns:
      (`NAME:run` of the `[[generate]]`, its settings); ("", {}) if the recipe has none.

    Raises:
      ValueError: as `load` does.
    """
    name, _, run = recipe.partition(":")
    content = read(name)
    trainings = [row["name"] for row in content.get("train", [])]
    first = trainings[0] if trainings else ""
    models = {row["name"]: row.get("model", first) for row in content.get("generate", [])}
    if not models:
        return "", {}
    chosen = next((generate for generate, model in models.items() if model == (run or first)), next(iter(models)))
    return f"{name}:{chosen}", load(f"{name}:{chosen}", "generate")


def read(name: str) -> dict[str, Any]:
    """Reads a recipe's tables; raises ValueError if there is no such recipe, or a job would refuse its table."""
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
    """Reads a recipe's tables and checks their names and references; raises ValueError if one is wrong."""
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
        runs = [row["name"] for row in rows]
        for run in runs:
            if not isinstance(run, str) or not run.strip() or "/" in run or "," in run:
                raise ValueError(
                    f"recipe {name}: the `name` {run!r} of a [[{table}]] must be text without / and ,: directories are "
                    "named after it, and lists hold it"
                )
        if len(set(runs)) < len(runs):
            raise ValueError(f"recipe {name}: each [[{table}]] needs a `name` of its own; there are {', '.join(runs)}")
    trainings = [row["name"] for row in content.get("train", [])]
    for row in content.get("generate", []):
        if "model" in row and row["model"] not in trainings:
            raise ValueError(
                f"recipe {name}: the model {row['model']!r} of [[generate]] {row['name']} must be one of the "
                f"[[train]] runs: {', '.join(trainings) or 'there are none'}"
            )
    return content


def _folder() -> Any:
    return importlib.resources.files("nabi.recipes")
