"""`python -m deploy.step NAME --output DIR --run RUN`: one step of a pipeline, in an image or on this machine.

Directories are those of `pipelines.retrain`: OUTPUT/runs/RUN/{dataset,model,songs ...} and OUTPUT/champion. The command
replaces this process, so that signals reach it: a training that gets SIGTERM leaves a checkpoint.
"""

import os
import shlex
import sys
from collections.abc import Sequence

from nabi.workspace import champion, job_exit, logs, paths, retraining_steps, storage
from nabi.workspace.commands import Parser, refusing


def command(name: str, *, source: str, output: str, run: str, more: str = "") -> list[str] | None:
    """Builds a step's command line; None if the step has nothing to do.

    Args:
      name: name of the step.
      source: music, as `--input` of preprocess takes it.
      output: retraining directory.
      run: name of the run's folder; under the same name each step continues where it was.
      more: further flags as in a shell, such as `--steps=500 --schedule cosine`.

    Raises:
      ValueError: if `run` is no folder name, quotes in `more` are not closed, or the champion's file is damaged.
    """
    if not run.strip() or "/" in run or run in (".", ".."):
        raise ValueError(f"--run {run!r} must be the name of one folder")
    step = retraining_steps.BY_NAME[name]
    output = storage.folder(output)
    now = champion.read(output)
    if not step.is_due(run, now):
        return None
    folders = (storage.join(output, paths.RUNS, folder) for folder in (run, now.run))
    values = {**retraining_steps.places(*folders), "output": output, "run": run}
    inputs = [f"--input={source}"] if name == retraining_steps.PREPROCESS else []
    flags = step.arguments(values, [*shlex.split(more), *inputs], against=now.run not in ("", run))
    return [sys.executable, "-m", retraining_steps.MODULES[step.job], *flags]


@refusing("step")
def main(arguments: Sequence[str] | None = None) -> int:
    """Replaces this process by the command; returns the exit status 0 if there is nothing to do, or 2 (wrong use)."""
    parser = Parser("python -m deploy.step", description=__doc__)
    add = parser.add_argument
    add("name", choices=list(retraining_steps.BY_NAME), help="the step")
    add("--source", default="", help="music: a file, a folder or a glob, local or gs://")
    add("--output", required=True, help="the retraining directory, local or gs://")
    add("--run", default="", help="name of the run; under the same name the steps continue (default: that of --job)")
    add("--job", default="", help="name that the service gives to each start of the pipeline")
    add("--more", default="", metavar="FLAGS", help="more flags of the command, in quotes")
    flags = parser.parse_args(arguments)
    run = flags.run or flags.job
    line = command(flags.name, source=flags.source, output=flags.output, run=run, more=flags.more)
    if line is None:
        best = champion.read(storage.folder(flags.output)).run or "none"
        logs.say(f"{flags.name}: nothing to do for run {run}, the champion being {best}")
        return 0
    logs.say(f"{flags.name}: {shlex.join(line)}")
    os.execv(line[0], line)


if __name__ == "__main__":
    job_exit.run(main, "step")
