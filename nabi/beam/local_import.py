"""Imports Beam for work on this machine: without the clients of clouds, which take half of the time."""

import contextlib
import importlib
import sys
from collections.abc import Iterator, Sequence

# Packages that Beam imports where it finds them, and does without where it does not.
_CLIENTS = ("apitools", "azure", "boto3", "google.api_core", "google.cloud", "pyarrow")


def import_beam(module: str) -> None:
    """Imports a module of Beam, if Beam is not imported yet, while its clients cannot be found.

    Files are read and written by `nabi.workspace.storage`, with clients of its own.
    """
    if "apache_beam" not in sys.modules:
        with _not_found([name for name in _CLIENTS if name not in sys.modules]):
            importlib.import_module(module)


@contextlib.contextmanager
def _not_found(packages: Sequence[str]) -> Iterator[None]:
    sys.modules.update(dict.fromkeys(packages))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for package in packages:
            del sys.modules[package]
