"""http:// for real, from a server of this test; other schemes as far as they go without a network."""

import functools
import http.server
import threading

import pytest

from nabi.networks import remote_files
from nabi.workspace import paths, storage
from tests.trainer import datasets


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    datasets.build(folder, {"train": [[4, 5, 6, 7]]})
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_local_and_gs_need_nothing(monkeypatch):
    monkeypatch.setattr(storage, "register", lambda *_: pytest.fail("nothing should be registered"))
    remote_files.open_schemes("/a/b", "relative", "gs://bucket/folder")


def test_http_is_read_through_storage(address):
    remote_files.open_schemes(f"{address}/data")
    assert paths.read_json(f"{address}/{paths.DATASET}")["version"] == 1
    assert storage.exists(f"{address}/{paths.COMPLETED}")
    assert not storage.exists(f"{address}/nothing")
    with pytest.raises(storage.StorageError, match=r"cannot read .*/nothing: there is no such file"):
        storage.read_bytes(f"{address}/nothing")


def test_dataset_over_http(address):
    from trainer.data.batches import read_windows
    from trainer.data.dataset import open_dataset

    remote_files.open_schemes(address)
    (windows,) = read_windows(open_dataset(address), "train")
    assert windows.tokens.tolist() == [[2, 4, 5, 6, 7], [7, 3, 0, 0, 0]]


def test_http_cannot_be_written(address):
    remote_files.open_schemes(address)
    with pytest.raises(storage.StorageError, match="cannot write http"):
        storage.check_writable(address)


@pytest.mark.slow
def test_scheme_whose_plugins_did_not_load(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(tf.io.gfile, "get_registered_schemes", lambda: ["", "gs"])
    with pytest.raises(ValueError, match=r"s3:// cannot be opened here: install tensorflow-io 0\.37\.1"):
        remote_files.open_schemes("s3://bucket/data", "/local")
