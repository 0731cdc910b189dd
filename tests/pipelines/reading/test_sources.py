import zipfile

import pytest

from pipelines.reading import sources


def names(found):
    return [source.name.rpartition("/")[2] for source in found]


def test_a_folder_gives_its_midi_files_and_says_what_it_ignored(tmp_path, caplog):
    for name in ("b.MID", "a.midi", "notes.txt", "README"):
        (tmp_path / name).write_bytes(b"x")
    caplog.set_level("INFO")
    assert names(sources.expand([str(tmp_path)])) == ["a.midi", "b.MID"]
    assert "ignored 2 files with other endings" in caplog.text


def test_a_file_or_a_glob_is_taken_whatever_its_ending(tmp_path):
    (tmp_path / "song.bin").write_bytes(b"x")
    assert names(sources.expand([f"{tmp_path}/song.bin"])) == ["song.bin"]
    assert names(sources.expand([f"{tmp_path}/*.bin"])) == ["song.bin"]


def test_sources_named_twice_are_one_and_sorted(tmp_path):
    for name in ("b.mid", "a.mid"):
        (tmp_path / name).write_bytes(b"x")
    assert names(sources.expand([f"{tmp_path}/b.mid", str(tmp_path), f"{tmp_path}/*.mid"])) == ["a.mid", "b.mid"]


def test_a_name_that_is_no_text_is_escaped_and_its_path_is_not(tmp_path):
    (tmp_path / "caf\udce9.mid").write_bytes(b"x")
    (source,) = sources.expand([str(tmp_path)])
    assert (names([source]), source.path) == (["caf\\udce9.mid"], f"{tmp_path}/caf\udce9.mid")


def test_an_input_that_matches_nothing_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"--input .*/none matches no file"):
        sources.expand([str(tmp_path / "none")])


def test_a_changed_file_has_another_mark(tmp_path):
    path = tmp_path / "a.mid"
    path.write_bytes(b"1")
    before = sources.expand([str(tmp_path)])
    path.write_bytes(b"2")
    assert sources.expand([str(tmp_path)]) != before


def test_an_archive_gives_its_songs_in_its_order_and_says_what_it_refuses(tmp_path):
    with zipfile.ZipFile(tmp_path / "music.zip", "w") as archive:
        for name in ("z.mid", "a.mid", "notes.txt", "__MACOSX/._a.mid", "../evil.mid"):
            archive.writestr(name, b"x")
    found = sources.expand([str(tmp_path)])
    assert [(source.name.rpartition("!")[2], source.reason) for source in found] == [
        ("z.mid", ""),
        ("a.mid", ""),
        ("../evil.mid", "unreadable"),
    ]


def test_an_archive_that_cannot_be_opened_is_one_source_with_the_reason(tmp_path):
    (tmp_path / "broken.zip").write_bytes(b"PK nonsense")
    (source,) = sources.expand([str(tmp_path)])
    assert (names([source]), source.reason) == (["broken.zip"], "unreadable")
    assert "broken.zip" in source.failure
