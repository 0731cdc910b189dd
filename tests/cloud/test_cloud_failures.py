"""What Google Cloud Storage refuses, and what goes wrong on the way to it."""

import subprocess
import sys
import time

import pytest

from nabi.workspace import storage
from tests.cloud import gcs as service
from tests.cloud.gcs import Fault
from trainer import task


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"status": 0}, {"carried_out": True}])
def test_two_failures_of_each_request_are_survived(gcs, gs_folder, pauses, fault):
    path = f"{gs_folder}/a"
    with gcs.failing(Fault(2, method="POST", **fault)):
        storage.write_bytes(path, b"whole")
    with gcs.failing(Fault(2, method="GET", **fault)):
        assert storage.read_bytes(path) == b"whole"
    with gcs.failing(Fault(2, method="GET", **fault)):
        assert storage.exists(path)
    with gcs.failing(Fault(2, method="DELETE", **fault)):
        storage.delete(path)
    assert not storage.exists(path)
    assert len(pauses) == 8


def test_pauses_between_tries_grow(gcs, gs_folder, pauses, monkeypatch):
    # Google's client waits a share of each pause, by chance.
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    with gcs.failing(Fault(6, status=503)):
        storage.write_bytes(f"{gs_folder}/a", b"")
    assert pauses[-1] > 4 * pauses[0]
    assert max(pauses) <= 31


def test_large_upload_survives_a_lost_connection(gcs, gs_folder, pauses):
    data = bytes(10_000_000)
    with gcs.failing(Fault(1, method="PUT"), Fault(1, status=503, method="PUT")):
        storage.write_bytes(f"{gs_folder}/a", data)
    assert storage.read_bytes(f"{gs_folder}/a") == data


def test_end_of_trying_is_one_sentence(gcs, gs_folder, monkeypatch):
    monkeypatch.setattr("nabi.workspace.storage.gcs._DEADLINE", 0.5)
    for fault in (Fault(99), Fault(99, status=503)):
        for call in (storage.read_bytes, storage.exists, storage.check_writable):
            with gcs.failing(fault), pytest.raises(storage.StorageError) as caught:
                call(f"{gs_folder}/a")
            assert "Google Cloud Storage cannot be reached" in str(caught.value)
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "verb", "permission"),
    [
        (storage.read_bytes, "read", "storage.objects.get"),
        (storage.open_read, "read", "storage.objects.get"),
        (lambda path: storage.write_bytes(path, b""), "write", "storage.objects.create"),
        (lambda path: storage.write_if_unchanged(path, b"", None), "write", "storage.objects.create"),
        (lambda path: list(storage.match(path)), "list", "storage.objects.list"),
        (storage.exists, "list", "storage.objects.list"),
    ],
)
def test_missing_permission_is_one_sentence(gcs, gs_folder, call, verb, permission):
    path = f"{gs_folder}/a"
    with gcs.failing(Fault(9, status=403)), pytest.raises(storage.StorageError) as caught:
        call(path)
    assert str(caught.value) == (
        f"cannot {verb} {path}: the permission {permission} is missing: give the account that runs this a role with "
        "it on the bucket music, such as roles/storage.objectUser, or use other credentials"
    )


def test_permission_that_the_service_names_is_told(gcs, gs_folder):
    said = "nabi@test.iam.gserviceaccount.com does not have storage.objects.delete access to the object."
    storage.write_bytes(f"{gs_folder}/a", b"")
    missing = r"the permission storage\.objects\.delete is missing"
    with gcs.failing(Fault(1, status=403, message=said)), pytest.raises(storage.StorageError, match=missing):
        storage.write_bytes(f"{gs_folder}/a", b"")
    with gcs.failing(Fault(1, status=403, method="DELETE")), pytest.raises(storage.StorageError, match=missing):
        storage.delete(f"{gs_folder}/a")


def test_refused_credentials(gcs, gs_folder):
    with (
        gcs.failing(Fault(9, status=401)),
        pytest.raises(storage.StorageError, match="not accept the credentials"),
    ):
        storage.read_bytes(f"{gs_folder}/a")


@pytest.mark.parametrize(
    "call", [storage.read_bytes, storage.open_read, storage.exists, lambda path: storage.write_bytes(path, b"")]
)
def test_missing_bucket(gs_folder, call):
    with pytest.raises(storage.StorageError, match=r"cannot \w+ gs://no-such/a: there is no bucket no-such: correct"):
        call("gs://no-such/a")


def test_missing_object(gs_folder):
    for call in (storage.read_bytes, storage.open_read):
        with pytest.raises(storage.StorageError, match=r"/none: there is no such file$"):
            call(f"{gs_folder}/none")


def test_bucket_is_no_object(gs_folder):
    with pytest.raises(storage.StorageError, match="cannot read gs://music: it is a bucket, and no object in it"):
        storage.read_bytes(f"gs://{service.BUCKET}")


@pytest.mark.parametrize("path", ["gs://", "gs:///a", "gs:", "gs:/music/a", "s3://", "s3:///a"])
@pytest.mark.parametrize("call", [storage.folder, storage.read_bytes, storage.exists, storage.check_writable])
def test_path_without_a_bucket_is_refused(path, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, storage.StorageError), match=r"names no bucket: write (gs|s3)://BUCKET/FOLDER"):
        call(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flag", ["--model_dir", "--checkpoint_dir", "--tensorboard_dir"])
def test_trainer_refuses_a_directory_without_a_bucket(flag, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    flags = {"--data": "data", "--model_dir": "model", flag: "gs://"}
    assert task.main([f"{name}={value}" for name, value in flags.items()]) == 2
    assert capsys.readouterr().err == "error: gs:// names no bucket: write gs://BUCKET/FOLDER\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_no_credentials_is_one_sentence_and_soon(tmp_path):
    began = time.monotonic()
    command = [sys.executable, "-m", "pipelines.preprocess", "--input", "gs://music/a", "--output", str(tmp_path / "d")]
    # No home, no variable, and a metadata server that is not there.
    environment = {
        "HOME": str(tmp_path),
        "PATH": "",
        "GCE_METADATA_IP": "127.0.0.1:1",
        "GCE_METADATA_HOST": "127.0.0.1:1",
    }
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith("preprocess: cannot list gs://music/a: there are no Google credentials here: run `gcl")
    assert run.stderr.count("\n") == 1
    assert time.monotonic() - began < 20
