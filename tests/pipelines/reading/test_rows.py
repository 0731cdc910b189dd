import dataclasses

import pytest

from pipelines.config import PreprocessConfig
from pipelines.preprocessing import ledger_rows
from pipelines.reading import rows
from pipelines.reading.encoded_song import EncodedSong
from pipelines.reading.licences import Sidecar
from pipelines.reading.outcomes import ReadOutcome, WrittenSong
from pipelines.reading.sources import Source
from tests import builders
from tests.builders import note, program
from tests.nabi.reading import score_files

SETTINGS = PreprocessConfig(window=8)


def read_source(source, settings):
    """The row of a source, and its song, None without one."""
    with rows.SourceReader(settings) as reader:
        ((row, packed),) = reader.read([source])
    return row, EncodedSong.from_bytes(packed).song if packed else None


def source(tmp_path, data):
    path = tmp_path / "a.mid"
    path.write_bytes(data)
    return Source("a.mid", str(path), len(data), "1")


@pytest.mark.slow
def test_a_song_is_read_with_its_row(tmp_path):
    row, song = read_source(source(tmp_path, builders.scale(3)), SETTINGS)
    assert (row.outcome, row.reason, row.events, len(song)) == ("read", "", 3, 3)
    assert row.sha256 == song.about.sha256


@pytest.mark.slow
def test_a_row_names_the_instruments_that_were_not_taken(tmp_path):
    tracks = [[program(0, number), *note(0, 480, 60), *note(480, 960, 62)] for number in (0, 40, 73)]
    data = builders.midi(*tracks)
    for instrument, taken, others in [
        ("all", "Piano, Violin, Flute", ()),
        ("first", "Piano", ("Violin (40)", "Flute (73)")),
        ("40", "Violin", ("Piano (0)", "Flute (73)")),
    ]:
        row, _ = read_source(source(tmp_path, data), dataclasses.replace(SETTINGS, instrument=instrument))
        assert (row.instrument, row.alternatives) == (taken, others)


@pytest.mark.slow
@pytest.mark.parametrize(("max_silence", "begin"), [(32, 32), (8, 8), (200, 100)])
def test_a_long_rest_of_a_score_is_shortened_and_its_ledger_row_says_so(tmp_path, max_silence, begin):
    # 99 quarter notes between two notes, which lose whole bars.
    rests = ["<note><rest/><duration>48</duration></note>"] * 24
    score = score_files.xml(
        [score_files.attributes() + score_files.note("C") + 3 * score_files.REST, *rests, score_files.note("D")]
    )
    path = tmp_path / "a.musicxml"
    path.write_text(score, encoding="utf-8")
    settings = dataclasses.replace(SETTINGS, max_silence=max_silence)
    row, song = read_source(Source("a.musicxml", str(path), len(score), "1"), settings)
    assert builders.notes_of(song) == [(0, 12, 60), (12 * begin, 12, 62)]
    assert ledger_rows.source_row(row, []).shortened_quarters == 100 - begin


@pytest.mark.slow
def test_a_row_tells_the_licence_of_a_song_and_of_a_lost_file(tmp_path):
    (tmp_path / "LICENSE").write_text("CC0", encoding="utf-8")
    sidecar = Sidecar(str(tmp_path / "LICENSE"), "1")
    for data in (builders.scale(3), b"not MIDI"):
        row, _ = read_source(dataclasses.replace(source(tmp_path, data), sidecar=sidecar), SETTINGS)
        assert row.licence == "CC0"


@pytest.mark.slow
def test_a_bad_file_is_lost_with_its_reason(tmp_path):
    row, song = read_source(source(tmp_path, b"not MIDI"), SETTINGS)
    assert (row.outcome, row.reason, song) == ("lost", "not-midi", None)


def test_a_file_that_is_gone_is_lost(tmp_path):
    row, _ = read_source(Source("b.mid", str(tmp_path / "b.mid"), 1, "1"), SETTINGS)
    assert (row.outcome, row.reason) == ("lost", "unreadable")


def test_a_source_known_to_have_failed_is_lost():
    row, _ = read_source(Source("corpus:x!a.mid", "", 0, "1", "not-expanded", "badly formed repeats"), SETTINGS)
    assert (row.outcome, row.reason, row.detail) == ("lost", "not-expanded", "badly formed repeats")


@pytest.mark.slow
def test_a_song_with_nothing_to_predict_is_filtered(tmp_path):
    settings = dataclasses.replace(SETTINGS, encoding="pitch", song_marks=False)
    row, song = read_source(source(tmp_path, builders.scale(1)), settings)
    assert (row.outcome, row.reason, song) == ("filtered", "too-short", None)
    marked = dataclasses.replace(settings, song_marks=True)
    assert read_source(source(tmp_path, builders.scale(1)), marked)[0].outcome == "read"


def test_a_ledger_row_says_what_became_of_a_source():
    told = {"instrument": "Piano", "alternatives": ("Violin (40)",), "licence": "CC0-1.0"}
    told |= {"repaired": ("riff",), "shortened_quarters": 3964.0}
    read = ReadOutcome("a", "read", sha256="h", events=2, seconds=0.123456, **told)
    row = ledger_rows.source_row(read, [WrittenSong("h", "train", 7, 1, 2)])
    assert row.as_dict() == {
        "source": "a", "outcome": "read", "reason": "", "detail": "", "sha256": "h", "instrument": "Piano",
        "alternatives": ("Violin (40)",), "repaired": ("riff",), "shortened_quarters": 3964.0, "licence": "CC0-1.0",
        "events": 2, "tokens": 7, "unknown_tokens": 1,
        "windows": 2, "split": "train", "reused": False, "duplicate_of": "", "cluster": "", "seconds": 0.1235,
    }  # fmt: skip
