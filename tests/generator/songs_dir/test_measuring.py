import json

import pytest

from generator.songs_dir.measuring import columns
from nabi.analysis.style_profile import SongMeasurements
from tests import builders

# Two chords of C major, then one of D major.
SONG = builders.song(*((12 * place, 12, pitch) for place, chord in enumerate(
    [(48, 64, 67), (60, 64, 67), (50, 66, 69)]) for pitch in chord))  # fmt: skip


def test_a_row_tells_key_range_and_entropy():
    row = columns(builders.song((0, 24, 60), (24, 12, 64), (36, 12, 67), (48, 24, 72)))
    assert row.pop("measured")["figures"]["pitch_range"] == 12
    assert row.pop("form")["held_chords"] == round(16 * 2 / 6, 4)
    assert row == {
        "key": "C major",
        "key_correlation": pytest.approx(0.573, abs=0.001),
        "pitch_range": [60, 72],
        "entropy": 1.5,
    }
    json.dumps(row)


def test_what_was_given_is_heard_and_not_measured():
    row = columns(SONG, primer_notes=6)
    assert row["pitch_range"] == [48, 69]
    assert row["measured"] == SongMeasurements.of(builders.song((0, 12, 50), (0, 12, 66), (0, 12, 69))).as_dict()
    assert columns(SONG)["measured"] == SongMeasurements.of(SONG).as_dict()


@pytest.mark.parametrize(("song", "given"), [(builders.song(), 0), (SONG, 9)])
def test_of_nothing_nothing_is_told(song, given):
    row = columns(song, given)
    assert row["measured"]["figures"] == {}
    if not given:
        assert (row["key"], row["key_correlation"], row["pitch_range"], row["entropy"]) == (None,) * 4
        assert row["form"] == {}
