"""The flags of `python -m pipelines.preprocess`."""

from nabi.workspace import directories, recipes
from nabi.workspace.commands import Parser
from pipelines import config

_EXAMPLES = """examples:
  python -m pipelines.preprocess --input corpus:bach-chorales --output runs/chorales/dataset
  python -m pipelines.preprocess --input ~/midi --input 'more/**/*.mid' --output dataset \\
      --direct_num_workers=2 --direct_running_mode=multi_processing      (many files: use all cores)

Flags of Beam and of its runners go through, such as --runner=DataflowRunner --project=... --temp_location=gs://...
"""


def parser() -> Parser:
    """Returns the parser of this job's flags; flags that it does not know go to Beam."""
    flags = Parser(
        "python -m pipelines.preprocess",
        description="Reads MIDI files into tokens, builds a vocabulary, and writes windows as TFRecords.\nTimes are in "
        "quarter notes: tempo, time signature and key may change within a file, and alter no token.",
        examples=_EXAMPLES,
    )
    add = flags.add_argument
    add("--output", help="the dataset directory to write, local or gs://")
    add("--recipe", help=f"take settings from a recipe ({', '.join(recipes.names())}, or a TOML file); flags win")
    add("--dry_run", action="store_true", help="read a sample of the input, say what would be made, and write nothing")
    add("--overwrite", action="store_true", help="delete a finished dataset of other settings or input")
    add(
        "--reuse",
        metavar="DATASET",
        help="a finished dataset made with --keep_songs: files of the same bytes are not read again, and the "
        f"result is that of reading all; {directories.DATASET.accepted}",
    )
    config.PreprocessConfig.add_flags(flags, config.TITLE)
    return flags
