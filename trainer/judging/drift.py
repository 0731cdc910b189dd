"""Changes in the music from a champion's dataset to a challenger's."""

from typing import Any

from nabi.analysis.style_profile import StyleProfile
from nabi.analysis.style_reference import StyleReference
from nabi.workspace import paths, storage
from nabi.workspace.ledger_columns import Ledger, differences

# Two samples of the same music overlap more than this; a distribution below it has changed.
SAME_MUSIC = 0.9


def report(model: str, data: str, earlier_model: str, earlier_data: str) -> dict[str, Any]:
    """Compares the challenger's dataset with the champion's.

    Args:
      model: the challenger's directory.
      data: its dataset.
      earlier_model: the champion's directory.
      earlier_data: its dataset.

    Returns:
      `files`: number of files that are new, gone, changed and the same; `songs`, `tokens` and `vocabulary`: [the
      champion's number, the challenger's]; `figures`: name -> [the champion's mean over training songs, the
      challenger's]; `overlaps`: name of a distribution -> overlap of both training splits, 0..1; `moved`: the names
      whose overlap is below `SAME_MUSIC`.
    """
    datasets = [paths.read_json(storage.join(folder, paths.DATASET)) for folder in (earlier_data, data)]
    before, now = (_training_profile(folder) for folder in (earlier_model, model))
    overlaps = before.overlaps(now)
    return {
        "files": differences(Ledger.read(data), Ledger.read(earlier_data)),
        "songs": [_total(dataset, "songs") for dataset in datasets],
        "tokens": [_total(dataset, "tokens") for dataset in datasets],
        "vocabulary": [dataset["vocabulary_size"] for dataset in datasets],
        "figures": {name: [_mean(before, name), _mean(now, name)] for name in now.figures},
        "overlaps": {name: None if value is None else round(value, 4) for name, value in overlaps.items()},
        "moved": [name for name, value in overlaps.items() if value is not None and value < SAME_MUSIC],
    }


def _training_profile(model: str) -> StyleProfile:
    content = paths.require_completed(model, "model", "python -m trainer.task")["content"]
    return StyleReference.load(storage.join(model, paths.REFERENCE), content).train


def _mean(profile: StyleProfile, figure: str) -> float | None:
    return profile.figures[figure].mean if figure in profile.figures else None


def _total(dataset: dict[str, Any], count: str) -> int:
    return sum(split[count] for split in dataset["splits"].values())
