import concurrent.futures
import io
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
import zipfile

import pytest

from nabi.workspace import directories, paths, storage
from nabi.workspace.storage import packs

MARKS = {"request": "r", "content": "c"}
MODEL = {paths.MODEL: b"weights" * 100, paths.CONFIG: b"{}", paths.COMPLETED: json.dumps(MARKS).encode()}


@pytest.fixture
def pack(tmp_path):
    """The path of a pack of three files."""
    path = tmp_path / "mine.nabi"
    write(path, MODEL)
    return path


def write(path, members):
    with storage.open_write(str(path)) as file:
        packs.write(file, members)


def rewritten(path, **changes):
    """Replaces members of a pack, or with None takes them out, as an ordinary zip program would."""
    with zipfile.ZipFile(path) as archive:
        members = {entry: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for entry, data in members.items():
            content = changes.pop(entry.filename, data)
            if content is not None:
                archive.writestr(entry, content)
        for name, content in changes.items():
            archive.writestr(name, content)


def refusal(path) -> str:
    with pytest.raises((storage.StorageError, ValueError)) as raised:
        directories.model(str(path))
    assert "\n" not in str(raised.value)
    assert str(path) in str(raised.value)
    return str(raised.value)


def test_a_packs_files_are_read_as_those_of_a_folder(pack):
    assert directories.model(str(pack)) == str(pack)
    assert storage.read_bytes(f"{pack}/{paths.MODEL}") == MODEL[paths.MODEL]
    assert storage.open_read(f"{pack}/{paths.CONFIG}").read() == b"{}"
    assert paths.completed(str(pack)) == MARKS
    assert [info.size for info in storage.match(f"{pack}/{paths.MODEL}")] == [700]
    assert not storage.exists(f"{pack}/{paths.METRICS}")
    with pytest.raises(storage.StorageError, match=r"mine\.nabi/metrics\.json: there is no such file"):
        storage.read_bytes(f"{pack}/{paths.METRICS}")


def test_equal_files_give_equal_packs(tmp_path, pack):
    write(tmp_path / "other.nabi", dict(reversed(MODEL.items())))
    assert (tmp_path / "other.nabi").read_bytes() == pack.read_bytes()


def test_a_pack_cannot_be_written_into(pack):
    before = pack.read_bytes()
    for change in (
        lambda: storage.write_text(f"{pack}/{paths.METRICS}", "{}"),
        lambda: storage.delete(f"{pack}/{paths.CONFIG}"),
        lambda: storage.write_if_unchanged(f"{pack}/{paths.CONFIG}", b"[]", b"{}"),
    ):
        with pytest.raises(storage.StorageError, match=r"cannot write into .*mine\.nabi: a packed model can only be"):
            change()
    assert pack.read_bytes() == before


def test_a_folder_of_such_a_name_is_a_folder(tmp_path):
    storage.write_text(f"{tmp_path}/songs.nabi/a.txt", "a")
    assert storage.read_text(f"{tmp_path}/songs.nabi/a.txt") == "a"


def test_a_pack_in_a_bucket(gs_folder):
    write(f"{gs_folder}/mine.nabi", MODEL)
    storage.write_text(f"{gs_folder}/folder.nabi/a.txt", "a")
    assert directories.model(f"{gs_folder}/mine.nabi/") == f"{gs_folder}/mine.nabi"
    assert storage.read_bytes(f"{gs_folder}/mine.nabi/{paths.MODEL}") == MODEL[paths.MODEL]
    assert storage.read_text(f"{gs_folder}/folder.nabi/a.txt") == "a"
    assert "does not exist" in refusal(f"{gs_folder}/none.nabi")
    storage.write_bytes(f"{gs_folder}/bad.nabi", b"PK")
    assert "is damaged, truncated or no pack" in refusal(f"{gs_folder}/bad.nabi")


def test_a_pack_that_is_replaced_is_checked_anew(pack):
    directories.model(str(pack))
    write(pack, {**MODEL, paths.CONFIG: b"[1]"})
    assert storage.read_bytes(f"{pack}/{paths.CONFIG}") == b"[1]"
    pack.write_bytes(pack.read_bytes().replace(b"[1]", b"[2]"))
    assert "is damaged" in refusal(pack)


def test_every_flipped_byte_of_content_is_noticed(pack):
    whole = pack.read_bytes()
    for at in (whole.index(b"weights") + 5, whole.index(MODEL[paths.COMPLETED]) + 3, whole.index(b'"version"') + 2):
        pack.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert "is damaged" in refusal(pack)


def test_a_file_whose_checksum_was_renewed_is_told_by_its_hash(pack):
    rewritten(pack, **{paths.CONFIG: b"[]"})
    assert "config.json is not what its manifest.json says (sha256 4f53cda18c2b" in refusal(pack)


@pytest.mark.parametrize("length", [0, 1, 100, 900, -1])
def test_a_truncated_pack(pack, length):
    pack.write_bytes(pack.read_bytes()[:length])
    assert "copy it again, or pack the model again" in refusal(pack)


def test_random_damage_is_one_sentence_or_harmless(pack):
    whole = pack.read_bytes()
    chance, sentences = random.Random(1), []
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 1, 4, 40))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        pack.write_bytes(damaged[: chance.choice((len(damaged), chance.randrange(len(damaged))))])
        try:
            directories.model(str(pack))
        except (storage.StorageError, ValueError) as error:
            sentences.append(str(error))
        else:
            # The zip's own fields have bits that say nothing.
            assert {name: storage.read_bytes(f"{pack}/{name}") for name in MODEL} == MODEL
    assert len(sentences) > 200
    assert [sentence for sentence in sentences if "\n" in sentence or str(pack) not in sentence] == []


@pytest.mark.parametrize("name", ["../config.json", "/etc/passwd", "C:\\a", "a/b", ".."])
def test_a_name_that_leads_elsewhere_is_refused_and_nothing_is_written(tmp_path, pack, name):
    rewritten(pack, **{name: b"x"})
    assert "has a name that leads out of it, or into a folder" in refusal(pack)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.nabi"]
    with pytest.raises(ValueError, match="a pack cannot hold a file of the name"):
        packs.write(io.BytesIO(), {name: b""})


def test_links_and_compressed_files_are_refused(pack):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(pack, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "its 'link' is a link or no plain file" in refusal(pack)
    write(pack, MODEL)
    with zipfile.ZipFile(pack, "a") as archive:
        archive.writestr("zeros", bytes(1 << 24), zipfile.ZIP_DEFLATED)
    assert "its 'zeros' is compressed or encrypted" in refusal(pack)


def test_a_size_of_ten_gigabytes_is_refused_unread(pack):
    """It is stated in the zip's directory alone; the file is as small as before."""
    with zipfile.ZipFile(pack, "a") as archive:
        archive.writestr("huge", b"x")
        for size in ("file_size", "compress_size"):
            setattr(archive.getinfo("huge"), size, 10 << 30)
    assert "its 'huge' has 10,737,418,240 bytes, more than 2,147,483,648" in refusal(pack)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({paths.CONFIG: None}, "'config.json' is in it or in its manifest.json, but not in both"),
        ({"more": b"x"}, "'more' is in it or in its manifest.json, but not in both"),
        ({packs.MANIFEST: None}, "is a zip, but no pack: it has no manifest.json; `nabi pack MODEL X.nabi` makes one"),
        ({packs.MANIFEST: b"[]"}, "its manifest.json is none"),
        ({packs.MANIFEST: b"[" * 100_000}, "its manifest.json is none"),
        ({packs.MANIFEST: b'{"format": "other", "version": 1, "files": {}}'}, "is not of the format 'nabi pack'"),
        ({packs.MANIFEST: b'{"format": "nabi pack", "version": 2, "files": {}}'}, "is a pack of format 2, and this "),
        ({f"file-{number}": b"" for number in range(99)}, "it has 103 files, a pack has at most 100"),
    ],
)
def test_a_pack_that_is_none_is_told_for_what_it_is(pack, changes, said):
    rewritten(pack, **changes)
    assert said in refusal(pack)


def test_what_is_missing_is_named(tmp_path):
    assert "does not exist" in refusal(tmp_path / "none.nabi")
    write(tmp_path / "bare.nabi", {"a": b""})
    assert "is no model, but a file" in refusal(tmp_path / "bare.nabi")


def test_two_files_of_one_name(pack):
    with zipfile.ZipFile(pack, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(paths.CONFIG, b"[]")
    assert "it has two files of one name" in refusal(pack)


def test_many_threads_open_one_pack(pack):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda _: storage.read_bytes(f"{pack}/{paths.MODEL}"), range(200)))
    assert read == [MODEL[paths.MODEL]] * 200


def test_a_forked_process_reads_by_a_position_of_its_own(pack):
    storage.read_bytes(f"{pack}/{paths.CONFIG}")
    children = []
    for _ in range(4):
        if not (child := os.fork()):
            same = all(storage.read_bytes(f"{pack}/{paths.MODEL}") == MODEL[paths.MODEL] for _ in range(50))
            os._exit(0 if same else 1)
        children.append(child)
    assert all(storage.read_bytes(f"{pack}/{paths.MODEL}") == MODEL[paths.MODEL] for _ in range(50))
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4


def test_a_full_disk_leaves_no_pack(small_disk):
    with pytest.raises(storage.FullDiskError, match=r"x\.nabi: No space left on device"):
        write(small_disk / "x.nabi", {paths.MODEL: bytes(200_000)})
    assert list(small_disk.iterdir()) == []


@pytest.mark.slow
def test_a_kill_leaves_the_old_pack(pack):
    whole = pack.read_bytes()
    script = (
        "import sys; from nabi.workspace import storage; from nabi.workspace.storage import packs\n"
        "while True:\n"
        "  with storage.open_write(sys.argv[1]) as file:\n"
        "    packs.write(file, {'big': bytes(50_000_000)})\n"
        "    print(flush=True); sys.stdin.read()\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", script, str(pack)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert writer.stdout.readline() == b"\n"
    time.sleep(0.1)
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert pack.read_bytes() == whole
    assert directories.model(str(pack)) == str(pack)
