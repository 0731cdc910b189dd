from hypothesis import given
from hypothesis import strategies as st

from nabi.music import excerpt
from nabi.music.about import About
from nabi.music.band import Instrument
from nabi.music.song import Song
from nabi.music.timeline import Timeline

NOTES = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30), st.integers(40, 80)), min_size=1, max_size=12)


def test_of_a_band_parts_velocities_and_what_holds_at_the_edge_are_kept():
    duo = [Instrument("Violin", 40), Instrument("Cello", 42)]
    song = Song.from_parts(
        *([0, 12, 24], [24, 12, 12], [67, 48, 50], [0, 1, 1], [90, 70, 60]),
        instruments=duo,
        pedals=[(1, 6, 30)],
        timeline=Timeline.of(tempi=[(0, 400_000), (30, 500_000)]),
    )
    part = excerpt.cut(song, 24)
    assert [(event.start, event.pitches, event.duration) for event in part] == [(0, (50,), 12)]
    assert part.band.instruments == (duo[1],)
    assert part.band.velocity.tolist() == [60]
    assert part.band.pedals.tolist() == [[0, 0, 6]]
    assert part.band.timeline.tempi.tolist() == [[0, 400_000], [6, 500_000]]


def test_ends_of_phrases_move_with_the_notes():
    song = Song.from_notes([0, 12, 24], [12, 12, 12], [60, 62, 64], About(phrase_ends=(12, 24, 36)))
    assert excerpt.cut(song, 12, 30).about.phrase_ends == (12,)


@given(NOTES, st.integers(0, 60), st.integers(1, 40))
def test_at_every_tick_the_excerpt_sounds_as_the_song_does(notes, begin, length):
    song = Song.from_notes(*zip(*notes, strict=True))
    part = excerpt.cut(song, begin, begin + length)

    def sounding(own, tick):
        start, duration, pitch = own.notes()
        return set(pitch[(start <= tick) & (tick < start + duration)].tolist())

    assert [sounding(part, tick) for tick in range(length)] == [sounding(song, begin + tick) for tick in range(length)]
    assert part.end <= length
