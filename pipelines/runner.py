"""Which engine runs a pipeline."""

import logging
import sys
import warnings
from typing import Any

# Beam's DirectRunner downloads Prism where there is a network and falls back to FnApiRunner where there is none;
# naming the latter makes errors, workers and counters the same in both.
LOCAL_RUNNER = "FnApiRunner"
_LOCAL_NAMES = ("DirectRunner", "direct", LOCAL_RUNNER)


def quiet() -> None:
    """Logs this job's own lines to the terminal, and of Beam and its packages only what a user can act on."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("apache_beam").setLevel(logging.WARNING)
    # Says that one of several checksum packages is missing.
    logging.getLogger("apache_beam.io.tfrecordio").setLevel(logging.ERROR)
    # Google's packages announce the end of Python versions, years ahead, at each import.
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\.")


def beam_options(runner: str, flags: list[str]) -> Any:
    """Beam's PipelineOptions.

    Args:
      runner: such as DirectRunner or DataflowRunner.
      flags: those that the job itself does not know.

    Raises:
      ValueError: if Beam does not know one either.
    """
    from apache_beam.options.pipeline_options import PipelineOptions

    options = PipelineOptions(flags, runner=LOCAL_RUNNER if runner in _LOCAL_NAMES else runner)
    unknown = set(options.get_all_options(retain_unknown_options=True)) - set(options.get_all_options())
    stray = [flag for flag in flags[:1] if not flag.startswith("-")]
    if unknown or stray:
        raise ValueError(f"unknown flag {sorted([*unknown, *stray])[0]!r}: neither --help nor Beam knows it")
    return options
