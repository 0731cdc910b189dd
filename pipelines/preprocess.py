"""`python -m pipelines.preprocess`: MIDI files -> a dataset of windowed TFRecords."""

import argparse
import dataclasses
import sys
from collections.abc import Sequence

from nabi.beam import failures
from nabi.beam.options import beam_options, quiet
from nabi.music import vocabulary
from nabi.workspace import job_exit, logs, recipes, storage
from nabi.workspace.cpu import cores
from pipelines.config import PreprocessConfig
from pipelines.preprocessing import flags


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses flags and builds the dataset; exits with 2 for a wrong flag or input, with 1 if the job fails."""
    quiet()
    try:
        _build(*parse(sys.argv[1:] if arguments is None else arguments))
    except (ValueError, storage.StorageError) as error:
        logs.complain(f"preprocess: {error}")
        sys.exit(2)


def _build(chosen: argparse.Namespace, config: PreprocessConfig, beam_flags: Sequence[str]) -> None:
    # These take a quarter of a second to import: flags and their help do without.
    from pipelines.reading import isolation, rows

    # Without a flag of Beam's the files are read from this process, which now imports Beam.
    here = rows.parsers(config, 1 if chosen.dry_run else cores()) if not beam_flags else []
    with isolation.started_early(here):
        _build_with(chosen, config, beam_flags)


def _build_with(chosen: argparse.Namespace, config: PreprocessConfig, beam_flags: Sequence[str]) -> None:
    from pipelines.preprocessing import build_dataset, dataset_check, forecast
    from pipelines.reading import sources

    options = beam_options(beam_flags, flags.parser().flags())
    if chosen.dry_run:
        print(forecast.describe(forecast.forecast(sources.expand(config.input, config.divisors), config)))
        return
    try:
        build_dataset.build(
            config=config,
            output=storage.folder(chosen.output),
            overwrite=chosen.overwrite,
            reuse=storage.folder(chosen.reuse) if chosen.reuse else None,
            options=options,
        )
    except (failures.JobError, dataset_check.UnusableError) as error:
        sys.exit(logs.line(f"preprocess failed: {error}", "ERROR"))


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, PreprocessConfig, list[str]]:
    """Splits a command line into this job's flags, the dataset's settings and Beam's flags.

    Settings come from flags and, where these give none, from the recipe; a vocabulary file is read here.

    Raises:
      ValueError: if a value is outside its range, or the recipe is not valid.
      storage.StorageError: if the vocabulary file cannot be read.
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
    """Returns the dataset's settings; raises ValueError for whatever `main` would refuse before it starts work."""
    _, config, beam_flags = parse(arguments)
    if beam_flags:
        # Beam takes seconds to import.
        beam_options(beam_flags, flags.parser().flags())
    return config


def _with_negative_values(arguments: Sequence[str]) -> list[str]:
    """Joins `--transpose -5..6` into `--transpose=-5..6`: argparse would take the range for a flag."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--transpose":
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


if __name__ == "__main__":
    job_exit.run(main, "preprocess")
