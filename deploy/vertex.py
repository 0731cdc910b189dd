"""`python -m deploy.vertex train|generate|schedule|upload`: Nabi's jobs on Vertex AI."""

import argparse
import json
import sys
from collections.abc import Sequence

from deploy import checks, compiled, flags, lineage, machines, requests, service
from nabi.workspace import directories, job_exit, logs
from nabi.workspace.commands import refusing
from nabi.workspace.storage import packs

# Required flags of each job, and flags that name files.
_NEEDED = {requests.TRAIN: ("--data",), requests.GENERATE: ("--model", "--output")}
_PATHS = ("--data", "--model", "--model_dir", "--output", "--warm_start", "--checkpoint_dir", "--tensorboard_dir")


@refusing("vertex")
def main(arguments: Sequence[str] | None = None) -> int:
    """Checks the flags and sends the request; returns the exit status: 0, 1 (the service refused), or 2 (wrong use)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    cut = words.index("--") if "--" in words else len(words)
    chosen = flags.parser().parse_args(words[:cut])
    request = request_of(chosen, words[cut + 1 :])
    if chosen.dry_run:
        print(json.dumps(request.as_json(), indent=2))
        return 0
    try:
        resource = service.send(request)
    except service.ServiceError as error:
        logs.complain(f"vertex: {error}")
        return 1
    print(f"{resource}\n{_page(chosen, resource)}")
    return 0


def request_of(chosen: argparse.Namespace, job_flags: Sequence[str]) -> requests.ServiceRequest:
    """Builds the request of a command line.

    Args:
      chosen: flags of this command.
      job_flags: flags after `--`, for the job itself.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, what has to be changed.
    """
    region = checks.region(chosen.region)
    parent = f"projects/{checks.project(chosen.project)}/locations/{region}"
    endpoint = chosen.endpoint or f"https://{region}-aiplatform.googleapis.com"
    if job_flags and chosen.command not in requests.MODULES:
        raise ValueError(f"{chosen.command} runs no job of its own: leave out what stands after --")
    if chosen.service_account:
        checks.service_account(chosen.service_account)
    if chosen.command == flags.SCHEDULE:
        return requests.ServiceRequest(parent, "schedules", _schedule(chosen, parent), endpoint)
    if chosen.command == flags.UPLOAD:
        return requests.ServiceRequest(parent, "models:upload", _upload(chosen), endpoint)
    return requests.ServiceRequest(parent, "customJobs", requests.custom_job(_job(chosen, job_flags)), endpoint)


def _job(chosen: argparse.Namespace, job_flags: Sequence[str]) -> requests.VertexJob:
    return requests.VertexJob(
        name=chosen.name,
        kind=chosen.command,
        image=checks.image(chosen.image),
        flags=tuple(checks.job_flags(job_flags, _NEEDED[chosen.command], _PATHS)),
        machine=machines.spec(chosen.machine_type, chosen.accelerator_type, chosen.accelerator_count),
        max_hours=checks.hours(chosen.max_hours),
        base_output_dir=_folder(chosen, job_flags),
        machines=checks.machines(chosen.machines) if chosen.command == requests.TRAIN else 1,
        spot=chosen.spot,
        labels=checks.labels(chosen.labels),
        service_account=chosen.service_account,
        network=checks.network(chosen.network) if chosen.network else "",
    )


def _folder(chosen: argparse.Namespace, job_flags: Sequence[str]) -> str:
    """Chooses the job's folder: its name has no time, so that a job that is submitted again continues."""
    if chosen.base_output_dir:
        return checks.bucket("--base_output_dir", chosen.base_output_dir)
    if chosen.staging_bucket:
        return f"{checks.bucket('--staging_bucket', chosen.staging_bucket)}/{chosen.name}"
    has_model_dir = any(flag.partition("=")[0] == "--model_dir" for flag in job_flags)
    if chosen.command == requests.TRAIN and not has_model_dir:
        raise ValueError("say where the model is to lie: --staging_bucket gs://BUCKET/FOLDER, or --base_output_dir")
    return ""


def _schedule(chosen: argparse.Namespace, parent: str) -> requests.Json:
    spec = compiled.read(chosen.pipeline)
    pipeline = requests.Pipeline(
        spec,
        checks.bucket("--pipeline_root", chosen.pipeline_root),
        compiled.parameters(spec, chosen.parameter),
    )
    return requests.schedule(
        chosen.name,
        pipeline,
        checks.cron(chosen.cron),
        parent,
        labels=checks.labels(chosen.labels),
        service_account=chosen.service_account,
        network=checks.network(chosen.network) if chosen.network else "",
    )


def _upload(chosen: argparse.Namespace) -> requests.Json:
    folder = directories.model(checks.bucket("--model", chosen.model))
    if packs.is_pack(folder):
        raise ValueError(f"--model {folder} is a pack, and Vertex AI takes folders: give the model directory")
    labels, description = lineage.read(folder)
    commit = lineage.commit() if chosen.commit is None else chosen.commit
    return requests.model(
        chosen.name,
        folder,
        image=checks.image(chosen.image),
        labels={**labels, **({"commit": commit} if commit else {}), **checks.labels(chosen.labels)},
        description=description,
        aliases=[alias for alias in chosen.aliases.split(",") if alias],
        parent_model=chosen.parent_model,
        service_account=chosen.service_account,
    )


def _page(chosen: argparse.Namespace, resource: str) -> str:
    """Returns the address of the resource's page in the console."""
    number = resource.split("/")[-1]
    page = {
        flags.SCHEDULE: f"pipelines/schedules/{chosen.region}/{number}",
        flags.UPLOAD: f"models/locations/{chosen.region}/models/{number}",
    }.get(chosen.command, f"locations/{chosen.region}/training/{number}")
    return f"https://console.cloud.google.com/vertex-ai/{page}?project={chosen.project}"


if __name__ == "__main__":
    job_exit.run(main, "vertex", "look among the jobs of the service before you start it again")
