import contextlib
import io
import random
import struct
import tarfile
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from nabi.music.errors import ParseError
from nabi.workspace import archives, storage, tars
from nabi.workspace.archives import MemberReader, list_members

NAMES = ("a.zip", "a.tar", "a.tar.gz", "a.tgz")


def write(path, files):
    """An archive of (name, content), in order, duplicates too."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files:
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return str(path)
    with tarfile.open(path, "w:" if path.suffix == ".tar" else "w:gz") as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return str(path)


def write_tar(path, *infos):
    """A tar of headers alone."""
    with tarfile.open(path, "w") as archive:
        for info in infos:
            archive.addfile(info)
    return str(path)


def read_all(path):
    with MemberReader() as reader:
        return [(member.name, reader.read(path, member)) for member in list_members(path)]


def failures(path):
    return [(member.name, member.failure) for member in list_members(path)]


@pytest.mark.parametrize("name", NAMES)
def test_members_are_read_in_the_archives_order(tmp_path, name):
    files = [("b/z.mid", b"one"), ("a.mid", b""), ("한.mid", b"x" * 1024), ("l" * 300 + ".mid", b"long")]
    path = write(tmp_path / name, files)
    assert read_all(path) == files
    assert [member.size for member in list_members(path)] == [3, 0, 1024, 4]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", NAMES)
def test_members_of_one_name_have_their_own_positions(tmp_path, name):
    path = write(tmp_path / name, [("a.mid", b"1"), ("a.mid", b"2"), ("a.mid", b"")])
    assert [content for _, content in read_all(path)] == [b"1", b"2", b""]
    assert len({member.position for member in list_members(path)}) == 3


@pytest.mark.parametrize("name", NAMES)
def test_folders_are_no_members(tmp_path, name):
    path = tmp_path / name
    (tmp_path / "folder").mkdir()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(tmp_path / "folder", "folder")
    else:
        with tarfile.open(path, "w:gz" if path.suffix != ".tar" else "w:") as archive:
            archive.add(tmp_path / "folder", "folder")
    assert list(list_members(str(path))) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("member", "failure"),
    [
        ("/etc/a.mid", "its name is absolute"),
        ("C:\\a.mid", "its name is absolute"),
        ("a/../../b.mid", "its name leads out of the archive by '..'"),
        ("..\\b.mid", "its name leads out of the archive by '..'"),
        ("inner.tar.gz", "it is an archive, and archives in archives are not opened"),
        ("inner.ZIP", "it is an archive, and archives in archives are not opened"),
        ("a..b.mid", ""),
    ],
)
def test_names_that_are_refused(tmp_path, name, member, failure):
    path = write(tmp_path / name, [(member, b"1"), ("good.mid", b"2")])
    assert failures(path) == [(member, failure), ("good.mid", "")]
    with MemberReader() as reader:
        first, second = list_members(path)
        assert reader.read(path, second) == b"2"
        if failure:
            with pytest.raises(storage.StorageError, match=r"cannot read .*: it"):
                reader.read(path, first)


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        (tarfile.SYMTYPE, "it is a link"),
        (tarfile.LNKTYPE, "it is a link"),
        (tarfile.CHRTYPE, "it is no plain file"),
        (tarfile.FIFOTYPE, "it is no plain file"),
    ],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind, failure):
    info = tarfile.TarInfo("a.mid")
    info.type, info.linkname = kind, "/etc/passwd"
    assert failures(write_tar(tmp_path / "a.tar", info)) == [("a.mid", failure)]


def test_links_in_a_zip_are_refused(tmp_path):
    info = zipfile.ZipInfo("a.mid")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert failures(str(tmp_path / "a.zip")) == [("a.mid", "it is a link")]


def test_encrypted_members_are_refused(tmp_path):
    data = bytearray(zip_bytes(tmp_path, b"secret"))
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    assert failures(str(tmp_path / "a.zip")) == [("a.mid", "it is encrypted")]


def test_other_compressions_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.mid", b"1")
    assert failures(str(tmp_path / "a.zip")) == [
        ("a.mid", "it is compressed by method 12; stored and deflated are read")
    ]


def test_bombs_in_a_zip_are_refused(tmp_path):
    path = write(tmp_path / "a.zip", [("ratio.mid", bytes(1 << 22)), ("size.mid", bytes((1 << 24) + 1))])
    ratio, size = list_members(path)
    assert ratio.failure.endswith("bytes unpack to 4194304; the limit is 200 times as many")
    assert size.failure == "16777217 bytes; the limit is 16777216"
    with MemberReader() as reader, pytest.raises(ParseError, match="too-large"):
        reader.read(path, size)


def test_a_zip_that_lies_about_a_size_is_damaged(tmp_path):
    data = bytearray(zip_bytes(tmp_path, bytes(1 << 22)))
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 10)
    (tmp_path / "a.zip").write_bytes(data)
    (member,) = list_members(str(tmp_path / "a.zip"))
    assert (member.size, member.failure) == (10, "")
    with MemberReader() as reader, pytest.raises(storage.StorageError, match="the archive is damaged"):
        reader.read(str(tmp_path / "a.zip"), member)


def zip_bytes(folder, content):
    write(folder / "a.zip", [("a.mid", content)])
    return (folder / "a.zip").read_bytes()


def test_a_tar_gz_that_unpacks_to_too_much_ends_at_the_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(tars, "SMALL_STREAM_BYTES", 1 << 21)
    path = write(tmp_path / "a.tar.gz", [("a.mid", b"1"), ("bomb.mid", bytes(1 << 24)), ("b.mid", b"2")])
    good, failed = list_members(path)
    assert (good.name, good.failure) == ("a.mid", "")
    assert "it unpacks to more than" in failed.failure
    with MemberReader() as reader, pytest.raises(storage.StorageError, match="unpacks to more than"):
        reader.read(path, archives.Member("b.mid", 1, 1 << 24))


def test_a_large_member_of_a_tar_is_refused(tmp_path):
    path = write(tmp_path / "a.tar", [("a.mid", bytes((1 << 24) + 1)), ("b.mid", b"2")])
    assert failures(path) == [("a.mid", "16777217 bytes; the limit is 16777216"), ("b.mid", "")]


def test_a_header_that_claims_gigabytes_costs_no_memory(tmp_path):
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 1 << 32
    (tmp_path / "a.tar").write_bytes(long_name.tobuf() + bytes(2048))
    with pytest.raises(storage.StorageError, match="a header claims 4294967296 bytes"):
        list(list_members(str(tmp_path / "a.tar")))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [b"", b"MThd", bytes(range(256)) * 8])
def test_what_is_no_archive_is_one_storage_error(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(storage.StorageError, match=r"cannot read .*a\..*: the archive is damaged"):
        list(list_members(str(tmp_path / name)))


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_archive_is_a_storage_error(tmp_path, name):
    with pytest.raises(storage.StorageError, match="there is no such file"):
        list(list_members(str(tmp_path / name)))
    with MemberReader() as reader, pytest.raises(storage.StorageError, match="there is no such file"):
        reader.read(str(tmp_path / name), archives.Member("a", 1, 0))


@pytest.mark.parametrize("name", ["a.tar", "a.tgz"])
def test_a_truncated_tar_gives_what_is_whole_and_one_failure(tmp_path, name):
    noise = random.Random(1).randbytes
    files = [(f"{index}.mid", noise(5000)) for index in range(10)]
    path = write(tmp_path / name, files)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    *good, failed = list_members(path)
    assert 3 <= len(good) <= 5
    assert f"the archive is damaged after {len(good)} members" in failed.failure
    with MemberReader() as reader:
        assert [(member.name, reader.read(path, member)) for member in good] == files[: len(good)]


def test_a_tar_cut_at_a_members_end_is_found(tmp_path):
    path = write(tmp_path / "a.tar", [("a.mid", bytes(512)), ("b.mid", bytes(512))])
    (tmp_path / "a.tar").write_bytes((tmp_path / "a.tar").read_bytes()[:2048])
    assert [member.name for member in list_members(path)] == ["a.mid", "b.mid", ""]


def test_a_tar_damaged_in_the_middle_is_found(tmp_path):
    path = write(tmp_path / "a.tar", [("a.mid", b"1"), ("b.mid", b"2"), ("c.mid", b"3")])
    data = bytearray((tmp_path / "a.tar").read_bytes())
    data[1024:1100] = b"?" * 76
    (tmp_path / "a.tar").write_bytes(data)
    good, failed = list_members(path)
    assert good.name == "a.mid"
    assert "the archive is damaged after 1 members" in failed.failure


@pytest.mark.parametrize("name", NAMES)
def test_a_thousand_members_in_any_order(tmp_path, name):
    files = [(f"{index}.mid", b"%d" % index * (index % 700)) for index in range(1000)]
    path = write(tmp_path / name, files)
    members = list(list_members(path))
    # Each step back in a compressed tar costs a decompression.
    chosen = random.Random(2).sample(range(1000), 20 if name.endswith("gz") else 1000)
    with MemberReader() as reader:
        for index in chosen:
            assert reader.read(path, members[index]) == files[index][1]


def test_a_tar_gz_read_in_order_is_opened_once(tmp_path, monkeypatch):
    path = write(tmp_path / "a.tgz", [(f"{index}.mid", b"%d" % index) for index in range(100)])
    members = list(list_members(path))
    opened = []
    open_read = storage.open_read
    monkeypatch.setattr(storage, "open_read", lambda path: opened.append(path) or open_read(path))
    with MemberReader() as reader:
        for member in members[::3]:
            reader.read(path, member)
        assert len(opened) == 1
        reader.read(path, members[0])
        assert len(opened) == 2


def test_few_archives_stay_open(tmp_path):
    paths = [write(tmp_path / f"{index}.tar", [("a.mid", b"%d" % index)]) for index in range(10)]
    with MemberReader() as reader:
        for _ in range(2):
            contents = [reader.read(path, next(list_members(path))) for path in paths]
            assert contents == [b"%d" % index for index in range(10)]
        assert len(reader._open) == archives.MAX_OPEN
    assert not reader._open


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    strategies.sampled_from(NAMES),
    strategies.lists(strategies.tuples(strategies.sampled_from("abc"), strategies.binary(max_size=1100)), max_size=6),
    strategies.randoms(use_true_random=False),
)
def test_any_members_in_any_order_are_the_right_bytes(tmp_path, name, files, chance):
    path = write(tmp_path / name, files)
    members = list(list_members(path))
    assert [member.name for member in members] == [name for name, _ in files]
    order = [chance.randrange(len(files)) for _ in files]
    with MemberReader() as reader:
        assert [reader.read(path, members[index]) for index in order] == [files[index][1] for index in order]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.sampled_from(NAMES), strategies.randoms(use_true_random=False))
def test_damage_anywhere_gives_members_or_storage_errors(tmp_path, name, chance):
    path = write(tmp_path / name, [(f"{index}.mid", bytes([index]) * 600) for index in range(4)])
    data = bytearray((tmp_path / name).read_bytes())
    for _ in range(4):
        data[chance.randrange(len(data))] = chance.randrange(256)
    (tmp_path / name).write_bytes(data)
    with contextlib.suppress(storage.StorageError):
        for member in list_members(path):
            with MemberReader() as reader, contextlib.suppress(storage.StorageError, ParseError):
                reader.read(path, member)
