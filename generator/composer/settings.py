"""Settings of songs that the page has, and what a recipe sets besides."""

import logging
from typing import Any

from generator.config import GenerateConfig
from generator.songs.sampling_defaults import SamplingDefaults

# Settings that can be changed on the page, and those that its songs take from the model's recipe.
CHANGED = (
    "temperature", "rhythm_temperature", "phrase_temperature", "top_p", "memory", "max_bars", "meter", "candidates",
    "tempo",
)  # fmt: skip
KEPT = (
    "top_k", "min_p", "max_repeats", "max_tokens", "max_draws", "lowest", "highest", "ended", "program", "velocity",
)  # fmt: skip
# These concern no song that is sampled alone, or are asked for on the page.
_OF_NO_SONG = (
    "num_songs",
    "seed",
    "auto_sampling",
    "audio",
    "output_format",
    "explain",
    "decoding",
    "key",
    "variations",
)


def check(config: GenerateConfig, defaults: SamplingDefaults) -> None:
    """Raises ValueError for a recipe whose songs the page cannot sample; says what it leaves out of one."""
    if config.decoding != "sample":
        raise ValueError(
            f"the recipe {defaults.recipe} takes --decoding {config.decoding}, and the page draws every token: make "
            "songs with python -m generator.generate"
        )
    left_out = defaults.settings.keys() - {*CHANGED, *KEPT, *_OF_NO_SONG}
    if left_out:
        logging.info("the page has no --%s, which the recipe %s sets", ", --".join(sorted(left_out)), defaults.recipe)


def of_page(config: GenerateConfig) -> dict[str, Any]:
    """Selects the settings that the page starts with."""
    return {name: getattr(config, name) for name in (*CHANGED, *KEPT)} | {"key": str(config.in_key or "")}
