import pytest

from generator.config import GenerateConfig, notable


@pytest.mark.parametrize(
    ("limits", "quarters"),
    [
        ({}, 0),
        ({"max_bars": 2}, 8),
        ({"max_bars": 2, "meter": "6/8"}, 6),
        ({"max_seconds": 3.0, "tempo": 60.0}, 3),
        ({"max_seconds": 3.0, "tempo": 60.0, "max_bars": 1}, 3),
        ({"max_seconds": 30.0, "tempo": 60.0, "max_bars": 1}, 4),
    ],
)
def test_the_shorter_of_two_limits_counts(limits, quarters):
    assert [GenerateConfig(**limits).max_ticks(ticks) for ticks in (12, 120)] == [quarters * 12, quarters * 120]


def test_a_limit_that_is_no_whole_tick_still_limits():
    assert GenerateConfig(max_seconds=0.001).max_ticks(12) == 1


def test_a_scale_stands_on_the_tonic_of_the_key():
    assert GenerateConfig().pitch_classes == frozenset(range(12))
    assert GenerateConfig(key="D minor", primer="train").pitch_classes == {2, 4, 5, 7, 9, 10, 0, 1}
    assert GenerateConfig(key="D", scale="minor-pentatonic").pitch_classes == {2, 5, 7, 9, 0}


@pytest.mark.parametrize(
    ("settings", "moves"),
    [
        ({"key": "D minor"}, True),
        ({"key": "Es-Dur"}, True),
        ({}, False),
        ({"key": "D minor", "primer": "train"}, False),
        ({"key": "D minor", "highest": 80}, False),
        ({"key": "D", "scale": "minor"}, False),
        ({"key": "D harmonic minor"}, False),
        ({"key": "D dorian"}, False),
    ],
)
def test_songs_are_moved_into_a_major_or_minor_key_unless_a_mask_is_asked_for(settings, moves):
    config = GenerateConfig(**settings)
    assert config.moves == moves
    assert (len(config.pitch_classes) == 12) == (moves or not settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"greedy": True, "beams": 2}, "choose one"),
        ({"beams": 2, "repetition_penalty": 1.5}, "choose one"),
        ({"beams": 2, "density": 1.0}, "choose one"),
        ({"greedy": True, "auto_sampling": True}, "without --greedy"),
        ({"scale": "hexatonic", "key": "C"}, "--scale hexatonic must be one of major, minor"),
        ({"key": "C majr"}, "no known scale"),
        ({"key": "D minor", "scale": "dorian"}, "'D minor' has a scale already"),
        ({"primer_bars": 3}, "say which with --primer"),
        ({"primer_tokens": 3}, "say which with --primer"),
        ({"primer": "train", "primer_bars": 3, "primer_tokens": 9}, "choose one"),
        ({"one_step": True, "primer_tokens": 3}, "--one_step follows a song: say which with --primer"),
        ({"one_step": True, "primer": "train"}, "with --primer_tokens how much of it is given"),
        ({"one_step": True, "primer": "train", "primer_bars": 2}, "with --primer_tokens how much of it is given"),
        ({"one_step": True, "primer": "train", "primer_tokens": 3, "beams": 2}, "without --beams"),
        ({"one_step": True, "primer": "train", "primer_tokens": 3, "max_copied_bars": 1.0}, "without --beams"),
        ({"one_step": True, "primer": "train", "primer_tokens": 3, "auto_sampling": True}, "without --beams"),
        ({"primer_source": "a.mid"}, "--primer_source a.mid chooses a song of a split: say of which with --primer"),
        ({"primer_source": "a.mid", "primer": "b.mid"}, "one of train, validation, test"),
        ({"max_bars": -1}, r"--max_bars -1 must be in 0\.\.10,000"),
        ({"temperature": float("nan")}, "--temperature nan must be in"),
    ],
)
def test_what_contradicts_itself_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        GenerateConfig(**settings)


def test_a_page_tells_what_was_changed_and_the_usual():
    config = GenerateConfig(key="D minor", temperature=1.0)
    assert notable(config.as_dict()) == {
        "seed": 0,
        "max_tokens": 512,
        "temperature": 1.0,
        "top_p": 0.95,
        "key": "D minor",
        "tempo": 120.0,
    }
