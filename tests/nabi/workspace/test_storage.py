import os

import pytest

from nabi.workspace import storage


def tree(folder):
    for name in ("a.mid", "b/c.mid", "b/d.txt", "b/e/f.mid"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return str(folder)


def matched(pattern, root):
    return [info.path.removeprefix(root + "/") for info in storage.match(pattern)]


@pytest.mark.parametrize(("named", "meant"), [("a/b", "a/b"), ("a/b//", "a/b"), ("/", "/"), ("gs://b/a/", "gs://b/a")])
def test_slashes_at_the_end_of_a_folder_mean_nothing(named, meant):
    assert storage.folder(named) == meant


@pytest.mark.parametrize("nothing", ["", " "])
def test_a_folder_has_a_name(nothing):
    with pytest.raises(ValueError, match="must have a name"):
        storage.folder(nothing)


def test_a_folder_is_listed_whole_and_sorted(tmp_path):
    root = tree(tmp_path)
    assert matched(root, root) == ["a.mid", "b/c.mid", "b/d.txt", "b/e/f.mid"]
    assert matched(root + "/", root) == ["a.mid", "b/c.mid", "b/d.txt", "b/e/f.mid"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.mid", ["a.mid"]),
        ("b/*.mid", ["b/c.mid"]),
        ("**/*.mid", ["b/c.mid", "b/e/f.mid"]),
        ("?.mid", ["a.mid"]),
        ("b/[cx].mid", ["b/c.mid"]),
        ("a.mid", ["a.mid"]),
        ("none*", []),
        ("none", []),
    ],
)
def test_globs(tmp_path, pattern, expected):
    root = tree(tmp_path)
    assert matched(f"{root}/{pattern}", root) == expected


def test_a_file_whose_name_looks_like_a_glob_is_found(tmp_path):
    (tmp_path / "song[1].mid").write_bytes(b"x")
    assert matched(f"{tmp_path}/song[1].mid", str(tmp_path)) == ["song[1].mid"]


def test_a_relative_glob_is_found(tmp_path, monkeypatch):
    tree(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert [info.path for info in storage.match("b/*.mid")] == ["b/c.mid"]
    assert [info.path for info in storage.match("*.mid")] == ["./a.mid"]


def test_a_mark_changes_with_the_content(tmp_path):
    path = str(tmp_path / "a")
    storage.write_bytes(path, b"1")
    before = next(storage.match(path))
    storage.write_bytes(path, b"22")
    assert next(storage.match(path)).mark != before.mark


def fail_in_the_middle(path):
    with storage.open_write(path) as file:
        file.write(b"half")
        raise RuntimeError


def test_a_failed_write_leaves_nothing(tmp_path):
    path = tmp_path / "sub" / "a"
    with pytest.raises(RuntimeError):
        fail_in_the_middle(str(path))
    assert list((tmp_path / "sub").iterdir()) == []


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = str(tmp_path / "a")
    storage.write_text(path, "whole")
    with pytest.raises(RuntimeError):
        fail_in_the_middle(path)
    assert storage.read_text(path) == "whole"


def test_delete_takes_files_folders_and_nothing(tmp_path):
    root = tree(tmp_path)
    storage.delete(f"{root}/b")
    storage.delete(f"{root}/b")
    storage.delete(f"{root}/a.mid")
    assert matched(root, root) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda root: storage.read_bytes(f"{root}/none"), r"cannot read .*/none: there is no such file"),
        (
            lambda root: storage.write_text(f"{root}/a.mid/below", ""),
            r"cannot write .*/below: (Not a directory|File exists)",
        ),
        (lambda root: storage.read_bytes("ftp://host/a"), "ftp:// is not known here"),
        (lambda root: storage.read_bytes("gs:///a"), "names no bucket"),
        (lambda root: storage.check_writable("/proc/nabi"), "cannot write /proc/nabi"),
    ],
)
def test_errors_name_the_path(tmp_path, call, message):
    with pytest.raises(storage.StorageError, match=message):
        call(tree(tmp_path))


@pytest.mark.parametrize(
    ("parts", "path"),
    [(("a", "b", "c"), "a/b/c"), (("a/", "b"), "a/b"), (("/", "b"), "/b"), (("gs://bucket", "b"), "gs://bucket/b")],
)
def test_join(parts, path):
    assert storage.join(*parts) == path


def test_sweep_deletes_what_killed_writers_left_and_nothing_else(tmp_path):
    for name in (".a.mid.0f.partial", "b.partial", ".hidden", "sub/.c.1.partial"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    storage.sweep(str(tmp_path))
    assert matched(str(tmp_path), str(tmp_path)) == [".hidden", "b.partial"]


def test_what_is_no_plain_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(storage.StorageError, match=r"pipe: it is no plain file"):
        storage.read_bytes(str(tmp_path / "pipe"))


def test_a_file_that_is_gone_before_it_is_looked_at_is_not_listed(tmp_path):
    # As a checkpoint is that another process deletes meanwhile.
    for name in "abc":
        (tmp_path / name).write_text("")
    found = storage.match(str(tmp_path))
    assert next(found).path == f"{tmp_path}/a"
    (tmp_path / "b").unlink()
    assert [info.path for info in found] == [f"{tmp_path}/c"]
