"""`python -m generator.generate --model MODEL --output DIR`: samples songs from a trained model.

This program plans and checks; Beam's workers sample and write.
"""

import argparse
import sys
from collections.abc import Sequence

from generator import config
from generator.config import GenerateConfig
from generator.songs import sampling_defaults
from nabi.beam import failures
from nabi.beam.options import beam_options, quiet
from nabi.workspace import directories, job_exit, logs, recipes, storage
from nabi.workspace.commands import Parser

_EXAMPLES = """examples:
  python -m generator.generate --model runs/mine/model --output songs
  python -m generator.generate --model MODEL --output songs --num_songs=1000 --temperature=0.9 --audio=none
  python -m generator.generate --model MODEL --output songs --key='D minor' --lowest=48 --highest=84 --max_bars=16
  python -m generator.generate --model MODEL --output songs --primer=mine.mid --primer_bars=2 --variations=12
  python -m generator.generate --model MODEL --output songs --harmonize=melody.mid --temperature=0.9
  python -m generator.generate --model MODEL --output songs --auto_sampling --max_copied_bars=4

Song N is the same whether it is sampled alone or among thousands. Run again, a job makes only the songs that are
missing. Infilling, songs of several instruments and other sound fonts are not offered. Large jobs run one process a
core; flags of Apache Beam, such as --runner and --direct_num_workers, are passed on.
"""


def parser() -> Parser:
    """Builds the parser of this command's flags, without Beam's."""
    flags = Parser("python -m generator.generate", description=__doc__.splitlines()[0], examples=_EXAMPLES)
    add = flags.add_argument
    add("--model", required=True, help=directories.MODEL.accepted)
    add("--output", required=True, help="songs directory to write; run again with the same flags, the job continues")
    add(
        "--recipe",
        help="NAME or FILE.toml, with :RUN for another than its first [[generate]]; without it, sampling settings "
        "default to those of the recipe that the model was trained with",
    )
    add("--overwrite", action="store_true", help="delete other songs in --output first")
    GenerateConfig.add_flags(flags, config.TITLE)
    return flags


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, GenerateConfig, list[str]]:
    """Splits arguments into this command's flags, the settings, and the flags that are left for Beam.

    A setting without a flag is the recipe's or, without a recipe, the one that the model remembers.

    Raises:
      ValueError: if a setting is unknown or out of range.
    """
    flags, beam_flags = parser().parse_known_args(arguments)
    if flags.recipe:
        return flags, _of_recipe(flags), beam_flags
    defaults = sampling_defaults.load(storage.folder(flags.model))
    return flags, defaults.with_given(GenerateConfig.given(flags)), beam_flags


def _of_recipe(flags: argparse.Namespace) -> GenerateConfig:
    """Returns the settings of the flags and, for the others, of the recipe, if one is named."""
    settings = recipes.load(flags.recipe, "generate") if flags.recipe else {}
    return GenerateConfig.create({**settings, **GenerateConfig.given(flags)})


def check(arguments: Sequence[str]) -> GenerateConfig:
    """Returns the settings of these flags; raises ValueError as a start with them would, before any work.

    The model need not exist yet, so what it would remember is left out.
    """
    flags, beam_flags = parser().parse_known_args(arguments)
    if beam_flags:
        beam_options(beam_flags, parser().flags())
    return _of_recipe(flags)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses flags and runs the job; returns the exit status: 0; 1 if it failed; 2 if it was refused at the start."""
    quiet()
    try:
        return _run(*parse(sys.argv[1:] if arguments is None else arguments))
    except (ValueError, storage.StorageError) as error:
        return _refused(error)


def _run(flags: argparse.Namespace, chosen: GenerateConfig, beam_flags: Sequence[str]) -> int:
    # These take half a second to import: flags and their help do without.
    from generator.songs_dir import audio, engraving, job

    try:
        job.run(
            model_dir=storage.folder(flags.model),
            folder=storage.folder(flags.output),
            config=chosen,
            overwrite=flags.overwrite,
            beam_flags=beam_flags,
        )
    except (audio.AudioError, engraving.EngravingError) as error:
        return _refused(error)
    except failures.JobError as error:
        logs.complain(f"generate failed: {error}")
        return 1
    return 0


def _refused(error: Exception) -> int:
    logs.complain(f"generate: {error}")
    return 2


if __name__ == "__main__":
    job_exit.run(main, "generate")
