"""Both jobs submitted by the real DataflowRunner, and what was staged for them run from the bucket."""

import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import uuid

import pytest

from generator import generate
from nabi.workspace import paths, storage
from pipelines import preprocess
from tests import builders
from tests.cloud.dataflow import Dataflow
from tests.cloud.gcs import BUCKET
from tests.cloud.metadata import ACCOUNT, PROJECT
from tests.generator.models import write_model

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[2]
IMAGE = "europe-docker.pkg.dev/test-project/nabi/preprocess:1"
MACHINES = (
    "--region=europe-west4",
    "--worker_machine_type=n2-standard-4",
    "--autoscaling_algorithm=THROUGHPUT_BASED",
    "--num_workers=2",
    "--max_num_workers=20",
    "--disk_size_gb=50",
    "--network=music",
    "--subnetwork=regions/europe-west4/subnetworks/music",
    "--no_use_public_ips",
    f"--service_account_email={ACCOUNT}",
    "--labels=team=music",
)
GPU = "worker_accelerator=type:nvidia-l4;count:1;install-nvidia-driver"
OF_DATASET = ("--max_lost_fraction=1", "--window=8", "--split=0.6,0.2,0.2", "--shards=2")
OF_SONGS = ("--num_songs=3", "--max_tokens=20", "--audio=none")


@pytest.fixture(scope="module")
def bucket(gcs):
    """A folder in the bucket, which this process' `nabi.workspace.storage` writes to while this module's tests run."""
    from nabi.workspace.storage.gcs import CloudFiles

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", gcs.address)
        patch.setitem(storage._FILE_SYSTEMS, "gs", CloudFiles())
        yield f"gs://{BUCKET}/{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def service():
    with Dataflow() as started:
        yield started


@pytest.fixture(scope="module")
def music(bucket, tmp_path_factory):
    """Eight songs and a file that is none, in a local folder and in the bucket."""
    folder = tmp_path_factory.mktemp("music")
    files = {f"{index}.mid": builders.scale(12, 48 + index) for index in range(8)} | {"bad.mid": b"not MIDI"}
    for name, data in files.items():
        (folder / name).write_bytes(data)
        storage.write_bytes(f"{bucket}/music/{name}", data)
    return folder


@pytest.fixture(scope="module")
def model(bucket, tmp_path_factory):
    """A model's local folder, which lies in the bucket too."""
    folder = pathlib.Path(write_model(tmp_path_factory.mktemp("model")))
    for path in folder.iterdir():
        storage.write_bytes(f"{bucket}/model/{path.name}", path.read_bytes())
    return folder


@pytest.fixture(scope="module")
def submitted(service, bucket, music, model, google_environment):
    """Both jobs, done: {name: request}. They are submitted at once, since Beam asks for news every few seconds."""
    given = {
        "pipelines.preprocess": [
            *("--input", f"{bucket}/music", "--output", f"{bucket}/data", *OF_DATASET),
            *(f"--sdk_container_image={IMAGE}", "--setup_file=./setup.py"),
        ],
        "generator.generate": [
            *("--model", f"{bucket}/model", "--output", f"{bucket}/songs", *OF_SONGS),
            f"--dataflow_service_options={GPU}",
        ],
    }
    # Beam's client of the service knows no proxies, and nothing of these jobs is TensorFlow's to read.
    environment = {name: value for name, value in google_environment.items() if name != "https_proxy"}
    jobs = [submit(module, [*flags, *where(service, bucket)], environment) for module, flags in given.items()]
    for job in jobs:
        said = job.communicate(timeout=300)[0]
        assert job.returncode == 0, said
        # Nor does Beam fall back from what it would rather build the sources with.
        assert "No module named" not in said
    return {request["name"]: request for request in service.jobs}


def where(service, bucket):
    """The flags that say which service, which machines."""
    return [
        *("--runner=DataflowRunner", f"--dataflow_endpoint={service.address}", f"--project={PROJECT}"),
        *(f"--temp_location={bucket}/tmp", *MACHINES),
    ]


def job_name(module):
    return f"nabi-{module.partition('.')[2]}"


def submit(module, flags, environment):
    """Starts a job."""
    command = [sys.executable, "-m", module, *flags, f"--job_name={job_name(module)}"]
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture(scope="module")
def preprocessing(submitted):
    return submitted["nabi-preprocess"]


@pytest.fixture(scope="module")
def generation(submitted):
    return submitted["nabi-generate"]


def in_bucket(gcs, folder):
    """Names and bytes of what lies below a folder."""
    prefix = folder.removeprefix(f"gs://{BUCKET}/") + "/"
    return {name.removeprefix(prefix): storage.read_bytes(f"gs://{BUCKET}/{name}") for name in gcs.names(prefix)}


def pool(request):
    return request["environment"]["workerPools"][0]


def test_the_dataset_is_the_one_that_this_machine_makes(preprocessing, gcs, bucket, music, tmp_path):
    preprocess.main(["--input", str(music), "--output", str(tmp_path), *OF_DATASET])
    made = in_bucket(gcs, f"{bucket}/data")
    local = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made.keys() == local.keys()
    # The others tell of paths and times.
    same = [name for name in local if name.endswith(".tfrecord") or name == paths.VOCABULARY]
    assert len(same) > 3
    assert {name: made[name] for name in same} == {name: local[name] for name in same}
    contents = [json.loads(files[paths.COMPLETED])["content"] for files in (made, local)]
    assert contents[0] == contents[1]


def test_the_songs_are_those_that_this_machine_makes(generation, gcs, bucket, model, tmp_path):
    assert generate.main(["--model", str(model), "--output", str(tmp_path / "songs"), *OF_SONGS]) == 0
    made = in_bucket(gcs, f"{bucket}/songs")
    local = {path.name: path.read_bytes() for path in (tmp_path / "songs").iterdir()}
    assert made.keys() == local.keys()
    music = [name for name in local if name.endswith((".mid", ".jsonl"))]
    assert len(music) > 3
    assert {name: made[name] for name in music} == {name: local[name] for name in music}


def test_the_request_has_the_machines_that_the_flags_name(preprocessing, service):
    machines = pool(preprocessing)
    assert preprocessing["type"] == "JOB_TYPE_BATCH"
    assert preprocessing["labels"] == {"team": "music"}
    assert service.regions[service.jobs.index(preprocessing)] == "europe-west4"
    assert preprocessing["environment"]["serviceAccountEmail"] == ACCOUNT
    assert machines["machineType"] == "n2-standard-4"
    assert machines["numWorkers"] == 2
    assert machines["autoscalingSettings"] == {"algorithm": "AUTOSCALING_ALGORITHM_BASIC", "maxNumWorkers": 20}
    assert machines["diskSizeGb"] == 50
    assert machines["network"] == "music"
    assert machines["subnetwork"] == "regions/europe-west4/subnetworks/music"
    assert machines["ipConfiguration"] == "WORKER_IP_PRIVATE"
    assert machines["sdkHarnessContainerImages"][0]["containerImage"] == IMAGE


def test_the_request_for_songs_has_the_gpu(generation):
    assert generation["environment"]["serviceOptions"] == [GPU]


@pytest.fixture(scope="module")
def tarball(preprocessing, gcs, bucket):
    """The sources that `--setup_file` staged for the workers: names and bytes."""
    packages = {package["name"]: package["location"] for package in pool(preprocessing)["packages"]}
    data = storage.read_bytes("gs://" + packages["workflow.tar.gz"].removeprefix("storage.googleapis.com/"))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = [member for member in archive if member.isfile()]
        return {member.name.partition("/")[2]: archive.extractfile(member).read() for member in files}


def test_workers_install_what_reading_needs_and_no_tensorflow(tarball):
    without_extras = tarball["nabi.egg-info/requires.txt"].decode().partition("\n[")[0]
    needed = {re.split("[<>=]", line)[0] for line in without_extras.split()}
    assert needed == {"google-cloud-storage", "music21", "numba", "numpy", "protobuf", "symusic"}


def test_workers_get_every_file_of_the_packages_and_no_tests(tarball):
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    packages = ("generator", "nabi", "pipelines", "trainer")
    assert {path for path in kept if path.startswith(tuple(f"{name}/" for name in packages))} <= tarball.keys()
    assert not [path for path in tarball if path.startswith(("tests/", "benchmarks/"))]
