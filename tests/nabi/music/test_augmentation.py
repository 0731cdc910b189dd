import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music.about import About
from nabi.music.augmentation import renditions, transpositions
from nabi.music.band import Instrument
from nabi.music.canonical_form import LAST_TICK
from nabi.music.rendition import SCALE, STRETCH, TEMPO, VELOCITY, Rendition
from nabi.music.song import Song
from nabi.music.timeline import Timeline
from tests.builders import bands, notes_of, song, songs

FACTORS = st.fractions(Fraction(1, 4), 4, max_denominator=20).filter(lambda factor: factor != 1)


def played(music: Song, kind: str, factor: Fraction) -> Song | None:
    """One rendition of a song, None if there is none."""
    _, *others = renditions(music, [Rendition(kind, factor)])
    return others[0][1] if others else None


def duo(*velocities: int, **more) -> Song:
    """A quarter note for each velocity, one after the other, of a violin; a drum of velocity 90 with the first."""
    notes = [(12 * place, 12, 60, 0, velocity) for place, velocity in enumerate(velocities)]
    players = [Instrument("Violin", 40), Instrument("Drums", 0, is_drums=True)]
    return Song.from_parts(*zip(*notes, (0, 3, 36, 1, 90), strict=True), instruments=players, **more)


def test_transpositions_ascend_each_once_the_song_itself_among_them():
    made = [(semitones, notes_of(moved)) for semitones, moved in transpositions(song((0, 6, 60)), (2, -1, 0, 2))]
    assert made == [(-1, [(0, 6, 59)]), (0, [(0, 6, 60)]), (2, [(0, 6, 62)])]


def test_keys_that_leave_the_pitches_are_left_out():
    music = song((0, 6, 1), (0, 6, 126))
    assert [semitones for semitones, _ in transpositions(music, range(-3, 4))] == [-1, 0, 1]


def test_the_song_itself_comes_first_and_then_what_is_asked_for():
    asked = [Rendition(SCALE, Fraction(2)), Rendition(VELOCITY, Fraction(2)), Rendition(STRETCH, Fraction(3, 2))]
    made = [(str(rendition), notes_of(music)) for rendition, music in renditions(song((0, 6, 60)), asked)]
    assert made == [("", [(0, 6, 60)]), ("*2", [(0, 12, 60)]), ("*stretch:3/2", [(0, 9, 60)])]


@pytest.mark.parametrize("kind", [TEMPO, VELOCITY])
def test_a_song_without_parts_says_neither_tempo_nor_velocity(kind):
    assert played(song((0, 6, 60)), kind, Fraction(2)) is None


@pytest.mark.parametrize("notes", [[(0, 3, 60)], [(3, 2, 60)]])
def test_a_scale_that_leaves_the_grid_is_no_rendition(notes):
    assert played(song(*notes), SCALE, Fraction(1, 2)) is None


@pytest.mark.parametrize("kind", [SCALE, STRETCH])
def test_times_longer_than_a_song_can_be_are_no_rendition(kind):
    half = song((LAST_TICK // 2 - 6, 6, 60))
    assert played(half, kind, Fraction(2)).end == LAST_TICK - 1
    assert played(half, kind, Fraction(3)) is None


def test_a_stretch_goes_to_the_nearest_tick_and_notes_that_follow_each_other_still_do():
    assert notes_of(played(song((0, 5, 60), (5, 10, 62), (15, 1, 64)), STRETCH, Fraction(11, 10))) == [
        (0, 6, 60),
        (6, 11, 62),
        (17, 1, 64),
    ]


def test_a_note_that_would_vanish_keeps_a_tick():
    assert notes_of(played(song((0, 1, 60), (12, 12, 62)), STRETCH, Fraction(1, 4))) == [(0, 1, 60), (3, 3, 62)]


def test_a_factor_of_many_digits_is_exact():
    assert notes_of(played(song((0, 100, 60)), STRETCH, Fraction("1.00499999999999999999999"))) == [(0, 100, 60)]
    assert notes_of(played(song((0, 100, 60)), STRETCH, Fraction("1.00500000000000000000001"))) == [(0, 101, 60)]


@pytest.mark.parametrize("kind", [SCALE, STRETCH])
def test_phrases_end_where_their_notes_do(kind):
    music = dataclasses.replace(song((0, 12, 60), (12, 12, 62)), about=About(source="a", phrase_ends=(12, 24)))
    about = played(music, kind, Fraction(1, 2)).about
    assert (about.source, about.phrase_ends) == ("a", (6, 12))


def test_pedals_and_changes_move_with_the_notes():
    changes = Timeline.of(tempi=[(0, 500_000), (6, 400_000)], meters=[(7, 3, 4)])
    music = duo(80, timeline=changes, pedals=[(0, 2, 8)])
    stretched = played(music, STRETCH, Fraction(3, 2)).band
    assert stretched.pedals.tolist() == [[0, 3, 12]]
    assert stretched.timeline.tempi.tolist() == [[0, 500_000], [9, 400_000]]
    assert stretched.timeline.meters.tolist() == [[11, 3, 4]]


def test_a_slower_tempo_has_longer_quarter_notes():
    changes = Timeline.of(tempi=[(0, 500_000), (6, 400_001)], meters=[(0, 3, 4)], keys=[(0, -1, 1)])
    slower = played(duo(80, timeline=changes), TEMPO, Fraction(10, 11)).band.timeline
    assert slower.tempi.tolist() == [[0, 550_000], [6, 440_001]]
    assert (slower.meters.tolist(), slower.keys.tolist()) == ([[0, 3, 4]], [[0, -1, 1]])


def test_until_a_tempo_is_told_it_is_120_quarter_notes_a_minute():
    assert played(duo(80), TEMPO, Fraction(2)).band.timeline.tempi.tolist() == [[0, 250_000]]
    late = duo(80, timeline=Timeline.of(tempi=[(6, 400_000)]))
    assert played(late, TEMPO, Fraction(2)).band.timeline.tempi.tolist() == [[0, 250_000], [6, 200_000]]


def test_tempi_keep_to_what_a_file_can_say():
    music = duo(80, timeline=Timeline.of(tempi=[(0, 1), (6, 10_000_000)]))
    assert played(music, TEMPO, Fraction(4)).band.timeline.tempi.tolist() == [[0, 1], [6, 2_500_000]]
    assert played(music, TEMPO, Fraction(1, 4)).band.timeline.tempi.tolist() == [[0, 4], [6, 16_777_215]]


@pytest.mark.parametrize(
    ("factor", "louder"), [("6/5", [1, 97, 108, 127]), ("4/5", [1, 65, 72, 102]), ("1/4", [1, 20, 23, 32])]
)
def test_velocities_are_multiplied_to_the_nearest_of_their_range(factor, louder):
    music = played(duo(1, 81, 127), VELOCITY, Fraction(factor))
    # The drum stands behind the first note of the violin.
    assert [music.band.velocity.tolist()[place] for place in (0, 2, 1, 3)] == louder


@given(bands(), st.sampled_from([TEMPO, VELOCITY]), FACTORS)
def test_another_tempo_or_loudness_leaves_every_note_in_its_place(music, kind, factor):
    other = played(music, kind, factor)
    assert notes_of(other) == notes_of(music)
    assert other.note_parts().tolist() == music.note_parts().tolist()
    assert Song.from_bytes(other.to_bytes()) == other


@given(bands(), FACTORS)
def test_in_another_tempo_a_song_takes_so_many_times_as_long(music, factor):
    seconds = [
        version.band.timeline.seconds(music.end, music.ticks_per_quarter, tempo=120)
        for version in (music, played(music, TEMPO, factor))
    ]
    assert seconds[1] == pytest.approx(seconds[0] / float(factor), rel=1e-5)


@given(bands(), FACTORS)
def test_what_is_louder_stays_louder_and_within_the_range(music, factor):
    own, other = music.band.velocity.astype(int), played(music, VELOCITY, factor).band.velocity.astype(int)
    assert np.all(np.diff(other[np.argsort(own, kind="stable")]) >= 0)
    assert 1 <= other.min() <= other.max() <= 127


@given(songs(), st.sampled_from([Fraction(1, 2), Fraction(3, 2), Fraction(2), Fraction(3)]))
def test_an_exact_scale_is_undone_by_its_inverse_and_is_a_stretch(music, factor):
    scaled = played(music, SCALE, factor)
    if scaled is not None:
        assert scaled == played(music, STRETCH, factor)
        assert played(scaled, SCALE, 1 / factor) == music
