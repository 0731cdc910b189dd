"""Entry point of the flex templates: translates the launcher's flags and runs a job's module.

The launcher starts a file, and Nabi's commands are modules; it passes `--ended=true`, and Nabi's switches are
`--ended` and `--no-ended`. The images have a copy of this file; it imports nothing of Nabi.
"""

import json
import os
import pathlib
import runpy
import sys
from typing import Any


def flags(arguments: list[str], parameters: list[dict[str, Any]]) -> list[str]:
    """Translates the launcher's flags to a job's; empty values are left out.

    Args:
      arguments: flags of the launcher, `--name=value`.
      parameters: parameters in the template's metadata; switches have `customMetadata`, their flags for `on` and `off`.
    """
    switches = {f"--{row['name']}": row["customMetadata"] for row in parameters if "customMetadata" in row}
    translated = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name in switches and equals:
            translated.append(switches[name].get("on" if value == "true" else "off", ""))
        elif not (equals and not value):
            translated.append(argument)
    return [flag for flag in translated if flag]


if __name__ == "__main__":
    template = json.loads(pathlib.Path(os.environ["NABI_PARAMETERS"]).read_text(encoding="utf-8"))
    sys.argv[1:] = flags(sys.argv[1:], template["parameters"])
    runpy.run_module(os.environ["NABI_MODULE"], run_name="__main__", alter_sys=True)
