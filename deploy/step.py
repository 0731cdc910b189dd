"""`python -m deploy.step NAME --output DIR --run RUN`: one of a pipeline's steps, in an image or on this machine.

Directories are those of `pipelines.retrain`: OUTPUT/runs/RUN/{dataset,model,songs ...} and OUTPUT/champion. The command
takes the place of this process, so that signals reach it: a training that is told to stop leaves a checkpoint.
"""

import dataclasses
import os
import shlex
import sys
from collections.abc import Sequence

from songs import champion, job_exit, layout, logs, storage
from songs.commands import Parser

PREPROCESS, TRAIN, GENERATE = "preprocess", "train", "generate"
IMAGES = (PREPROCESS, TRAIN, GENERATE)
# When a step has something to do: always, unless its run is the champion, or if it is.
ALWAYS, CHALLENGER, CHAMPION = "always", "challenger", "champion"


@dataclasses.dataclass(frozen=True)
class Step:
    """A step of the pipeline.

    Attributes:
      name: is shown.
      image: has what the command needs; one of `IMAGES`.
      module: what `python -m` runs.
      flags: its flags, in which names in braces stand for paths, see `command`.
      against: further flags where there is a champion to beat.
      when: it has something to do.
    """

    name: str
    image: str
    module: str
    flags: tuple[str, ...]
    against: tuple[str, ...] = ()
    when: str = ALWAYS


_JUDGED = ("--model={model}", "--data={data}", "--songs={gate_songs}", "--output={gate}")
STEPS = (
    Step(
        "preprocess",
        PREPROCESS,
        "pipelines.preprocess",
        ("--input={source}", "--output={data}", "--keep_songs"),
        against=("--reuse={champion_data}",),
    ),
    Step(
        "train",
        TRAIN,
        "trainer.task",
        ("--data={data}", "--model_dir={model}"),
        against=("--warm_start={champion_model}", "--or_fresh"),
    ),
    Step("evaluate", TRAIN, "trainer.evaluate", ("--model={model}", "--data={data}")),
    # As many as tell whether a model copies, loops or drifts.
    Step(
        "sample",
        GENERATE,
        "generator.generate",
        ("--model={model}", "--output={gate_songs}", "--num_songs=32", "--no_audio"),
        when=CHALLENGER,
    ),
    Step(
        "gate",
        TRAIN,
        "trainer.gate",
        _JUDGED,
        against=("--champion={champion_model}", "--champion_data={champion_data}"),
        when=CHALLENGER,
    ),
    Step("promote", PREPROCESS, "pipelines.promote", ("--output={output}", "--run={run}")),
    Step("generate", GENERATE, "generator.generate", ("--model={model}", "--output={songs}"), when=CHAMPION),
)
_FOLDERS = {
    "data": layout.DATA,
    "model": layout.MODELS,
    "songs": layout.SONGS,
    "gate_songs": layout.GATE_SONGS,
    "gate": layout.GATE,
}


def command(name: str, *, source: str, output: str, run: str, more: str = "") -> list[str] | None:
    """A step's command line; None if it has nothing to do.

    Args:
      name: of the step.
      source: of the music, as `--input` of preprocess takes it.
      output: the retraining directory.
      run: its name in `runs`; started again under the same name, each step goes on where it was.
      more: further flags as a person types them, `--steps=500 --schedule cosine`.

    Raises:
      ValueError: if a name is no directory's, quotes in `more` are not closed, or the champion's file is damaged.
    """
    if not run.strip() or "/" in run or run in (".", ".."):
        raise ValueError(f"--run {run!r} must be the name of one folder")
    step = next(step for step in STEPS if step.name == name)
    output = storage.folder(output)
    best = champion.read(output).run
    challenges = best not in ("", run)
    if not {ALWAYS: True, CHALLENGER: best != run, CHAMPION: best == run}[step.when]:
        return None
    places = {
        "champion_model": storage.join(output, layout.RUNS, best, layout.MODELS),
        "champion_data": storage.join(output, layout.RUNS, best, layout.DATA),
        **{key: storage.join(output, layout.RUNS, run, folder) for key, folder in _FOLDERS.items()},
    }
    templates = (*step.flags, *(step.against if challenges else ()))
    flags = [flag.format(source=source, output=output, run=run, **places) for flag in templates]
    # Of a flag given twice the last one holds: nobody moves a directory from under the next step.
    return [sys.executable, "-m", step.module, *shlex.split(more), *flags]


def main(arguments: Sequence[str] | None = None) -> int:
    """Becomes the command; the exit status: 0 if there is nothing to do, 2 (wrong use)."""
    parser = Parser("python -m deploy.step", description=__doc__)
    add = parser.add_argument
    add("name", choices=[step.name for step in STEPS], help="which step")
    add("--source", default="", help="music: a file, a folder or a glob, local or gs://")
    add("--output", required=True, help="the retraining directory, local or gs://")
    add("--run", default="", help="its name; given again, the steps go on (default: that of --job)")
    add("--job", default="", help="name that the service gives to each start of the pipeline")
    add("--more", default="", metavar="FLAGS", help="more flags of the command, in quotes")
    try:
        chosen = parser.parse_args(arguments)
        run = chosen.run or chosen.job
        line = command(chosen.name, source=chosen.source, output=chosen.output, run=run, more=chosen.more)
    except (ValueError, storage.StorageError) as error:
        logs.complain(f"step: {error}")
        return 2
    if line is None:
        best = champion.read(storage.folder(chosen.output)).run or "none"
        logs.say(f"{chosen.name}: nothing to do for run {run}, the champion being {best}")
        return 0
    logs.say(f"{chosen.name}: {shlex.join(line)}")
    os.execv(line[0], line)


if __name__ == "__main__":
    job_exit.run(main, "step")
