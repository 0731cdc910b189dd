"""The cloud's services as fixtures, started once a session; `tests/conftest.py` offers them to every test."""

import logging
import os
import time
import uuid

import pytest


@pytest.fixture(scope="session")
def gcs():
    """A `gcs.Emulator`; each test writes below a folder of its own, see `gs_folder`."""
    from tests.cloud.gcs import Emulator

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def gs_folder(gcs, monkeypatch):
    """A new folder in the emulator's bucket, which `nabi.workspace.storage` of this process writes to."""
    from nabi.workspace import storage
    from nabi.workspace.storage.gcs import CloudFiles
    from tests.cloud.gcs import BUCKET

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.address)
    # The client of an earlier test, or of none, may know another address.
    monkeypatch.setitem(storage._FILE_SYSTEMS, "gs", CloudFiles())
    return f"gs://{BUCKET}/{uuid.uuid4().hex[:8]}"


@pytest.fixture(params=["local", "gs"])
def place(request, tmp_path):
    """A folder: on this machine and in the bucket."""
    return str(tmp_path) if request.param == "local" else request.getfixturevalue("gs_folder")


@pytest.fixture
def pauses(monkeypatch):
    """How long the clients would have waited between their tries."""
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture(scope="session")
def s3():
    """Amazon's S3, as moto has it: a boto3 client with the bucket `music`, and the environment to find it by."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"aws_access_key_id": "a-key", "aws_secret_access_key": "a-secret", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=address, **keys)
    client.create_bucket(Bucket="music")
    names = {"AWS_ACCESS_KEY_ID": "a-key", "AWS_SECRET_ACCESS_KEY": "a-secret", "AWS_REGION": "us-east-1"}
    yield client, {**os.environ, **names, "S3_ENDPOINT": address, "AWS_EC2_METADATA_DISABLED": "true"}
    server.stop()


@pytest.fixture(scope="session")
def metadata_server():
    """`host:port` of a machine's metadata server."""
    from tests.cloud import metadata

    with metadata.serve() as address:
        yield address


@pytest.fixture(scope="session")
def tls_front(gcs, tmp_path_factory):
    """A `tls_front.Front` of the emulator."""
    from tests.cloud.tls_front import Front

    with Front(gcs.address, tmp_path_factory.mktemp("tls")) as front:
        yield front


@pytest.fixture(scope="session")
def google_environment(gcs, metadata_server, tls_front):
    """The environment of a process that finds the emulator, as one on a Google machine finds the service."""
    return {
        **os.environ,
        "STORAGE_EMULATOR_HOST": gcs.address,
        "GCE_METADATA_HOST": metadata_server,
        "GCE_METADATA_IP": metadata_server,
        "https_proxy": tls_front.address,
        "no_proxy": "127.0.0.1,localhost",
        "CURL_CA_BUNDLE": str(tls_front.certificate),
    }
