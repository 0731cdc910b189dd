"""Which songs can judge two models alike: those that neither was trained or chosen on, nor a model before them."""

from collections.abc import Iterable, Iterator

from nabi.music.windows import SPLITS
from nabi.workspace import paths, storage
from nabi.workspace.ledger_columns import Ledger, held_out_from
from nabi.workspace.logs import say

JUDGING_SPLIT = "test"
_FORGOTTEN = "{} is not there any more: songs that it was trained on are not left out of those to judge by"


def new_to_both(data: str, datasets: Iterable[str]) -> set[int]:
    """The songs of a dataset's test split that all models of some datasets can judge, as `ledger_columns.bits`.

    Left out is what any of these datasets had in training or validation, or nearly had; see
    `ledger_columns.held_out_from`.

    Args:
      data: the challenger's dataset directory.
      datasets: those that the champion, and the models whose weights either was started from, were trained on; none,
        and the whole split is left.
    """
    ledger = Ledger.read(data)
    songs = set(ledger.songs[ledger.splits == SPLITS.index(JUDGING_SPLIT)].tolist())
    return songs.intersection(
        *(held_out_from(ledger, Ledger.read(folder), JUDGING_SPLIT).tolist() for folder in datasets)
    )


def training_datasets(champion_data: str, models: Iterable[str]) -> list[str]:
    """The champion's dataset, and those of the models whose weights some models were started from.

    A song may be held out now and have been trained on then: its split changes when near duplicates come.

    Args:
      champion_data: the champion's dataset directory.
      models: directories of the champion and, as soon as there is one, the challenger.
    """
    return list(dict.fromkeys([champion_data, *(data for model in models for data in _before(model))]))


def _before(model: str) -> Iterator[str]:
    """The datasets of the models that a model was started from, the nearest first, as far as they are there."""
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
