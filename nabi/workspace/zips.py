"""Writes zips whose bytes depend on their content alone, not on the clock or on the version of a compressor."""

import zipfile
from collections.abc import Mapping
from typing import IO

# The earliest time that a zip can state.
_EARLIEST = (1980, 1, 1, 0, 0, 0)
# A plain file that everybody may read.
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3


def write(file: IO[bytes], members: Mapping[str, bytes]) -> None:
    """Writes a zip of uncompressed members, sorted by name; equal members give equal bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.external_attr, entry.create_system = _PLAIN_FILE, _UNIX
            archive.writestr(entry, members[name])
