import pytest

from pipelines.settings import Settings
from songs.limits import Limits

EVENTS = {"name": "events"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"window": 0}, "--window 0 must be at least 1"),
        ({"stride": 9}, r"--stride 9 must be in 1\.\.8"),
        ({"stride": 0}, "--stride 0"),
        ({"split": (0.5, 0.4, 0.2)}, "--split 0.5,0.4,0.2"),
        ({"split": (0, 1, 0)}, "train above 0"),
        ({"split": (1.5, -0.5, 0)}, "add up to 1"),
        ({"instrument": "tuba"}, "instrument 'tuba'"),
        ({"instrument": "128"}, "0-127"),
        ({"parser": "mido"}, "--parser 'mido'"),
        ({"max_vocabulary": -1}, "--max_vocabulary -1"),
        ({"max_vocabulary": 0, "encoding": {"name": "pitch"}}, "--max_vocabulary 0 must be at least 1"),
        ({"min_count": 0}, "--min_count 0"),
        ({"shards": 0}, "--shards 0"),
        ({"key_marks": True, "song_marks": False}, "--key_marks are marks of a song's beginning"),
        ({"duplicates": "some"}, "--duplicates 'some'"),
        ({"encoding": {"name": "words"}}, "encoding 'words'"),
        ({"limits": Limits(min_steps=3)}, "--min_steps 3 counts steps, and --encoding events has none: choose grid"),
    ],
)
def test_a_value_outside_its_range_is_named_with_its_flag(values, message):
    with pytest.raises(ValueError, match=message):
        Settings(**{"encoding": EVENTS, "window": 8, "stride": 8, **values})


def test_a_split_without_a_share_has_no_shards():
    assert Settings(EVENTS, 8, 8, split=(1, 0, 0)).shard_counts() == {"train": 16}
    assert Settings(EVENTS, 8, 8).shard_counts() == {"train": 16, "validation": 2, "test": 2}
