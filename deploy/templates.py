"""A job's flags as the parameters of a Dataflow flex template: deploy/dataflow/*.json, which `make templates` writes.

All are text: the console fills in numbers and switches that nobody gave, and a flag that is given wins over a recipe.
"""

import argparse
from typing import Any

Json = dict[str, Any]

# A dry run on a machine far away helps nobody.
_LEFT_OUT = ("help", "dry_run")
_NEEDED = ("input", "output", "model")
# What the console's file picker may offer.
_KINDS = {"output": "GCS_WRITE_FOLDER", "model": "GCS_READ_FOLDER", "vocabulary": "GCS_READ_FILE"}
_NUMBERS = {int: r"^-?[0-9]+$", float: r"^-?[0-9]*\.?[0-9]+(e-?[0-9]+)?$"}
# Which flags `launch.py` makes of a switch's `true` and `false`.
ON, OFF = "on", "off"


def describe(parser: argparse.ArgumentParser, name: str, description: str) -> Json:
    """A template's metadata.

    Args:
      parser: of the job.
      name: of the template.
      description: of what it does, in a sentence.
    """
    actions = [action for action in parser._actions if action.dest not in _LEFT_OUT]
    parameters = [_parameter(parser, action) for action in actions]
    return {"name": name, "description": description, "parameters": parameters}


def _parameter(parser: argparse.ArgumentParser, action: argparse.Action) -> Json:
    shown = {
        "name": action.dest,
        "label": action.dest.replace("_", " ").capitalize(),
        "helpText": parser._get_formatter()._expand_help(action),
        "isOptional": action.dest not in _NEEDED,
        "paramType": _KINDS.get(action.dest, "TEXT"),
    }
    if action.nargs == 0:
        switches = dict(zip((ON, OFF), action.option_strings, strict=False))
        return {**shown, "regexes": ["^(true|false)$"], "customMetadata": switches}
    if action.choices:
        return {**shown, "regexes": [f"^({'|'.join(map(str, action.choices))})$"]}
    if action.type in _NUMBERS:
        return {**shown, "regexes": [_NUMBERS[action.type]]}
    return shown
