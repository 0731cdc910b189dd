"""Requests to Vertex AI as plain JSON, without Google's client: `--dry_run` prints exactly what is sent.

Field names are those of the REST API, https://cloud.google.com/vertex-ai/docs/reference/rest.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

TRAIN, GENERATE = "train", "generate"
MODULES = {TRAIN: "trainer.task", GENERATE: "generator.generate"}

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class ServiceRequest:
    """A call of the service.

    Attributes:
      parent: `projects/P/locations/R`.
      collection: `customJobs`, `schedules` or `models:upload`.
      body: JSON body.
      endpoint: address of the service.
    """

    parent: str
    collection: str
    body: Json
    endpoint: str

    @property
    def url(self) -> str:
        """The URL of the call."""
        return f"{self.endpoint}/v1/{self.parent}/{self.collection}"

    def as_json(self) -> Json:
        """Returns method, URL and body."""
        return {"method": "POST", "url": self.url, "body": self.body}


@dataclasses.dataclass(frozen=True)
class VertexJob:
    """A job on machines of the service.

    Attributes:
      name: display name, and name of the job's folder.
      kind: a key of `MODULES`.
      image: container image.
      flags: flags of the job itself.
      machine: a `machineSpec` (`deploy.machines.spec`).
      machines: number of machines that share each batch.
      max_hours: time after which the service ends the job.
      base_output_dir: gs:// folder below which the service sets AIP_MODEL_DIR, AIP_CHECKPOINT_DIR and
        AIP_TENSORBOARD_LOG_DIR, the trainer's defaults.
      spot: True for cheaper machines that may be preempted.
      labels: labels for bills and filters.
      service_account: account that the job runs as; "" is the service's own.
      network: VPC network to peer with; "" is none.
    """

    name: str
    kind: str
    image: str
    flags: tuple[str, ...]
    machine: Json
    max_hours: float
    base_output_dir: str = ""
    machines: int = 1
    spot: bool = False
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    service_account: str = ""
    network: str = ""


def custom_job(job: VertexJob) -> Json:
    """Builds a `CustomJob`: one machine, or a chief and workers, to which the service passes TF_CONFIG."""
    spec = {
        "workerPoolSpecs": _pools(job),
        "scheduling": _scheduling(job),
        "baseOutputDirectory": {"outputUriPrefix": f"{job.base_output_dir}/"} if job.base_output_dir else None,
        "serviceAccount": job.service_account,
        "network": job.network,
    }
    labels = {"tool": "nabi", "job": job.kind, **job.labels}
    return {"displayName": job.name, "labels": labels, "jobSpec": _without_empty(spec)}


def _pools(job: VertexJob) -> list[Json]:
    """Builds the pools of machines: first the chief, one machine, then TensorFlow's workers."""
    container = {"imageUri": job.image, "command": ["python", "-m", MODULES[job.kind]], "args": list(job.flags)}
    counts = [1, job.machines - 1] if job.machines > 1 else [1]
    return [
        {"machineSpec": dict(job.machine), "replicaCount": str(count), "containerSpec": container} for count in counts
    ]


def _scheduling(job: VertexJob) -> Json:
    return {
        "timeout": f"{round(job.max_hours * 3600)}s",
        "strategy": "SPOT" if job.spot else "STANDARD",
        # Machines that share a batch cannot continue without one of them; all restart from the last checkpoint.
        "restartJobOnWorkerRestart": job.machines > 1,
    }


@dataclasses.dataclass(frozen=True)
class Pipeline:
    """A compiled pipeline with its parameters.

    Attributes:
      spec: spec that `python -m deploy.pipeline` wrote.
      root: gs:// folder of its artifacts.
      parameters: name -> value of the type that the spec declares.
    """

    spec: Json
    root: str
    parameters: Mapping[str, object]


def schedule(
    name: str,
    pipeline: Pipeline,
    cron: str,
    parent: str,
    *,
    labels: Mapping[str, str],
    service_account: str = "",
    network: str = "",
) -> Json:
    """Builds a `Schedule` of a pipeline; a run that would overlap the one before is skipped."""
    job = {
        "pipelineSpec": pipeline.spec,
        "runtimeConfig": {"gcsOutputDirectory": pipeline.root, "parameterValues": dict(pipeline.parameters)},
        "labels": {"tool": "nabi", **labels},
        "serviceAccount": service_account,
        "network": network,
    }
    return {
        "displayName": name,
        "cron": cron,
        "maxConcurrentRunCount": "1",
        "createPipelineJobRequest": {"parent": parent, "pipelineJob": _without_empty(job)},
    }


def model(
    name: str,
    folder: str,
    *,
    image: str,
    labels: Mapping[str, str],
    description: str,
    aliases: Sequence[str] = (),
    parent_model: str = "",
    service_account: str = "",
) -> Json:
    """Builds an upload to the model registry: a new model, or a version of one.

    Args:
      name: display name.
      folder: model directory.
      image: image that samples the model.
      labels: metrics and lineage, to filter by.
      description: metrics and lineage as text.
      aliases: aliases of this version, such as `champion`.
      parent_model: registered model that gets a new version; "" makes a new model.
      service_account: account that reads the folder; "" is the service's own.
    """
    described = {
        "displayName": name,
        "artifactUri": folder,
        "description": description,
        "versionDescription": description,
        "versionAliases": list(aliases),
        "labels": {"tool": "nabi", **labels},
        "containerSpec": {"imageUri": image, "command": ["python", "-m", MODULES[GENERATE]]},
    }
    return _without_empty(
        {"parentModel": parent_model, "serviceAccount": service_account, "model": _without_empty(described)}
    )


def _without_empty(values: Mapping[str, object]) -> Json:
    """Omits empty values."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}
