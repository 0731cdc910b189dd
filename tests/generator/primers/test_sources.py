import pytest

from generator.primers import sources
from generator.primers.sources import LedgerSong
from tests.generator.datasets import write_ledger

LEDGER = [
    [
        ("pop/How Deep Is Your Love - Chorus.midi", "1", "train"),
        ("pop/How Deep Is Your Love - Verse.midi", "2", "train"),
        ("pop/Live/How Deep Is Your Love - Chorus.midi", "3", "test"),
        ("bach.zip!bwv66.mid", "4", "train"),
        ("bach.zip!old/bwv166.mid", "5", "train"),
    ],
    [
        ("b/same.mid", "6", "train"),
        ("a/same.mid", "6", "train"),
        ("gone.mid", "", ""),
        # As macOS writes the name of a file: letter by letter.
        ("\u1102\u1161\u1107\u1175.mid", "7", "train"),
        *((f"tunes.abc#{tune}", f"8#{tune}", "train") for tune in range(1, 8)),
    ],
]


@pytest.fixture
def dataset(tmp_path) -> str:
    return write_ledger(tmp_path, LEDGER)


@pytest.mark.parametrize(
    ("text", "sha256"),
    [
        ("How Deep Is Your Love - Chorus.midi", "1"),
        ("love - verse", "2"),
        # All of a name counts more than a part of another.
        ("bwv66.mid", "4"),
        ("166", "5"),
        ("ld/BWV166.mid", "5"),
        ("same", "6"),
        ("a/same.mid", "6"),
        ("\ub098\ube44", "7"),
        ("tunes.abc#3", "8#3"),
    ],
)
def test_a_name_or_enough_of_it_finds_a_song(dataset, text, sha256):
    assert sources.find(dataset, "train", text).sha256 == sha256


def test_of_the_same_bytes_the_first_source_is_named(dataset):
    assert sources.find(dataset, "train", "same.mid") == LedgerSong("b/same.mid", "6")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("deep", "2 songs of train: pop/How .* Chorus.midi, pop/How .* Verse.midi: give more of the name of one"),
        ("tunes", r"7 songs of train: tunes.abc#1, .*#2, .*#3, .*#4, tunes.abc#5 and 2 more: give more"),
        ("live/how deep is your love - chorus.midi", "no song of train: pop/Live/.* is of test: --primer test:NAME"),
        ("gone.mid", r"no song of train: gone.mid was lost \(not-midi\) and is in no split"),
        ("none", r"no song of train; such are pop/.*Chorus.midi, .*Verse.midi, bach.zip!bwv66.mid, "),
        # Of a path its end counts, and of a file's name every part.
        ("pop/how", "no song of train; such are"),
    ],
)
def test_a_name_of_none_or_several_is_refused(dataset, text, message):
    with pytest.raises(ValueError, match=f"^--primer train:{text} names {message}"):
        sources.find(dataset, "train", text)


def test_a_split_without_songs_has_no_example(dataset):
    with pytest.raises(ValueError, match=r"no song of validation, which has none$"):
        sources.find(dataset, "validation", "xyz")
