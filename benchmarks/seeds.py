"""Runs the recipes of the five documents that Nabi grew from, and compares the results with the documents.

    python -m benchmarks.seeds                      all five into runs/seeds, and the table
    python -m benchmarks.seeds --only jazz-solo     one of them

A recipe whose music is not below --midi is skipped with a message. Finished steps are not repeated. The table is
Markdown, as in docs/seeds.md.
"""

import logging
import pathlib
import sys
from collections.abc import Iterator

from benchmarks.seed_facts import SEEDS, Seed
from benchmarks.seed_run import SeedRun
from nabi.workspace.commands import Parser
from pipelines import retrain


def main() -> None:
    """Runs the recipes and prints the table."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    flags = _flags().parse_or_exit()
    seeds = [seed for seed in SEEDS if not flags.only or seed.recipe in flags.only]
    runs = {seed.recipe: run for seed in seeds if (run := make(seed, flags.midi, flags.output))}
    print("\n".join(line for seed in seeds if seed.recipe in runs for line in table(seed, runs[seed.recipe])))


def make(seed: Seed, midi: pathlib.Path, output: pathlib.Path) -> SeedRun | None:
    """Runs a recipe up to its songs; returns None if its music is missing."""
    music = midi / seed.music
    if seed.music and not music.exists():
        logging.info("%s: left out, %s is not there", seed.recipe, music)
        return None
    job_flags = {"generate": ["--audio=none"]}
    inputs = [str(music)] if seed.music else None
    folder = retrain.run(inputs=inputs, output=str(output / seed.recipe), recipe=seed.recipe, job_flags=job_flags)
    return SeedRun(folder)


def table(seed: Seed, run: SeedRun) -> Iterator[str]:
    """Writes the lines of a recipe's table, in Markdown."""
    yield f"\n### {seed.recipe}\n"
    yield "| | the document | Nabi | why they differ |"
    yield "|---|---|---|---|"
    for fact in seed.facts:
        yield f"| {fact.what} | {fact.document} | {fact.nabi(run)} | {fact.why} |"
    if seed.note:
        yield f"\n{seed.note}"


def _flags() -> Parser:
    parser = Parser("python -m benchmarks.seeds", description=__doc__)
    add = parser.add_argument
    add("--midi", type=pathlib.Path, default=pathlib.Path("../shared/midi"), help="where the music lies: %(default)s")
    add("--output", type=pathlib.Path, default=pathlib.Path("runs/seeds"), help="default: %(default)s")
    add("--only", action="append", choices=[seed.recipe for seed in SEEDS], help="any number of times")
    return parser


if __name__ == "__main__":
    main()
