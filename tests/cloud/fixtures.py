"""The cloud's services as fixtures, started once a session; `tests/conftest.py` offers them to every test."""

import os
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
    """A new folder in the emulator's bucket, which `songs.storage` of this process writes to."""
    from songs import storage
    from songs.cloud_files import CloudFiles
    from tests.cloud.gcs import BUCKET

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.address)
    # The client of an earlier test, or of none, may know another address.
    monkeypatch.setitem(storage._FILE_SYSTEMS, "gs", CloudFiles())
    return f"gs://{BUCKET}/{uuid.uuid4().hex[:8]}"


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
