"""Reads the record files of a dataset, on this machine or in a bucket."""

from collections.abc import Iterable, Iterator

from nabi.music import records
from nabi.workspace import storage


def read(files: Iterable[str]) -> Iterator[bytes]:
    """Yields the serialized windows of record files, one file after another; raises ValueError naming a damaged one."""
    for path in files:
        with storage.open_read(path) as file:
            try:
                yield from records.read(file)
            except ValueError as error:
                raise ValueError(f"{path}: {error}: copy it again, or make the dataset again") from error
