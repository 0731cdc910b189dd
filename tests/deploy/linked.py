"""Environments with the packages that a lock names, linked from this Python's own: nothing is downloaded."""

import importlib.metadata
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
# Image -> the folder of its Dockerfile.
FOLDERS = {"preprocess": "dataflow", "train": "train", "generate": "generate"}
SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def names(lock: str) -> dict[str, str]:
    """Parses a lock: package -> version."""
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


def environment(name: str, folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """Makes an environment with the packages of an image's lock; returns its interpreter and its site-packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    link((ROOT / "deploy" / "locks" / f"{name}.lock").read_text(), folder / SITE)
    return folder / "bin" / "python", folder / SITE


def run(command: list[object], folder: pathlib.Path, **variables: object) -> subprocess.CompletedProcess[str]:
    """Runs a command in a folder, with no variables of this environment."""
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **{key: str(value) for key, value in variables.items()}}
    return subprocess.run(
        [str(word) for word in command], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
