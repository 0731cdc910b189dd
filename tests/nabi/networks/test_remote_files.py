"""http:// for real, from a server of this test; other schemes as far as they go without a network."""

import functools
import http.server
import importlib.util
import pathlib
import sys
import threading

import pytest

from nabi.networks import remote_files
from nabi.workspace import directories, paths, storage
from nabi.workspace.storage import fsspec_files, packs
from tests.trainer import datasets

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("served")
    datasets.build(folder, {"train": [[4, 5, 6, 7]]})
    with (folder / "mine.nabi").open("wb") as file:
        packs.write(file, {paths.COMPLETED: b'{"request": "r", "content": "c"}', paths.CONFIG: b"{}"})
    return folder


@pytest.fixture(scope="module")
def address(served):
    handler = functools.partial(QuietHandler, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(params=["tensorflow-io", "fsspec"])
def opened(request, address, monkeypatch):
    """The address, opened in one of both ways."""
    if request.param == "fsspec":
        monkeypatch.setitem(sys.modules, "tensorflow_io", None)
    elif not importlib.util.find_spec("tensorflow_io"):
        pytest.skip("tensorflow-io has no build for this Python")
    else:
        monkeypatch.setattr(fsspec_files, "is_installed", lambda _: False)
    remote_files.open_schemes(f"{address}/data")
    return address


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_local_and_gs_need_nothing(monkeypatch):
    monkeypatch.setattr(storage, "register", lambda *_: pytest.fail("nothing should be registered"))
    remote_files.open_schemes("/a/b", "relative", "gs://bucket/folder")


def test_http_is_read_through_storage(opened):
    address = opened
    assert paths.read_json(f"{address}/{paths.DATASET}")["version"] == 1
    assert storage.exists(f"{address}/{paths.COMPLETED}")
    assert not storage.exists(f"{address}/nothing")
    with pytest.raises(storage.StorageError, match=r"cannot read .*/nothing: there is no such file"):
        storage.read_bytes(f"{address}/nothing")


def test_dataset_over_http(opened):
    from trainer.data.batches import read_windows
    from trainer.data.dataset import open_dataset

    (windows,) = read_windows(open_dataset(opened), "train")
    assert windows.tokens.tolist() == [[2, 4, 5, 6, 7], [7, 3, 0, 0, 0]]


def test_a_pack_over_http(opened):
    assert directories.model(f"{opened}/mine.nabi") == f"{opened}/mine.nabi"
    assert storage.read_bytes(f"{opened}/mine.nabi/{paths.CONFIG}") == b"{}"
    with pytest.raises(ValueError, match=r"the model http.*/none\.nabi does not exist"):
        directories.model(f"{opened}/none.nabi")
    with pytest.raises(storage.StorageError, match="a packed model can only be read"):
        storage.check_writable(f"{opened}/mine.nabi")


def test_a_large_file_of_a_server_that_sends_no_ranges(address, served):
    """Such as Python's own, which tensorflow-io breaks off with "Failure writing output to destination"."""
    (served / "large").write_bytes(bytes(20_000_000))
    remote_files.open_schemes(address)
    assert storage.exists(f"{address}/large")
    assert len(storage.read_bytes(f"{address}/large")) == 20_000_000


def test_http_cannot_be_written(opened):
    with pytest.raises(storage.StorageError, match="cannot write http"):
        storage.check_writable(opened)


def test_server_that_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_io", None)
    remote_files.open_schemes("http://127.0.0.1:9/data")
    for action in (storage.exists, storage.read_bytes):
        with pytest.raises(storage.StorageError, match=r"127\.0\.0\.1:9 cannot be reached \(.*look at the network"):
            action("http://127.0.0.1:9/data")


def test_scheme_whose_plugins_did_not_load(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(tf.io.gfile, "get_registered_schemes", lambda: ["", "gs"])
    sentence = r"hdfs:// cannot be opened here: install tensorflow-io 0\.37\.1 .*, or copy the files to a local folder"
    with pytest.raises(ValueError, match=sentence):
        remote_files.open_schemes("hdfs://host/data", "/local")
    remote_files.open_schemes("s3://bucket/data")
    assert not remote_files.known_to_tensorflow("s3://bucket/data")
