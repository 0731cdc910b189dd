"""Paths of songs directories: relative links from a page, and short names that tell directories apart."""

import os
import posixpath
from collections.abc import Sequence

from nabi.workspace import paths, storage


def relative(folder: str, page: str) -> str:
    """Computes the link from a page to a folder; "" for the page's own folder.

    >>> relative("runs/greedy", "runs/compare/page.html")
    '../greedy'

    Raises:
      ValueError: if they are on different machines or in different buckets.
    """
    (root, path), (page_root, page_path) = _split(folder), _split(page)
    if root != page_root:
        raise ValueError(
            f"--output {page} cannot name songs in {folder} by where they lie from it: both have to be "
            "on one machine or in one bucket, so write the page where the songs are"
        )
    link = posixpath.relpath(path, posixpath.dirname(page_path))
    return "" if link == "." else link


def ends(folders: Sequence[str]) -> list[str]:
    """Returns the last parts of the folders' paths, as many as it takes to tell them apart.

    >>> ends(["/runs/a/songs", "/runs/b/songs"])
    ['a/songs', 'b/songs']

    Raises:
      ValueError: if a folder is given twice.
    """
    parts = [[part for part in "".join(_split(folder)).split("/") if part] for folder in folders]
    for count in range(1, max(map(len, parts)) + 1):
        names = ["/".join(own[-count:]) for own in parts]
        if len(set(names)) == len(names):
            return names
    twice = next(folder for at, folder in enumerate(folders) if parts[at] in parts[:at])
    raise ValueError(f"{twice} is given twice: name each directory once")


def check_page(output: str, example: str) -> None:
    """Raises ValueError if a page would replace a file that is not such a page.

    Args:
      output: path of the page.
      example: name of a page, for the message.
    """
    folder, _, name = output.rpartition("/")
    if not name.endswith(".html"):
        raise ValueError(f"--output {output} must be the name of a page, such as {output.rstrip('/')}/{example}")
    if name in (paths.INDEX, paths.SUMMARY_PAGE) and paths.completed(folder or "."):
        raise ValueError(f"--output {output} is that directory's own page: give another name")


def _split(path: str) -> tuple[str, str]:
    """Splits a path into its bucket, or "" for this machine, and the absolute path there."""
    scheme = storage.scheme_of(path)
    if not scheme:
        # Symbolic links are not followed, as a browser does not follow them either when it goes up a folder.
        return "", os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps `..`
    bucket, _, rest = path.removeprefix(f"{scheme}://").partition("/")
    return f"{scheme}://{bucket}", posixpath.normpath(f"/{rest}")
