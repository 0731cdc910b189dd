"""Preparation of a sampling job: settings, primers and the index of copies, checked before the first song."""

import dataclasses
import logging

from generator.config import GenerateConfig
from generator.primers import accompaniments, melodies, priming
from generator.sampling import samplers
from generator.sampling.primer import Primers
from generator.songs import auto_sampling, copied_bars
from nabi.music import part_choice
from nabi.music.band import Instrument
from nabi.networks.memory_layers import memory_of
from nabi.networks.trained_model import TrainedModel
from nabi.workspace import paths


@dataclasses.dataclass(frozen=True)
class Prepared:
    """Inputs of sampling besides the model.

    Attributes:
      config: settings, with the temperature and top-p that `--auto_sampling` chose.
      primers: beginnings of the songs, and what they keep.
      index: index of the training songs; None if the model has none.
    """

    config: GenerateConfig
    primers: Primers
    index: copied_bars.IndexFile | None


def prepare(model: TrainedModel, model_dir: str, config: GenerateConfig, folder: str) -> Prepared:
    """Reads primers and the index of copies, and chooses temperature and top-p with `--auto_sampling`.

    Args:
      model: the model.
      model_dir: its directory.
      config: settings of the job.
      folder: directory in which the trials of `--auto_sampling` are kept.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, if the model cannot make such songs.
    """
    index = _index(model_dir, model, config)
    samplers.grammar_of(model, config)
    _require_ends(model, config)
    _require_memory(model, config)
    check_parts(model, config)
    source = melodies if config.harmonize else accompaniments if config.accompany else priming
    primers = source.primers_of(config, model)
    if config.auto_sampling:
        config = auto_sampling.chosen(config, model, primers, folder)
    return Prepared(config, primers, index)


def _index(model_dir: str, model: TrainedModel, config: GenerateConfig) -> copied_bars.IndexFile | None:
    index = copied_bars.index_file(model_dir, model.config)
    if index is None:
        logging.info("%s has no %s: what songs copy stays unknown", model_dir, paths.COPIES)
    if config.max_copied_bars and index is None:
        raise ValueError(f"--max_copied_bars needs {paths.COPIES}, which {model_dir} has not: train again")
    return index


def _require_ends(model: TrainedModel, config: GenerateConfig) -> None:
    if config.ended and not model.config["dataset"]["song_marks"]:
        raise ValueError(
            "--ended: the model was trained without song marks, so that none of its songs ends: leave it out"
        )


def _require_memory(model: TrainedModel, config: GenerateConfig) -> None:
    if config.memory != 1 and memory_of(model.model) is None:
        raise ValueError(
            f"--memory {config.memory}: the model was trained without --memory and is told nothing of its song: "
            "leave it out"
        )


def check_parts(model: TrainedModel, config: GenerateConfig) -> None:
    """Raises ValueError for a setting of parts where songs have none, or of the one part where songs have several."""
    asked = {"parts": config.asked_parts, "drums": config.drums is not None, "part_ranges": config.part_ranges}
    if not model.encoding.PARTS and (wrong := next((name for name, value in asked.items() if value), "")):
        raise ValueError(
            f"--{wrong} needs a model whose tokens say who plays, --encoding band, not {model.encoding.name}: "
            "leave it out"
        )
    if model.encoding.PARTS and any(asked.values()):
        _require_parts(model, config)
    single = {"program": config.program, "velocity": config.velocity}
    if model.encoding.PARTS and (wrong := next((name for name, value in single.items() if value), "")):
        raise ValueError(
            f"--{wrong} {single[wrong]} is of songs with one part; the model's tokens say who plays and how loud: "
            "leave it out, or choose parts with --parts"
        )


def _require_parts(model: TrainedModel, config: GenerateConfig) -> None:
    """Raises ValueError if a part that is asked for has no token, or no note within its range and that of all notes."""
    if not model.config["dataset"]["song_marks"]:
        raise ValueError("--parts, --drums and --part_ranges need a model trained with song marks: leave them out")
    programs = [program for program in map(model.encoding.program, model.vocabulary.tokens) if program >= 0]
    named = [("parts", word) for word in config.asked_parts if word != part_choice.DRUMS]
    # A model of families has one program of each.
    named += [("part_ranges", item.partition(":")[0]) for item in config.part_ranges]
    for flag, word in named:
        if not any(part_choice.plays(word)(Instrument("", program)) for program in programs):
            raise ValueError(
                f"--{flag} {word} has no token in the model's vocabulary, whose programs are "
                f"{', '.join(map(str, sorted(programs)))}: name one of these, or its family"
            )
    for program, (low, high) in config.ranges_of_programs.items():
        within = range(max(low, config.lowest), min(high, config.highest) + 1)
        if not any(pitch % 12 in config.pitch_classes for pitch in within):
            raise ValueError(
                f"--part_ranges leave program {program} no note within {config.lowest}..{config.highest} (--lowest, "
                f"--highest){' and in ' + config.key if config.key else ''}: widen one of them"
            )
