"""Expands `--input` (files, folders, globs, archives, a corpus, tunes in codes) into a sorted list of sources."""

import collections
import dataclasses
import logging
from collections.abc import Iterable, Iterator

from nabi.music import note_codes
from nabi.workspace import archives, file_endings, storage
from pipelines.reading import licences

# File name extensions that a folder is searched for; files and globs are taken whatever their extension.
ENDINGS = (*file_endings.SONGS, *file_endings.ARCHIVES)


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A file that may hold songs; with slots, since there may be millions, sorted in memory.

    Attributes:
      name: its name in the ledger.
      path: the file, or the archive that holds it.
      size: size in bytes.
      mark: changes when the content does.
      reason: a key of `nabi.music.errors.REASONS` if it is known already that it cannot be read; else "".
      failure: that reason as a sentence.
      member: the archive's member; None for a file of its own.
      sidecar: the file that names its licence.
    """

    name: str
    path: str
    size: int
    mark: str
    reason: str = ""
    failure: str = ""
    member: archives.Member | None = None
    sidecar: licences.Sidecar | None = None

    @property
    def order(self) -> tuple[str, int]:
        """Sort key that keeps the members of an archive together, in the archive's own order."""
        return (self.path, self.member.position) if self.member else (self.name, 0)


def expand(inputs: Iterable[str], divisors: tuple[int, ...] | None = None) -> list[Source]:
    """Lists the sources of all inputs, each once, in an order that does not depend on the order of the inputs.

    Args:
      inputs: files, folders, globs, `corpus:bach-chorales`, tunes in codes.
      divisors: divisors of a quarter note that lengths in codes must be multiples of (`nabi.music.quantisation`);
        None allows all lengths.

    Raises:
      ValueError: if an input names nothing.
      StorageError: if an input cannot be listed.
    """
    by_name: dict[str, Source] = {}
    sidecars = licences.Sidecars()
    for pattern in inputs:
        sources = list(_sources(pattern, sidecars, divisors))
        if not sources:
            raise ValueError(
                f"--input {pattern} matches no file; give a file, a folder that holds {', '.join(ENDINGS)} files, "
                "a glob in quotes, corpus:bach-chorales, or codes:'g8 e8 e4'"
            )
        by_name.update((source.name, source) for source in sources)
    ordered = sorted(by_name.values(), key=lambda source: source.order)
    if not sidecars:
        return ordered
    return [dataclasses.replace(source, sidecar=sidecars.nearest(source.path, source.member)) for source in ordered]


def _sources(pattern: str, sidecars: licences.Sidecars, divisors: tuple[int, ...] | None) -> Iterator[Source]:
    if pattern == "corpus:bach-chorales":
        return _chorales()
    return _tune(pattern, divisors) if pattern.startswith(note_codes.SCHEME) else _files(pattern, sidecars)


def _tune(pattern: str, divisors: tuple[int, ...] | None) -> Iterator[Source]:
    """Yields a tune in codes, whose path is its content."""
    try:
        text = pattern.removeprefix(note_codes.SCHEME)
        if divisors is None:
            note_codes.check(text)
        else:
            note_codes.tune(text, divisors)
    except ValueError as error:
        raise ValueError(f"--input {pattern}: {error}") from error
    yield Source(pattern, pattern, len(pattern), "")


def _files(pattern: str, sidecars: licences.Sidecars) -> Iterator[Source]:
    """Yields the files of a pattern; licence files go to the sidecars."""
    ignored: collections.Counter[str] = collections.Counter()
    is_glob = "*" in pattern or "?" in pattern or "[" in pattern
    for info in storage.match(pattern):
        if archives.is_archive(info.path):
            yield from _members(info, sidecars)
        elif info.path != pattern and licences.is_sidecar(info.path):
            sidecars.add(licences.Sidecar(info.path, info.mark))
        elif is_glob or info.path == pattern or info.path.lower().endswith(ENDINGS):
            yield Source(as_text(info.path), info.path, info.size, info.mark)
        else:
            ending = info.path[info.path.rfind(".") :].lower()
            ignored[ending if "." in ending else "none"] += 1
    if ignored:
        endings = ", ".join(f"{count} {ending}" for ending, count in ignored.most_common(5))
        logging.info("%s: ignored %d files with other endings (%s)", pattern, ignored.total(), endings)


def _members(archive: storage.FileInfo, sidecars: licences.Sidecars) -> Iterator[Source]:
    """Yields the songs of an archive and its members that cannot be read; one source if it cannot be opened at all."""
    names: set[str] = set()
    try:
        for member in archives.list_members(archive.path):
            folder, _, file = f"/{member.name}".rpartition("/")
            # macOS adds such a file to an archive beside each file.
            is_metadata = file.startswith("._") or "__MACOSX" in folder
            if licences.is_sidecar(member.name) and not member.failure and not is_metadata:
                sidecars.add(licences.Sidecar(archive.path, archive.mark, member))
            elif member.failure or (file.lower().endswith(file_endings.SONGS) and not is_metadata):
                name = f"{as_text(archive.path)}!{member.name}"
                name = f"{name}@{member.position}" if name in names else name
                names.add(name)
                reason = "unreadable" if member.failure else ""
                yield Source(name, archive.path, member.size, archive.mark, reason, member.failure, member)
    except storage.StorageError as error:
        yield Source(as_text(archive.path), archive.path, archive.size, archive.mark, "unreadable", str(error))


def as_text(path: str) -> str:
    r"""Escapes the bytes of a path that are not UTF-8, such as those of a name in Latin-1, so that it can be written.

    >>> as_text("caf\udce9.mid")
    'caf\\udce9.mid'
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        return path.encode("utf-8", "backslashreplace").decode()
    # The same object, no copy: names and paths are most of a listing's memory.
    return path


def _chorales() -> Iterator[Source]:
    # music21 takes a second to import; only this input needs it here.
    import music21

    from pipelines.reading import chorales

    def report(done: int, total: int) -> None:
        """Logs every 25th chorale and the last."""
        if done % 25 == 0 or done == total:
            logging.info("writing Bach's chorales to MIDI: %d of %d", done, total)

    for name, path, failure in chorales.prepare(chorales.cache_folder(), report):
        size = path.stat().st_size if path else 0
        reason = "not-expanded" if failure else ""
        yield Source(f"{chorales.NAME}!{name}", str(path or ""), size, music21.__version__, reason, failure)
