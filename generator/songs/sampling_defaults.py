"""Sampling defaults that a model keeps from the recipe it was trained with."""

import dataclasses
import logging
from collections.abc import Mapping
from typing import Any

from generator.config import GenerateConfig
from generator.flag_values import TEACHER_FORCED
from nabi.networks import remote_files
from nabi.workspace import directories, paths, storage

# Keys of a recipe's [[generate]] that belong to one job: number of songs, their beginnings, files that are written.
_OF_ONE_JOB = frozenset(
    {
        "num_songs", "seed", "auto_sampling", "primer", "primer_tokens", "primer_bars", "data", "primer_transpose",
        "variations", "harmonize", "keep_voice", "accompany", "explain", "output_format", "audio",
    }
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class SamplingDefaults:
    """Sampling defaults of a model.

    Attributes:
      recipe: recipe that they come from, such as `chorales:twelve`; "" if there are none.
      settings: key of GenerateConfig -> value.
    """

    recipe: str = ""
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        flags = " ".join(f"--{name}={value}" for name, value in self.settings.items())
        return f"{flags}, of the recipe {self.recipe} by which the model was trained"

    def without(self, given: Mapping[str, object]) -> "SamplingDefaults":
        """Returns the defaults that stand where others are given."""
        others = {name: value for name, value in self.settings.items() if name not in given}
        return dataclasses.replace(self, settings=others)

    def with_given(self, given: Mapping[str, object]) -> GenerateConfig:
        """Combines settings given by hand with the model's defaults for the others.

        Raises:
          ValueError: if a setting is unknown or out of range, or contradicts a default.
        """
        if not self.recipe:
            return GenerateConfig.create(given)
        try:
            config = GenerateConfig.create({**self.settings, **given})
        except ValueError as error:
            # Raises first if the given settings are wrong by themselves; otherwise they contradict a default.
            GenerateConfig.create(given)
            raise ValueError(f"{error} (not given by hand: {self}; --recipe or flags replace it)") from error
        used = self.without(given)
        if used.settings:
            logging.info("by default %s", used)
        return config


def load(model_dir: str) -> SamplingDefaults:
    """Reads the sampling defaults of a model; empty if it was trained without a recipe.

    Args:
      model_dir: see `nabi.workspace.directories.find`; one that does not exist has no defaults, and the job reports it.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: if the file is damaged or cannot be read.
    """
    remote_files.open_schemes(model_dir)
    try:
        path = storage.join(directories.model(model_dir), paths.SAMPLING)
    except ValueError:
        return SamplingDefaults()
    if not storage.exists(path):
        return SamplingDefaults()
    defaults = paths.read_object(path, "recipe", "settings")
    settings = {
        name: value
        for name, value in defaults["settings"].items()
        # A song that is followed belongs to one job too.
        if name not in _OF_ONE_JOB and value != TEACHER_FORCED
    }
    try:
        GenerateConfig.create(settings)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return SamplingDefaults(defaults["recipe"], settings) if settings else SamplingDefaults()
