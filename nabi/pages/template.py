"""Fills templates: each page is the shared frame `page.html` with a style sheet and a body of its own."""

import importlib.resources
import re
from collections.abc import Mapping

FRAME = "page.html"
# Style sheet of all pages, and the additional one of pages without scripts.
BASE_STYLE, DOCUMENT_STYLE = "base.css", "document.css"
# A page without scripts loads nothing from elsewhere.
_NO_SCRIPTS = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
)

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def document(package: str, name: str, content: Mapping[str, str]) -> str:
    """Makes a page without scripts.

    Args:
      package: package of the body's template.
      name: file of the body's template.
      content: placeholder, such as `title` for `{{title}}` -> HTML; `title` is also the window's title.

    Returns:
      The page as HTML.

    Raises:
      KeyError: if the template has a placeholder that has no content.
    """
    return _framed(
        read("nabi.pages", DOCUMENT_STYLE), _fill(read(package, name), content), content["title"], _NO_SCRIPTS
    )


def application(package: str, name: str, style: str, content: Mapping[str, str]) -> str:
    """Makes a page with scripts in its body; see `document`.

    Args:
      package: package of the template and the style sheet.
      name: file of the body's template.
      style: file of the page's own style sheet.
      content: placeholder -> HTML or a script.
    """
    return _framed(read(package, style), _fill(read(package, name), content), content["title"], "")


def read(package: str, name: str) -> str:
    """Reads a text file of a package."""
    return importlib.resources.files(package).joinpath(name).read_text(encoding="utf-8")


def _framed(style: str, body: str, title: str, policy: str) -> str:
    parts = {"policy": policy, "title": title, "style": read("nabi.pages", BASE_STYLE) + style, "body": body}
    return _fill(read("nabi.pages", FRAME), parts)


def _fill(template: str, content: Mapping[str, str]) -> str:
    # In one pass, so that a value such as a file named {{title}} is not content again.
    return _PLACEHOLDER.sub(lambda match: content[match.group(1)], template)
