from pipelines.config import PreprocessConfig
from pipelines.reading import dataset_settings


def test_a_split_without_a_share_has_no_shards():
    assert dataset_settings.shard_counts(PreprocessConfig(split=(1, 0, 0))) == {"train": 16}
    assert dataset_settings.shard_counts(PreprocessConfig()) == {"train": 16, "validation": 2, "test": 2}


def test_what_is_not_in_a_dataset_is_not_in_its_description():
    asked = PreprocessConfig(window=9)
    told = dataset_settings.content_settings(asked)
    assert (told["stride"], told["encoding"]) == (9, {"name": "events", "divisors": [4, 3]})
    assert told["limits"]["max_tokens_per_note"] == 128
    others = PreprocessConfig(window=9, input=("x",), keep_songs=True, parse_timeout=1, parse_memory=128)
    assert dataset_settings.content_settings(others) == told
