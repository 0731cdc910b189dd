import pytest

from generator.sampling.token_content import TokenContents
from nabi.music.encodings import Events, Grid, Pitch, PitchDuration, Steps, Voices
from nabi.music.vocabulary import Vocabulary


@pytest.mark.parametrize(
    ("encoding", "tokens", "notes", "ticks"),
    [
        (Events(), ["C4", "C4.E4", "d:1", "s:1/2"], [1, 2, 0, 0], [0, 0, 0, 6]),
        (PitchDuration(), ["C4:1", "R:1/2"], [1, 0], [12, 6]),
        (Pitch(), ["C4", "0.4.7"], [1, 3], [6, 6]),
        (Grid(), ["C4", "C4.~E4", "~C4.~E4", "R"], [1, 2, 0, 0], [3, 3, 3, 3]),
        (Steps(), ["C4", "|"], [1, 0], [0, 3]),
    ],
)
def test_ids_say_notes_and_time(encoding, tokens, notes, ticks):
    contents = TokenContents.of(Vocabulary.from_ordered(tokens, {}), encoding)
    assert contents.notes_V.tolist() == [0] * 4 + notes
    assert contents.ticks_V.tolist() == [0] * 4 + ticks
    assert contents.ticks_per_quarter == 12


def test_ids_that_number_bars_are_known():
    contents = TokenContents.of(Vocabulary.from_ordered(["bar:2", "C4", "bar:1", "key:C-major"], {}), Voices())
    assert contents.bars == (4, 6)


def test_on_a_fine_grid_ids_take_more_ticks():
    contents = TokenContents.of(Vocabulary.from_ordered(["C4", "s:1/8"], {}), Events(divisors=(8, 6)))
    assert contents.ticks_V.tolist() == [0] * 5 + [3]
    assert contents.ticks_per_quarter == 24
