"""The champion of a retraining directory: one small file that names a run, replaced whole or not at all."""

import dataclasses
import json
from typing import Any

from nabi.workspace import paths, storage

# Earlier champions that a rollback can go back to.
_MOST_BEFORE = 100


@dataclasses.dataclass(frozen=True)
class Champion:
    """What the file says.

    Attributes:
      run: the champion's directory below `runs`; "" where there is none.
      before: the champions before it, the latest first.
      withdrawn: those that a rollback took back; they are not promoted again.
      content: the file as it was read, for `replace`; None where there is none.
    """

    run: str = ""
    before: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    content: bytes | None = None


def read(output: str) -> Champion:
    """The champion of a retraining directory; raises ValueError if the file is damaged."""
    path = storage.join(output, paths.CHAMPION)
    if not storage.exists(path):
        return Champion()
    content = storage.read_bytes(path)
    try:
        said = {"before": [], "withdrawn": [], **json.loads(content)}
        run, before, withdrawn = _name(said["run"]), *(tuple(map(_name, said[key])) for key in ("before", "withdrawn"))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} does not name a run ({error!r}): copy it again, or delete it") from error
    return Champion(run, before, withdrawn, content)


def promote(output: str, run: str, seen: Champion) -> None:
    """Makes a run the champion.

    Args:
      output: the retraining directory.
      run: its name.
      seen: the champion that the decision was made against.

    Raises:
      nabi.workspace.storage.ChangedError: if there is another champion by now; nothing is written.
    """
    before = (seen.run, *seen.before)[:_MOST_BEFORE] if seen.run else ()
    _replace(output, Champion(run, before, seen.withdrawn), seen)


def judgement(output: str, run: str, champion: str) -> dict[str, Any] | None:
    """How a run was judged (decision.json of `trainer.gate`); None if it was not.

    Args:
      output: the retraining directory.
      run: its name.
      champion: that it was judged against; "": none, since there was none.
    """
    runs = storage.join(output, paths.RUNS)
    path = storage.join(runs, run, paths.GATE, paths.DECISION)
    if not storage.exists(path):
        return None
    found = paths.read_object(path, "promote", "passed", "champion", "reasons")
    against = storage.join(runs, champion, paths.MODELS) if champion else ""
    return found if found["champion"] == against else None


def rollback(output: str) -> Champion:
    """Makes the champion before this one the champion again, and returns it.

    Raises:
      ValueError: if there was none, or its run is not there any more.
      nabi.workspace.storage.ChangedError: if somebody else changed the champion just now.
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
    """A run's name; raises ValueError if it is none."""
    if not isinstance(run, str) or run.strip() in ("", ".", "..") or "/" in run:
        raise ValueError(f"{run!r} is no name of a directory")
    return run


def _replace(output: str, champion: Champion, seen: Champion) -> None:
    said = {"run": champion.run, "before": champion.before, "withdrawn": champion.withdrawn}
    content = json.dumps(said, indent=2) + "\n"
    storage.write_if_unchanged(storage.join(output, paths.CHAMPION), content.encode(), seen.content)
