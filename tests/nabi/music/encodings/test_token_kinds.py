import pytest

from nabi.music.encodings import Bars, Events, Grid, Pitch, PitchDuration, Steps, Voices, kind_of


@pytest.mark.parametrize(
    ("encoding", "sorts"),
    [
        (Events(), {"C4": "note", "C4.E4": "chord", "d:1/2": "duration", "d:4": "duration", "s:1/4": "shift"}),
        (Events(), {"s:4": "shift"}),
        (PitchDuration(), {"Eb5:1/2": "note", "C4.E4:1": "chord", "R:1": "rest"}),
        (Pitch(), {"Eb5": "note", "4.7.11": "chord", "0": "chord"}),
        (Pitch(chords="voiced"), {"C4.C5": "chord"}),
        (Steps(), {"C4": "note", "|": "shift"}),
        (Voices(), {"C4": "note", "~C4": "held", "s:1": "shift", "@1": "place", "bar:2": "bar", "meter:3/4": "meter"}),
        (Bars(), {"C4": "note", "d:8": "duration", "s:1": "shift", "@1": "place", "bar:2": "bar", "last:3": "last"}),
        (Grid(), {"C4": "note", "C4.E4": "chord", "C4.~E4": "note", "~C4.~E4": "held", "~C4": "held", "R": "rest"}),
    ],
)  # fmt: skip
def test_sorts(encoding, sorts):
    assert {token: kind_of(encoding, token) for token in sorts} == sorts
