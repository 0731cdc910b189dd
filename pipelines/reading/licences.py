"""Licences that lie beside the music: `song.mid.license` (as reuse.software has it), or a folder's `LICENSE`.

They are found in the listing of the input, which sees them anyway: no file is asked for that is not there.
"""

import dataclasses
import re

from nabi.music.errors import ParseError
from nabi.workspace import archives, storage

ENDING = ".license"
# Of a whole folder, in any case; of several the first counts.
NAMES = ("license", "license.txt", "license.md", "licence", "licence.txt", "licence.md", "copying")

_MOST_BYTES = 4096
_MOST_LETTERS = 100
# Sidecars whose words a reader remembers: those of a folder are shared by all its songs.
_MOST_KNOWN = 1024
_SPDX = re.compile(r"SPDX-License-Identifier:[ \t]*([\w.+() -]*[\w.+)])")


@dataclasses.dataclass(frozen=True)
class Sidecar:
    """A file that tells a licence: where its bytes are, what changes with them, and its member of an archive."""

    path: str
    mark: str
    member: archives.Member | None = None


def is_sidecar(path: str) -> bool:
    """Whether a path is named as a licence's file."""
    name = path.rpartition("/")[2].rpartition("!")[2].lower()
    return name.endswith(ENDING) or name in NAMES


class Sidecars:
    """The sidecars of a listing; false while there is none."""

    def __init__(self) -> None:
        self._of_file: dict[str, Sidecar] = {}
        self._of_folder: dict[str, tuple[int, str, Sidecar]] = {}

    def add(self, sidecar: Sidecar) -> None:
        """Takes one in, for which `is_sidecar` holds."""
        key = _key(sidecar.path, sidecar.member)
        folder, _, name = key.rpartition("/")
        if name.lower().endswith(ENDING):
            self._of_file[key[: -len(ENDING)]] = sidecar
            return
        ranked = (NAMES.index(name.lower()), key, sidecar)
        self._of_folder[folder] = min(self._of_folder.get(folder, ranked), ranked, key=lambda other: other[:2])

    def nearest(self, path: str, member: archives.Member | None = None) -> Sidecar | None:
        """The sidecar of a file: its own, else that of the nearest folder; an archive is a folder, too."""
        place = _key(path, member)
        own = self._of_file.get(place)
        while not own and "/" in place:
            place = place.rpartition("/")[0]
            if place in self._of_folder:
                own = self._of_folder[place][2]
            elif place.endswith("!"):
                own = self._of_file.get(place[:-1])
        return own

    def __len__(self) -> int:
        return len(self._of_file) + len(self._of_folder)


def _key(path: str, member: archives.Member | None) -> str:
    return f"{path}!/{member.name}" if member else path


class LicenceReader:
    """Reads sidecars, those of a folder once; to be closed. It has its own archives open.

    A tar.gz is read forwards only: the songs' stream must not be sent back for each licence.
    """

    def __init__(self) -> None:
        self._archives = archives.MemberReader()
        self._known: dict[Sidecar, str] = {}

    def read(self, sidecar: Sidecar | None) -> str:
        """The licence that a sidecar tells, "" if there is none or it cannot be read."""
        if sidecar is None:
            return ""
        if sidecar not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.pop(next(iter(self._known)))
            self._known[sidecar] = licence_of(self._bytes(sidecar))
        return self._known[sidecar]

    def _bytes(self, sidecar: Sidecar) -> bytes:
        try:
            if sidecar.member:
                return self._archives.read(sidecar.path, sidecar.member)
            with storage.open_read(sidecar.path) as file:
                return file.read(_MOST_BYTES)
        except (storage.StorageError, ParseError, OSError):
            return b""

    def close(self) -> None:
        """Closes archives."""
        self._archives.close()


def licence_of(data: bytes) -> str:
    """What a licence's file says: its `SPDX-License-Identifier`, else its first line that is not empty.

    Of the first 4096 bytes; at most 100 characters.
    """
    text = data[:_MOST_BYTES].decode("utf-8-sig", errors="replace")
    found = _SPDX.search(text)
    lines = [found[1]] if found else [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(letter for letter in lines[0] if letter.isprintable())[:_MOST_LETTERS] if lines else ""
