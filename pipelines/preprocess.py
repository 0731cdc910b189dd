"""`python -m pipelines.preprocess`: MIDI files -> a dataset of windowed TFRecords."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from beam_jobs import failures
from beam_jobs.options import beam_options, quiet
from pipelines import dataset, flags, forecast, recipe_table, sources, verdict
from pipelines.rows import ParseLimits
from pipelines.settings import Settings
from songs import encodings, job_exit, logs, names, quantisation, recipes, storage, vocabulary
from songs.limits import Limits
from songs.selection import Selection, parse_pair
from songs.variants import parse_scales, parse_transpose

# Of the encodings that have steps the usual length of one, in quarter notes.
_STEPS = {"grid": "1/4", "steps": "1/4", "pitch": "1/2"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads flags and runs; a wrong flag or input ends with one sentence and exit status 2, a failed job with 1."""
    quiet()
    try:
        chosen, beam_flags = parse(arguments)
        options = beam_options(beam_flags, flags.parser().flags())
        if chosen.pop("dry_run"):
            listing = sources.expand(chosen["inputs"], chosen["settings"].divisors)
            print(forecast.describe(forecast.forecast(listing, chosen["settings"])))
            return
        dataset.build(options=options, **chosen)
    except (failures.JobError, verdict.UnusableError) as error:
        sys.exit(logs.line(f"preprocess failed: {error}", "ERROR"))
    except (ValueError, storage.StorageError) as error:
        logs.complain(f"preprocess: {error}")
        sys.exit(2)


def parse(arguments: Sequence[str] | None) -> tuple[dict[str, Any], list[str]]:
    """Flags -> `dataset.build`'s keyword arguments (and `dry_run`), and the flags that are Beam's.

    Raises:
      ValueError: if a value is outside its range or a recipe does not fit.
    """
    arguments = _with_negative_values(sys.argv[1:] if arguments is None else arguments)
    parser, inputs = flags.parser(), None
    recipe = parser.parse_known_args(arguments)[0].recipe
    if recipe:
        defaults = recipe_table.defaults_of(recipes.load(recipe, "preprocess"), parser)
        # As a default argparse would add to it what is given by hand, which is to win.
        inputs = defaults.pop("input", None)
        parser.set_defaults(**defaults)
    chosen, beam_flags = parser.parse_known_args(arguments)
    chosen.input = chosen.input or inputs
    if not chosen.input or not chosen.output:
        raise ValueError("give --input (files, folders, globs, or corpus:bach-chorales) and --output (a folder)")
    return _asked(chosen), [f"--runner={chosen.runner}", *beam_flags]


def _asked(chosen: argparse.Namespace) -> dict[str, Any]:
    """What `parse` gives of flags; raises ValueError if a value is outside its range."""
    if not 0 <= chosen.max_lost_fraction <= 1:
        raise ValueError(f"--max_lost_fraction {chosen.max_lost_fraction} must be in 0..1")
    return {
        "inputs": chosen.input,
        "output": storage.folder(chosen.output),
        "settings": settings_of(chosen),
        "limits": ParseLimits(chosen.parse_timeout, chosen.parse_memory << 20),
        "max_lost_fraction": chosen.max_lost_fraction,
        "overwrite": chosen.overwrite,
        "reuse": storage.folder(chosen.reuse) if chosen.reuse else None,
        "keep_songs": chosen.keep_songs,
        "dry_run": chosen.dry_run,
    }


def check(arguments: Sequence[str]) -> Settings:
    """The dataset's settings that flags ask for; raises ValueError as a start with them would, before any work."""
    chosen, beam_flags = parse(arguments)
    if beam_flags != [f"--runner={flags.RUNNER}"]:
        # Beam takes seconds to import.
        beam_options(beam_flags, flags.parser().flags())
    settings: Settings = chosen["settings"]
    return settings


def check_table(table: Mapping[str, Any]) -> Settings:
    """The settings of a recipe's table alone; raises ValueError if it is wrong.

    A vocabulary's file is not read: it may lie on the machine that preprocesses.
    """
    parser = flags.parser()
    values = recipe_table.defaults_of(table, parser)
    if isinstance(values.get("vocabulary"), str):
        del values["vocabulary"]
    parser.set_defaults(**values)
    settings: Settings = _asked(parser.parse_args(["--output=x"]))["settings"]
    return settings


def _with_negative_values(arguments: Sequence[str]) -> list[str]:
    """`--transpose -5..6` as `--transpose=-5..6`: argparse would take the range for a flag."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--transpose":
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def settings_of(chosen: argparse.Namespace) -> Settings:
    """The dataset's settings of flags."""
    divisors = _divisors(chosen.divisors)
    encoding: dict[str, Any] = {"name": chosen.encoding, "divisors": divisors}
    options = {
        "chords": chosen.chords,
        "notation": chosen.notation,
        "step": chosen.step,
        "onset_marks": chosen.onset_marks,
        "highest": chosen.highest,
    }
    encoding.update((name, value) for name, value in options.items() if value is not None)
    step = _STEPS.get(chosen.encoding) if chosen.step is None else chosen.step
    if step is not None:
        encoding["step"] = _ticks(step, divisors)
    return Settings(
        encoding=encodings.from_settings(encoding).settings(),
        window=chosen.window,
        stride=chosen.window if chosen.stride is None else chosen.stride,
        song_marks=chosen.song_marks,
        key_marks=chosen.key_marks,
        split=chosen.split,
        instrument=chosen.instrument,
        parser=chosen.parser,
        max_vocabulary=chosen.max_vocabulary,
        min_count=chosen.min_count,
        vocabulary=_tokens(chosen.vocabulary) if chosen.vocabulary else None,
        duplicates=chosen.duplicates,
        near_duplicates=chosen.near_duplicates,
        selection=Selection(
            excerpt=parse_pair("--excerpt", chosen.excerpt) if chosen.excerpt else None,
            pitches=parse_pair("--pitches", chosen.pitches) if chosen.pitches else None,
            max_silence=chosen.max_silence,
        ),
        limits=_limits(chosen),
        transpose=parse_transpose(chosen.transpose) if chosen.transpose else (),
        time_scales=tuple(map(str, parse_scales(chosen.time_scales))) if chosen.time_scales else (),
        shards=chosen.shards,
    )


def _divisors(given: str | list[int]) -> tuple[int, ...]:
    """Those of a flag, or those that a recipe lists."""
    return quantisation.parse(given) if isinstance(given, str) else quantisation.checked(given)


def _ticks(step: str, divisors: tuple[int, ...]) -> int:
    try:
        return names.parse_duration(step, quantisation.ticks_per_quarter(divisors))
    except ValueError as error:
        raise ValueError(f"--step {step}, with --divisors {quantisation.written(divisors)}: {error}") from error


def _limits(chosen: argparse.Namespace) -> Limits:
    try:
        meters = tuple(map(int, chosen.meters.split(","))) if chosen.meters else ()
    except ValueError:
        raise ValueError(f"--meters {chosen.meters} must be whole numbers, such as 2,4") from None
    return Limits(
        min_events=chosen.min_events,
        max_events=chosen.max_events,
        min_pitches=chosen.min_pitches,
        max_quarters=chosen.max_quarters,
        min_steps=chosen.min_steps,
        max_tokens_per_note=chosen.max_tokens_per_note,
        meters=meters,
    )


def _tokens(given: str | list[str]) -> tuple[str, ...]:
    """The tokens of a file, or those that a recipe lists."""
    text = storage.read_text(given) if isinstance(given, str) else "\n".join(given)
    return tuple(vocabulary.read_token_list(text))


if __name__ == "__main__":
    job_exit.run(main, "preprocess")
