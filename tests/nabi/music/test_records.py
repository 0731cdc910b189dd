import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music import records
from nabi.music.records import Window

WINDOW = Window(np.array([2, 70000, 3]), "ab12", 64, -3)


@given(st.lists(st.integers(0, 2**40), min_size=1), st.text(), st.integers(0, 10**9), st.integers(-12, 12))
def test_a_record_gives_its_window_back(tokens, song, start, transpose):
    window = records.parse(records.serialize(Window(np.array(tokens), song, start, transpose)))
    assert (window.tokens.tolist(), window.song, window.start, window.transpose) == (tokens, song, start, transpose)


def test_equal_windows_give_equal_bytes():
    assert records.serialize(WINDOW) == records.serialize(Window(np.array([2, 70000, 3]), "ab12", 64, -3))


def test_a_file_gives_its_records_back():
    file = io.BytesIO()
    assert records.write(file, [b"one", b"", b"three"]) == 3
    file.seek(0)
    assert list(records.read(file)) == [b"one", b"", b"three"]


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data[:5], lambda data: data[:14] + b"x" + data[15:]]
)
def test_a_damaged_file_is_refused(damage):
    file = io.BytesIO()
    records.write(file, [b"a record of some length"])
    with pytest.raises(ValueError, match="damaged"):
        list(records.read(io.BytesIO(damage(file.getvalue()))))


@pytest.mark.parametrize("data", [b"nonsense", b""])
def test_what_is_no_record_is_refused(data):
    with pytest.raises(ValueError, match="not a window record"):
        records.parse(data)
