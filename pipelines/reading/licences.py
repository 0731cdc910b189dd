"""Licence files beside the music: `song.mid.license` (as reuse.software specifies), or a folder's `LICENSE`.

They are found while the input is listed, so that nothing is requested that does not exist.
"""

import dataclasses
import re

from nabi.music.errors import ParseError
from nabi.workspace import archives, storage

ENDING = ".license"
# Names of a whole folder's licence, in upper or lower case; of several the first here counts.
NAMES = ("license", "license.txt", "license.md", "licence", "licence.txt", "licence.md", "copying")

_MOST_BYTES = 4096
_MOST_LETTERS = 100
# Sidecars whose text a reader remembers: a folder's is shared by all its songs.
_MOST_KNOWN = 1024
_SPDX = re.compile(r"SPDX-License-Identifier:[ \t]*([\w.+() -]*[\w.+)])")


@dataclasses.dataclass(frozen=True)
class Sidecar:
    """A licence file.

    Attributes:
      path: the file, or the archive that holds it.
      mark: changes when the content of `path` does.
      member: the archive's member; None for a file of its own.
    """

    path: str
    mark: str
    member: archives.Member | None = None


def is_sidecar(path: str) -> bool:
    """Returns true if a path has the name of a licence file.

    >>> is_sidecar("music/song.mid.license"), is_sidecar("music/LICENSE.txt"), is_sidecar("music/song.mid")
    (True, True, False)
    """
    name = path.rpartition("/")[2].rpartition("!")[2].lower()
    return name.endswith(ENDING) or name in NAMES


class Sidecars:
    """The licence files of a listing, by the files that they cover; empty (false) without any."""

    def __init__(self) -> None:
        self._of_file: dict[str, Sidecar] = {}
        self._of_folder: dict[str, tuple[int, str, Sidecar]] = {}

    def add(self, sidecar: Sidecar) -> None:
        """Adds a licence file, one for which `is_sidecar` holds."""
        key = _key(sidecar.path, sidecar.member)
        folder, _, name = key.rpartition("/")
        if name.lower().endswith(ENDING):
            self._of_file[key[: -len(ENDING)]] = sidecar
            return
        ranked = (NAMES.index(name.lower()), key, sidecar)
        self._of_folder[folder] = min(self._of_folder.get(folder, ranked), ranked, key=lambda other: other[:2])

    def nearest(self, path: str, member: archives.Member | None = None) -> Sidecar | None:
        """Returns the licence file of a file: its own, else that of the nearest folder; an archive counts as a folder.

        Args:
          path: the file, or the archive that holds it.
          member: the archive's member.
        """
        place = _key(path, member)
        sidecar = self._of_file.get(place)
        while not sidecar and "/" in place:
            place = place.rpartition("/")[0]
            if place in self._of_folder:
                sidecar = self._of_folder[place][2]
            elif place.endswith("!"):
                sidecar = self._of_file.get(place[:-1])
        return sidecar

    def __len__(self) -> int:
        return len(self._of_file) + len(self._of_folder)


def _key(path: str, member: archives.Member | None) -> str:
    return f"{path}!/{member.name}" if member else path


class LicenceReader:
    """Reads licence files, each once; has to be closed.

    It opens archives of its own: a tar.gz can only be read forwards, and reading a licence through the songs' stream
    would start that stream again.
    """

    def __init__(self) -> None:
        self._archives = archives.MemberReader()
        self._known: dict[Sidecar, str] = {}

    def read(self, sidecar: Sidecar | None) -> str:
        """Returns the licence that a sidecar names; "" without a sidecar or if it cannot be read."""
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
        """Closes the archives."""
        self._archives.close()


def licence_of(data: bytes) -> str:
    """Returns a licence file's `SPDX-License-Identifier`, else its first line that is not empty.

    The first 4096 bytes count; the result has at most 100 characters.

    >>> licence_of(b"SPDX-FileCopyrightText: 2024 A. Fox\\nSPDX-License-Identifier: CC-BY-4.0\\n")
    'CC-BY-4.0'
    """
    text = data[:_MOST_BYTES].decode("utf-8-sig", errors="replace")
    identifier = _SPDX.search(text)
    lines = [identifier[1]] if identifier else [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(letter for letter in lines[0] if letter.isprintable())[:_MOST_LETTERS] if lines else ""
