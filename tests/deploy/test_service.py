"""Through Google's own client, against a fake service: what arrives, and what is said when it refuses."""

import json

import pytest
from google.auth.credentials import AnonymousCredentials

from deploy import requests, vertex
from nabi.workspace import paths, storage
from tests.deploy import fake_vertex

pytestmark = pytest.mark.slow

IMAGE = "europe-west4-docker.pkg.dev/my-music/nabi/train:1a2b3c4"
PLACE = ["--project=my-music", "--region=europe-west4"]
TRAIN = ["train", *PLACE, "--staging_bucket=gs://my-music/nabi", f"--image={IMAGE}", "--machines=2", "--spot"]
DATA = ["--", "--data", "gs://my-music/dataset"]
SPEC = {
    "pipelineInfo": {"name": "nabi"},
    "schemaVersion": "2.1.0",
    "root": {
        "dag": {},
        "inputDefinitions": {
            "parameters": {
                "steps": {"parameterType": "NUMBER_INTEGER", "defaultValue": 9, "isOptional": True},
                "rate": {"parameterType": "NUMBER_DOUBLE", "isOptional": True},
                "audio": {"parameterType": "BOOLEAN", "isOptional": True},
                "source": {"parameterType": "STRING"},
            }
        },
    },
}


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setattr("google.auth.default", lambda **_: (AnonymousCredentials(), "my-music"))
    with fake_vertex.serve() as fake:
        yield fake


@pytest.fixture
def pipeline(tmp_path):
    (tmp_path / "pipeline.yaml").write_text(json.dumps(SPEC))
    return str(tmp_path / "pipeline.yaml")


@pytest.fixture
def model(monkeypatch):
    """A finished model in a bucket that is a dictionary."""
    files = {
        paths.COMPLETED: {"request": "bc342e4198426a51", "content": "7e62c48a5d46b99c"},
        paths.CONFIG: {"data": "gs://my-music/dataset", "encoding": {"name": "pitch-duration"}},
        paths.METRICS: {
            "steps": 4000,
            "parameters": 1_234_567,
            "train": {"loss_nats": 0.91},
            "validation": {"loss_nats": 0.9409},
            "test": None,
        },
    }
    folder = "gs://my-music/nabi/nabi-train/model"
    monkeypatch.setattr(storage, "exists", lambda path: path.removeprefix(f"{folder}/") in files)
    monkeypatch.setattr(storage, "read_text", lambda path: json.dumps(files[path.removeprefix(f"{folder}/")]))
    return folder


def same(one, other, message):
    """Whether two JSON bodies are one message; the client writes enums as numbers."""
    # Not at the top: collecting tests would import Google's client, which takes longer than all else together.
    from google.cloud import aiplatform_v1

    message = getattr(aiplatform_v1, message)
    return message.from_json(json.dumps(one)) == message.from_json(json.dumps(other))


def dry(capsys, flags):
    cut = flags.index("--") if "--" in flags else len(flags)
    vertex.main([*flags[:cut], "--dry_run", *flags[cut:]])
    return json.loads(capsys.readouterr().out)["body"]


def test_what_a_dry_run_prints_is_what_arrives(service, capsys):
    assert vertex.main([*TRAIN, f"--endpoint={service.endpoint}", *DATA]) == 0
    said = capsys.readouterr().out
    ((path, body),) = service.asked
    assert path == "/v1/projects/my-music/locations/europe-west4/customJobs"
    assert same(body, dry(capsys, [*TRAIN, *DATA]), "CustomJob")
    assert said.splitlines() == [
        f"{fake_vertex.PLACE}/customJobs/42",
        "https://console.cloud.google.com/vertex-ai/locations/europe-west4/training/42?project=my-music",
    ]


def test_it_is_what_the_high_level_client_sends(service, pipeline, capsys):
    from google.cloud import aiplatform, aiplatform_v1

    aiplatform.init(
        project="my-music",
        location="europe-west4",
        staging_bucket="gs://my-music/nabi",
        credentials=AnonymousCredentials(),
        api_endpoint=service.endpoint,
        api_transport="rest",
    )
    container = {
        "image_uri": IMAGE,
        "command": ["python", "-m", "trainer.task"],
        "args": ["--data", "gs://my-music/dataset"],
    }
    pool = {"machine_spec": {"machine_type": "n1-standard-8"}, "container_spec": container}
    job = aiplatform.CustomJob(
        display_name="nabi-train",
        worker_pool_specs=[{**pool, "replica_count": count} for count in (1, 1)],
        base_output_dir="gs://my-music/nabi/nabi-train/",
        labels={"tool": "nabi", "job": "train"},
    )
    job.submit(
        timeout=24 * 3600,
        restart_job_on_worker_restart=True,
        scheduling_strategy=aiplatform_v1.Scheduling.Strategy.SPOT,
    )
    aiplatform.PipelineJob(
        display_name="nightly",
        template_path=pipeline,
        pipeline_root="gs://my-music/root",
        parameter_values={"source": "gs://my-music/midi"},
        labels={"tool": "nabi"},
    ).create_schedule(display_name="nabi-schedule", cron="TZ=UTC 0 3 * * 1", max_concurrent_run_count=1)
    (_, theirs), (_, scheduled) = service.asked
    assert same(dry(capsys, [*TRAIN, *DATA]), theirs, "CustomJob")
    flags = [
        "schedule",
        *PLACE,
        f"--pipeline={pipeline}",
        "--cron=TZ=UTC 0 3 * * 1",
        "--pipeline_root=gs://my-music/root",
    ]
    ours = dry(capsys, [*flags, "--parameter=source=gs://my-music/midi"])
    assert same(ours, scheduled, "Schedule")


def test_a_schedule_never_runs_two_at_once_and_gives_values_their_types(service, pipeline):
    flags = ["schedule", *PLACE, f"--pipeline={pipeline}", "--cron=0 3 * * 1", "--pipeline_root=gs://my-music/root"]
    values = ["source=gs://my-music/midi", "steps=70", "rate=0.5", "audio=false"]
    more = [f"--parameter={value}" for value in values]
    assert vertex.main([*flags, *more, f"--endpoint={service.endpoint}"]) == 0
    ((path, body),) = service.asked
    assert path.endswith("/schedules")
    assert (body["cron"], body["maxConcurrentRunCount"]) == ("0 3 * * 1", "1")
    config = body["createPipelineJobRequest"]["pipelineJob"]["runtimeConfig"]
    given = {"source": "gs://my-music/midi", "steps": 70, "rate": 0.5, "audio": False}
    assert config["parameterValues"] == given
    assert type(config["parameterValues"]["audio"]) is bool


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--parameter=sauce=1"], "--parameter sauce=1 must be NAME=VALUE, the name one of audio, rate, source, steps"),
        (["--parameter=source=x", "--parameter=steps=many"], "--parameter steps=many must be a whole number"),
        (["--parameter=source=x", "--parameter=audio=no"], "--parameter audio=no must be true or false"),
        ([], "the pipeline needs source: give --parameter source=..."),
        (["--parameter=source=x", "--cron=weekly"], "--cron 'weekly' must be five fields"),
        (["--pipeline=setup.py"], "is no"),
    ],
)
def test_a_wrong_schedule_is_refused_in_one_sentence(capsys, pipeline, more, said):
    flags = ["schedule", *PLACE, f"--pipeline={pipeline}", "--cron=0 3 * * 1", "--pipeline_root=gs://my-music/root"]
    assert vertex.main([*flags, *more]) == 2
    assert said in capsys.readouterr().err


def test_a_model_is_uploaded_with_its_figures_and_where_it_comes_from(service, model, capsys):
    flags = ["upload", *PLACE, f"--image={IMAGE}", f"--model={model}", "--commit=0a1b2c", "--aliases=champion,piano"]
    assert vertex.main([*flags, f"--endpoint={service.endpoint}"]) == 0
    ((path, body),) = service.asked
    assert path.endswith("/models:upload")
    assert body["model"]["artifactUri"] == model
    assert body["model"]["versionAliases"] == ["champion", "piano"]
    assert body["model"]["labels"] == {
        "tool": "nabi",
        "dataset": "7e62c48a5d46b99c",
        "request": "bc342e4198426a51",
        "encoding": "pitch-duration",
        "train_loss_millinats": "910",
        "validation_loss_millinats": "941",
        "commit": "0a1b2c",
    }
    assert "loss in nats a token: train 0.9100, validation 0.9409" in body["model"]["description"]
    assert f"{fake_vertex.PLACE}/models/42\n" in capsys.readouterr().out


def test_an_unfinished_model_is_not_uploaded(service, model, capsys):
    flags = ["upload", *PLACE, f"--image={IMAGE}", f"--model={model}-2", f"--endpoint={service.endpoint}"]
    assert vertex.main(flags) == 2
    assert "run `python -m trainer.task` first" in capsys.readouterr().err
    assert service.asked == []


@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (400, "Machine type is not supported.", "the request for customJobs is wrong: Machine type is not supported;"),
        (401, "Bad token", "gcloud auth application-default login"),
        (403, "Permission 'aiplatform.customJobs.create' denied", "docs/operations.md has the roles"),
        (404, "no such location", "the Vertex AI API is not enabled there"),
        (
            429,
            "Quota exceeded: custom_model_training_nvidia_t4_gpus",
            "has no quota left for customJobs: Quota exceeded",
        ),
        (503, "The service is down\nand more", "Vertex AI failed with status 503: The service is down; try again"),
    ],
)
def test_what_the_service_refuses_is_one_sentence(service, capsys, status, message, said):
    service.status, service.message = status, message
    assert vertex.main([*TRAIN, f"--endpoint={service.endpoint}", *DATA]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert len(service.asked) == 1


def test_a_service_that_is_not_there_is_one_sentence(service, capsys):
    assert vertex.main([*TRAIN, "--endpoint=http://localhost:9", *DATA]) == 1
    error = capsys.readouterr().err
    assert "http://localhost:9/v1/projects/my-music/locations/europe-west4/customJobs cannot be reached" in error
    assert error.count("\n") == 1


def test_nobody_logged_in_is_one_sentence(monkeypatch, capsys):
    from google.auth.exceptions import DefaultCredentialsError

    def nobody(**_):
        raise DefaultCredentialsError("no credentials\nfound")

    monkeypatch.setattr("google.auth.default", nobody)
    assert vertex.main([*TRAIN, *DATA]) == 1
    assert "run `gcloud auth application-default login`" in capsys.readouterr().err


def test_every_module_that_a_request_names_is_there():
    from importlib.util import find_spec

    assert all(find_spec(module) for module in requests.MODULES.values())
