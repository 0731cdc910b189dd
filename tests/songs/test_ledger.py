from songs import layout
from songs.ledger import Ledger, bits, differences, unheard

DIGITS = {name: f"{index:016x}" + 48 * "0" for index, name in enumerate("abcdefgh", 1)}


def write(folder, *rows):
    """(source, song, split, cluster) of each file."""
    told = [
        {"source": source, "sha256": DIGITS.get(song, ""), "split": split, "cluster": DIGITS.get(cluster, "")[:16]}
        for source, song, split, cluster in rows
    ]
    folder.mkdir(exist_ok=True)
    for index in range(2):
        layout.write_rows(str(folder / layout.rows_name(layout.LEDGER, index, 2)), told[index::2])
    return Ledger.read(str(folder))


def names(songs):
    return {name for name, digits in DIGITS.items() if bits(digits) in songs.tolist()}


def test_songs_that_neither_model_heard(tmp_path):
    earlier = write(
        tmp_path / "old", ("1", "a", "train", "a"), ("2", "b", "validation", "b"), ("3", "c", "test", "c"),
        ("4", "", "", ""),
    )  # fmt: skip
    ledger = write(
        tmp_path / "new",
        ("1", "a", "test", "a"), ("2", "b", "test", "b"), ("3", "c", "test", "c"), ("5", "d", "test", "d"),
        ("6", "e", "train", "e"), ("7", "f", "test", "a"), ("8", "g", "test", ""),
    )  # fmt: skip
    # a and b were heard, f is nearly alike to a, e is trained on now.
    assert names(unheard(ledger, earlier, "test")) == {"c", "d", "g"}


def test_files_that_changed(tmp_path):
    earlier = write(tmp_path / "old", ("1", "a", "train", ""), ("2", "b", "train", ""), ("3", "c", "test", ""))
    ledger = write(tmp_path / "new", ("1", "a", "train", ""), ("2", "d", "train", ""), ("4", "e", "test", ""))
    assert differences(ledger, earlier) == {"new": 1, "gone": 1, "changed": 1, "same": 1}
