"""What changed in the music from one dataset to the next."""

from typing import Any

from nabi.analysis.style_profile import StyleProfile
from nabi.analysis.style_reference import StyleReference
from nabi.workspace import paths, storage
from nabi.workspace.ledger_columns import Ledger, differences

# Of two samples of the same music, overlaps are above; below it a distribution is worth a look.
MUCH = 0.9


def report(model: str, data: str, earlier_model: str, earlier_data: str) -> dict[str, Any]:
    """The corpus drift from a champion's dataset to a challenger's.

    Args:
      model: the challenger's directory.
      data: its dataset.
      earlier_model: the champion's directory.
      earlier_data: its dataset.

    Returns:
      `files`: how many are new, gone, changed and the same; `songs`, `tokens` and `vocabulary`: [before, now];
      `figures`: name -> [before, now], means over training songs; `overlaps`: name of a distribution -> 0..1, of
      training songs then and now; `moved`: the names whose overlap is below `MUCH`.
    """
    before, now = (paths.read_json(storage.join(folder, paths.DATASET)) for folder in (earlier_data, data))
    then, since = (_train_songs(folder) for folder in (earlier_model, model))
    overlaps = then.overlaps(since)
    return {
        "files": differences(Ledger.read(data), Ledger.read(earlier_data)),
        "songs": [_counted(one, "songs") for one in (before, now)],
        "tokens": [_counted(one, "tokens") for one in (before, now)],
        "vocabulary": [one["vocabulary_size"] for one in (before, now)],
        "figures": {name: [then.figures.get(name), value] for name, value in since.figures.items()},
        "overlaps": {name: None if value is None else round(value, 4) for name, value in overlaps.items()},
        "moved": [name for name, value in overlaps.items() if value is not None and value < MUCH],
    }


def _train_songs(model: str) -> StyleProfile:
    content = paths.require_completed(model, "model", "python -m trainer.task")["content"]
    return StyleReference.load(storage.join(model, paths.REFERENCE), content).train


def _counted(dataset: dict[str, Any], what: str) -> int:
    return sum(split[what] for split in dataset["splits"].values())
