"""Settings of songs that pages show."""

from collections.abc import Mapping

from generator.config import GenerateConfig

_ALWAYS_SHOWN = ("seed", "max_tokens", "temperature", "top_p", "tempo")


def notable(settings: Mapping[str, object]) -> dict[str, object]:
    """Picks the settings that a reader wants to see: the usual ones, and those that are not at their defaults."""
    defaults = GenerateConfig().as_dict()
    return {name: value for name, value in settings.items() if name in _ALWAYS_SHOWN or value != defaults.get(name)}
