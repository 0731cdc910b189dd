import re

import pytest

from nabi.pages import charts
from nabi.pages.charts import Line
from nabi.pages.piano_rolls import piano_roll
from tests import builders
from tests.nabi.pages.elements import Elements

# Quarter notes C4 and E4 together, then an eighth G4.
TUNE = builders.song((0, 12, 60), (0, 12, 64), (12, 6, 67))


def test_a_roll_draws_each_note_in_its_place():
    drawn = piano_roll(TUNE, "a & b")
    # Each a tick shorter than its note, so that a note struck again is told from one that is held.
    assert 'aria-label="Piano roll of a &amp; b: 3 notes, C4 to G4, in 1.5 quarter notes of time"' in drawn
    assert re.search(r'class="notes" d="M0 (\d+)h11M0 (\d+)h11M12 (\d+)h5"', drawn)
    rows = [int(row) for row in re.search(r"M0 (\d+)h11M0 (\d+)h11M12 (\d+)h5", drawn).groups()]
    assert (rows[0] - rows[1], rows[1] - rows[2]) == (4, 3)


def test_a_roll_of_a_long_song_stays_small():
    long = builders.song(*((12 * number, 12, 60 + number % 12) for number in range(20_000)))
    assert piano_roll(long, "").count("M") < 200
    assert f'viewBox="0 -1 {64 * 12} ' in piano_roll(long, "")


def test_a_roll_of_a_song_that_begins_late_shows_its_first_notes():
    late = builders.song((100 * 12, 12, 60), (101 * 12, 12, 64))
    assert "2 notes, C4 to E4, in 6 quarter notes" in piano_roll(late, "")


def test_a_plot_draws_points_in_their_place():
    drawn = charts.plot(
        [Line("a & b", [(10, 0), (15, 5), (20, 10)]), Line("none", [])], "<label>", [(15, "mid")], (10, 20)
    )
    assert 'class="first" d="M0.00 100.00L50.00 50.00L100.00 0.00"' in drawn
    assert 'aria-label="&lt;label&gt;. a &amp; b: from 0 to 10, lowest 0"' in drawn
    assert "a &amp; b" in drawn
    assert "none<" not in drawn
    assert "left:50.00%" in drawn
    assert Elements(drawn).open == []


@pytest.mark.parametrize(
    ("highest", "marks"), [(10, "0 2 4 6 8 10"), (1, "0 0.2 0.4 0.6 0.8 1"), (6.8, "0 2 4 6"), (3.1, "0 1 2 3")]
)
def test_heights_are_round(highest, marks):
    heights = re.search(r'class="heights".*?</div>', charts.plot([Line("", [(0, highest)])], "", [], (0, 1))).group()
    assert re.findall(r">([\d.]+)</span>", heights) == marks.split()


def test_a_long_line_stays_small_and_ends_where_it_ends():
    drawn = charts.plot([Line("", [(x, x) for x in range(100_001)])], "", [], (0, 100_000))
    assert drawn.count("L") < 700
    assert 'L100.00 0.00"' in drawn


def test_a_plot_of_nothing():
    assert '<path class="first' not in charts.plot([Line("", [])], "", [], (0, 0))
