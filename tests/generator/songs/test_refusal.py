import dataclasses

import pytest

from generator.config import GenerateConfig
from generator.sampling.song_state import SongIds
from generator.songs import refusal
from nabi.music.encodings import Bands, Events
from nabi.music.keys import find_key
from nabi.music.song import Song
from nabi.music.vocabulary import START
from nabi.networks.trained_model import TrainedModel
from tests import builders
from tests.generator.models import vocabulary_of
from tests.nabi.analysis.copies.music import index_of, walk

EVENTS = vocabulary_of(Events())
MODEL = TrainedModel(None, EVENTS, Events(), {}, {})
D_MINOR = builders.song(*((12 * place, 12, pitch) for place, pitch in enumerate((62, 65, 69, 73, 74, 69, 65, 62))))


def sampled(song: Song, *, ended: bool = True) -> SongIds:
    return SongIds(0, (START,), tuple(EVENTS.encode(Events().encode(song)).tolist()), ended, -1.0)


def reason(song: SongIds, index=None, **settings: object) -> str:
    refuses = refusal.refusal(MODEL, GenerateConfig(**settings), index)
    return refuses(song) if refuses else "nothing is refused"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("D minor", ""),
        ("d-moll", ""),
        # It is moved there; major music does not become minor.
        ("B minor", ""),
        ("F major", "key"),
        ("D major", "key"),
        ("D harmonic minor", ""),
        ("B harmonic minor", "key"),
        # Major and minor are known by ear, church modes are not.
        ("D dorian", "nothing is refused"),
        ("C chromatic", "nothing is refused"),
        ("", "nothing is refused"),
    ],
)
def test_a_song_in_another_key_than_it_was_asked_for_is_refused(key, said):
    assert reason(sampled(D_MINOR), key=key) == said


@pytest.mark.parametrize(
    ("key", "settings", "semitones"),
    [
        ("D minor", {}, 0),
        ("E minor", {}, 2),
        ("B minor", {}, -3),
        ("G# minor", {}, 6),
        ("G minor", {}, 5),
        ("A minor", {}, -5),
        ("A major", {}, None),
        ("E minor", {"primer": "train"}, None),
        ("D minor", {"primer": "train"}, 0),
        ("E minor", {"lowest": 40}, None),
        ("E dorian", {}, 0),
    ],
)
def test_a_song_is_moved_by_the_fewest_semitones_into_the_key(key, settings, semitones):
    config = GenerateConfig(key=key, **settings)
    assert refusal.shift(D_MINOR, config) == semitones
    if semitones is not None and key != "E dorian":
        assert find_key(D_MINOR.transpose(semitones)).name == key


def test_a_song_is_not_moved_out_of_midi():
    # Its highest note is 127.
    high = D_MINOR.transpose(53)
    assert find_key(high).name == "G minor"
    assert [refusal.shift(high, GenerateConfig(key=key)) for key in ("G# minor", "A minor", "E minor")] == [
        -11,
        -10,
        -3,
    ]
    wide = builders.song(*builders.notes_of(D_MINOR), (96, 1, 0), (97, 1, 127))
    assert find_key(wide).name == "D minor"
    assert refusal.shift(wide, GenerateConfig(key="E minor")) is None


def test_a_song_without_a_key_is_refused_where_one_is_asked_for():
    assert reason(sampled(builders.song()), key="C major") == "key"


BAND = TrainedModel(None, vocabulary_of(Bands()), Bands(), {}, {})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"parts": ("bass", "drums")}, "parts"),
        ({"parts": ("strings", "drums")}, ""),
        ({"drums": True}, ""),
        ({"parts": ("bass",)}, "parts"),
        ({}, "nothing is refused"),
    ],
)
def test_a_song_without_a_part_that_was_asked_for_is_refused(settings, said):
    tokens = ["bar:1", "last:1", "program:40", "velocity:3", "C4", "d:1", "velocity:3", "drum:36", "s:1"]
    song = SongIds(0, (START,), tuple(BAND.vocabulary.encode(tokens).tolist()), True, -1.0)
    refuses = refusal.refusal(BAND, GenerateConfig(**settings), None)
    assert (refuses(song) if refuses else "nothing is refused") == said


def test_a_song_that_was_cut_is_refused_if_it_has_to_end():
    assert reason(sampled(D_MINOR), ended=True) == ""
    assert reason(sampled(D_MINOR, ended=False), ended=True) == "cut"
    assert reason(sampled(D_MINOR, ended=False), ended=True, key="C major") == "cut"
    assert reason(sampled(D_MINOR, ended=False), key="D minor") == ""


def test_a_song_that_copies_is_refused():
    training = walk(1, 30)
    song = Events().decode(Events().encode(training))
    index = index_of(training)
    assert reason(sampled(song), index, max_copied_bars=1.0) == "copied"
    assert reason(sampled(song), index, max_copied_bars=100.0) == ""
    given = dataclasses.replace(sampled(song), primer=(START, *sampled(song).tokens), tokens=())
    assert reason(given, index, max_copied_bars=1.0) == ""


def test_what_would_come_out_the_same_is_not_refused():
    for settings in ({"decoding": "greedy"}, {"decoding": "beam"}):
        assert reason(sampled(D_MINOR), key="C major", **settings) == "nothing is refused"


@pytest.mark.parametrize(
    ("settings", "refused", "said"),
    [
        ({}, {}, ""),
        (
            {"key": "D minor"},
            {"key": 3},
            "4 of 5 songs are heard in D minor; 8 were made; not kept: 3 in another key",
        ),
        (
            {"key": "Dm", "ended": True},
            {"cut": 1200, "key": 1},
            "3 of 5 songs came to their end; 4 of 5 songs are heard in D minor; 1,206 were made; not kept: 1,200 cut "
            "off, 1 in another key",
        ),
        ({"ended": True}, {}, "3 of 5 songs came to their end; 5 were made; not kept: none"),
        ({"max_copied_bars": 1.0}, {"copied": 2}, "7 were made; not kept: 2 copied"),
        (
            {"candidates": 8},
            {},
            "3 of 5 songs came to their end; 40 were made, and the likeliest of every 8 kept; made again: none",
        ),
        (
            {"candidates": 2, "key": "D minor"},
            {"key": 7},
            "3 of 5 songs came to their end; 4 of 5 songs are heard in D minor; 17 were made, and the likeliest of "
            "every 2 kept; made again: 7 in another key",
        ),
    ],
)
def test_what_it_cost(settings, refused, said):
    summary = {"songs": 5, "ended": 3, "keys": {"D minor": 4, "C major": 1}, "refused": refused}
    assert refusal.cost(summary, GenerateConfig(**settings)) == said
