"""`python -m deploy.pipeline --output pipeline.yaml`: the jobs as a KFP v2 pipeline, for Vertex AI Pipelines.

Each step of `nabi.workspace.retraining_steps` runs in an image of ours, one after the other.
"""

import argparse
import dataclasses
import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deploy import checks, machines
from nabi.workspace import job_exit
from nabi.workspace.commands import Parser, refusing
from nabi.workspace.retraining_steps import IMAGES, STEPS, TRAIN, Step

# A step that fails is started again, in the same folder: it goes on where it was.
_RETRIES = 3
# Gives the component that runs a step.
Components = Callable[[Step], Any]


@dataclasses.dataclass(frozen=True)
class Machine:
    """What a step of the pipeline runs on; Vertex AI looks for a machine that has it."""

    cpus: str = "4"
    memory: str = "16G"
    accelerator_type: str = ""
    accelerator_count: int = 0

    def give(self, task: Any) -> None:
        """Asks for it."""
        task.set_cpu_limit(self.cpus).set_memory_limit(self.memory)
        if self.accelerator_type:
            task.set_accelerator_type(self.accelerator_type).set_accelerator_limit(self.accelerator_count)


def define(component: Components, given: Mapping[str, Machine]) -> Any:
    """The pipeline.

    Args:
      component: of the cloud (`in_images`) or of this machine (`here`).
      given: image -> what its steps run on.
    """
    from kfp import dsl

    def add(step: Step, before: Any, **values: Any) -> Any:
        task = component(step)(job=dsl.PIPELINE_JOB_NAME_PLACEHOLDER, **values)
        # New music lies under the old name: what a step made last time says nothing.
        task.set_caching_options(False).set_retry(_RETRIES, backoff_duration="60s")
        if step.image in given:
            given[step.image].give(task)
        return task.after(before) if before else task

    @dsl.pipeline(name="nabi", description="MIDI files -> dataset -> model -> champion -> songs")
    def nabi(
        source: str,
        output: str,
        run: str = "",
        preprocess_flags: str = "",
        train_flags: str = "",
        gate_flags: str = "",
        generate_flags: str = "",
    ) -> None:
        flags = {
            "preprocess": preprocess_flags,
            "train": train_flags,
            "sample": generate_flags,
            "gate": gate_flags,
            "generate": generate_flags,
        }
        task = None
        for step in STEPS:
            task = add(step, task, source=source, output=output, run=run, more=flags.get(step.name, ""))

    return nabi


def in_images(images: Mapping[str, str]) -> Components:
    """Components that run in containers.

    Args:
      images: of `IMAGES`, pinned.
    """
    from kfp import dsl

    def component(step: Step) -> Any:
        def run_step(source: str, output: str, run: str, job: str, more: str) -> dsl.ContainerSpec:
            given = {"source": source, "output": output, "run": run, "job": job, "more": more}
            # With `=`, since a value may begin with two dashes itself.
            flags = [dsl.ConcatPlaceholder([f"--{name}=", value]) for name, value in given.items()]
            command = ["python", "-m", "deploy.step", step.name]
            return dsl.ContainerSpec(image=images[step.image], command=command, args=flags)

        run_step.__name__ = step.name
        return dsl.container_component(run_step)

    return component


def here() -> Components:
    """Components that run in processes on this machine, by KFP's SubprocessRunner, which knows no containers."""
    from kfp import dsl

    def component(step: Step) -> Any:
        return functools.partial(dsl.component(_process, install_kfp_package=False), name=step.name)

    return component


def _process(name: str, source: str, output: str, run: str, job: str, more: str) -> None:
    """What KFP copies into a file of its own, with its imports."""
    import subprocess

    given = {"source": source, "output": output, "run": run, "job": job, "more": more}
    flags = [f"--{flag}={value}" for flag, value in given.items()]
    subprocess.run([sys.executable, "-m", "deploy.step", name, *flags], check=True)


@refusing("pipeline")
def main(arguments: Sequence[str] | None = None) -> int:
    """Compiles the pipeline; the exit status: 0, or 2 (wrong use)."""
    chosen = _parser().parse_args(arguments)
    images = {name: checks.image(getattr(chosen, f"{name}_image")) for name in IMAGES}
    given = {TRAIN: _trainer(chosen)}
    from kfp import compiler

    compiler.Compiler().compile(define(in_images(images), given), chosen.output)
    return 0


def _trainer(chosen: argparse.Namespace) -> Machine:
    legal = (*machines.ACCELERATORS, "")
    if chosen.accelerator_type not in legal:
        raise ValueError(f"--accelerator_type {chosen.accelerator_type} must be one of {', '.join(legal[:-1])}")
    if bool(chosen.accelerator_type) != bool(chosen.accelerator_count):
        raise ValueError(
            f"--accelerator_type {chosen.accelerator_type or 'none'} and --accelerator_count "
            f"{chosen.accelerator_count} go together: give both or none"
        )
    return Machine(chosen.cpus, chosen.memory, chosen.accelerator_type, chosen.accelerator_count)


def _parser() -> Parser:
    parser = Parser("python -m deploy.pipeline", description=__doc__)
    add = parser.add_argument
    add("--output", required=True, help="file to write, .yaml")
    for name in IMAGES:
        add(f"--{name}_image", required=True, help="pinned by a tag other than latest or by its digest")
    add("--cpus", default="8", help="of the training's machine (default: %(default)s)")
    add("--memory", default="30G", help="of the training's machine (default: %(default)s)")
    add("--accelerator_type", default="", help="GPU of the training's machine; none if not given")
    add("--accelerator_count", type=int, default=0, help="how many of them")
    return parser


if __name__ == "__main__":
    job_exit.run(main, "pipeline")
