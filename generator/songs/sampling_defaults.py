"""What a model remembers of the recipe that it was trained by: defaults of how it is sampled."""

import dataclasses
import logging
from collections.abc import Mapping
from typing import Any

from generator.config import TEACHER_FORCED, GenerateConfig
from nabi.networks import remote_files
from nabi.workspace import directories, paths, storage

# Of a recipe's [[generate]] these are of one job: how many songs, what they begin with, which files are made.
_OF_ONE_JOB = frozenset(
    {
        "num_songs", "seed", "auto_sampling", "primer", "primer_tokens", "primer_bars", "data", "primer_transpose",
        "variations", "explain", "audio",
    }
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class SamplingDefaults:
    """The defaults of a model.

    Attributes:
      recipe: whose they are, such as `chorales:twelve`; "" where there are none.
      settings: keys of GenerateConfig.
    """

    recipe: str = ""
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        flags = " ".join(f"--{name}={value}" for name, value in self.settings.items())
        return f"{flags}, of the recipe {self.recipe} by which the model was trained"

    def with_given(self, given: Mapping[str, object]) -> GenerateConfig:
        """The settings given by hand, and for the others what the model remembers.

        Raises:
          ValueError: if a setting is unknown or out of range, or contradicts what is remembered.
        """
        if not self.recipe:
            return GenerateConfig.create(given)
        try:
            chosen = GenerateConfig.create({**self.settings, **given})
        except ValueError as error:
            # Either these settings are wrong by themselves, or they contradict what is remembered.
            GenerateConfig.create(given)
            raise ValueError(f"{error} (not given by hand: {self}; --recipe or flags replace it)") from error
        logging.info("by default %s", self)
        return chosen


def load(model_dir: str) -> SamplingDefaults:
    """Reads what a model remembers; nothing where it was trained without a recipe.

    Args:
      model_dir: see `nabi.workspace.directories.find`; one that is not there remembers nothing, and the job tells of
        it.

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
    found = paths.read_object(path, "recipe", "settings")
    settings = {
        name: value
        for name, value in found["settings"].items()
        # A song that is followed is of one job too.
        if name not in _OF_ONE_JOB and value != TEACHER_FORCED
    }
    try:
        GenerateConfig.create(settings)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return SamplingDefaults(found["recipe"], settings) if settings else SamplingDefaults()
