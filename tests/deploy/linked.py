"""What a lock names, out of this Python's own packages, by links: an environment without a download."""

import importlib.metadata
import pathlib
import re
import sys

from benchmarks import dockerfile

SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def names(lock: str) -> dict[str, str]:
    """Package -> version, of a lock's text."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))


def link(lock: str, site: pathlib.Path) -> None:
    """Links all packages of a lock into a folder; those that are not installed here are left out."""
    for name in names(lock):
        try:
            files = importlib.metadata.distribution(name).files or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for file in files:
            if file.parts[0] != ".." and "__pycache__" not in file.parts:
                _link(pathlib.Path(str(file.locate())), file.parts, site)


def _link(path: pathlib.Path, parts: tuple[str, ...], site: pathlib.Path) -> None:
    """Links the outermost folder that is a package, so that its byte code comes along; `google` is none itself."""
    origin = path.parents[len(parts) - 1]
    for depth in range(1, len(parts) + 1):
        there, here = origin.joinpath(*parts[:depth]), site.joinpath(*parts[:depth])
        if here.is_symlink():
            return
        if there.is_file() or (there / "__init__.py").exists():
            here.parent.mkdir(parents=True, exist_ok=True)
            here.symlink_to(there)
            return


def install(stage: dockerfile.Stage, arguments: list[str]) -> None:
    """A `pip install` of a lock by links, and of anything else by the stage's own pip."""
    if "-r" not in arguments:
        dockerfile.pip(stage, arguments)
        return
    lock = stage.host(arguments[arguments.index("-r") + 1]).read_text()
    prefixes = [word.partition("=")[2] for word in arguments if word.startswith("--prefix=")]
    link(lock, stage.host(prefixes[0] if prefixes else dockerfile.PYTHON_HOME) / SITE)
