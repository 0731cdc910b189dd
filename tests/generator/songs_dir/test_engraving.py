import importlib.util
import shutil

import pytest

from generator.songs_dir import engraving
from nabi.music.song import Song
from nabi.reading import musicxml_writer

SONG = Song.from_notes([0, 12], [12, 36], [60, 64])
SCORE = musicxml_writer.write(SONG, tempo=90, program=0, title="song-00007", parts=())


@pytest.mark.parametrize(
    ("formats", "words"),
    [
        (("midi", "svg"), "--output_format svg needs verovio.*nabi\\[score\\].*or leave svg out"),
        (("midi", "pdf"), "--output_format pdf needs MuseScore.*musescore3.*or leave pdf out"),
    ],
)
def test_what_is_not_installed_is_said_with_what_installs_it(monkeypatch, formats, words):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    engraving.check_installed(("midi", "musicxml"))
    with pytest.raises(engraving.EngravingError, match=words):
        engraving.check_installed(formats)


def test_verovio_engraves_a_picture_with_the_title_the_same_each_time():
    pytest.importorskip("verovio", reason="needs verovio, of the extra `score`")
    picture = engraving.svg(SCORE)
    assert picture.startswith(b"<svg ")
    assert b"song-00007" in picture
    assert engraving.svg(SCORE) == picture
    with pytest.raises(engraving.EngravingError, match="Verovio cannot read a score of 4 bytes"):
        engraving.svg(b"none")


@pytest.fixture
def musescore(tmp_path, monkeypatch):
    """musescore(script) -> a program of that name alone is on the PATH."""

    def installed(script):
        program = tmp_path / "musescore"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    return installed


@pytest.mark.slow
def test_musescore_is_given_the_score_and_the_date_of_its_pages_is_taken_out(musescore):
    musescore('(printf "/CreationDate (D:20260102030405Z)\\n$QT_QPA_PLATFORM\\n"; cat "$3") > "$2"')
    head, window, *score = engraving.pdf(SCORE).split(b"\n")
    assert (head, window) == (b"/CreationDate (D:19800101000000Z)", b"offscreen")
    assert b"\n".join(score) == SCORE


@pytest.mark.slow
@pytest.mark.parametrize("script", ["echo first >&2; echo no display >&2; exit 3", "echo no display >&2"])
def test_a_musescore_that_fails_is_quoted(musescore, script):
    musescore(script)
    with pytest.raises(engraving.EngravingError, match=r"musescore made no PDF \(no display\)"):
        engraving.pdf(SCORE)


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, engraving.MUSESCORE)), reason="needs MuseScore")
def test_musescore_engraves_pages_the_same_each_time():
    pages = engraving.pdf(SCORE)
    assert pages.startswith(b"%PDF")
    assert engraving.pdf(SCORE) == pages
