import dataclasses
import io
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.analysis import copies
from nabi.analysis.copies import file
from nabi.music import records
from nabi.workspace import storage
from tests.nabi.analysis.copies.music import index_of, walk

HELD_OUT = copies.HeldOut.of([(12, 1.5, 0.25), (0, 0.0, 0.0)])
SMALL = dataclasses.replace(index_of(walk(1, 14), walk(2, 5)), held_out=HELD_OUT, left_out=3, content="c")
DATA = copies.write(SMALL)


def assert_same(one: copies.Index, other: copies.Index) -> None:
    for field in ("gram", "window", "songs", "left_out", "held_out", "content"):
        assert getattr(one, field) == getattr(other, field)
    for left, right in zip(one.fingerprints.columns(), other.fingerprints.columns(), strict=True):
        assert left.dtype == right.dtype
        assert left.tolist() == right.tolist()


@given(
    st.lists(st.integers(0, 40), max_size=5),
    st.sampled_from([10**6, 20]),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 99), st.floats(0, 99), st.floats(0, 1)), max_size=4),
)
def test_what_is_written_is_read(lengths, most, octaves, figures):
    index = index_of(
        *(walk(seed, length) for seed, length in enumerate(lengths)), most=most, gram=copies.Gram(9, octaves)
    )
    index = dataclasses.replace(index, held_out=copies.HeldOut.of(figures), left_out=7)
    assert_same(copies.read(copies.write(index)), index)


def test_equal_songs_give_equal_bytes():
    assert copies.write(index_of(walk(1), walk(2))) == copies.write(index_of(walk(1), walk(2)))
    assert copies.write(index_of(walk(1), walk(2))) != copies.write(index_of(walk(1), walk(3)))


def test_a_fingerprint_takes_seventeen_bytes():
    fewer, more = (copies.write(index_of(walk(1, length))) for length in (40, 50))
    assert len(more) - len(fewer) == 17 * 10


def test_a_source_that_is_no_text_is_kept():
    builder = copies.Builder(copies.Gram())
    builder.add("s", walk(1), "caf\udce9.mid")
    assert copies.read(copies.write(builder.finish())).songs[0].source == "caf\udce9.mid"


@pytest.mark.parametrize("byte", range(len(DATA)))
def test_one_changed_byte_is_noticed(byte):
    damaged = bytearray(DATA)
    damaged[byte] ^= 1 << byte % 8
    with pytest.raises(ValueError, match="damaged TFRecord file"):
        copies.read(bytes(damaged))


def test_a_file_cut_anywhere_is_noticed():
    for size in range(len(DATA)):
        with pytest.raises(ValueError, match=r"damaged|parts, an index has 6"):
            copies.read(DATA[:size])


@pytest.mark.parametrize("foreign", [b"", b"PK\x03\x04 a zip", pickle.dumps([1]), b'{"format": 1}', b"\0" * 100])
def test_another_file_is_refused(foreign):
    with pytest.raises(ValueError, match=r"damaged|parts, an index has 6"):
        copies.read(foreign)


def changed(number: int, change) -> bytes:
    """The small index with one record changed, all checksums right."""
    parts = list(records.read(io.BytesIO(DATA)))
    value = json.loads(parts[number]) if number < 2 else bytearray(parts[number])
    value = change(value) or value
    parts[number] = bytes(value) if isinstance(value, bytearray) else json.dumps(value).encode()
    data = io.BytesIO()
    records.write(data, parts)
    return data.getvalue()


def header(**values):
    return 0, lambda said: {**said, **values}


def song(*values):
    return 1, lambda table: [[*table[0][: 4 - len(values)], *values], table[1]]


def column(number: int, kind: str, values: list[int]):
    return number, lambda _: bytearray(np.array(values, kind).tobytes())


CONTRADICTIONS = [
    (header(format="another"), "'another'"),
    (header(version=2), "version 2"),
    (header(window=0), "0 is no whole number in 1"),
    (header(window=True), "True is no whole number"),
    (header(window=1.0), "1.0 is no whole number"),
    (header(notes=1), "1 is no whole number in 2"),
    (header(left_out=-1), "-1 is no whole number"),
    (header(held_out={"notes": [1], "bars": [], "shares": []}), "differ in length"),
    (header(held_out={"notes": [2, 1], "bars": [0, 0], "shares": [0, 0]}), "do not ascend"),
    (header(held_out={"notes": [1], "bars": [float("nan")], "shares": [0]}), "no number from 0 on"),
    (header(held_out={"notes": ["1"], "bars": [0], "shares": [0]}), "not an index of copies"),
    (header(held_out=None), "not an index of copies"),
    ((0, lambda _: [1]), "not an index of copies"),
    ((0, lambda said: {key: value for key, value in said.items() if key != "octaves"}), "'octaves'"),
    ((1, lambda _: {"a": 1}), "not enough values"),
    ((1, lambda _: 3), "not an index of copies"),
    ((1, lambda table: table * 2), "instead of"),
    (song(13, 3), "outside its song"),
    (song(14, 4), "instead of"),
    (song(14, -1), "-1 is no whole number"),
    (song(1 << 40, 3), "is no whole number in 0"),
    (column(3, "<u4", [0, 2, 2]), "do not ascend"),
    (column(3, "<u4", [0, 1, 3]), "outside its song"),
    (column(3, "<u8", [0, 1, 2]), "instead of"),
    (column(4, "<u4", [0, 1, 1 << 30]), "a tick outside"),
    (column(3, "<i4", [-1, 1, 2]), "outside its song"),
    (column(4, "<i4", [-1, 1, 2]), "a tick outside"),
    (column(5, "u1", [0, 1, 128]), "a pitch above 127"),
]


@pytest.mark.parametrize(("change", "message"), CONTRADICTIONS)
def test_an_index_that_contradicts_itself_is_refused(change, message):
    assert_same(copies.read(changed(0, lambda said: said)), SMALL)
    with pytest.raises(ValueError, match=message):
        copies.read(changed(*change))


def test_numbers_beyond_what_a_count_may_be_take_no_memory():
    with pytest.raises(ValueError, match="is no whole number"):
        copies.read(changed(*song(14, 1 << 50)))
    with pytest.raises(ValueError, match="instead of"):
        copies.read(changed(1, lambda table: table + [["s", "", 99, copies.MAX_BYTES]] * 10_000))


def test_a_file_is_loaded_or_named(tmp_path):
    path = tmp_path / "copies.index"
    path.write_bytes(DATA)
    assert_same(copies.load(str(path), "c"), SMALL)
    path.write_bytes(DATA[:-1])
    with pytest.raises(ValueError, match=rf"{path} is no index of the training songs .*damaged.*: copy the model dir"):
        copies.load(str(path), "c")
    path.write_bytes(DATA)
    with pytest.raises(ValueError, match=r"it is of the dataset 'c', the model of 'd'"):
        copies.load(str(path), "d")
    with pytest.raises(storage.StorageError, match="there is no such file"):
        copies.load(str(tmp_path / "none"), "c")


def test_no_more_than_the_largest_index_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(file, "MAX_BYTES", len(DATA) - 1)
    path = tmp_path / "copies.index"
    path.write_bytes(DATA * 10)
    with pytest.raises(ValueError, match=f"it has {len(DATA)} bytes, an index has at most {len(DATA) - 1}"):
        copies.load(str(path), "c")
