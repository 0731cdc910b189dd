"""The flags of `python -m pipelines.preprocess`."""

import argparse
import fractions
from typing import Any

from pipelines.settings import DUPLICATES, NEAR_DUPLICATES
from songs import directories, encodings, quantisation, reading, recipes
from songs.commands import Parser
from songs.limits import MAX_TOKENS_PER_NOTE
from songs.selection import MAX_SILENCE

# Beam's, on this machine.
RUNNER = "DirectRunner"

_EXAMPLES = """examples:
  python -m pipelines.preprocess --input corpus:bach-chorales --output runs/chorales/dataset
  python -m pipelines.preprocess --input ~/midi --input 'more/**/*.mid' --output dataset \\
      --direct_num_workers=2 --direct_running_mode=multi_processing      (many files: use all cores)

Flags of Beam and of its runners go through, such as --runner=DataflowRunner --project=... --temp_location=gs://...
"""


def parser() -> Parser:
    """The flags of this job; those it does not know go to Beam."""
    made = Parser(
        "python -m pipelines.preprocess",
        description="Reads MIDI files into tokens, builds a vocabulary, and writes windows as TFRecords.\nTimes are in "
        "quarter notes: tempo, time signature and key may change within a file, and alter no token.",
        examples=_EXAMPLES,
    )
    _add_files(made)
    _add_reading(made.add_argument_group("what is read"))
    _add_limits(made.add_argument_group("which songs are kept (the others are in the ledger, as filtered)"))
    _add_tokens(made.add_argument_group("how a song is written"))
    _add_records(made.add_argument_group("vocabulary, splits and windows"))
    return made


def _add_files(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--input",
        action="append",
        help="a file, a folder (searched below), a glob in quotes, corpus:bach-chorales (Bach's chorales, which come "
        "with music21), or a tune in codes, a letter and a fraction of a whole note: codes:'g8 e8 e4'; any number of "
        "times, local or gs://",
    )
    add("--output", help="the dataset directory to write, local or gs://")
    add("--recipe", help=f"take settings from a recipe ({', '.join(recipes.names())}, or a TOML file); flags win")
    add("--dry_run", action="store_true", help="read a sample of the input, say what would be made, and write nothing")
    add("--overwrite", action="store_true", help="delete a finished dataset of other settings or input")
    add(
        "--keep_songs",
        action="store_true",
        help="keep the songs that were read beside the records, so that a later run may --reuse them",
    )
    add(
        "--reuse",
        metavar="DATASET",
        help="a finished dataset made with --keep_songs: files of the same bytes are not read again, and the "
        f"result is that of reading all; {directories.DATASET.accepted}",
    )
    add("--runner", default=RUNNER, help="Beam's runner (default: %(default)s, on this machine)")


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
    add(
        "--divisors",
        default=quantisation.written(quantisation.DEFAULT),
        help="times go to the nearest of these parts of a quarter note, music21's quarterLengthDivisors: 4,3 (default) "
        "keeps 16ths and triplets, 8,6 32nds and sextuplets too, 8,6,5 quintuplets as well; each in 1.."
        f"{quantisation.MOST}, their least common multiple, the ticks a quarter note, at most "
        f"{quantisation.MOST_TICKS_PER_QUARTER}. A finer grid has more tokens",
    )
    add("--excerpt", help="only the notes that begin from one quarter note of each file to before another: 16,32")
    add("--pitches", help="only the notes of these MIDI numbers, the lowest and the highest: 24,101")
    add(
        "--max_silence",
        type=int,
        default=MAX_SILENCE,
        help="quarter notes in which no note begins or ends, at most: longer silences, and chords held on and on, are "
        "shortened by whole bars (default: %(default)s)",
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
    add("--min_steps", type=int, help="grid, steps: length in steps (--step), at least")
    add(
        "--max_tokens_per_note",
        type=int,
        default=MAX_TOKENS_PER_NOTE,
        help="tokens that a song's notes may take on the average, at most (default: %(default)s)",
    )
    add("--meters", help="numerators of the time signature that a song begins with: 2,4")


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
    add(
        "--notation",
        choices=encodings.NOTATIONS,
        help="pitch-duration: notes as names, Eb5:1/2, or as codes where they can be, g8 (default: names)",
    )
    add("--step", help="grid, steps: length of a step (1/4), pitch: of a decoded event (1/2), in quarter notes")
    add("--onset_marks", action=switch, help="grid: tell a held note from one struck again (default: yes)")
    add("--highest", action=switch, help="grid: keep only the highest note of each step (default: no)")
    add("--song_marks", action=switch, default=True, help="<start> and <end> around each song (default: yes)")
    add(
        "--key_marks",
        action=switch,
        default=False,
        help="<start> says in which key the song is, such as <start:D minor>, so that songs can be asked for in a key "
        "(default: no)",
    )


def _add_records(group: Any) -> None:
    add = group.add_argument
    add("--window", type=int, default=128, help="targets a record, at least 1 (default: %(default)s)")
    add("--stride", type=int, help="tokens from one training window to the next, 1..window (default: the window)")
    add(
        "--split",
        type=shares,
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
    add(
        "--vocabulary",
        help="a fixed vocabulary: a file with one token a line, or a vocabulary.json; in a recipe also a list",
    )
    add("--transpose", help="also write training songs that many semitones higher: -5..6, or -2,3")
    add("--time_scales", help="also write training songs with all times that many times as long: 1/2,2")
    add("--shards", type=int, default=16, help="files of the training split; the others have an eighth (default: 16)")


def shares(text: str) -> tuple[float, ...]:
    """`0.9,0.05,0.05` as numbers; raises argparse.ArgumentTypeError naming what is none."""
    try:
        return tuple(float(fractions.Fraction(share)) for share in text.split(","))
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{text!r} must be three shares such as 0.9,0.05,0.05") from None
