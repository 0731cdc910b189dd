"""Songs with their parts."""

import contextlib
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music import augmentation, silence
from nabi.music.about import About
from nabi.music.band import Band, Instrument
from nabi.music.selection import Selection
from nabi.music.song import Event, Song
from nabi.music.timeline import Timeline
from tests.builders import bands, notes_of, song, songs

VIOLIN, PIANO, DRUMS = Instrument("Violin", 40), Instrument("Piano", 0), Instrument("Drums", 0, is_drums=True)


def band(*notes, instruments=(VIOLIN, PIANO, DRUMS), **more):
    """A song of (start, duration, pitch, part, velocity)."""
    return Song.from_parts(*zip(*notes, strict=True), instruments=instruments, **more)


def played(music):
    """(start, duration, pitch, part, velocity) of every note."""
    columns = (*music.notes(), music.note_parts(), music.band.velocity)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_two_parts_may_have_the_same_note_at_once():
    music = band((0, 12, 60, 0, 80), (0, 12, 60, 1, 90), (0, 12, 64, 1, 70))
    assert list(music) == [Event(0, (60,), 12), Event(0, (60, 64), 12)]
    assert played(music) == [(0, 12, 60, 0, 80), (0, 12, 60, 1, 90), (0, 12, 64, 1, 70)]


def test_a_pitch_that_is_struck_again_ends_its_own_part_s_note_alone():
    music = band((0, 24, 60, 0, 80), (0, 24, 60, 1, 90), (12, 6, 60, 1, 90))
    assert played(music) == [(0, 24, 60, 0, 80), (0, 12, 60, 1, 90), (12, 6, 60, 1, 90)]


def test_of_a_part_s_same_note_twice_the_longer_stays_and_of_equal_ones_the_louder():
    assert played(band((0, 9, 60, 0, 40), (0, 3, 60, 0, 99))) == [(0, 9, 60, 0, 40)]
    assert played(band((0, 9, 60, 0, 40), (0, 9, 60, 0, 99), (0, 9, 60, 0, 50))) == [(0, 9, 60, 0, 99)]


def test_parts_without_notes_are_left_out_with_their_pedals():
    music = band((0, 12, 36, 2, 80), (0, 12, 60, 1, 80), pedals=[(0, 0, 9), (1, 3, 6)])
    assert music.band.instruments == (PIANO, DRUMS)
    assert music.band.pedals.tolist() == [[0, 3, 6]]


@given(bands(), st.randoms())
def test_the_order_of_notes_does_not_matter(music, random):
    rows = played(music)
    random.shuffle(rows)
    more = {"pedals": music.band.pedals, "timeline": music.band.timeline}
    assert band(*rows, instruments=music.band.instruments, **more) == music


@given(bands())
def test_bytes_give_back_the_song(music):
    assert Song.from_bytes(music.to_bytes()) == pickle.loads(pickle.dumps(music)) == music
    assert Band.from_bytes(music.band.to_bytes()).to_bytes() == music.band.to_bytes()


def test_what_pedals_and_changes_do_after_the_last_note_is_left_out():
    timeline = Timeline.of(tempi=[(0, 500_000), (12, 400_000)], meters=[(30, 3, 4)])
    music = band((0, 12, 60, 0, 80), pedals=[(0, 6, 99), (0, 20, 30)], timeline=timeline)
    assert music.band.pedals.tolist() == [[0, 6, 12]]
    assert [rows.tolist() for rows in music.band.timeline.columns()] == [[[0, 500_000]], [], []]


@pytest.mark.parametrize(
    ("notes", "more", "message"),
    [
        ([(0, 1, 60, 3, 90)], {}, r"part 3 is outside 0\.\.2"),
        ([(0, 1, 60, 0, 90)], {"pedals": [(5, 0, 9)]}, r"part of a pedal 5 is outside 0\.\.2"),
        ([(0, 1, 60, 0, 90)], {"instruments": [Instrument("Kazoo", 200)]}, r"program 200 of 'Kazoo'"),
    ],
)
def test_parts_have_instruments(notes, more, message):
    with pytest.raises(ValueError, match=message):
        band(*notes, **more)


@given(bands(), st.data())
def test_other_bytes_are_no_song_or_another_one(music, data):
    content = bytearray(music.to_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ValueError):
        assert Song.from_bytes(bytes(content)) != music


def test_songs_differ_by_everything_that_a_band_says():
    one = [(0, 12, 60, 0, 80)]
    others = [
        band((0, 12, 60, 0, 81)),
        band(*one, instruments=[PIANO]),
        band(*one, instruments=[VIOLIN._replace(name="")]),
        band(*one, pedals=[(0, 0, 6)]),
        band(*one, timeline=Timeline.of(tempi=[(0, 500_000)])),
        band(*one, timeline=Timeline.of(meters=[(0, 3, 4)])),
        band(*one, timeline=Timeline.of(keys=[(0, 3, 1)])),
        song((0, 12, 60)),
    ]
    assert len({band(*one), *others}) == 1 + len(others)


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_bytes_that_end_early_are_no_song(cut):
    with pytest.raises(ValueError, match="a song"):
        Song.from_bytes(band((0, 12, 60, 0, 80)).to_bytes()[:-cut])


@pytest.mark.parametrize("velocity", [0, 128])
def test_velocities_have_a_range(velocity):
    with pytest.raises(ValueError, match=f"velocity {velocity} is outside 1..127"):
        band((0, 12, 60, 0, velocity))


@given(bands())
def test_merged_parts_are_the_notes_of_all_but_drums(music):
    pitched = [row[:3] for row in played(music) if not music.band.instruments[row[3]].is_drums]
    assert music.merged() == song(*pitched)


@given(songs())
def test_a_song_without_a_band_is_merged_already_and_has_no_parts(music):
    assert music.merged() is music
    assert not music.is_drum().any()
    with pytest.raises(ValueError, match="has no band"):
        music.note_parts()


def test_transposition_leaves_drums_alone():
    music = band((0, 12, 60, 0, 80), (0, 12, 36, 2, 90))
    assert played(music.transpose(5)) == [(0, 12, 65, 0, 80), (0, 12, 36, 1, 90)]


def test_key_signatures_move_with_the_notes():
    keys = [(0, -3, 0), (12, 1, 1)]
    music = band((0, 12, 60, 0, 80), (12, 12, 60, 0, 80), timeline=Timeline.of(keys=keys))
    assert music.transpose(2).band.timeline.keys.tolist() == [[0, -1, 0], [12, 3, 1]]
    assert music.transpose(-1).band.timeline.keys.tolist() == [[0, 2, 0], [12, -6, 1]]
    assert music.transpose(12) == band((0, 12, 72, 0, 80), (12, 12, 72, 0, 80), timeline=Timeline.of(keys=keys))


@given(bands(), st.integers(-12, 12))
def test_transposed_there_and_back_a_band_differs_in_spelling_at_most(music, semitones):
    back = music.transpose(semitones).transpose(-semitones)
    assert played(back) == played(music)
    ticks, sharps, minor = back.band.timeline.keys.T
    assert np.abs(sharps).max(initial=0) <= 7
    # Two signatures may be one after respelling.
    assert {(tick, 7 * key % 12, mode) for tick, key, mode in zip(ticks, sharps, minor, strict=True)} <= {
        (tick, 7 * key % 12, mode) for tick, key, mode in music.band.timeline.keys.tolist()
    }


def test_drums_are_no_instrument_of_merged_parts_unless_there_are_no_others():
    about = About(instrument="Violin, Drums, Piano")
    whole = band((0, 12, 60, 0, 80), (0, 12, 36, 2, 90), (0, 12, 48, 1, 90), about=about)
    assert whole.merged().about.instrument == "Violin, Piano"
    assert band((0, 12, 36, 2, 90), about=About(instrument="Drums")).merged().about.instrument == "Drums"
    assert band((0, 12, 60, 0, 80), about=About(instrument="Fiddle")).merged().about.instrument == "Fiddle"


def test_drums_do_not_limit_transposition():
    music = band((0, 12, 60, 0, 80), (0, 12, 1, 2, 90))
    assert [semitones for semitones, _ in augmentation.transpositions(music, (-3, 2))] == [-3, 0, 2]


def test_an_excerpt_knows_what_holds_at_its_beginning():
    tempi, meters, keys = [(0, 500_000), (24, 400_000), (40, 300_000)], [(0, 3, 4)], [(24, -1, 1)]
    notes = [(0, 12, 60, 0, 80), (12, 24, 64, 0, 70), (36, 12, 36, 2, 90)]
    music = band(*notes, pedals=[(0, 6, 60)], timeline=Timeline.of(tempi, meters, keys))
    excerpt = Selection(excerpt=(1, 3)).of(music)
    assert played(excerpt) == [(0, 24, 64, 0, 70)]
    assert excerpt.band.instruments == (VIOLIN,)
    assert excerpt.band.pedals.tolist() == [[0, 0, 24]]
    columns = [rows.tolist() for rows in excerpt.band.timeline.columns()]
    assert columns == [[[0, 500_000], [12, 400_000]], [[0, 3, 4]], [[12, -1, 1]]]


def test_a_range_of_pitches_is_not_meant_for_drums():
    music = band((0, 12, 60, 0, 80), (0, 12, 90, 0, 80), (0, 12, 36, 2, 90))
    assert played(Selection(pitches=(50, 70)).of(music)) == [(0, 12, 60, 0, 80), (0, 12, 36, 1, 90)]


def test_changes_move_with_the_notes_when_silence_is_shortened():
    later = 48 * 100
    tempi = [(0, 500_000), (later + 12, 400_000)]
    music = band((0, 12, 60, 0, 80), (later, 24, 60, 0, 80), timeline=Timeline.of(tempi=tempi), pedals=[(0, 0, later)])
    shortened = silence.shorten(music, 8)
    begin = played(shortened)[1][0]
    assert begin == 96
    assert shortened.band.timeline.tempi.tolist() == [[0, 500_000], [begin + 12, 400_000]]
    assert shortened.band.pedals.tolist() == [[0, 0, begin]]


def test_of_changes_at_one_tick_the_last_holds_and_equal_ones_are_one():
    rows = [(12, 500_000), (0, 400_000), (12, 400_000), (24, 300_000), (36, 300_000)]
    assert Timeline.of(tempi=rows).tempi.tolist() == [[0, 400_000], [24, 300_000]]
    assert Timeline.of().tempi.shape == (0, 2)
    assert np.array_equal(Timeline.of(keys=[(0, 0, 0)]).keys, [[0, 0, 0]])


@given(bands())
def test_notes_stay_where_they_are_if_nothing_is_moved(music):
    assert music.moved(*music.notes()) == music
    assert notes_of(music.transpose(0)) == notes_of(music)


def test_time_goes_by_the_tempi_and_before_the_first_by_the_one_that_is_given():
    timeline = Timeline.of(tempi=[(12, 1_000_000), (24, 250_000)])
    assert [timeline.seconds(ticks, 12, tempo=60) for ticks in (0, 6, 12, 24, 48)] == [0.0, 0.5, 1.0, 2.0, 2.5]
    assert Timeline.of().seconds(48, 12, tempo=120) == 2.0
