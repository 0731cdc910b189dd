import io
import re
from fractions import Fraction

import numpy as np
import pytest

from nabi.music import encodings, records
from nabi.music.encodings import Bars, Events, Grid, Pitch, PitchDuration, Steps, Voices
from nabi.music.vocabulary import Vocabulary
from nabi.music.windows import mark
from nabi.workspace import paths
from pipelines import report
from pipelines.dataset_report import report_page, token_statistics
from tests import builders
from tests.nabi.pages.elements import Elements

EVIL = '<img src=x onerror="alert(1)">{{title}}\u202e&amp;.mid'
# Quarter notes C4 and E4 together, then an eighth G4.
TUNE = builders.song((0, 12, 60), (0, 12, 64), (12, 6, 67))


def dataset(folder, encoding, *, rows=(), songs=(TUNE,), settings=None):
    """A dataset directory of songs that are named `song0` and so on, all in one training shard."""
    written = [encoding.encode(song) for song in songs]
    counts = {token: sum(tokens.count(token) for tokens in written) for tokens in written for token in tokens}
    vocabulary = Vocabulary.from_counts(counts, encoding.required())
    shard = io.BytesIO()
    for number, tokens in enumerate(written):
        ids = mark(vocabulary.encode(tokens))
        records.write(shard, [records.serialize(records.Window(ids, f"song{number}", 0))])
    (folder / paths.shard_name("train", 0, 1)).write_bytes(shard.getvalue())
    tokens = sum(map(len, written))
    described = {
        "request": "0123456789abcdef",
        "content": "fedcba9876543210",
        "settings": {"encoding": encoding.settings(), "window": 8, **(settings or {})},
        "splits": {"train": {"songs": len(songs), "tokens": tokens, "unknown": 1, "windows": len(songs), "shards": 1}},
        "vocabulary_size": len(vocabulary),
        "versions": {"nabi": "1.2.3"},
    }
    paths.write_json(str(folder / paths.DATASET), described)
    (folder / paths.VOCABULARY).write_text(vocabulary.to_json())
    paths.write_rows(str(folder / paths.rows_name("ledger", 0, 1)), list(rows) or [ledger_row(0)])
    return vocabulary


def ledger_row(number, **more):
    told = {"source": f"{number}.mid", "outcome": "read", "reason": "", "sha256": f"song{number}", "split": "train"}
    return {**told, "events": 2, "tokens": 4, "seconds": 0.25, **more}


def page(folder):
    report_page.write(str(folder))
    return (folder / paths.REPORT).read_text(encoding="utf-8")


def music(encoding, *songs):
    written = [token for song in songs for token in encoding.encode(song)]
    return token_statistics.count_music(
        Vocabulary.from_counts({token: written.count(token) for token in written}), encoding
    )


def counted(values):
    return {index: count for index, count in enumerate(values) if count}


@pytest.mark.parametrize(
    ("encoding", "pitches", "classes", "durations"),
    [
        (Events(), {60: 1, 64: 1, 67: 1}, {0: 1, 4: 1, 7: 1}, {Fraction(1): 1, Fraction(1, 2): 1}),
        (PitchDuration(), {60: 1, 64: 1, 67: 1}, {0: 1, 4: 1, 7: 1}, {Fraction(1): 1, Fraction(1, 2): 1}),
        (Pitch(), {67: 1}, {0: 1, 4: 1, 7: 1}, {}),
        (Pitch(chords="voiced"), {60: 1, 64: 1, 67: 1}, {0: 1, 4: 1, 7: 1}, {}),
        (Grid(), {60: 1, 64: 1, 67: 1}, {0: 1, 4: 1, 7: 1}, {}),
        # In each of its steps: two 16ths make an eighth.
        (Steps(), {60: 4, 64: 4, 67: 2}, {0: 4, 4: 4, 7: 2}, {}),
        (Voices(), {60: 1, 64: 1, 67: 1}, {0: 1, 4: 1, 7: 1}, {}),
        (Bars(), {60: 1, 64: 1, 67: 1}, {0: 1, 4: 1, 7: 1}, {Fraction(1): 2, Fraction(1, 2): 1}),
    ],
)
def test_every_encoding_gives_its_pitches_and_durations(encoding, pitches, classes, durations):
    found = music(encoding, TUNE)
    assert (counted(found.pitches), counted(found.classes), found.durations) == (pitches, classes, durations)


def test_no_encoding_is_forgotten():
    assert token_statistics.PARSERS.keys() == encodings.ENCODINGS.keys()


def test_rests_shifts_and_an_octave_of_one_class():
    late = builders.song((24, 12, 60), (24, 12, 72))
    assert counted(music(PitchDuration(), late).pitches) == {60: 1, 72: 1}
    assert music(PitchDuration(), late).durations == {Fraction(1): 1}
    assert music(Events(), late).durations == {Fraction(1): 1}
    assert counted(music(Grid(), late).pitches) == {60: 1, 72: 1}
    assert counted(music(Pitch(), late).classes) == {0: 1}


def test_a_held_note_of_the_grid_is_struck_once():
    assert counted(music(Grid(), builders.song((0, 12, 60), (3, 3, 64))).pitches) == {60: 1, 64: 1}


def test_samples_are_the_songs_themselves(tmp_path):
    other = builders.song((0, 24, 50))
    vocabulary = dataset(tmp_path, Events(), songs=[TUNE, other])
    found = token_statistics.samples(str(tmp_path), 1, vocabulary, Events(), most=8)
    assert [(sample.name, sample.song) for sample in found] == [("song0", TUNE), ("song1", other)]
    assert len(token_statistics.samples(str(tmp_path), 1, vocabulary, Events(), most=1)) == 1


def test_a_sample_is_joined_of_overlapping_windows_and_not_augmented(tmp_path):
    vocabulary = dataset(tmp_path, Events())
    ids = mark(vocabulary.encode(Events().encode(TUNE)))
    windows = [records.Window(ids[start : start + 4], "x", start) for start in range(0, len(ids) - 3, 2)]
    for place, transpose in ((0, -1), (len(windows) + 1, 1)):
        windows.insert(place, records.Window(np.array([9, 9]), "x", 0, transpose))
    windows.append(records.Window(ids, "x*1/2", 0))
    with (tmp_path / paths.shard_name("train", 0, 1)).open("wb") as shard:
        records.write(shard, map(records.serialize, windows))
    (sample,) = token_statistics.samples(str(tmp_path), 1, vocabulary, Events(), most=2)
    assert sample.song == TUNE


def test_the_page_tells_two_songs(tmp_path):
    rows = [ledger_row(0), ledger_row(1, events=9, tokens=12), ledger_row(2, outcome="lost", reason="damaged")]
    dataset(tmp_path, Events(), songs=[TUNE, builders.song((0, 12, 60))], rows=rows)
    shown = page(tmp_path)
    assert "<title>C4: 2</title>" in shown
    assert "<title>E4: 1</title>" in shown
    assert "<title>2 events: 1 song</title>" in shown
    assert "<title>9 events: 1 song</title>" in shown
    assert "<title>3 events: 0 songs</title>" in shown
    text = Elements(shown).text
    assert "2 of 3 files read" in text
    assert "damaged" in text
    assert "fedcba9876543210" in text


def test_the_page_is_whole_and_needs_nothing_else(tmp_path):
    dataset(tmp_path, Events())
    shown = page(tmp_path)
    elements = Elements(shown)
    assert elements.open == []
    assert "://" not in shown
    assert not {tag for tag, _ in elements.found} & {"script", "img", "iframe", "object", "form"}
    links = {value for _, attrs in elements.found for name, value in attrs.items() if name in {"href", "src"}}
    assert {link for link in links if not link.startswith("#")} == {"data:,"}
    targets = {attrs["id"] for _, attrs in elements.found if "id" in attrs}
    assert {link[1:] for link in links if link.startswith("#")} <= targets
    pictures = [attrs for tag, attrs in elements.found if tag == "svg" and "aria-hidden" not in attrs]
    assert len(pictures) == 6
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in pictures)


def test_hostile_names_are_text(tmp_path):
    rows = [
        ledger_row(0, source=EVIL, instrument=EVIL, licence=EVIL),
        ledger_row(1, source=EVIL + "1", duplicate_of=EVIL),
        ledger_row(2, source=EVIL + "2", outcome="lost", reason=EVIL),
        ledger_row(3, source=EVIL + "3", cluster="song0"),
    ]
    dataset(tmp_path, Events(), rows=rows, settings={"instrument": EVIL})
    shown = page(tmp_path)
    elements = Elements(shown)
    assert not [attrs for tag, attrs in elements.found if tag == "img" or any(name.startswith("on") for name in attrs)]
    assert "\u202e" not in shown
    assert elements.text.count('<img src=x onerror="alert(1)">{{title}}\\u202e&amp;.mid') >= 6


def test_near_duplicates_name_their_members(tmp_path):
    rows = [ledger_row(0, cluster="song0"), ledger_row(1, cluster="song0"), ledger_row(2, cluster="song2")]
    dataset(tmp_path, Events(), rows=rows)
    shown = page(tmp_path)
    assert "2 songs in 1 cluster" in shown
    assert "<th scope=row>0.mid<br>1.mid</th><td>2</td>" in shown


def test_a_small_set_and_unknown_tokens_are_warned_of(tmp_path):
    dataset(tmp_path, PitchDuration())
    text = Elements(page(tmp_path)).text
    assert "This set is small: 1 song" in text
    assert "2 tokens to train on, fewer than 20,000" in text
    assert "50.0 % of the train tokens are unknown" in text


def test_a_large_set_is_not_warned_of(tmp_path):
    dataset(tmp_path, Events())
    described = paths.read_json(str(tmp_path / paths.DATASET))
    large = {"songs": 500, "tokens": 500_000, "unknown": 0, "windows": 9, "shards": 1}
    described["splits"] = {"train": large, "validation": large}
    paths.write_json(str(tmp_path / paths.DATASET), described)
    assert 'class="warnings"' not in re.sub(r"<style>.*</style>", "", page(tmp_path), flags=re.S)


@pytest.mark.parametrize("encoding", [Events(), Grid(), Pitch(), PitchDuration(), Steps(), Voices(), Bars()])
def test_every_encoding_has_a_page_with_a_roll(tmp_path, encoding):
    dataset(tmp_path, encoding)
    assert 'aria-label="Piano roll of 0.mid: ' in page(tmp_path)


def test_a_page_without_songs_to_draw_is_made(tmp_path):
    dataset(tmp_path, Events(), songs=[])
    (tmp_path / paths.shard_name("train", 0, 1)).unlink()
    text = Elements(page(tmp_path)).text
    assert "No song could be drawn" in text
    assert "No token was counted" in text


def test_a_directory_that_is_no_dataset_is_said(tmp_path, capsys):
    assert report.main([str(tmp_path)]) == 2
    assert "dataset.json: there is no such file" in capsys.readouterr().err
    dataset(tmp_path, Events())
    (tmp_path / paths.rows_name("ledger", 0, 1)).unlink()
    with pytest.raises(ValueError, match="has no ledger-"):
        report_page.write(str(tmp_path))
