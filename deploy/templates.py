"""Metadata of Dataflow flex templates from a job's flags: deploy/dataflow/*.json, which `make templates` writes.

All parameters are text: the console would fill in numbers and switches that are not given, and so override a recipe.
"""

import argparse
from typing import Any

Json = dict[str, Any]

# A dry run is of no use on Dataflow.
_LEFT_OUT = ("help", "dry_run")
_NEEDED = ("input", "output", "model")
# Types for which the console has a file picker.
_KINDS = {"output": "GCS_WRITE_FOLDER", "model": "GCS_READ_FOLDER", "vocabulary": "GCS_READ_FILE"}
_NUMBERS = {int: r"^-?[0-9]+$", float: r"^-?[0-9]*\.?[0-9]+(e-?[0-9]+)?$"}
# Keys of the flags that `launch.py` passes for a switch's `true` and `false`.
ON, OFF = "on", "off"


def describe(parser: argparse.ArgumentParser, name: str, description: str) -> Json:
    """Builds the metadata of a template.

    Args:
      parser: parser of the job.
      name: display name of the template.
      description: one sentence.
    """
    actions = [action for action in parser._actions if action.dest not in _LEFT_OUT]
    parameters = [_parameter(parser, action) for action in actions]
    return {"name": name, "description": description, "parameters": parameters}


def _parameter(parser: argparse.ArgumentParser, action: argparse.Action) -> Json:
    parameter = {
        "name": action.dest,
        "label": action.dest.replace("_", " ").capitalize(),
        "helpText": parser._get_formatter()._expand_help(action),
        "isOptional": action.dest not in _NEEDED,
        "paramType": _KINDS.get(action.dest, "TEXT"),
    }
    if action.nargs == 0:
        switches = dict(zip((ON, OFF), action.option_strings, strict=False))
        return {**parameter, "regexes": ["^(true|false)$"], "customMetadata": switches}
    if action.choices:
        return {**parameter, "regexes": [f"^({'|'.join(map(str, action.choices))})$"]}
    if action.type in _NUMBERS:
        return {**parameter, "regexes": [_NUMBERS[action.type]]}
    return parameter
