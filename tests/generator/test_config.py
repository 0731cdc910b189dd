import pytest

from generator.config import GenerateConfig
from generator.primers.primer_names import split_and_song
from generator.songs.notable_settings import notable

BAND = {"accompany": "band.mid"}
MELODY = {"harmonize": "air.mid"}
FOLLOWING = {"decoding": "teacher_forced", "primer": "train", "primer_tokens": 3}


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


def test_a_key_has_the_notes_of_its_scale():
    assert GenerateConfig().pitch_classes == frozenset(range(12))
    assert GenerateConfig(key="D minor", primer="train").pitch_classes == {2, 4, 5, 7, 9, 10, 0, 1}
    assert GenerateConfig(key="D minor-pentatonic").pitch_classes == {2, 5, 7, 9, 0}


@pytest.mark.parametrize(
    ("settings", "moves"),
    [
        ({"key": "D minor"}, True),
        ({"key": "Es-Dur"}, True),
        ({}, False),
        ({"key": "D minor", "primer": "train"}, False),
        ({"key": "D minor", "highest": 80}, False),
        ({"key": "D minor", **MELODY}, False),
        ({"key": "D harmonic minor"}, False),
        ({"key": "D dorian"}, False),
    ],
)
def test_songs_are_moved_into_a_major_or_minor_key_unless_a_mask_is_asked_for(settings, moves):
    config = GenerateConfig(**settings)
    assert config.moves == moves
    # All notes may be sampled also under a melody, which has its own.
    assert (len(config.pitch_classes) == 12) == (moves or not settings or bool(config.harmonize))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beams": 2}, "--beams 2 needs --decoding beam, not --decoding sample"),
        ({"decoding": "greedy", "beams": 8}, "--beams 8 needs --decoding beam, not --decoding greedy"),
        (
            {"decoding": "beam", "repetition_penalty": 1.5},
            "--repetition_penalty 1.5 needs --decoding sample or greedy or",
        ),
        (
            {"decoding": "beam", "density": 1.0},
            "--density 1.0 needs --decoding sample or greedy or teacher_forced, not",
        ),
        (
            {"decoding": "greedy", "auto_sampling": True},
            "--auto_sampling needs --decoding sample, not --decoding greedy",
        ),
        ({"decoding": "beam", "memory": 0.5}, "--memory 0.5 needs --decoding sample or greedy or teacher_forced, not"),
        ({"memory": 1.5}, r"--memory 1.5 must be in 0\.\.1: share of the tokens"),
        ({"decoding": "beam", "ended": True}, "--ended needs --decoding sample, not --decoding beam"),
        ({"decoding": "likeliest"}, "--decoding 'likeliest' must be one of sample, greedy, beam, teacher_forced"),
        ({"key": "C majr"}, "no known scale"),
        ({"primer_bars": 3}, "name one with --primer"),
        ({"primer_tokens": 3}, "name one with --primer"),
        ({"primer": "train", "primer_bars": 3, "primer_tokens": 9}, "choose one"),
        ({**FOLLOWING, "primer": "start"}, "teacher_forced follows a song: name it with --primer"),
        ({**FOLLOWING, "primer_tokens": 0}, "give with --primer_tokens how much of it comes first"),
        ({**FOLLOWING, "primer_tokens": 0, "primer_bars": 2}, "give with --primer_tokens"),
        ({**FOLLOWING, "max_copied_bars": 1.0}, "needs --decoding sample, not --decoding teacher_forced"),
        ({**FOLLOWING, "ended": True}, "needs --decoding sample, not --decoding teacher_forced"),
        ({**FOLLOWING, "auto_sampling": True}, "needs --decoding sample, not --decoding teacher_forced"),
        ({"primer": "test:"}, "--primer test: names no song: write test:NAME, or test for all songs"),
        ({"keep_voice": "bass"}, "--keep_voice bass is a line of a file: name the file with --harmonize"),
        ({"keep_voice": "alto"}, "--keep_voice 'alto' must be one of soprano, bass"),
        ({**MELODY, "primer": "train"}, "--primer and --harmonize both give what songs begin with"),
        ({**MELODY, "max_bars": 8}, "--harmonize makes songs as long as what is given: leave out --max_bars"),
        ({**MELODY, "max_seconds": 8.0}, "--harmonize makes songs as long as what is given: leave out --max_bars"),
        ({**MELODY, "auto_sampling": True}, "leave it out with --harmonize"),
        ({**MELODY, "key": "D dorian"}, "--key D dorian must be a major or a minor key with --harmonize"),
        ({**MELODY, "decoding": "greedy"}, "--harmonize air.mid needs --decoding sample, not --decoding greedy"),
        ({**MELODY, "decoding": "beam"}, "--harmonize air.mid needs --decoding sample, not --decoding beam"),
        ({**MELODY, "accompany": "b.mid"}, "--harmonize and --accompany both say what songs keep: choose one"),
        ({**BAND, "primer": "train"}, "--primer and --accompany both give what songs begin with"),
        ({**BAND, "max_bars": 8}, "--accompany makes songs as long as what is given: leave out --max_bars"),
        ({**BAND, "meter": "3/4"}, "--accompany keeps the meters of its file: leave out --meter"),
        ({**BAND, "decoding": "greedy"}, "--accompany band.mid needs --decoding sample, not --decoding greedy"),
        ({"max_bars": -1}, r"--max_bars -1 must be in 0\.\.10,000"),
        ({"temperature": float("nan")}, "--temperature nan must be in"),
    ],
)
def test_what_contradicts_itself_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        GenerateConfig(**settings)


@pytest.mark.parametrize(
    ("primer", "names"),
    [
        ("test:Air.mid", ("test", "Air.mid")),
        ("train:zip!a: b.mid", ("train", "zip!a: b.mid")),
        ("validation", ("validation", "")),
        ("./test:Air.mid", ("", "")),
        ("gs://bucket/test:Air.mid", ("", "")),
        ("testing:Air.mid", ("", "")),
        ("C4:1 E4:1", ("", "")),
        ("start", ("", "")),
    ],
)
def test_a_primer_names_a_split_or_a_song_of_it(primer, names):
    assert split_and_song(primer) == names


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
