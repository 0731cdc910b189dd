"""Requests to Vertex AI as plain JSON, without Google's client: what `--dry_run` prints is what is sent.

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
    """One call of the service.

    Attributes:
      parent: `projects/P/locations/R`.
      collection: what is made there: `customJobs`, `schedules` or `models:upload`.
      body: of the call.
      endpoint: the service's address.
    """

    parent: str
    collection: str
    body: Json
    endpoint: str

    @property
    def url(self) -> str:
        """Where it goes."""
        return f"{self.endpoint}/v1/{self.parent}/{self.collection}"

    def as_json(self) -> Json:
        """The call, whole."""
        return {"method": "POST", "url": self.url, "body": self.body}


@dataclasses.dataclass(frozen=True)
class VertexJob:
    """A job on machines of the service.

    Attributes:
      name: is shown, and names the job's folder.
      kind: a key of `MODULES`.
      image: runs it.
      flags: of the job itself.
      machine: a `machineSpec` (`deploy.machines.spec`).
      machines: how many share each batch.
      max_hours: after which the service ends it.
      base_output_dir: gs:// folder below which the service sets AIP_MODEL_DIR, AIP_CHECKPOINT_DIR and
        AIP_TENSORBOARD_LOG_DIR, the trainer's defaults.
      spot: cheaper machines that may be taken away.
      labels: for bills and filters.
      service_account: whose rights the job has; "" is the service's own.
      network: a VPC network to be peered with; "" is none.
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
    """A `CustomJob`: one machine, or a chief and workers, of which the service tells each by TF_CONFIG."""
    spec = {
        "workerPoolSpecs": _pools(job),
        "scheduling": _scheduling(job),
        "baseOutputDirectory": {"outputUriPrefix": f"{job.base_output_dir}/"} if job.base_output_dir else None,
        "serviceAccount": job.service_account,
        "network": job.network,
    }
    labels = {"tool": "nabi", "job": job.kind, **job.labels}
    return {"displayName": job.name, "labels": labels, "jobSpec": _given(spec)}


def _pools(job: VertexJob) -> list[Json]:
    """The first pool is the chief's and has one machine; TensorFlow's workers are the second."""
    container = {"imageUri": job.image, "command": ["python", "-m", MODULES[job.kind]], "args": list(job.flags)}
    counts = [1, job.machines - 1] if job.machines > 1 else [1]
    return [
        {"machineSpec": dict(job.machine), "replicaCount": str(count), "containerSpec": container} for count in counts
    ]


def _scheduling(job: VertexJob) -> Json:
    return {
        "timeout": f"{round(job.max_hours * 3600)}s",
        "strategy": "SPOT" if job.spot else "STANDARD",
        # Machines that share a batch cannot go on without one of them; all start again, from the last checkpoint.
        "restartJobOnWorkerRestart": job.machines > 1,
    }


@dataclasses.dataclass(frozen=True)
class Pipeline:
    """A compiled pipeline, and with what it runs.

    Attributes:
      spec: what `python -m deploy.pipeline` wrote.
      root: gs:// folder of its artifacts.
      parameters: their values, of the types that the spec declares.
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
    """A `Schedule` that runs a pipeline, never two at once; a run that would be the second is left out."""
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
        "createPipelineJobRequest": {"parent": parent, "pipelineJob": _given(job)},
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
    """An upload to the model registry: a new model, or a version of one.

    Args:
      name: is shown.
      folder: the model directory.
      image: samples it.
      labels: metrics and lineage, to filter by.
      description: the same for a person.
      aliases: of this version, such as `champion`.
      parent_model: the registry's model of which this is a version; "" makes a new one.
      service_account: as whom the service reads the folder.
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
    return _given({"parentModel": parent_model, "serviceAccount": service_account, "model": _given(described)})


def _given(values: Mapping[str, object]) -> Json:
    """Without what is empty."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}
