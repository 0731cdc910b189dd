"""A run of the retraining job: what was asked for, what it set out from, and how it was judged."""

import contextlib
import dataclasses
import fcntl
import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence

from pipelines import sources
from songs import layout, recipes, storage


@dataclasses.dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
      inputs: of preprocess.
      recipe: a recipe's name or file, or None.
      more: job -> flags of that job.
      name: the fingerprint of all that and of the files that the inputs name.
      settings: the fingerprint of all but the files.
    """

    inputs: tuple[str, ...]
    recipe: str | None
    more: Mapping[str, Sequence[str]]
    name: str
    settings: str

    @classmethod
    def of(cls, inputs: Sequence[str] | None, recipe: str | None, more: Mapping[str, Sequence[str]]) -> "Request":
        """Lists the files.

        Raises:
          ValueError, StorageError: if input or recipe are wrong.
        """
        table = recipes.read(recipe.partition(":")[0]) if recipe else {}
        given = tuple(inputs or table.get("preprocess", {}).get("input", ()))
        if not given:
            raise ValueError("give --input (files, folders, globs, or corpus:bach-chorales), or a recipe that has one")
        listing = layout.fingerprint_all(map(dataclasses.astuple, sources.expand(given)))
        # How a challenger is judged is no part of what it is.
        kept = {job: list(flags) for job, flags in more.items() if job != "gate"}
        settings = layout.fingerprint([table, recipe, kept])
        return cls(given, recipe, more, layout.fingerprint([listing, settings]), settings)


def begin(folder: str, request: Request, champion: str) -> dict[str, str]:
    """What a run set out with; written when it first starts, so that it goes on with the same after a kill.

    Args:
      folder: the run's directory.
      request: what was asked for.
      champion: the champion's name now; "": none.

    Returns:
      `settings`: of the request; `champion`: that of the first start.
    """
    path = storage.join(folder, layout.REQUEST)
    if not storage.exists(path):
        layout.write_json(path, {"settings": request.settings, "champion": champion})
    return layout.read_object(path, "settings", "champion")


def same_settings(folder: str, request: Request) -> bool:
    """Whether a run was made by the settings of a request, of whatever files."""
    path = storage.join(folder, layout.REQUEST)
    return storage.exists(path) and layout.read_json(path).get("settings") == request.settings


def same_songs(folder: str, other: str) -> bool:
    """Whether the datasets of two runs have the same songs, by the hash of their content."""
    marks = [layout.completed(storage.join(run, layout.DATA)) for run in (folder, other)]
    contents = [mark and mark["content"] for mark in marks]
    return contents[0] is not None and contents[0] == contents[1]


@contextlib.contextmanager
def alone(output: str) -> Iterator[None]:
    """Keeps other retraining jobs of this machine out of a local directory while this one works in it.

    The kernel ends the lock with the process, however it ends, and with the jobs that it has started: of a job whose
    parent was killed the next one is told, instead of working beside it. A bucket has none: there, schedulers keep jobs
    apart (`max_concurrent_run_count=1`), and promotion alone is safe from others.

    Raises:
      ValueError: if another job works there.
    """
    if storage.scheme_of(output):
        yield
        return
    # Not the directory itself: `storage.write_if_unchanged` locks that one for a moment.
    folder = pathlib.Path(storage.join(output, layout.RUNS))
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f"another retraining job, or what is left of one, works in --output {output}: wait for it, or stop it"
            ) from None
        os.set_inheritable(descriptor, True)
        yield
    finally:
        os.close(descriptor)
