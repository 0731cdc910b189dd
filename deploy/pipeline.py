"""`python -m deploy.pipeline --output pipeline.yaml`: the jobs as a KFP v2 pipeline, for Vertex AI Pipelines.

The steps of `nabi.workspace.retraining_steps` run one after another, each in its image.
"""

import argparse
import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deploy import checks, machines
from nabi.workspace import job_exit
from nabi.workspace.commands import Parser, refusing
from nabi.workspace.retraining_steps import IMAGES, STEPS, TRAIN, Step

# Restarts of a failed step, in the same folder, where it continues.
_RETRIES = 3
# Step -> the component that runs it.
Components = Callable[[Step], Any]


@dataclasses.dataclass(frozen=True)
class Machine:
    """Resources of a step; Vertex AI chooses a machine that has them."""

    cpus: str = "4"
    memory: str = "16G"
    accelerator_type: str = ""
    accelerator_count: int = 0

    def request(self, task: Any) -> None:
        """Requests the resources for a task."""
        task.set_cpu_limit(self.cpus).set_memory_limit(self.memory)
        if self.accelerator_type:
            task.set_accelerator_type(self.accelerator_type).set_accelerator_limit(self.accelerator_count)


def define(component: Components, resources: Mapping[str, Machine]) -> Any:
    """Defines the pipeline.

    Args:
      component: `in_images(...)` for the cloud, `here()` for this machine.
      resources: image -> resources of its steps.
    """
    from kfp import dsl

    def add(step: Step, before: Any, **values: Any) -> Any:
        """Adds a step after another one, if there is one."""
        task = component(step)(job=dsl.PIPELINE_JOB_NAME_PLACEHOLDER, **values)
        # Not cached, since new music may have the path of the old.
        task.set_caching_options(False).set_retry(_RETRIES, backoff_duration="60s")
        if step.image in resources:
            resources[step.image].request(task)
        return task.after(before) if before else task

    @dsl.pipeline(name="nabi", description="MIDI files -> dataset -> model -> champion -> songs")
    def _nabi(
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

    return _nabi


def in_images(images: Mapping[str, str]) -> Components:
    """Builds components that run in containers.

    Args:
      images: name in `IMAGES` -> pinned image.
    """
    from kfp import dsl

    def component(step: Step) -> Any:
        """Builds the component of a step."""

        def _run_step(source: str, output: str, run: str, job: str, more: str) -> dsl.ContainerSpec:
            values = {"source": source, "output": output, "run": run, "job": job, "more": more}
            # With `=`, since a value may begin with two dashes itself.
            flags = [dsl.ConcatPlaceholder([f"--{name}=", value]) for name, value in values.items()]
            command = ["python", "-m", "deploy.step", step.name]
            return dsl.ContainerSpec(image=images[step.image], command=command, args=flags)

        _run_step.__name__ = step.name
        return dsl.container_component(_run_step)

    return component


def here() -> Components:
    """Builds components that run in processes on this machine, by KFP's SubprocessRunner, which runs no containers."""
    from kfp import dsl

    def component(step: Step) -> Any:
        """Builds the component of a step."""
        return functools.partial(dsl.component(_process, install_kfp_package=False), name=step.name)

    return component


def _process(name: str, source: str, output: str, run: str, job: str, more: str) -> None:
    """Runs a step in a process; KFP copies this function, with the imports within it, into a file of its own."""
    import subprocess
    import sys

    values = {"source": source, "output": output, "run": run, "job": job, "more": more}
    flags = [f"--{flag}={value}" for flag, value in values.items()]
    subprocess.run([sys.executable, "-m", "deploy.step", name, *flags], check=True)


@refusing("pipeline")
def main(arguments: Sequence[str] | None = None) -> int:
    """Compiles the pipeline; returns the exit status: 0, or 2 (wrong use)."""
    flags = _parser().parse_args(arguments)
    images = {name: checks.image(getattr(flags, f"{name}_image")) for name in IMAGES}
    resources = {TRAIN: _trainer(flags)}
    from kfp import compiler

    compiler.Compiler().compile(define(in_images(images), resources), flags.output)
    return 0


def _trainer(flags: argparse.Namespace) -> Machine:
    legal = (*machines.ACCELERATORS, "")
    if flags.accelerator_type not in legal:
        raise ValueError(f"--accelerator_type {flags.accelerator_type} must be one of {', '.join(legal[:-1])}")
    if bool(flags.accelerator_type) != bool(flags.accelerator_count):
        raise ValueError(
            f"--accelerator_type {flags.accelerator_type or 'none'} and --accelerator_count "
            f"{flags.accelerator_count} go together: give both or none"
        )
    return Machine(flags.cpus, flags.memory, flags.accelerator_type, flags.accelerator_count)


def _parser() -> Parser:
    parser = Parser("python -m deploy.pipeline", description=__doc__)
    add = parser.add_argument
    add("--output", required=True, help="file to write, .yaml")
    for name in IMAGES:
        add(f"--{name}_image", required=True, help="image, pinned by a tag other than latest or by its digest")
    add("--cpus", default="8", help="cores of the training's machine (default: %(default)s)")
    add("--memory", default="30G", help="memory of the training's machine (default: %(default)s)")
    add("--accelerator_type", default="", help="GPU of the training's machine; none if not given")
    add("--accelerator_count", type=int, default=0, help="number of its GPUs")
    return parser


if __name__ == "__main__":
    job_exit.run(main, "pipeline")
