"""A reader by ranges reads what a file in memory gives, and fetches nothing outside the file."""

import io

from hypothesis import given
from hypothesis import strategies as st

from nabi.workspace.storage.ranges import Ranges

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 40)),
        st.tuples(st.just("seek"), st.integers(0, 60)),
    ),
    max_size=12,
)


@given(content=st.binary(max_size=50), steps=STEPS, buffered=st.booleans())
def test_reads_as_a_file_in_memory_does(content, steps, buffered):
    fetched = []

    def fetch(begin, end):
        fetched.append((begin, end))
        return content[begin:end]

    file = (Ranges.buffered if buffered else Ranges)(fetch, len(content))
    expected = io.BytesIO(content)
    for name, argument in steps:
        assert getattr(file, name)(argument) == getattr(expected, name)(argument)
        assert file.tell() == expected.tell()
    assert all(0 <= begin < end <= len(content) for begin, end in fetched)
