"""The champion of a retraining directory: one small file that names a run, replaced whole or not at all."""

import dataclasses
import json
from typing import Any

from nabi.workspace import paths, storage

# Earlier champions that a rollback can go back to.
_MOST_BEFORE = 100


@dataclasses.dataclass(frozen=True)
class Champion:
    """Content of the file.

    Attributes:
      run: name of the champion, a directory below `runs`; "": none.
      before: the champions before it, the latest first.
      withdrawn: champions that a rollback took back; they are not promoted again.
      content: the file's bytes as read, by which a write notices another writer; None: no file.
    """

    run: str = ""
    before: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    content: bytes | None = None


def read(output: str) -> Champion:
    """Reads the champion of a retraining directory; raises ValueError if the file is damaged."""
    path = storage.join(output, paths.CHAMPION)
    if not storage.exists(path):
        return Champion()
    content = storage.read_bytes(path)
    try:
        fields = {"before": [], "withdrawn": [], **json.loads(content)}
        before, withdrawn = (tuple(map(_name, fields[key])) for key in ("before", "withdrawn"))
        run = _name(fields["run"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} does not name a run ({error!r}): copy it again, or delete it") from error
    return Champion(run, before, withdrawn, content)


def promote(output: str, run: str, seen: Champion) -> None:
    """Makes a run the champion.

    Args:
      output: the retraining directory.
      run: the run's name.
      seen: the champion at the time of the decision.

    Raises:
      nabi.workspace.storage.ChangedError: if the champion has changed since; nothing is written.
    """
    before = (seen.run, *seen.before)[:_MOST_BEFORE] if seen.run else ()
    _replace(output, Champion(run, before, seen.withdrawn), seen)


def judgement(output: str, run: str, champion: str) -> dict[str, Any] | None:
    """Reads the judgement of a run (decision.json of `trainer.gate`); None if it was not judged against `champion`.

    Args:
      output: the retraining directory.
      run: the run's name.
      champion: name of the champion; "" for a run that was judged by itself.
    """
    runs = storage.join(output, paths.RUNS)
    path = storage.join(runs, run, paths.GATE, paths.DECISION)
    if not storage.exists(path):
        return None
    decision = paths.read_object(path, "promote", "passed", "champion", "reasons")
    champion_model = storage.join(runs, champion, paths.MODELS) if champion else ""
    return decision if decision["champion"] == champion_model else None


def rollback(output: str) -> Champion:
    """Makes the champion before this one the champion again, and returns it.

    Raises:
      ValueError: if there was none, or its run is gone.
      nabi.workspace.storage.ChangedError: if another process changed the champion meanwhile.
    """
    seen = read(output)
    if not seen.before:
        raise ValueError(f"{output} has no champion before {seen.run or 'the first'} to go back to")
    run = seen.before[0]
    model = storage.join(output, paths.RUNS, run, paths.MODELS)
    if paths.completed(model) is None:
        raise ValueError(f"the champion before {seen.run} was {run}, but {model} is not there any more")
    champion = Champion(run, seen.before[1:], (seen.run, *seen.withdrawn)[:_MOST_BEFORE])
    _replace(output, champion, seen)
    return champion


def _name(run: object) -> str:
    """Returns a run's name; raises ValueError if it is not the name of a directory."""
    if not isinstance(run, str) or run.strip() in ("", ".", "..") or "/" in run:
        raise ValueError(f"{run!r} is no name of a directory")
    return run


def _replace(output: str, champion: Champion, seen: Champion) -> None:
    fields = {"run": champion.run, "before": champion.before, "withdrawn": champion.withdrawn}
    content = json.dumps(fields, indent=2) + "\n"
    storage.write_if_unchanged(storage.join(output, paths.CHAMPION), content.encode(), seen.content)
