"""Finds the songs that can judge two models: new to both, and to all models that they were started from."""

from collections.abc import Iterable, Iterator

from nabi.music.windows import SPLITS
from nabi.workspace import paths, storage
from nabi.workspace.ledger_columns import Ledger, held_out_from
from nabi.workspace.logs import say

JUDGING_SPLIT = "test"
_FORGOTTEN = "{} is not there any more: songs that it was trained on are not left out of those to judge by"


def new_to_both(data: str, datasets: Iterable[str]) -> set[int]:
    """Returns the songs of a dataset's test split that are new to the models of other datasets, as their `bits`.

    New songs are those that no earlier training or validation split has, by bytes, source or near duplicate; see
    `nabi.workspace.ledger_columns.held_out_from`.

    Args:
      data: the challenger's dataset directory.
      datasets: datasets of the champion and of the models whose weights either was started from; without any, the
        whole split is new.
    """
    ledger = Ledger.read(data)
    songs = set(ledger.songs[ledger.splits == SPLITS.index(JUDGING_SPLIT)].tolist())
    return songs.intersection(
        *(held_out_from(ledger, Ledger.read(folder), JUDGING_SPLIT).tolist() for folder in datasets)
    )


def training_datasets(champion_data: str, models: Iterable[str]) -> list[str]:
    """Lists the champion's dataset, and the datasets of all models whose weights `models` were started from.

    A song that is held out now may have been in training then: its split changes when near duplicates are added.

    Args:
      champion_data: the champion's dataset directory.
      models: model directories of the champion and, once it is trained, the challenger.
    """
    return list(dict.fromkeys([champion_data, *(data for model in models for data in _ancestor_datasets(model))]))


def _ancestor_datasets(model: str) -> Iterator[str]:
    """Yields the datasets of the models that a model was started from, the nearest first, as far as they exist."""
    seen, config = {model}, paths.read_json(storage.join(model, paths.CONFIG))
    while (model := config.get("warm_started_from")) and model not in seen:
        seen.add(model)
        if paths.completed(model) is None:
            say(_FORGOTTEN.format(model))
            return
        config = paths.read_json(storage.join(model, paths.CONFIG))
        if paths.completed(config["data"]) is None:
            say(_FORGOTTEN.format(config["data"]))
        else:
            yield config["data"]
