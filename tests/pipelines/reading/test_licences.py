import io
import tarfile
import zipfile

import pytest

from pipelines.reading import sources
from pipelines.reading.licences import LicenceReader, is_sidecar, licence_of


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("SPDX-FileCopyrightText: 2020 Ada\n\nSPDX-License-Identifier: CC0-1.0\n", "CC0-1.0"),
        ("<!-- SPDX-License-Identifier: MIT OR (GPL-2.0+ AND MIT) -->", "MIT OR (GPL-2.0+ AND MIT)"),
        ("\ufeff\n  Apache License  \nVersion 2.0", "Apache License"),
        ("long " * 50, ("long " * 50)[:100]),
        ("red \x1b[31m", "red [31m"),
        ("\n \n", ""),
        (" " * 5000 + "beyond what is read", ""),
    ],
)
def test_a_licence_is_the_spdx_identifier_or_the_first_line(text, licence):
    assert licence_of(text.encode()) == licence


def test_names_of_sidecars():
    assert all(map(is_sidecar, ["a/b.mid.license", "LICENSE", "a/Licence.TXT", "gs://b/COPYING"]))
    assert not any(map(is_sidecar, ["license.mid", "a.mid", "my LICENSE", "LICENSE/a.mid"]))


def licences(*inputs):
    """Of each source, by its name."""
    reader = LicenceReader()
    found = {source.name: reader.read(source.sidecar) for source in sources.expand(list(map(str, inputs)))}
    reader.close()
    return found


FILES = {
    "a.mid": "x",
    "COPYING": "everything's",
    "deep/b.mid": "x",
    "deep/LICENSE.md": "second choice",
    "deep/LICENSE": "deep",
    "deep/er/c.mid": "x",
    "deep/er/d.mid": "x",
    "deep/er/d.mid.license": "its own",
}
EXPECTED = {
    "a.mid": "everything's",
    "deep/b.mid": "deep",
    "deep/er/c.mid": "deep",
    "deep/er/d.mid": "its own",
}


def write_tree(folder):
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("pattern", ["", "/**"])
def test_the_nearest_sidecar_counts_and_is_no_source(tmp_path, pattern):
    write_tree(tmp_path)
    expected = {f"{tmp_path}/{name}": licence for name, licence in EXPECTED.items()}
    assert licences(f"{tmp_path}{pattern}") == expected
    assert licences(f"{tmp_path}/deep/er", f"{tmp_path}{pattern}", f"{tmp_path}/a.mid") == expected


def write_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)


def write_tar(path):
    with tarfile.open(path, "w:gz") as archive:
        for name, text in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))


@pytest.mark.parametrize(("name", "write"), [("m.zip", write_zip), ("m.tar.gz", write_tar)])
def test_an_archive_has_sidecars_of_its_own(tmp_path, name, write):
    write(tmp_path / name)
    (tmp_path / "LICENSE").write_text("not asked", encoding="utf-8")
    assert licences(tmp_path) == {f"{tmp_path}/{name}!{member}": licence for member, licence in EXPECTED.items()}


@pytest.mark.parametrize(("beside", "licence"), [("m.zip.license", "the archive's"), ("LICENSE", "the folder's")])
def test_an_archive_is_a_file_of_its_folder(tmp_path, beside, licence):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("a/b.mid", "x")
    (tmp_path / beside).write_text(licence, encoding="utf-8")
    assert licences(tmp_path) == {f"{tmp_path}/m.zip!a/b.mid": licence}


def test_a_sidecar_that_is_gone_tells_nothing(tmp_path):
    (tmp_path / "a.mid").write_bytes(b"x")
    (tmp_path / "LICENSE").write_text("CC0", encoding="utf-8")
    (source,) = sources.expand([str(tmp_path)])
    (tmp_path / "LICENSE").unlink()
    assert LicenceReader().read(source.sidecar) == ""


def test_a_folder_s_sidecar_is_read_once(tmp_path):
    write_tree(tmp_path)
    reader = LicenceReader()
    found = [source.sidecar for source in sources.expand([str(tmp_path)])]
    reader.read(found[1])
    (tmp_path / "deep" / "LICENSE").unlink()
    assert reader.read(found[2]) == "deep"
