"""What `--input` names: files, folders, globs and the embedded corpus, as a sorted list of sources."""

import collections
import dataclasses
import logging
from collections.abc import Iterable, Iterator

from songs import storage

# What a folder is searched for; a file or a glob is taken whatever its name ends with.
ENDINGS = (".mid", ".midi", ".smf", ".kar")


@dataclasses.dataclass(frozen=True, order=True)
class Source:
    """A file that may hold a song.

    Attributes:
      name: what the ledger calls it.
      path: where its bytes are.
      size: in bytes.
      mark: changes when the content does.
      failure: why there are no bytes, where that is known before.
    """

    name: str
    path: str
    size: int
    mark: str
    failure: str = ""


def expand(inputs: Iterable[str]) -> list[Source]:
    """The sources of all inputs, each once, sorted by name.

    Raises:
      ValueError: if one of the inputs names nothing.
      StorageError: if one cannot be listed.
    """
    found: dict[str, Source] = {}
    for pattern in inputs:
        sources = list(_chorales() if pattern == "corpus:bach-chorales" else _files(pattern))
        if not sources:
            raise ValueError(
                f"--input {pattern} matches no file; give a file, a folder that holds {', '.join(ENDINGS)} files, "
                "a glob in quotes, or corpus:bach-chorales"
            )
        found.update((source.name, source) for source in sources)
    return sorted(found.values())


def _files(pattern: str) -> Iterator[Source]:
    ignored: collections.Counter[str] = collections.Counter()
    named = "*" in pattern or "?" in pattern or "[" in pattern
    for info in storage.match(pattern):
        ending = info.path[info.path.rfind(".") :].lower()
        if named or info.path == pattern or ending in ENDINGS:
            yield Source(info.path, info.path, info.size, info.mark)
        else:
            ignored[ending if "." in ending else "none"] += 1
    if ignored:
        endings = ", ".join(f"{count} {ending}" for ending, count in ignored.most_common(5))
        logging.info("%s: ignored %d files with other endings (%s)", pattern, ignored.total(), endings)


def _chorales() -> Iterator[Source]:
    # music21 takes a second to import; only this input needs it here.
    import music21

    from songs import chorales

    def report(done: int, total: int) -> None:
        if done % 25 == 0 or done == total:
            logging.info("writing Bach's chorales to MIDI: %d of %d", done, total)

    for name, path, failure in chorales.prepare(chorales.cache_folder(), report):
        size = path.stat().st_size if path else 0
        yield Source(f"{chorales.NAME}!{name}", str(path or ""), size, music21.__version__, failure)
