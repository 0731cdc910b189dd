"""`python -m pipelines.preprocess`: MIDI files -> a dataset of windowed TFRecords."""

import argparse
import fractions
import sys
from collections.abc import Sequence
from typing import Any

from beam_jobs.options import beam_options, quiet
from pipelines import dataset, forecast, sources, verdict
from pipelines.rows import ParseLimits
from pipelines.settings import DUPLICATES, NEAR_DUPLICATES, Settings
from songs import encodings, names, reading, recipes, storage, vocabulary
from songs.limits import Limits
from songs.variants import parse_scales, parse_transpose

_EXAMPLES = """examples:
  python -m pipelines.preprocess --input corpus:bach-chorales --output runs/chorales/dataset
  python -m pipelines.preprocess --input ~/midi --input 'more/**/*.mid' --output dataset \\
      --direct_num_workers=2 --direct_running_mode=multi_processing      (many files: use all cores)

Flags of Beam and of its runners go through, such as --runner=DataflowRunner --project=... --temp_location=gs://...
"""


def flags() -> argparse.ArgumentParser:
    """The flags of this job; those it does not know go to Beam."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.preprocess",
        description="Reads MIDI files into tokens, builds a vocabulary, and writes windows as TFRecords.\nTimes are in "
        "quarter notes: tempo, time signature and key may change within a file, and alter no token.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_files(parser)
    _add_reading(parser.add_argument_group("what is read"))
    _add_limits(parser.add_argument_group("which songs are kept (the others are in the ledger, as filtered)"))
    _add_tokens(parser.add_argument_group("how a song is written"))
    _add_records(parser.add_argument_group("vocabulary, splits and windows"))
    return parser


def _add_files(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--input",
        action="append",
        help="a file, a folder (searched below), a glob in quotes, or corpus:bach-chorales (Bach's chorales, which "
        "come with music21); any number of times, local or gs://",
    )
    add("--output", help="the dataset directory to write, local or gs://")
    add("--recipe", help=f"take settings from a recipe ({', '.join(recipes.names())}, or a TOML file); flags win")
    add("--dry_run", action="store_true", help="read a sample of the input, say what would be made, and write nothing")
    add("--overwrite", action="store_true", help="delete a finished dataset of other settings or input")
    add("--runner", default="DirectRunner", help="Beam's runner (default: %(default)s, on this machine)")


def _add_reading(group: Any) -> None:
    add = group.add_argument
    add(
        "--parser",
        choices=reading.PARSERS,
        default="fast",
        help="fast (default) gives music21's result some 100 times faster; music21 is the reference; both reads with "
        "both, takes music21's song and puts differences into the ledger",
    )
    add(
        "--instrument",
        default="all",
        help="all (default), first (the first part that has notes), piano, drums, or a General MIDI program 0-127; "
        "drums are never read unless asked for",
    )
    add("--duplicates", choices=DUPLICATES, default="drop", help="byte-identical files: write once (drop) or each time")
    add(
        "--near_duplicates",
        choices=NEAR_DUPLICATES,
        default="together",
        help="songs of one tune, in whatever key, tempo or file: keep together in one split (default), drop all but "
        "one, or keep as if they had nothing in common",
    )
    add(
        "--parse_timeout",
        type=float,
        default=120.0,
        help="seconds that reading one file may take before it is lost (default: %(default)g)",
    )
    add("--parse_memory", type=int, default=2048, help="MiB that reading one file may take (default: %(default)s)")
    add(
        "--max_lost_fraction",
        type=float,
        default=0.1,
        help="fail, after the ledger is written, if more of the files cannot be read; 0..1 (default: %(default)s)",
    )


def _add_limits(group: Any) -> None:
    add = group.add_argument
    add("--min_events", type=int, help="notes and chords, at least")
    add("--max_events", type=int, help="notes and chords, at most")
    add("--min_pitches", type=int, help="different pitches, at least")
    add("--max_quarters", type=int, help="length in quarter notes, at most")


def _add_tokens(group: Any) -> None:
    add, switch = group.add_argument, argparse.BooleanOptionalAction
    add(
        "--encoding",
        choices=sorted(encodings.ENCODINGS),
        default="events",
        help="events (default) loses nothing; pitch-duration is one token an event; pitch drops time, as the "
        "Keras + music21 article does; grid is a piano roll, a token a step; steps is one in which each "
        "step is spelled note by note",
    )
    add("--chords", choices=("normal", "voiced"), help="pitch: chords as normal order 4.7.11 or as pitches E4.G4.B4")
    add("--step", help="grid, steps: length of a step (1/4), pitch: of a decoded event (1/2), in quarter notes")
    add("--onset_marks", action=switch, help="grid: tell a held note from one struck again (default: yes)")
    add("--highest", action=switch, help="grid: keep only the highest note of each step (default: no)")
    add("--song_marks", action=switch, default=True, help="<start> and <end> around each song (default: yes)")


def _add_records(group: Any) -> None:
    add = group.add_argument
    add("--window", type=int, default=128, help="targets a record, at least 1 (default: %(default)s)")
    add("--stride", type=int, help="tokens from one training window to the next, 1..window (default: the window)")
    add(
        "--split",
        type=_shares,
        default=(0.9, 0.05, 0.05),
        help="train,validation,test by song (default: 0.9,0.05,0.05)",
    )
    add(
        "--max_vocabulary",
        type=int,
        default=20_000,
        help="most tokens kept, by count, besides those that an encoding always has; 0: none, so that events and "
        "steps write every chord as its notes (default: %(default)s)",
    )
    add("--min_count", type=int, default=1, help="drop tokens seen less often in training (default: %(default)s)")
    add("--vocabulary", help="a fixed vocabulary: a file with one token a line, or a vocabulary.json")
    add("--transpose", help="also write training songs that many semitones higher: -5..6, or -2,3")
    add("--time_scales", help="also write training songs with all times that many times as long: 1/2,2")
    add("--shards", type=int, default=16, help="files of the training split; the others have an eighth (default: 16)")


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads flags and runs; a wrong flag or input ends with one sentence and exit status 2, a failed job with 1."""
    quiet()
    try:
        chosen, beam_flags = parse(arguments)
        if chosen.pop("dry_run"):
            print(forecast.describe(forecast.forecast(sources.expand(chosen["inputs"]), chosen["settings"])))
            return
        dataset.build(options=beam_options(beam_flags), **chosen)
    except verdict.UnusableError as error:
        sys.exit(f"preprocess failed: {error}")
    except (ValueError, storage.StorageError) as error:
        print(f"preprocess: {error}", file=sys.stderr)
        sys.exit(2)


def parse(arguments: Sequence[str] | None) -> tuple[dict[str, Any], list[str]]:
    """Flags -> `dataset.build`'s keyword arguments (and `dry_run`), and the flags that are Beam's.

    Raises:
      ValueError: if a value is outside its range or a recipe does not fit.
    """
    arguments = _with_negative_values(sys.argv[1:] if arguments is None else arguments)
    parser = flags()
    recipe = parser.parse_known_args(arguments)[0].recipe
    if recipe:
        defaults = recipes.load(recipe, "preprocess")
        known = {action.dest for action in parser._actions}
        if unknown := sorted(set(defaults) - known):
            raise ValueError(f"recipe {recipe}: preprocess has no setting {', '.join(unknown)}")
        if isinstance(defaults.get("split"), str | list):
            defaults["split"] = _shares(
                ",".join(map(str, defaults["split"])) if isinstance(defaults["split"], list) else defaults["split"]
            )
        parser.set_defaults(**defaults)
    chosen, beam_flags = parser.parse_known_args(arguments)
    if not chosen.input or not chosen.output:
        raise ValueError("give --input (files, folders, globs, or corpus:bach-chorales) and --output (a folder)")
    if not 0 <= chosen.max_lost_fraction <= 1:
        raise ValueError(f"--max_lost_fraction {chosen.max_lost_fraction} must be in 0..1")
    return {
        "inputs": chosen.input,
        "output": storage.folder(chosen.output),
        "settings": settings_of(chosen),
        "limits": ParseLimits(chosen.parse_timeout, chosen.parse_memory << 20),
        "max_lost_fraction": chosen.max_lost_fraction,
        "overwrite": chosen.overwrite,
        "dry_run": chosen.dry_run,
    }, [f"--runner={chosen.runner}", *beam_flags]


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
    encoding: dict[str, Any] = {"name": chosen.encoding}
    options = {
        "chords": chosen.chords,
        "step": chosen.step,
        "onset_marks": chosen.onset_marks,
        "highest": chosen.highest,
    }
    encoding.update((name, value) for name, value in options.items() if value is not None)
    if chosen.step is not None:
        encoding["step"] = names.parse_duration(chosen.step)
    fixed = vocabulary.read_token_list(storage.read_text(chosen.vocabulary)) if chosen.vocabulary else None
    return Settings(
        encoding=encodings.from_settings(encoding).settings(),
        window=chosen.window,
        stride=chosen.window if chosen.stride is None else chosen.stride,
        song_marks=chosen.song_marks,
        split=chosen.split,
        instrument=chosen.instrument,
        parser=chosen.parser,
        max_vocabulary=chosen.max_vocabulary,
        min_count=chosen.min_count,
        vocabulary=tuple(fixed) if fixed else None,
        duplicates=chosen.duplicates,
        near_duplicates=chosen.near_duplicates,
        limits=Limits(chosen.min_events, chosen.max_events, chosen.min_pitches, chosen.max_quarters),
        transpose=parse_transpose(chosen.transpose) if chosen.transpose else (),
        time_scales=tuple(map(str, parse_scales(chosen.time_scales))) if chosen.time_scales else (),
        shards=chosen.shards,
    )


def _shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(fractions.Fraction(share)) for share in text.split(","))
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{text!r} must be three shares such as 0.9,0.05,0.05") from None


if __name__ == "__main__":
    main()
