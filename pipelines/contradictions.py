"""Settings of a dataset that contradict each other, each with a sentence that says what to do."""

from typing import Any

from nabi.music.performance_steps import MOST_VELOCITY_STEPS
from nabi.reading import read_settings

# The encoding whose tokens say tempi, and the one whose tokens say no times.
_WITH_TEMPO, _WITHOUT_TIME = "band", "pitch"


def contradictions(config: Any) -> tuple[tuple[bool, str], ...]:
    """Lists what settings may not say together: whether these do, and the sentence about it.

    Args:
      config: a `pipelines.config.PreprocessConfig`, whose module imports this one.

    Raises:
      ValueError: for an option that the encoding does not have, or an illegal one.
    """
    nothing_fixed = config.vocabulary is None and not config.build_encoding().required()
    return (
        (
            config.training_stride > config.window,
            f"--stride {config.stride} must be in 1..{config.window} (--window): no token may be skipped",
        ),
        (
            bool(config.min_events and config.max_events and config.min_events > config.max_events),
            f"--min_events {config.min_events} must be at most --max_events {config.max_events}",
        ),
        (
            config.max_vocabulary == 0 and nothing_fixed,
            f"--max_vocabulary 0 must be at least 1: --encoding {config.encoding} has no tokens of its own",
        ),
        *_of_augmentation(config),
    )


def _of_augmentation(config: Any) -> tuple[tuple[bool, str], ...]:
    in_seconds = config.time == read_settings.SECONDS
    says_speed = config.encoding != _WITHOUT_TIME if in_seconds else config.encoding == _WITH_TEMPO
    return (
        (
            bool(config.stretch) and not says_speed,
            f"--stretch {','.join(config.stretch)} needs tokens that say how fast a song is, not --encoding "
            f"{config.encoding} with --time {config.time}: give --encoding {_WITH_TEMPO}, or --time "
            f"{read_settings.SECONDS} with any encoding but {_WITHOUT_TIME}",
        ),
        (
            bool(config.velocity_scale) and config.velocity_steps == 0,
            f"--velocity_scale {','.join(config.velocity_scale)} needs tokens that say velocities, not "
            f"--velocity_steps 0: give another number of them, 1..{MOST_VELOCITY_STEPS}",
        ),
    )
