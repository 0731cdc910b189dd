"""`python -m generator.generate`: a model -> songs.

The program plans and checks; Beam's workers sample and write.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from beam_jobs.options import quiet
from generator import audio, job, plan, primers
from generator.plan import Sampling, Sound
from songs import recipes, storage


def parser() -> argparse.ArgumentParser:
    """The flags of this command; Beam's own come after them."""
    flags = argparse.ArgumentParser(
        prog="python -m generator.generate",
        description=__doc__.splitlines()[0],
        epilog="Flags of Apache Beam, such as --runner, --direct_num_workers and --direct_running_mode, are passed on.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    add = flags.add_argument
    add("--model", required=True, help="model directory, as trainer.task writes it")
    add("--output", required=True, help="songs directory")
    add("--recipe", help="NAME or FILE.toml, with :RUN for another than its first [[generate]]")
    add("--num_songs", type=int, default=12, help=f"1..{plan.MAX_SONGS}")
    add("--max_tokens", type=int, default=Sampling.max_tokens, help="tokens sampled a song at most")
    add("--temperature", type=float, default=Sampling.temperature, help="below 1 is safer, above 1 is wilder")
    add("--top_k", type=int, default=Sampling.top_k, help="choose among the k likeliest tokens; 0: among all")
    add("--top_p", type=float, default=Sampling.top_p, help="... among the likeliest that reach this probability")
    add("--greedy", action=argparse.BooleanOptionalAction, default=False, help="always the likeliest token")
    add("--seed", type=int, default=Sampling.seed, help="another seed, other songs")
    add("--primer", default=primers.FROM_START, help="start, a MIDI file, or train, validation or test")
    add("--primer_tokens", type=int, help=f"tokens of the primer (default: {job.PRIMER_TOKENS})")
    add("--data", help="dataset for a primer from a split (default: the one the model was trained on)")
    add("--tempo", type=float, default=Sound.tempo, help="quarter notes a minute")
    add("--program", type=int, default=Sound.program, help="General MIDI instrument, 0..127")
    add("--no_audio", action=argparse.BooleanOptionalAction, default=False, help="write no sound")
    add("--overwrite", action=argparse.BooleanOptionalAction, default=False, help="replace other songs in --output")
    return flags


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The flags, a recipe's settings where no flag stands, and what is left for Beam.

    Raises:
      ValueError: if the recipe has a setting that is no flag here, or a value of another type.
    """
    flags = parser()
    recipe = flags.parse_known_args(arguments)[0].recipe
    if recipe:
        flags.set_defaults(**_defaults(flags, recipe))
    return flags.parse_known_args(arguments)


def _defaults(flags: argparse.ArgumentParser, recipe: str) -> dict[str, Any]:
    """A recipe's settings, of the types that the flags have."""
    kinds = {action.dest: action.type or type(action.default) for action in flags._actions}
    chosen = recipes.load(recipe, "generate")
    for name, value in chosen.items():
        if name not in kinds or name in ("help", "recipe"):
            raise ValueError(f"recipe {recipe}: generate has no setting {name!r}")
        fits = {bool: (bool,), int: (int,), float: (int, float)}.get(kinds[name], (str, int))
        if not isinstance(value, fits) or (isinstance(value, bool) and bool not in fits):
            raise ValueError(f"recipe {recipe}: {name} = {value!r} must be of type {kinds[name].__name__}")
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the flags and runs; returns the exit status: 2, with one sentence, for what was wrong before the work."""
    quiet()
    try:
        flags, beam_flags = parse(sys.argv[1:] if arguments is None else arguments)
        job.run(
            model_dir=flags.model.rstrip("/") or "/",
            folder=flags.output.rstrip("/") or "/",
            num_songs=flags.num_songs,
            sampling=Sampling(
                seed=flags.seed,
                max_tokens=flags.max_tokens,
                temperature=flags.temperature,
                top_k=flags.top_k,
                top_p=flags.top_p,
                greedy=flags.greedy,
            ),
            sound=Sound(flags.tempo, flags.program, not flags.no_audio),
            primer=job.PrimerChoice(flags.primer, flags.primer_tokens, flags.data),
            overwrite=flags.overwrite,
            beam_flags=beam_flags,
        )
    except (ValueError, storage.StorageError, audio.AudioError) as error:
        print(f"generate: {error}", file=sys.stderr)
        return 2
    except job.JobError as error:
        print(f"generate failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
