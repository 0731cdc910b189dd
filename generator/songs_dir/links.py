"""Where songs directories lie: as a page names them, and what tells them apart."""

import os
import posixpath
from collections.abc import Sequence

from nabi.workspace import storage


def relative(folder: str, page: str) -> str:
    """Where a folder lies from the folder of a page, as a link says it: `../greedy`, "" for the same.

    Raises:
      ValueError: if no way leads from the one to the other.
    """
    (root, place), (page_root, page_place) = _split(folder), _split(page)
    if root != page_root:
        raise ValueError(
            f"--output {page} cannot name songs in {folder} by where they lie from it: both have to be "
            "on one machine or in one bucket, so write the page where the songs are"
        )
    found = posixpath.relpath(place, posixpath.dirname(page_place))
    return "" if found == "." else found


def ends(folders: Sequence[str]) -> list[str]:
    """The last parts of the folders' paths, as many as it takes to tell them apart: `a/songs` and `b/songs`.

    Raises:
      ValueError: if a folder stands twice.
    """
    parts = [[part for part in "".join(_split(folder)).split("/") if part] for folder in folders]
    for count in range(1, max(map(len, parts)) + 1):
        names = ["/".join(own[-count:]) for own in parts]
        if len(set(names)) == len(names):
            return names
    twice = next(folder for at, folder in enumerate(folders) if parts[at] in parts[:at])
    raise ValueError(f"{twice} is given twice: name each directory once")


def _split(path: str) -> tuple[str, str]:
    """The machine ("") or the bucket that a path is in, and the whole path there, from its `/` on."""
    scheme = storage.scheme_of(path)
    if not scheme:
        # Links of the file system are not followed: neither does a browser that goes up a folder.
        return "", os.path.abspath(path)  # noqa: PTH100 - which, of a path's own, also goes up
    bucket, _, rest = path.removeprefix(f"{scheme}://").partition("/")
    return f"{scheme}://{bucket}", posixpath.normpath(f"/{rest}")
