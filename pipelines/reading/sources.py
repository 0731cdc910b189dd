"""What `--input` names: files, folders, globs and the embedded corpus, as a sorted list of sources."""

import collections
import dataclasses
import logging
from collections.abc import Iterable, Iterator

from nabi.music import note_codes
from nabi.workspace import archives, file_endings, storage
from pipelines.reading import licences

# What a folder is searched for; a file or a glob is taken whatever its name ends with.
ENDINGS = (*file_endings.SONGS, *file_endings.ARCHIVES)


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A file that may hold a song. (With slots: there may be millions, and all are sorted in memory.)

    Attributes:
      name: what the ledger calls it.
      path: where its bytes are.
      size: in bytes.
      mark: changes when the content does.
      reason: why there are no bytes, where that is known before: a key of `nabi.music.errors.REASONS`.
      failure: the same in a sentence.
      member: of the archive at `path`, if the file lies in one.
      sidecar: the file that tells its licence.
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
        """Members of an archive stay together, in the order in which it holds them."""
        return (self.path, self.member.position) if self.member else (self.name, 0)


def expand(inputs: Iterable[str], divisors: tuple[int, ...] | None = None) -> list[Source]:
    """The sources of all inputs, each once, in an order that does not depend on that of the inputs.

    Args:
      inputs: files, folders, globs, `corpus:bach-chorales`, tunes in codes.
      divisors: that the lengths in codes must be of (`nabi.music.quantisation`); None: of any.

    Raises:
      ValueError: if one of the inputs names nothing.
      StorageError: if one cannot be listed.
    """
    found: dict[str, Source] = {}
    sidecars = licences.Sidecars()
    for pattern in inputs:
        sources = list(_sources(pattern, sidecars, divisors))
        if not sources:
            raise ValueError(
                f"--input {pattern} matches no file; give a file, a folder that holds {', '.join(ENDINGS)} files, "
                "a glob in quotes, corpus:bach-chorales, or codes:'g8 e8 e4'"
            )
        found.update((source.name, source) for source in sources)
    ordered = sorted(found.values(), key=lambda source: source.order)
    if not sidecars:
        return ordered
    return [dataclasses.replace(source, sidecar=sidecars.nearest(source.path, source.member)) for source in ordered]


def _sources(pattern: str, sidecars: licences.Sidecars, divisors: tuple[int, ...] | None) -> Iterator[Source]:
    if pattern == "corpus:bach-chorales":
        return _chorales()
    return _tune(pattern, divisors) if pattern.startswith(note_codes.SCHEME) else _files(pattern, sidecars)


def _tune(pattern: str, divisors: tuple[int, ...] | None) -> Iterator[Source]:
    """A tune in codes, which is its own content."""
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
    """The files of a pattern; those that tell a licence go to the sidecars."""
    ignored: collections.Counter[str] = collections.Counter()
    named = "*" in pattern or "?" in pattern or "[" in pattern
    for info in storage.match(pattern):
        if archives.is_archive(info.path):
            yield from _members(info, sidecars)
        elif info.path != pattern and licences.is_sidecar(info.path):
            sidecars.add(licences.Sidecar(info.path, info.mark))
        elif named or info.path == pattern or info.path.lower().endswith(ENDINGS):
            yield Source(as_text(info.path), info.path, info.size, info.mark)
        else:
            ending = info.path[info.path.rfind(".") :].lower()
            ignored[ending if "." in ending else "none"] += 1
    if ignored:
        endings = ", ".join(f"{count} {ending}" for ending, count in ignored.most_common(5))
        logging.info("%s: ignored %d files with other endings (%s)", pattern, ignored.total(), endings)


def _members(archive: storage.FileInfo, sidecars: licences.Sidecars) -> Iterator[Source]:
    """The songs of an archive, and what of it is refused; one source if it cannot be opened."""
    taken: set[str] = set()
    try:
        for member in archives.list_members(archive.path):
            folder, _, file = f"/{member.name}".rpartition("/")
            # What macOS adds to an archive beside each file.
            litter = file.startswith("._") or "__MACOSX" in folder
            if licences.is_sidecar(member.name) and not member.failure and not litter:
                sidecars.add(licences.Sidecar(archive.path, archive.mark, member))
            elif member.failure or (file.lower().endswith(file_endings.SONGS) and not litter):
                name = f"{as_text(archive.path)}!{member.name}"
                name = f"{name}@{member.position}" if name in taken else name
                taken.add(name)
                reason = "unreadable" if member.failure else ""
                yield Source(name, archive.path, member.size, archive.mark, reason, member.failure, member)
    except storage.StorageError as error:
        yield Source(as_text(archive.path), archive.path, archive.size, archive.mark, "unreadable", str(error))


def as_text(path: str) -> str:
    """A path with what is no text in it (a name in Latin-1, on this machine) as escapes: it can be written as UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return path.encode("utf-8", "backslashreplace").decode()
    # Not a copy of it: names and paths are most of a listing's memory.
    return path


def _chorales() -> Iterator[Source]:
    # music21 takes a second to import; only this input needs it here.
    import music21

    from pipelines.reading import chorales

    def report(done: int, total: int) -> None:
        if done % 25 == 0 or done == total:
            logging.info("writing Bach's chorales to MIDI: %d of %d", done, total)

    for name, path, failure in chorales.prepare(chorales.cache_folder(), report):
        size = path.stat().st_size if path else 0
        reason = "not-expanded" if failure else ""
        yield Source(f"{chorales.NAME}!{name}", str(path or ""), size, music21.__version__, reason, failure)
