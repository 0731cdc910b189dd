"""A page of its template: placeholders such as `{{title}}` are filled, the shared style sheet among them."""

import importlib.resources
import re
from collections.abc import Mapping

STYLE = "style.css"

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def fill(package: str, name: str, filled: Mapping[str, str]) -> str:
    """The page as HTML.

    Args:
      package: the room that the template lies in.
      name: of its file there.
      filled: placeholder -> HTML; `style` is known here.

    Raises:
      KeyError: if the template has a placeholder that is not filled.
    """
    parts = {"style": _read("pages", STYLE), **filled}
    # In one pass, so that a file named {{title}} stays what it is.
    return _PLACEHOLDER.sub(lambda match: parts[match.group(1)], _read(package, name))


def _read(package: str, name: str) -> str:
    return importlib.resources.files(package).joinpath(name).read_text(encoding="utf-8")
