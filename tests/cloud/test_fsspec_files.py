"""s3:// and az:// through fsspec, on moto's server and on Azurite (`make test-azure`); what the jobs do with them is in
test_trainer_on_s3.
"""

import contextlib
import signal
import subprocess
import sys
import uuid

import pytest

from nabi.workspace import storage
from nabi.workspace.storage.fsspec_files import FsspecFiles
from tests.cloud import azurite

pytestmark = pytest.mark.slow


@pytest.fixture
def s3_environment(s3, monkeypatch, tmp_path):
    """The environment of this process, by which it finds moto's server; returns a client of that."""
    import s3fs

    for name, value in s3[1].items():
        monkeypatch.setenv(name, value)
    # No file of the one who runs the tests has credentials for them.
    monkeypatch.setenv("HOME", str(tmp_path))
    storage.register("s3", FsspecFiles())
    s3fs.S3FileSystem.clear_instance_cache()
    yield s3[0]
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture(scope="session")
def azure_account():
    with azurite.serve() as connection:
        yield connection


@pytest.fixture
def az_environment(azure_account, monkeypatch):
    """The environment of this process, by which it finds Azurite."""
    import adlfs

    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azure_account)
    storage.register("az", FsspecFiles())
    adlfs.AzureBlobFileSystem.clear_instance_cache()


@pytest.fixture(params=["s3", pytest.param("az", marks=pytest.mark.cluster)])
def bucket(request):
    request.getfixturevalue(f"{request.param}_environment")
    return {"s3": "s3://music", "az": f"az://{azurite.ACCOUNT}/music"}[request.param]


@pytest.fixture
def folder(bucket):
    """A new folder in a bucket."""
    return f"{bucket}/{uuid.uuid4().hex[:8]}"


def names(folder):
    return [info.path.removeprefix(f"{folder}/") for info in storage.match(folder)]


def test_files_of_a_folder_are_sorted_and_its_neighbours_left_out(folder):
    for name in ("b.mid", "a/z #1.mid", "a.mid", "a/b/c.mid"):
        storage.write_bytes(f"{folder}/{name}", name.encode())
    storage.write_bytes(f"{folder}-old/x.mid", b"x")
    assert names(folder) == ["a.mid", "a/b/c.mid", "a/z #1.mid", "b.mid"]
    assert [info.size for info in storage.match(f"{folder}/a.mid")] == [5]
    assert [info.path for info in storage.match(f"{folder}/a/**.mid")] == [
        f"{folder}/a/b/c.mid",
        f"{folder}/a/z #1.mid",
    ]
    assert [storage.exists(f"{folder}{end}") for end in ("", "/a.mid", "/a", "/", "-ol", "/c")] == [
        *(True, True, True, True, False, False),
    ]


def test_mark_changes_with_the_content(folder):
    marks = []
    for content in (b"one", b"two", b"one"):
        storage.write_bytes(f"{folder}/a", content)
        assert storage.read_bytes(f"{folder}/a") == content
        marks += [info.mark for info in storage.match(folder)]
    assert all(marks)
    assert marks[0] != marks[1]
    assert marks[1] != marks[2]


def test_object_that_stands_for_a_folder_is_no_file(s3_environment):
    for key in ("marked/", "marked/a/", "marked/a/b"):
        s3_environment.put_object(Bucket="music", Key=key, Body=b"")
    assert names("s3://music/marked") == ["a/b"]


def test_another_writer_is_seen_at_once(s3_environment):
    path = "s3://music/seen/a"
    assert not storage.exists(path)
    s3_environment.put_object(Bucket="music", Key="seen/a", Body=b"there")
    assert storage.exists(path)
    assert storage.read_bytes(path) == b"there"
    s3_environment.delete_object(Bucket="music", Key="seen/a")
    assert not storage.exists(path)


def test_reads_by_range(folder):
    content = bytes(range(256)) * 16384
    storage.write_bytes(f"{folder}/a", content)
    with storage.open_read(f"{folder}/a") as file:
        assert file.read(3) == content[:3]
        assert file.seek(-300, 2) == len(content) - 300
        assert file.read() == content[-300:]
        assert file.seek(2_000_001) == 2_000_001
        assert file.read(5) == content[2_000_001:2_000_006]


def test_object_that_changes_while_it_is_read(s3_environment):
    path = "s3://music/changes/a"
    storage.write_bytes(path, b"a" * 3_000_000)
    with storage.open_read(path) as file:
        file.read(1)
        storage.write_bytes(path, b"b" * 3_000_000)
        with pytest.raises(storage.StorageError, match=r"changes/a: it was changed or deleted while it was read"):
            file.read()


def test_failed_write_leaves_nothing(folder):
    with contextlib.suppress(RuntimeError), storage.open_write(f"{folder}/a") as file:
        file.write(b"half")
        raise RuntimeError
    assert not storage.exists(f"{folder}/a")


WRITER = """
import sys, time
from nabi.networks import remote_files
from nabi.workspace import storage
from nabi.workspace.storage.fsspec_files import FsspecFiles

storage.register("s3", FsspecFiles())
storage.write_bytes("s3://music/killed/whole", b"whole")
with storage.open_write("s3://music/killed/half") as file:
    file.write(bytes(1 << 20))
    print("half", flush=True)
    time.sleep(300)
"""


def test_kill_in_the_middle_of_a_write_leaves_nothing(s3_environment):
    with subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
    assert names("s3://music/killed") == ["whole"]


def test_delete(folder):
    for name in ("a", "b/c", "b/d"):
        storage.write_bytes(f"{folder}/{name}", b"")
    storage.delete(f"{folder}/b")
    storage.delete(f"{folder}/b")
    assert names(folder) == ["a"]


def test_no_writes_on_condition(folder):
    with pytest.raises(storage.StorageError, match="only local paths and gs:// can be written on condition"):
        storage.write_if_unchanged(f"{folder}/a", b"data", None)


MISSING = {
    "reading": (lambda bucket: storage.read_bytes(f"{bucket}/a/b"), "cannot read .*b: there is no "),
    "opening": (lambda bucket: storage.open_read(f"{bucket}/a/b"), "cannot read .*b: there is no "),
    "writing": (
        lambda bucket: storage.write_bytes(f"{bucket}/a/b", b""),
        "cannot write .*b: there is no (bucket|cont)",
    ),
}


@pytest.mark.parametrize("use", MISSING)
def test_missing_bucket(use, bucket):
    action, sentence = MISSING[use]
    with pytest.raises(storage.StorageError, match=sentence):
        action(bucket.replace("/music", "/missing"))


def test_missing_file(folder):
    for action in (storage.read_bytes, storage.open_read):
        with pytest.raises(storage.StorageError, match=rf"cannot read {folder}/a: there is no such file"):
            action(f"{folder}/a")


def test_wrong_key(s3_environment):
    import requests

    address = s3_environment.meta.endpoint_url
    requests.post(f"{address}/moto-api/reset-auth", data=b"0", timeout=60)
    try:
        for action, verb in ((storage.read_bytes, "read"), (storage.exists, "list")):
            with pytest.raises(storage.StorageError) as caught:
                action("s3://music/a")
            assert str(caught.value).startswith(f"cannot {verb} s3://music/a: S3 refuses it (")
            assert "correct the credentials" in str(caught.value)
    finally:
        requests.post(f"{address}/moto-api/reset-auth", data=b"inf", timeout=60)


def test_no_credentials(s3_environment, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(storage.StorageError, match=r"there are no credentials for S3 here .*set AWS_ACCESS_KEY_ID"):
        storage.read_bytes("s3://music/a")


def test_dead_endpoint(s3_environment, monkeypatch):
    monkeypatch.setenv("S3_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(storage.StorageError, match=r"cannot list s3://music/a: S3 cannot be reached \(.*127.0.0.1:9"):
        storage.exists("s3://music/a")


def test_endpoint_by_the_name_that_aws_gave_it(s3_environment, monkeypatch):
    monkeypatch.delenv("S3_ENDPOINT")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_environment.meta.endpoint_url)
    storage.write_bytes("s3://music/named/a", b"there")
    assert s3_environment.get_object(Bucket="music", Key="named/a")["Body"].read() == b"there"


def test_connection_string_of_another_account(monkeypatch):
    storage.register("az", FsspecFiles())
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountName=ours;AccountKey=a2V5")
    with pytest.raises(storage.StorageError, match="CONNECTION_STRING is of the account ours: name that"):
        storage.read_bytes("az://theirs/music/a")


def test_path_without_a_container():
    storage.register("az", FsspecFiles())
    with pytest.raises(storage.StorageError, match="names no container: write az://ACCOUNT/CONTAINER/FOLDER"):
        storage.read_bytes("az://account")


@pytest.mark.cluster
def test_wrong_key_of_azure(az_environment, monkeypatch, azure_account):
    key = azure_account.partition("AccountKey=")[2].partition(";")[0]
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azure_account.replace(key, "d3Jvbmc="))
    with pytest.raises(storage.StorageError, match=r"Azure Blob Storage refuses it .*correct the credentials"):
        storage.write_bytes(f"az://{azurite.ACCOUNT}/music/a", b"")
