import pytest

from nabi.music.errors import ParseError
from tests.builders import notes_of
from tests.nabi.reading.score_files import notes, read, refusal


def test_a_file_of_one_tune_has_no_tune_id():
    assert notes("X:7\nL:1/4\nM:3/4\nK:G\nF2 (3A/B/c/|{d}d3-|d3|\n", ".abc") == [
        *((0, 24, 66), (24, 4, 69), (28, 4, 71), (32, 4, 72), (36, 72, 74)),
    ]


def test_an_abc_repeat():
    data = "X:1\nL:1/4\nM:2/4\nK:C\n|:C2|D2|E2:|\n"
    assert [pitch for _, _, pitch in notes(data, ".abc")] == [60, 62, 64] * 2


def test_an_abc_repeat_of_few_bars():
    assert [pitch for _, _, pitch in notes("X:1\nL:1/4\nM:2/4\nK:C\nC2|D2:|\n", ".abc")] == [60, 62] * 2


def test_a_repeat_that_is_never_closed_is_none():
    assert [pitch for _, _, pitch in notes("X:1\nL:1/4\nM:2/4\nK:C\nC2::D2|E2|]\n", ".abc")] == [60, 60, 62, 64]


def test_abc_annotations_make_no_sound_and_cost_none():
    assert notes('X:1\nL:1/4\nK:C\n"Am"C">x"D"^slow"E\n', ".abc") == [(0, 12, 60), (12, 12, 62), (24, 12, 64)]


def test_the_tunes_of_an_abc_file():
    tunes = "X:1\nK:C\nL:1/4\nC|\n\nX: 2\nK:C\nL:1/4\n[C\n\nX:2\nT:words only\nK:C\n\nX:03\nK:D\nF|\n"
    first, broken, empty, third = read("L:1/4\n" + tunes, ".abc")
    assert [tune for tune, _ in (first, broken, empty, third)] == ["1", "2", "2.2", "3"]
    assert notes_of(first[1]) == [(0, 12, 60)]
    assert (first[1].about.source, first[1].about.sha256) == ("file#1", "hash#1")
    assert isinstance(broken[1], ParseError)
    assert empty[1].reason == "no-notes"
    assert notes_of(third[1]) == [(0, 12, 66)]


@pytest.mark.parametrize("chords", ["[CE]-|[CE]2", "[C-E-]|[CE]2", "[C-E-]|[EC]-|[CE]"])
def test_abc_chords_are_tied(chords):
    assert notes(f"X:1\nL:1/4\nK:C\n{chords}|\n", ".abc") == [(0, 36, 60), (0, 36, 64)]


def test_a_tie_in_an_abc_chord_holds_one_note():
    assert notes("X:1\nL:1/4\nK:C\n[C-E]C|\n", ".abc") == [(0, 24, 60), (0, 12, 64)]


VOICES = [
    "V:1\nC2|D2|\nV:2\nE2|F2|\nV:1\nE2|\nV:2\nG2|\n",
    "V:S\nC2|D2|E2|\nV:A\nE2|F2|G2|\n",
    "[V:S]C2|D2|E2|\n[V:A]E2|F2|G2|\n",
]


@pytest.mark.parametrize("voices", VOICES)
def test_abc_voices_sound_together(voices):
    data = f'X:1\nL:1/4\nM:2/4\nV:1 name="Violin"\nV:S\nK:C\n{voices}'
    assert notes(data, ".abc") == [
        *((0, 24, 60), (0, 24, 64), (24, 24, 62), (24, 24, 65), (48, 24, 64), (48, 24, 67)),
    ]
    assert notes(data, ".abc", "first") == [(0, 24, 60), (24, 24, 62), (48, 24, 64)]


def test_text_after_an_abc_tune_is_no_music():
    assert notes("X:1\nL:1/4\nK:C\nC|D|\n\nA cabbage\n", ".abc") == [(0, 12, 60), (12, 12, 62)]


def test_an_abc_note_of_any_length_costs_no_time():
    assert refusal("X:1\nL:1/4\nM:4/4\nK:C\nC99999|D|E|\n", ".abc").startswith("damaged: a note of 99999 quarters")


@pytest.mark.parametrize(
    ("meter", "told", "ticks"),
    [("C", "4/4", 6), ("C|", "2/2", 6), ("6/8", "6/8", 6), ("2/4", "2/4", 3), ("none", None, 6), ("9/7", None, 6)],
)
def test_the_meter_sets_the_length_of_abc_notes(meter, told, ticks):
    ((_, song),) = read(f"X:1\nM:{meter}\nK:C\nC|D|\n", ".abc")
    assert notes_of(song) == [(0, ticks, 60), (ticks, ticks, 62)]
    assert song.about.time_signature == told


def test_an_odd_meter_costs_no_time():
    assert notes("X:1\nM:6/8\nL:1/4\nK:C\nC41|D|[M:97/64]E|\n", ".abc") == [
        *((0, 492, 60), (492, 12, 62), (504, 12, 64)),
    ]
