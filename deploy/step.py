"""`python -m deploy.step NAME --output DIR --run RUN`: one of a pipeline's steps, in an image or on this machine.

Directories are those of `pipelines.retrain`: OUTPUT/runs/RUN/{dataset,model,songs} and OUTPUT/champion. The command
takes the place of this process, so that signals reach it: a training that is told to stop leaves a checkpoint.
"""

import argparse
import dataclasses
import os
import shlex
import sys
from collections.abc import Sequence

from songs import layout, storage

PREPROCESS, TRAIN, GENERATE = "preprocess", "train", "generate"
IMAGES = (PREPROCESS, TRAIN, GENERATE)


@dataclasses.dataclass(frozen=True)
class Step:
    """A step of the pipeline.

    Attributes:
      name: is shown.
      image: has what the command needs; one of `IMAGES`.
      module: what `python -m` runs.
      flags: its flags, in which {source}, {output}, {run}, {data}, {model} and {songs} stand for paths.
    """

    name: str
    image: str
    module: str
    flags: tuple[str, ...]


STEPS = (
    Step("preprocess", PREPROCESS, "pipelines.preprocess", ("--input={source}", "--output={data}")),
    Step("train", TRAIN, "trainer.task", ("--data={data}", "--model_dir={model}")),
    Step("evaluate", TRAIN, "trainer.evaluate", ("--model={model}", "--data={data}")),
    Step("gate", PREPROCESS, "deploy.gate", ("--output={output}", "--run={run}")),
    Step("generate", GENERATE, "generator.generate", ("--model={model}", "--output={songs}")),
)


def command(name: str, *, source: str, output: str, run: str, more: str = "") -> list[str]:
    """A step's command line.

    Args:
      name: of the step.
      source: of the music, as `--input` of preprocess takes it.
      output: the retraining directory.
      run: its name in `runs`; started again under the same name, each step goes on where it was.
      more: further flags as a person types them, `--steps=500 --schedule cosine`.

    Raises:
      ValueError: if a directory has no name, or quotes in `more` are not closed.
    """
    if not run.strip() or "/" in run:
        raise ValueError(f"--run {run!r} must be the name of one folder")
    step = next(step for step in STEPS if step.name == name)
    output = storage.folder(output)
    names = {"data": layout.DATA, "model": layout.MODELS, "songs": layout.SONGS}
    places = {key: storage.join(output, layout.RUNS, run, value) for key, value in names.items()}
    flags = [flag.format(source=source, output=output, run=run, **places) for flag in step.flags]
    return [sys.executable, "-m", step.module, *flags, *shlex.split(more)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Becomes the command."""
    parser = argparse.ArgumentParser(prog="python -m deploy.step", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("name", choices=[step.name for step in STEPS], help="which step")
    add("--source", default="", help="music: a file, a folder or a glob, local or gs://")
    add("--output", required=True, help="the retraining directory, local or gs://")
    add("--run", default="", help="its name; given again, the steps go on (default: that of --job)")
    add("--job", default="", help="name that the service gives to each start of the pipeline")
    add("--more", default="", metavar="FLAGS", help="more flags of the command, in quotes")
    chosen = parser.parse_args(arguments)
    run = chosen.run or chosen.job
    try:
        line = command(chosen.name, source=chosen.source, output=chosen.output, run=run, more=chosen.more)
    except ValueError as error:
        parser.error(str(error))
    print(shlex.join(line), file=sys.stderr, flush=True)
    os.execv(line[0], line)


if __name__ == "__main__":
    main()
