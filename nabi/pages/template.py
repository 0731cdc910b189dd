"""Fills templates: each page is the shared frame `page.html` with a style sheet and a body of its own."""

import importlib.resources
import re
from collections.abc import Mapping

FRAME = "page.html"
# What all pages look like, and what those that are read, and not played, look like besides.
BASE_STYLE, DOCUMENT_STYLE = "base.css", "document.css"
# A page without scripts refuses all that could come from elsewhere.
_NO_SCRIPTS = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
)

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def document(package: str, name: str, filled: Mapping[str, str]) -> str:
    """Makes a page without scripts.

    Args:
      package: the package that the body's template lies in.
      name: the file of the body's template.
      filled: placeholder such as `{{title}}` -> HTML; `title` is the window's too.

    Returns:
      The page as HTML.

    Raises:
      KeyError: if the template has a placeholder that is not filled.
    """
    return _framed(read("nabi.pages", DOCUMENT_STYLE), _fill(read(package, name), filled), filled["title"], _NO_SCRIPTS)


def application(package: str, name: str, style: str, filled: Mapping[str, str]) -> str:
    """Makes a page with scripts, which the body holds; see `document`.

    Args:
      package: the package that template and style sheet lie in.
      name: the file of the body's template.
      style: the file of the page's own style sheet.
      filled: placeholder -> HTML or a script.
    """
    return _framed(read(package, style), _fill(read(package, name), filled), filled["title"], "")


def read(package: str, name: str) -> str:
    """Reads a text file that lies in a package."""
    return importlib.resources.files(package).joinpath(name).read_text(encoding="utf-8")


def _framed(style: str, body: str, title: str, policy: str) -> str:
    parts = {"policy": policy, "title": title, "style": read("nabi.pages", BASE_STYLE) + style, "body": body}
    return _fill(read("nabi.pages", FRAME), parts)


def _fill(template: str, filled: Mapping[str, str]) -> str:
    # In one pass, so that a file named {{title}} stays what it is.
    return _PLACEHOLDER.sub(lambda match: filled[match.group(1)], template)
