import io
import zipfile

from nabi.workspace import zips


def test_equal_members_in_any_order_give_equal_bytes():
    one, other = io.BytesIO(), io.BytesIO()
    zips.write(one, {"b": b"2", "a": b"1"})
    zips.write(other, {"a": b"1", "b": b"2"})
    assert one.getvalue() == other.getvalue()
    with zipfile.ZipFile(one) as archive:
        assert [(entry.filename, entry.date_time[0], entry.compress_type) for entry in archive.infolist()] == [
            ("a", 1980, zipfile.ZIP_STORED),
            ("b", 1980, zipfile.ZIP_STORED),
        ]
        assert archive.read("b") == b"2"
