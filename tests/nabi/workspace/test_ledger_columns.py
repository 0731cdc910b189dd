from nabi.workspace import paths
from nabi.workspace.ledger import LedgerRow
from nabi.workspace.ledger_columns import Ledger, bits, differences, held_out_from

DIGITS = {name: f"{index:016x}" + 48 * "0" for index, name in enumerate("abcdefgh", 1)}


def write(folder, *rows):
    """(source, song, split, cluster) of each file."""
    told = [
        LedgerRow(
            source, "read", sha256=DIGITS.get(song, ""), split=split, cluster=DIGITS.get(cluster, "")[:16]
        ).as_dict()
        for source, song, split, cluster in rows
    ]
    folder.mkdir(exist_ok=True)
    for index in range(2):
        paths.write_rows(str(folder / paths.rows_name(paths.LEDGER, index, 2)), told[index::2])
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
    assert names(held_out_from(ledger, earlier, "test")) == {"c", "d", "g"}


def test_a_file_that_was_edited_was_heard(tmp_path):
    earlier = write(tmp_path / "old", ("1", "a", "train", "a"), ("2", "b", "test", "b"))
    ledger = write(tmp_path / "new", ("1", "c", "test", "c"), ("2", "d", "test", "d"), ("3", "e", "test", "c"))
    # c is a with another byte, e nearly c.
    assert names(held_out_from(ledger, earlier, "test")) == {"d"}


def test_what_was_dropped_as_nearly_alike_to_a_song_was_heard_with_it(tmp_path):
    earlier = write(tmp_path / "old", ("1", "a", "train", "a"), ("2", "b", "", "a"))
    ledger = write(tmp_path / "new", ("2", "b", "test", "b"), ("3", "c", "test", "c"))
    assert names(held_out_from(ledger, earlier, "test")) == {"c"}


def test_tunes_of_one_file_are_songs_of_their_own(tmp_path):
    digits = DIGITS["a"]
    assert len({bits(digits), bits(f"{digits}#1"), bits(f"{digits}#2")}) == 3
    assert bits(f"{digits}#1") == bits(f"{digits}#1+1") == bits(f"{digits[:16]}#1")
    assert bits(digits) == bits(f"{digits}+1")


def test_files_that_changed(tmp_path):
    earlier = write(tmp_path / "old", ("1", "a", "train", ""), ("2", "b", "train", ""), ("3", "c", "test", ""))
    ledger = write(tmp_path / "new", ("1", "a", "train", ""), ("2", "d", "train", ""), ("4", "e", "test", ""))
    assert differences(ledger, earlier) == {"new": 1, "gone": 1, "changed": 1, "same": 1}


def test_a_file_under_another_name_is_the_same(tmp_path):
    earlier = write(tmp_path / "old", ("1", "a", "train", ""), ("2", "b", "train", ""), ("3", "c", "train", ""))
    # a was copied, b moved, c replaced by a; a file that is no song is known by its name alone.
    ledger = write(
        tmp_path / "new", ("1", "a", "train", ""), ("4", "a", "train", ""), ("5", "b", "train", ""),
        ("3", "a", "train", ""), ("6", "", "", ""),
    )  # fmt: skip
    assert differences(ledger, earlier) == {"new": 1, "gone": 0, "changed": 0, "same": 4}


def test_what_is_no_song_is_the_same_under_its_name_alone(tmp_path):
    earlier = write(tmp_path / "old", ("1", "", "", ""), ("2", "", "", ""))
    ledger = write(tmp_path / "new", ("1", "", "", ""), ("3", "", "", ""))
    assert differences(ledger, earlier) == {"new": 1, "gone": 1, "changed": 0, "same": 1}
