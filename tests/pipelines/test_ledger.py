import itertools
import json

import pytest

from nabi.workspace import paths
from nabi.workspace.ledger import LedgerRow
from pipelines import ledger
from pipelines.dataset_report import quantile_sketch
from pipelines.dataset_report.ledger_summary import LedgerSummary, summarise


def row(source, outcome="read", reason="", **more):
    return LedgerRow(source, outcome, reason, **{"seconds": 0.01, "sha256": source} | more)


ROWS = [
    row("a.mid", events=10, tokens=30, unknown_tokens=3, windows=2, split="train", seconds=0.5, licence="CC0"),
    row("b.mid", events=20, tokens=50, unknown_tokens=0, windows=4, split="test", seconds=0.25),
    row("c.mid", events=10, tokens=30, windows=2, split="train", duplicate_of="a.mid", licence="CC0"),
    row("d.mid", "lost", "damaged", seconds=2.0),
    row("e.mid", "lost", "empty"),
    row("f.mid", "lost", "damaged"),
    row("g.mid", "filtered", "too-short"),
    row("h.mid", events=12, tokens=40, windows=3, split="train", cluster="a.mid"),
]


@pytest.fixture
def folder(tmp_path):
    paths.write_rows(str(tmp_path / paths.rows_name("ledger", 0, 2)), [row.as_dict() for row in ROWS[:4]])
    paths.write_rows(str(tmp_path / paths.rows_name("ledger", 1, 2)), [row.as_dict() for row in ROWS[4:]])
    (tmp_path / "staging").mkdir()
    paths.write_rows(str(tmp_path / "staging" / "ledger-00000-of-00001.jsonl"), [row("not of this ledger").as_dict()])
    return str(tmp_path)


def test_files_are_counted_by_outcome_and_reason():
    counted = summarise(ROWS).to_json()
    assert counted["files"] == 8
    assert counted["outcomes"]["read"] == {"files": 4, "share": 0.5}
    lost = [
        (item["reason"], item["files"], item["example"]) for item in counted["reasons"] if item["outcome"] == "lost"
    ]
    assert lost == [("damaged", 2, "d.mid"), ("empty", 1, "e.mid")]


def test_a_duplicate_adds_no_song():
    counted = summarise(ROWS).to_json()
    assert counted["splits"]["train"] == {"songs": 2, "tokens": 70, "unknown": 3, "windows": 5}
    assert counted["events"] == {"total": 42, "median": 12, "most": 20}
    assert counted["duplicates"] == 1
    assert counted["near_duplicates"] == {"clusters": 1, "songs": 2}
    assert counted["licences"] == {"CC0": 2}


def test_a_song_that_is_its_own_cluster_has_no_near_duplicate():
    assert summarise([row("a.mid", cluster="a.mid")]).near_duplicates() == 0


def test_a_near_duplicate_that_was_dropped_is_counted_in_its_cluster():
    dropped = row("b.mid", "filtered", "near-duplicate", duplicate_of="a.mid", cluster="a.mid")
    counted = summarise([row("a.mid", cluster="a.mid"), dropped]).to_json()
    assert (counted["duplicates"], counted["near_duplicates"]) == (0, {"clusters": 1, "songs": 2})


def test_the_slowest_are_named_and_no_more_of_them_kept():
    summary = summarise(ROWS, slowest=2)
    assert summary.ordered_slowest() == [(2.0, "d.mid"), (0.5, "a.mid")]
    assert summary.to_json()["seconds"]["total"] == 2.8
    assert (summary.seconds.quantile(0.5), summary.seconds.quantile(0.95)) == (0.01, 2.0)


def test_the_text_says_what_was_lost(folder, capsys):
    ledger.main([folder])
    text = capsys.readouterr().out
    assert text.startswith("8 files: 4 read (50.0 %), 1 filtered (12.5 %), 3 lost (37.5 %)\n")
    assert "  lost     damaged                    2   25.0 %  the file ends early" in text
    assert "2.000 s  d.mid" in text
    assert "3 songs written: 42 events, 120 tokens" in text
    assert "1 file with the bytes of another\n2 songs nearly alike, in 1 cluster\nlicences:\n          2  CC0\n" in text


def test_without_licences_nothing_is_said_of_them():
    assert "licences" not in ledger.describe(summarise([row("a.mid", events=1, licence="")]))


def test_json_is_the_same_summary(folder, capsys):
    ledger.main([folder, "--json", "--slowest", "1"])
    assert json.loads(capsys.readouterr().out) == summarise(ROWS, slowest=1).to_json()


def test_a_reason_lists_its_sources(folder, capsys):
    ledger.main([folder, "--reason", "damaged"])
    assert capsys.readouterr().out == "d.mid\nf.mid\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{folder}/nowhere"], "there is no directory"),
        (["{folder}/staging/x"], "there is no directory"),
        (
            ["{folder}", "--reason", "damagd"],
            "no file has the reason 'damagd'; the ledger knows damaged, empty, too-short",
        ),
        (["ftp://bucket/x"], "ftp:// is not known here"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(folder, capsys, arguments, said):
    with pytest.raises(SystemExit) as ended:
        ledger.main([argument.format(folder=folder) for argument in arguments])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_name_cannot_steer_the_terminal():
    text = ledger.describe(summarise([row("\x1b[2Jevil\u202e.mid", "lost", "empty")]))
    assert "\x1b" not in text
    assert "\\x1b[2Jevil\\u202e.mid" in text


def test_memory_does_not_grow_with_the_files():
    summary = LedgerSummary(slowest_count=3)
    for number in range(20_000):
        summary.add(row(f"{number}.mid", events=number, tokens=3 * number, seconds=number / 7))
    assert len(summary.slowest) == 3
    assert len(summary.events._counts) < 3_000
    assert len(summary.seconds._counts) < 6_000


def numbers(*values):
    made = quantile_sketch.QuantileSketch()
    for value in values:
        made.add(value)
    return made


def test_bins_are_equally_wide_within_a_decade():
    bins = numbers(20, 21, 49).histogram()
    assert {row.high - row.low for row in bins} == {2}
    assert [(row.low, row.count) for row in bins if row.count] == [(20, 2), (48, 1)]


def test_bins_grow_beyond_a_decade_and_hold_every_number():
    bins = numbers(3, 99, 100, 124, 125, 1999, 2000, 70_001).histogram()
    assert [(row.low, row.high, row.count) for row in bins if row.count] == [
        (3, 4, 1),
        (80, 100, 1),
        (100, 125, 2),
        (125, 160, 1),
        (1600, 2000, 1),
        (2000, 2500, 1),
        (63000, 80000, 1),
    ]
    assert all(one.high == other.low for one, other in itertools.pairwise(bins))


def test_a_quantile_is_the_nearest_rank():
    assert [numbers(4, 1, 3, 2).quantile(share) for share in (0, 0.5, 0.51, 1)] == [1, 2, 3, 4]
    assert quantile_sketch.QuantileSketch().quantile(0.5) == 0
    assert quantile_sketch.QuantileSketch().histogram() == []
