"""What a flex template's launcher starts.

It knows files, and Nabi's commands are modules; it says `--ended=true`, and Nabi's switches are `--ended` and
`--no-ended`. Copied into the images; it imports nothing of Nabi.
"""

import json
import os
import pathlib
import runpy
import sys
from typing import Any


def flags(arguments: list[str], parameters: list[dict[str, Any]]) -> list[str]:
    """A job's flags of the launcher's; what is empty was not given.

    Args:
      arguments: as the launcher gives them, `--name=value`.
      parameters: of the template's metadata; a switch has `customMetadata` with the flag for `on` and for `off`.
    """
    switches = {f"--{row['name']}": row["customMetadata"] for row in parameters if "customMetadata" in row}
    given = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name in switches and equals:
            given.append(switches[name].get("on" if value == "true" else "off", ""))
        elif not (equals and not value):
            given.append(argument)
    return [flag for flag in given if flag]


if __name__ == "__main__":
    template = json.loads(pathlib.Path(os.environ["NABI_PARAMETERS"]).read_text(encoding="utf-8"))
    sys.argv[1:] = flags(sys.argv[1:], template["parameters"])
    runpy.run_module(os.environ["NABI_MODULE"], run_name="__main__", alter_sys=True)
