"""A model and settings -> all that sampling needs, checked before the first song."""

import dataclasses
import logging

from generator import auto_sampling, copying, priming, samplers
from generator.config import GenerateConfig
from generator.primers import Primers
from models.bundle import Bundle
from songs import layout


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What songs are sampled with, besides the model.

    Attributes:
      config: the settings; temperature and top-p are those that `--auto_sampling` chose.
      primers: what songs begin with.
      index: of the training songs; None where the model has none.
    """

    config: GenerateConfig
    primers: Primers
    index: copying.IndexFile | None


def prepare(model: Bundle, model_dir: str, config: GenerateConfig, folder: str) -> Prepared:
    """Reads primers and the index of copies, and chooses temperature and top-p where that was asked for.

    Args:
      model: whose songs.
      model_dir: its directory.
      config: how songs are asked for.
      folder: a directory that remembers the trials of `--auto_sampling`.

    Raises:
      ValueError, songs.storage.StorageError: in one sentence, if the model cannot make such songs.
    """
    index = _index(model_dir, model, config)
    samplers.grammar_of(model, config)
    _require_ends(model, config)
    primers = priming.primers_of(config, model)
    if config.auto_sampling:
        config = auto_sampling.chosen(config, model, primers, folder)
    return Prepared(config, primers, index)


def _index(model_dir: str, model: Bundle, config: GenerateConfig) -> copying.IndexFile | None:
    index = copying.index_file(model_dir, model.config)
    if index is None:
        logging.info("%s has no %s: what songs copy stays unknown", model_dir, layout.COPIES)
    if config.max_copied_bars and index is None:
        raise ValueError(f"--max_copied_bars needs {layout.COPIES}, which {model_dir} has not: train again")
    return index


def _require_ends(model: Bundle, config: GenerateConfig) -> None:
    if config.ended and not model.config["dataset"]["song_marks"]:
        raise ValueError(
            "--ended: the model was trained without song marks, so that none of its songs ends: leave it out"
        )
