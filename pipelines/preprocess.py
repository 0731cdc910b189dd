"""`python -m pipelines.preprocess`: MIDI files -> a dataset of windowed TFRecords."""

import argparse
import dataclasses
import sys
from collections.abc import Sequence

from nabi.beam import failures
from nabi.beam.options import beam_options, quiet
from nabi.music import vocabulary
from nabi.workspace import job_exit, logs, recipes, storage
from pipelines.config import PreprocessConfig
from pipelines.preprocessing import build_dataset, dataset_check, flags, forecast
from pipelines.reading import sources


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads flags and runs; a wrong flag or input ends with one sentence and exit status 2, a failed job with 1."""
    quiet()
    try:
        chosen, config, beam_flags = parse(sys.argv[1:] if arguments is None else arguments)
        options = beam_options(beam_flags, flags.parser().flags())
        if chosen.dry_run:
            print(forecast.describe(forecast.forecast(sources.expand(config.input, config.divisors), config)))
            return
        build_dataset.build(
            config=config,
            output=storage.folder(chosen.output),
            overwrite=chosen.overwrite,
            reuse=storage.folder(chosen.reuse) if chosen.reuse else None,
            options=options,
        )
    except (failures.JobError, dataset_check.UnusableError) as error:
        sys.exit(logs.line(f"preprocess failed: {error}", "ERROR"))
    except (ValueError, storage.StorageError) as error:
        logs.complain(f"preprocess: {error}")
        sys.exit(2)


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, PreprocessConfig, list[str]]:
    """The flags, the settings that they or a recipe give, and what is left for Beam; a vocabulary's file is read.

    Raises:
      ValueError: if a value is outside its range, or a recipe does not fit.
      storage.StorageError: if the vocabulary is not there.
    """
    chosen, beam_flags = flags.parser().parse_known_args(_with_negative_values(arguments))
    settings = recipes.load(chosen.recipe, "preprocess") if chosen.recipe else {}
    config = PreprocessConfig.create({**settings, **PreprocessConfig.given(chosen)})
    if not config.input or not chosen.output:
        raise ValueError("give --input (files, folders, globs, or corpus:bach-chorales) and --output (a folder)")
    if isinstance(config.vocabulary, str):
        tokens = vocabulary.read_token_list(storage.read_text(config.vocabulary))
        config = dataclasses.replace(config, vocabulary=tuple(tokens))
    return chosen, config, beam_flags


def check(arguments: Sequence[str]) -> PreprocessConfig:
    """The dataset's settings that flags ask for; raises ValueError as a start with them would, before any work."""
    _, config, beam_flags = parse(arguments)
    if beam_flags:
        # Beam takes seconds to import.
        beam_options(beam_flags, flags.parser().flags())
    return config


def _with_negative_values(arguments: Sequence[str]) -> list[str]:
    """`--transpose -5..6` as `--transpose=-5..6`: argparse would take the range for a flag."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--transpose":
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


if __name__ == "__main__":
    job_exit.run(main, "preprocess")
