"""The flags of `python -m deploy.vertex`."""

import argparse
from typing import Any

from deploy import checks, machines
from deploy.requests import GENERATE, TRAIN
from nabi.workspace import directories
from nabi.workspace.commands import Parser

SCHEDULE, UPLOAD = "schedule", "upload"

_EXAMPLES = """examples:
  python -m deploy.vertex train --project my-music --region europe-west4 --staging_bucket gs://my-music/nabi \\
      --image europe-west4-docker.pkg.dev/my-music/nabi/train:1a2b3c4 --machine_type g2-standard-12 --spot \\
      -- --data gs://my-music/dataset --recipe piano
  python -m deploy.vertex train ... --machines 4 --machine_type n1-standard-16 --accelerator_type NVIDIA_TESLA_T4 \\
      --accelerator_count 2 -- --data gs://my-music/dataset
  python -m deploy.vertex generate ... -- --model gs://my-music/nabi/nabi-train/model --output gs://my-music/songs
  python -m deploy.vertex schedule ... --pipeline pipeline.yaml --cron 'TZ=Europe/Berlin 0 3 * * 1'
  python -m deploy.vertex upload ... --model gs://my-music/nabi/nabi-train/model --aliases champion

Flags of the job itself follow --. --dry_run prints the request and sends nothing.
A training that is submitted again under the same --name continues from its last checkpoint.
"""


def parser() -> Parser:
    """Builds the parser, with a command each for training, songs, a schedule and the model registry."""
    parser = Parser("python -m deploy.vertex", description="Submits Nabi's jobs to Vertex AI.", examples=_EXAMPLES)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text, add in (
        (TRAIN, "a model, on one machine with its GPUs or on several", _add_job),
        (GENERATE, "songs, on one machine", _add_job),
        (SCHEDULE, "a compiled pipeline (deploy.pipeline), again and again", _add_schedule),
        (UPLOAD, "a finished model directory to the model registry", _add_upload),
    ):
        command = commands.add_parser(name, help=text)
        _add_common(command, name)
        add(command, name)
    return parser


def _add_common(parser: argparse.ArgumentParser, command: str) -> None:
    add = parser.add_argument
    add("--project", required=True, help="Google Cloud project")
    add("--region", required=True, help="such as europe-west4: where the job runs; keep the bucket there too")
    add("--name", default=f"nabi-{command}", help="display name, and name of the job's folder (default: %(default)s)")
    add("--labels", default="", help="key=value,...: for bills and filters")
    add("--service_account", default="", help="account that the job runs as (docs/operations.md has the roles)")
    add("--endpoint", help="the service's address (default: https://REGION-aiplatform.googleapis.com)")
    add("--dry_run", action="store_true", help="print the exact request as JSON, and send nothing")


def _add_job(parser: argparse.ArgumentParser, command: str) -> None:
    add = parser.add_argument
    _add_image(add)
    add("--staging_bucket", default="", help="gs:// folder; the job's own folder is STAGING_BUCKET/NAME")
    add("--base_output_dir", default="", help="gs:// folder of the job, for model, checkpoints and logs")
    add("--machine_type", default="n1-standard-8", help="type of each machine (default: %(default)s)")
    add(
        "--accelerator_type",
        default="",
        help=f"GPU of each machine: {', '.join(machines.ACCELERATORS)}; none if not given",
    )
    add("--accelerator_count", type=int, default=0, help="GPUs of each machine; 0: the fewest that it can have")
    if command == TRAIN:
        add("--machines", type=int, default=1, help=f"that share each batch, 1..{checks.MAX_MACHINES} (default: 1)")
    add("--spot", action="store_true", help="cheaper machines that may be preempted: the job then continues elsewhere")
    add(
        "--max_hours",
        type=float,
        default=24.0,
        help="hours until the service ends the job (default: %(default)g)",
    )
    _add_network(add)


def _add_schedule(parser: argparse.ArgumentParser, command: str) -> None:
    del command
    add = parser.add_argument
    add("--pipeline", required=True, help="file that `python -m deploy.pipeline` wrote, local or gs://")
    add("--cron", required=True, help="times of the runs: 'TZ=Europe/Berlin 0 3 * * 1' is Mondays at 3")
    add("--pipeline_root", required=True, help="gs:// folder of the pipeline's own files")
    add("--parameter", action="append", default=[], metavar="NAME=VALUE", help="pipeline parameter; may be repeated")
    _add_network(add)


def _add_upload(parser: argparse.ArgumentParser, command: str) -> None:
    del command
    add = parser.add_argument
    _add_image(add)
    add("--model", required=True, help=f"on gs://: {directories.MODEL.accepted}")
    add("--parent_model", default="", help="registered model that gets a new version (default: a new model)")
    add("--aliases", default="", help="aliases of this version, such as champion,piano")
    add("--commit", help="git commit that trained it (default: that of this folder)")


def _add_image(add: Any) -> None:
    add("--image", required=True, help="container image, pinned by a tag other than latest or by its digest")


def _add_network(add: Any) -> None:
    add("--network", default="", help="VPC network: projects/NUMBER/global/networks/NAME")
