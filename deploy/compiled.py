"""A compiled pipeline file: its spec, and values for its parameters."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nabi.workspace import storage


def _switch(text: str) -> bool:
    """Parses `true` or `false`; `bool` would take any text for true."""
    return {"true": True, "false": False}[text]


# Type in KFP's schema -> (its parser, its description).
_TYPES: dict[str, tuple[Callable[[str], object], str]] = {
    "STRING": (str, "text"),
    "NUMBER_INTEGER": (int, "a whole number"),
    "NUMBER_DOUBLE": (float, "a number"),
    "BOOLEAN": (_switch, "true or false"),
    "LIST": (json.loads, "a list as JSON"),
    "STRUCT": (json.loads, "an object as JSON"),
}


def read(path: str) -> dict[str, Any]:
    """Reads the spec that `python -m deploy.pipeline` wrote.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: if it cannot be read or is no compiled pipeline.
    """
    # Installed with kfp, which writes such files.
    import yaml

    try:
        spec = yaml.safe_load(storage.read_text(path))
    except yaml.YAMLError as error:
        raise ValueError(f"--pipeline {path} is no YAML: {error}") from error
    if not isinstance(spec, dict) or not {"pipelineInfo", "root", "schemaVersion"} <= spec.keys():
        raise ValueError(f"--pipeline {path} is no compiled pipeline: make one by `python -m deploy.pipeline`")
    return spec


def parameters(spec: Mapping[str, Any], texts: Sequence[str]) -> dict[str, object]:
    """Parses values of a pipeline's parameters into the types that its spec declares.

    Args:
      spec: spec as `read` returns it.
      texts: `name=value` of each parameter.

    Raises:
      ValueError: if a name is unknown, a value is not of its type, or a parameter without default is missing.
    """
    declared = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    values = dict(_parameter(declared, text) for text in texts)
    missing = sorted(name for name, row in declared.items() if not row.get("isOptional") and name not in values)
    if missing:
        raise ValueError(f"the pipeline needs {', '.join(missing)}: give --parameter {missing[0]}=...")
    return values


def _parameter(declared: Mapping[str, Any], text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or name not in declared:
        raise ValueError(f"--parameter {text} must be NAME=VALUE, the name one of {', '.join(sorted(declared))}")
    convert, legal = _TYPES[declared[name]["parameterType"]]
    try:
        return name, convert(value)
    except (ValueError, KeyError):
        raise ValueError(f"--parameter {name}={value} must be {legal}") from None
