import json
from typing import Any

import pytest

from generator.songs_dir.measuring import columns
from generator.songs_dir.summary import SongsSummary
from nabi.analysis.style_reference import StyleReference
from nabi.music.song import Song
from tests import builders

CHORD = builders.song((0, 12, 60), (0, 12, 64), (0, 12, 67))
LOW = builders.song((0, 12, 38), (12, 24, 41), (48, 12, 45), (60, 12, 38))


def row(song: Song, **more: Any) -> dict[str, Any]:
    told = {"ended": True, "tokens": ["C4", "d:1"], "log_likelihood": -6.0, "refused": []}
    return {"notes": len(song.pitches), "seconds": 1.5, **told, **columns(song), **more}


def reference() -> StyleReference:
    found = StyleReference("c")
    found.add("train", CHORD)
    found.add("train", LOW)
    found.add("validation", CHORD.transpose(2))
    return found


def test_totals():
    cut = {"ended": False, "refused": ["key", "cut", "key"]}
    rows = [row(CHORD, refused=["cut"]), row(LOW, tokens=["C4"] * 5, log_likelihood=-2.0, **cut), row(builders.song())]
    told = SongsSummary.of(rows).as_dict()
    assert [told[name] for name in ("songs", "ended", "without_notes", "notes", "tokens", "seconds")] == [
        3, 2, 1, 7, 9, 4.5,
    ]  # fmt: skip
    # Nine tokens, and <end> twice.
    assert told["log_likelihood_per_token"] == round(-14 / 11, 6)
    assert told["keys"] == {"C major": 1, "D minor": 1}
    assert told["pitch_range"] == [38, 67]
    assert told["refused"] == {"cut": 2, "key": 2}
    assert told["novelty"] is None
    assert told["figures"]["polyphony"] == {"songs": 2}


def test_novelty_is_of_the_songs_that_tell():
    copied = {"copied_notes": 14, "copied_bars": 2.5}
    rows = [
        row(LOW),
        row(LOW, novelty=1.0, copied_notes=0, copied_bars=0.0),
        row(LOW, novelty=0.25, **copied),
        row(LOW, novelty=0.75, copied_notes=12, copied_bars=3.0),
    ]
    assert SongsSummary.of(rows).as_dict()["novelty"] == {
        "songs": 3,
        "songs_that_copy": 2,
        "mean": 0.6667,
        "lowest": 0.25,
        "most_copied_notes": 14,
        "most_copied_bars": 3.0,
    }


def test_songs_beside_training_and_validation_songs():
    told = SongsSummary.of([row(CHORD)]).as_dict(reference())
    assert told["compared_with"] == {"training": 2, "validation": 1}
    assert told["figures"]["polyphony"] == {"songs": 3, "training": 2, "training_spread": 1, "validation": 3}
    assert told["figures"]["ends_on_triad"] == {"songs": 100, "training": 50, "training_spread": 50, "validation": 100}
    # A chord alone has no voice that moves.
    assert told["figures"]["top_voice_steps"] == {"training": 0, "training_spread": 0}
    # Of training songs' 7 notes 6 are quarters; a third, the tonic, comes 3 times, the fifth twice.
    durations, classes = (told["distributions"][name] for name in ("durations", "pitch_classes"))
    assert (durations["overlap"], durations["validation_overlap"]) == (round(6 / 7, 4),) * 2
    assert durations["counts"][11] == 3
    assert classes["overlap"] == round(3 / 7, 4)
    assert classes["validation_overlap"] == round(3 / 7, 4)


def test_the_training_songs_themselves_overlap_wholly():
    told = SongsSummary.of([row(CHORD), row(LOW)]).as_dict(reference())
    assert {name: found["overlap"] for name, found in told["distributions"].items()} == dict.fromkeys(
        told["distributions"], pytest.approx(1)
    )


def test_without_a_reference_nothing_is_said_of_training_songs():
    told = SongsSummary.of([row(CHORD)]).as_dict()
    assert "compared_with" not in told
    assert all(set(found) == {"counts"} for found in told["distributions"].values())


def test_without_validation_songs_or_notes_there_is_no_overlap():
    alone = StyleReference("c")
    alone.add("train", CHORD)
    told = SongsSummary.of([row(CHORD)]).as_dict(alone)
    assert told["distributions"]["degrees"]["overlap"] == 1
    assert told["distributions"]["degrees"]["validation_overlap"] is None
    silent = SongsSummary.of([row(builders.song(), tokens=[], ended=False, log_likelihood=0.0)]).as_dict(reference())
    assert silent["distributions"]["degrees"]["overlap"] is None
    assert (silent["pitch_range"], silent["log_likelihood_per_token"], silent["figures"]) == (None, None, {})
    json.dumps(silent, allow_nan=False)


def test_memory_does_not_grow_with_songs():
    """A million rows may be read one by one: what is kept of ten is what is kept of a thousand."""
    few, many = (SongsSummary.of(row(CHORD) for _ in range(count)).as_dict(reference()) for count in (10, 1000))
    assert len(json.dumps(many)) < len(json.dumps(few)) + 200
    assert many["distributions"]["durations"]["counts"][11] == 3000
