import numpy as np
import pytest
from hypothesis import given

from nabi.music import part_choice
from nabi.music.band import Instrument
from nabi.music.part_choice import PartChoice
from nabi.music.selection import Selection
from nabi.music.song import Song
from tests.builders import bands, song

PIANO, BASS, VIOLIN = Instrument("Left hand", 0), Instrument("", 33), Instrument("Strings", 40)
DRUMS, VOCAL = Instrument("Kit", 0, is_drums=True), Instrument("Lead Vocal", 54)


def quintet(*, players=(PIANO, DRUMS, BASS, VIOLIN, VOCAL)):
    """A note for each player, the drums' the highest, the violin's next; the piano has two more."""
    columns = [0, 0, 0, 0, 0, 12, 24], [12] * 7, [60, 90, 40, 76, 50, 60, 60], [0, 1, 2, 3, 4, 0, 0], [90] * 7
    return Song.from_parts(*columns, instruments=players)


def kept(words, most=None, music=None):
    return PartChoice(tuple(words.split(",")), most).of(music or quintet()).band.instruments


@pytest.mark.parametrize(
    ("words", "players"),
    [
        ("all", (PIANO, DRUMS, BASS, VIOLIN, VOCAL)),
        ("bass", (BASS,)),
        ("drums,bass", (DRUMS, BASS)),
        ("melody", (VOCAL,)),
        ("0", (PIANO,)),
        ("strings,54", (VIOLIN, VOCAL)),
    ],
)
def test_words_name_parts(words, players):
    assert kept(words) == players


def test_without_a_name_the_highest_pitched_part_has_the_melody():
    players = (PIANO, DRUMS, BASS, VIOLIN, VOCAL._replace(name="x"))
    assert kept("melody", music=quintet(players=players)) == (VIOLIN,)


def test_drums_alone_have_no_melody():
    drums = Song.from_parts([0], [3], [36], [0], [90], instruments=[DRUMS])
    assert len(PartChoice(("melody",)).of(drums)) == 0
    assert part_choice.melody(drums) == -1


def test_of_too_many_parts_those_with_the_most_notes_stay_and_of_equals_the_first():
    assert kept("all", 1) == (PIANO,)
    assert kept("all", 3) == (PIANO, DRUMS, BASS)
    assert kept("bass,melody,strings", 2) == (BASS, VIOLIN)


@given(bands())
def test_choosing_every_part_changes_nothing(music):
    assert PartChoice(("all",), 99).of(music) is music
    words = tuple({"drums" if player.is_drums else str(player.program) for player in music.band.instruments})
    assert PartChoice(words).of(music) == music


@given(bands())
def test_what_is_chosen_and_what_is_not_are_the_song(music):
    halves = [PartChoice((word,)).of(music) for word in ("drums", "piano", "bass", "strings")]
    assert sum(len(half.pitches) for half in halves) == len(music.pitches)
    assert np.array_equal(np.sort(np.concatenate([half.pitches for half in halves])), np.sort(music.pitches))


def test_a_song_without_parts_is_chosen_whole():
    music = song((0, 12, 60))
    assert Selection(parts=("drums",)).of(music) is music


@pytest.mark.parametrize("text", ["", "128", "bass,,drums", "guitars", "all,bass", "-1"])
def test_other_words_are_refused(text):
    with pytest.raises(ValueError, match="must be all, or several of melody, drums, piano"):
        part_choice.parse(text)


def test_words_are_read_in_any_case():
    assert part_choice.parse("Melody, synth-lead,33") == ("melody", "synth-lead", "33")
    assert part_choice.parse("ALL") == ("all",)


def test_ranges_hold_for_every_program_of_a_family():
    ranges = part_choice.ranges_of_programs(("bass:28-55", "33:30-40"))
    assert (ranges[32], ranges[33], len(ranges)) == ((28, 55), (30, 40), 8)


@pytest.mark.parametrize(
    "text",
    ["bass", "bass:55-28", "bass:0-128", "drums:0-127", "tuba:1-2", "bass:a-b", "bass:\u0662-\u0663", "0:1-2,0:3-4"],
)
def test_other_ranges_are_refused(text):
    with pytest.raises(ValueError, match="must be"):
        part_choice.parse_ranges(text)
