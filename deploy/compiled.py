"""A compiled pipeline file: its spec, and values for its parameters."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nabi.workspace import storage


def _switch(text: str) -> bool:
    """`true` or `false`; `bool` itself takes any text for true."""
    return {"true": True, "false": False}[text]


# Types as KFP's schema names them -> how a value of text becomes one.
_TYPES: dict[str, tuple[Callable[[str], object], str]] = {
    "STRING": (str, "text"),
    "NUMBER_INTEGER": (int, "a whole number"),
    "NUMBER_DOUBLE": (float, "a number"),
    "BOOLEAN": (_switch, "true or false"),
    "LIST": (json.loads, "a list as JSON"),
    "STRUCT": (json.loads, "an object as JSON"),
}


def read(path: str) -> dict[str, Any]:
    """The spec in a file that `python -m deploy.pipeline` wrote.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: if it cannot be read or is no compiled pipeline.
    """
    # Comes with kfp, without which there is no such file.
    import yaml

    try:
        spec = yaml.safe_load(storage.read_text(path))
    except yaml.YAMLError as error:
        raise ValueError(f"--pipeline {path} is no YAML: {error}") from error
    if not isinstance(spec, dict) or not {"pipelineInfo", "root", "schemaVersion"} <= spec.keys():
        raise ValueError(f"--pipeline {path} is no compiled pipeline: make one by `python -m deploy.pipeline`")
    return spec


def parameters(spec: Mapping[str, Any], given: Sequence[str]) -> dict[str, object]:
    """Values of the types that a spec declares.

    Args:
      spec: of `read`.
      given: each `name=value`.

    Raises:
      ValueError: if a name is unknown, a value is not of its type, or one without a default is missing.
    """
    declared = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    values = dict(_parameter(declared, text) for text in given)
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
