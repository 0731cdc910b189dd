"""Azure Blob Storage as a server of the tests' own: Microsoft's Azurite, which `make test-azure` installs."""

import contextlib
import os
import pathlib
import socket
import subprocess
import time
from collections.abc import Iterator

SERVER = pathlib.Path(__file__).parents[2] / ".engines/azurite/node_modules/.bin/azurite-blob"

ACCOUNT = "nabi"
# Azurite takes any account that AZURITE_ACCOUNTS names, as account:key in base 64.
KEY = "bmFiaQ=="


@contextlib.contextmanager
def serve() -> Iterator[str]:
    """Starts the server with the container `music`; yields its connection string."""
    from azure.storage.blob import BlobServiceClient

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [SERVER, "--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--blobPort", str(port)]
    with subprocess.Popen(command, env={**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}) as process:
        try:
            _wait(port)
            connection = (
                f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
                f"BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
            )
            BlobServiceClient.from_connection_string(connection).create_container("music")
            yield connection
        finally:
            process.terminate()


def _wait(port: int) -> None:
    end = time.monotonic() + 300
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert time.monotonic() < end
        time.sleep(0.1)
