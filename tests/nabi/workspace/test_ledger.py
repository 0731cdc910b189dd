import pathlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nabi.workspace import ledger, paths
from nabi.workspace.ledger import LedgerRow

TEXTS = st.text(max_size=8)
ROWS = st.builds(
    LedgerRow,
    TEXTS | st.just("caf\udce9.mid"),
    st.sampled_from(ledger.OUTCOMES),
    reason=TEXTS,
    alternatives=st.lists(TEXTS, max_size=2).map(tuple),
    tokens=st.integers(0, 10**9),
    reused=st.booleans(),
    seconds=st.floats(0, 1e6),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(tmp_path_factory.mktemp("dataset"))


def write(folder, text, index=0, count=1):
    path = f"{folder}/{paths.rows_name(paths.LEDGER, index, count)}"
    pathlib.Path(path).write_bytes(text.encode("utf-8", "surrogateescape"))


@given(st.lists(ROWS, max_size=3))
@settings(max_examples=30)
def test_what_is_written_is_read(folder, rows):
    path = f"{folder}/{paths.rows_name(paths.LEDGER, 0, 1)}"
    paths.write_rows(path, [row.as_dict() for row in rows])
    assert list(ledger.read_file(path)) == rows


def test_a_row_is_written_with_every_column_in_order():
    row = LedgerRow("a.mid", "read", sha256="ab", alternatives=("Flute (73)",), events=2, tokens=5, split="train")
    assert list(row.as_dict().items()) == [
        ("source", "a.mid"), ("outcome", "read"), ("reason", ""), ("detail", ""), ("sha256", "ab"), ("instrument", ""),
        ("alternatives", ("Flute (73)",)), ("repaired", ()), ("shortened_quarters", 0.0), ("licence", ""),
        ("events", 2), ("tokens", 5), ("unknown_tokens", 0), ("windows", 0), ("split", "train"), ("duplicate_of", ""),
        ("reused", False), ("cluster", ""), ("seconds", 0.0),
    ]  # fmt: skip


def test_columns_of_later_versions_are_left_out_and_those_of_earlier_ones_are_empty(tmp_path):
    write(tmp_path, '{"source": "a.mid", "outcome": "lost", "colour": "red", "seconds": 1}\n')
    assert list(ledger.read(str(tmp_path))) == [LedgerRow("a.mid", "lost", seconds=1)]


def test_files_are_read_one_after_the_other_and_not_those_of_folders_below(tmp_path):
    for index, source in enumerate("ab"):
        write(tmp_path, f'{{"source": "{source}", "outcome": "read"}}\n', index, 2)
    (tmp_path / "staging").mkdir()
    write(tmp_path / "staging", '{"source": "c", "outcome": "read"}\n')
    assert [row.source for row in ledger.read(str(tmp_path))] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"sour', "is no JSON"),
        ("\udce9", "is no JSON"),
        ("[1]", "is no row of a ledger, it lacks `source` or `outcome`"),
        ('{"source": "a"}', "it lacks `source` or `outcome`"),
        ('{"source": "a", "outcome": "read", "tokens": "5"}', "'5' is no `tokens`"),
        ('{"source": "a", "outcome": "gone"}', "the outcome 'gone' must be one of read, filtered, lost"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, line, message):
    write(tmp_path, f'{{"source": "a", "outcome": "read"}}\n{line}')
    with pytest.raises(ValueError, match=f"ledger-00000-of-00001.jsonl, line 2.*{message}"):
        list(ledger.read(str(tmp_path)))


def test_a_directory_without_a_ledger_says_what_writes_one(tmp_path):
    with pytest.raises(ValueError, match=r"there is no directory .*nowhere"):
        list(ledger.read(f"{tmp_path}/nowhere"))
    (tmp_path / "dataset.json").write_text("{}")
    with pytest.raises(ValueError, match=r"has no ledger-\*.jsonl: `python -m pipelines.preprocess`"):
        list(ledger.read(str(tmp_path)))
