import json
import os
import subprocess
import sys

import pytest

from deploy import vertex

pytestmark = pytest.mark.slow

PLACE = ["--project=my-music", "--region=europe-west4"]
IMAGE = "europe-west4-docker.pkg.dev/my-music/nabi/train:1a2b3c4"
TRAIN = ["train", *PLACE, "--staging_bucket=gs://my-music/nabi", f"--image={IMAGE}"]
DATA = ["--", "--data", "gs://my-music/dataset"]


def printed(capsys, *flags):
    """What a dry run prints."""
    cut = flags.index("--") if "--" in flags else len(flags)
    assert vertex.main([*flags[:cut], "--dry_run", *flags[cut:]]) == 0
    return json.loads(capsys.readouterr().out)


def test_one_machine_with_its_gpus(capsys):
    gpus = ["--machine_type=n1-standard-16", "--accelerator_type=NVIDIA_TESLA_T4", "--accelerator_count=4"]
    request = printed(capsys, *TRAIN, *gpus, "--max_hours=2.5", *DATA, "--steps=500")
    place = "https://europe-west4-aiplatform.googleapis.com/v1/projects/my-music/locations/europe-west4"
    assert (request["method"], request["url"]) == ("POST", f"{place}/customJobs")
    spec = request["body"]["jobSpec"]
    assert spec["workerPoolSpecs"] == [
        {
            "machineSpec": {
                "machineType": "n1-standard-16",
                "acceleratorType": "NVIDIA_TESLA_T4",
                "acceleratorCount": 4,
            },
            "replicaCount": "1",
            "containerSpec": {
                "imageUri": IMAGE,
                "command": ["python", "-m", "trainer.task"],
                "args": ["--data", "gs://my-music/dataset", "--steps=500"],
            },
        }
    ]
    assert spec["scheduling"] == {"timeout": "9000s", "strategy": "STANDARD", "restartJobOnWorkerRestart": False}
    assert spec["baseOutputDirectory"] == {"outputUriPrefix": "gs://my-music/nabi/nabi-train/"}


def test_several_machines_are_a_chief_and_workers_and_restart_together(capsys):
    spec = printed(capsys, *TRAIN, "--machines=4", "--spot", *DATA)["body"]["jobSpec"]
    assert [pool["replicaCount"] for pool in spec["workerPoolSpecs"]] == ["1", "3"]
    chief, workers = ({**pool, "replicaCount": ""} for pool in spec["workerPoolSpecs"])
    assert chief == workers
    assert spec["scheduling"]["restartJobOnWorkerRestart"] is True
    assert spec["scheduling"]["strategy"] == "SPOT"


def test_songs_are_made_by_the_generator(capsys):
    flags = [
        "generate",
        *PLACE,
        f"--image={IMAGE}",
        "--labels=team=music",
        "--",
        "--model=gs://b/m",
        "--output=gs://b/s",
    ]
    body = printed(capsys, *flags)["body"]
    pool = body["jobSpec"]["workerPoolSpecs"][0]
    assert pool["containerSpec"]["command"] == ["python", "-m", "generator.generate"]
    assert body["labels"] == {"tool": "nabi", "job": "generate", "team": "music"}
    assert "baseOutputDirectory" not in body["jobSpec"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([*TRAIN, "--machine_type=g2-standard-12", "--accelerator_count=2", *DATA], "has 1 NVIDIA_L4 built in"),
        ([*TRAIN, "--machines=0", *DATA], "--machines 0 must be in 1..64"),
        ([*TRAIN, "--max_hours=0", *DATA], "--max_hours 0 must be above 0 and at most 168"),
        ([*TRAIN, "--labels=Team=Music", *DATA], "--labels Team=Music must be key=value"),
        ([*TRAIN, "--service_account=me@gmail.com", *DATA], "--service_account 'me@gmail.com' must be an address"),
        ([*TRAIN, "--network=default", *DATA], "--network 'default' must be a full name"),
        ([*TRAIN, "--", "--steps=3"], "the job needs --data: give the job's own flags after --"),
        ([*TRAIN, "--", "--data", "runs/data"], "--data runs/data lies on this machine"),
        ([*TRAIN, *DATA, "--warm_start=model"], "--warm_start model lies on this machine"),
        (["train", *PLACE, f"--image={IMAGE}", *DATA], "say where the model is to lie"),
        (["train", *PLACE, "--image=europe-docker.pkg.dev/p/nabi/train", *DATA], "--image .* must be pinned"),
        (["train", *PLACE, "--image=europe-docker.pkg.dev/p/nabi/train:latest", *DATA], "--image .* must be pinned"),
        ([*TRAIN, "--region=Frankfurt", *DATA], "--region 'Frankfurt' must be a region"),
        ([*TRAIN, "--project=X", *DATA], "--project 'X' must be a project's id"),
        ([*TRAIN, "--staging_bucket=my-music", *DATA], "--staging_bucket 'my-music' must be a folder in a bucket"),
    ],
)
def test_wrong_flags_end_with_one_sentence(capsys, flags, said):
    assert vertex.main(flags) == 2
    error = capsys.readouterr().err
    assert error.startswith("vertex: ")
    assert error.count("\n") == 1
    with pytest.raises(ValueError, match=said):
        raise ValueError(error)


@pytest.mark.slow
def test_help_and_dry_run_do_without_googles_client(tmp_path):
    for package in ("google", "kfp", "yaml"):
        (tmp_path / f"{package}.py").write_text("raise ImportError('not now')\n")
    for flags in (["--help"], ["train", "--help"], [*TRAIN, "--dry_run", *DATA]):
        done = subprocess.run(
            [sys.executable, "-m", "deploy.vertex", *flags],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_a_service_account_and_a_network_are_the_jobs(capsys):
    account, network = "train@my-music.iam.gserviceaccount.com", "projects/12345/global/networks/music"
    spec = printed(capsys, *TRAIN, f"--service_account={account}", f"--network={network}", *DATA)["body"]["jobSpec"]
    assert (spec["serviceAccount"], spec["network"]) == (account, network)
