import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music import voice_split
from nabi.music.song import Song
from tests import builders
from tests.builders import notes_of, song

# Four voices in quarter notes: C5 B4 C5, G4 G4 G4, E4 D4 E4 (the alto and tenor cross nothing), C3 G3 C3.
CHORALE = [
    (12 * at, 12, pitch)
    for at, chord in enumerate([(72, 67, 64, 48), (71, 67, 62, 55), (72, 67, 64, 48)])
    for pitch in chord
]


def split(*notes: tuple[int, int, int]) -> list[tuple[str, list[tuple[int, int, int]]]]:
    return [(part.name, notes_of(part.song)) for part in voice_split.parts(song(*notes))]


def test_four_voices_are_soprano_alto_tenor_and_bass():
    assert split(*CHORALE) == [
        ("Soprano", [(0, 12, 72), (12, 12, 71), (24, 12, 72)]),
        ("Alto", [(0, 12, 67), (12, 12, 67), (24, 12, 67)]),
        ("Tenor", [(0, 12, 64), (12, 12, 62), (24, 12, 64)]),
        ("Bass", [(0, 12, 48), (12, 12, 55), (24, 12, 48)]),
    ]


def test_voices_of_another_number_are_counted_from_the_top():
    assert split((0, 12, 60), (0, 12, 67), (12, 6, 59), (18, 6, 57), (12, 12, 65)) == [
        ("Voice 1", [(0, 12, 67), (12, 12, 65)]),
        ("Voice 2", [(0, 12, 60), (12, 6, 59), (18, 6, 57)]),
    ]


def test_a_held_note_stays_in_its_voice_and_a_higher_one_may_begin_below_it():
    # The upper voice holds C5 while the lower goes up to D5: they cross.
    assert split((0, 48, 72), (0, 24, 60), (24, 24, 74)) == [
        ("Voice 1", [(0, 48, 72)]),
        ("Voice 2", [(0, 24, 60), (24, 24, 74)]),
    ]


def test_voices_that_meet_have_one_note_both():
    # The tenor goes up to the alto's note, and down again.
    meeting = [
        *CHORALE,
        (36, 12, 72),
        (36, 12, 67),
        (36, 12, 48),
        (48, 12, 71),
        (48, 12, 67),
        (48, 12, 65),
        (48, 12, 43),
    ]
    parts = dict(split(*meeting))
    assert [len(own) for own in parts.values()] == [5, 5, 5, 5]
    assert parts["Alto"][3] == parts["Tenor"][3] == (36, 12, 67)


def test_voices_that_meet_do_not_move_together():
    # Three notes move on: alto and tenor meet on G4, and on A4 only one of them goes on.
    chords = [(72, 67, 48), (74, 69, 50), (76, 71, 67, 52)]
    before = [(start + offset, length, pitch) for offset in (0, 36) for start, length, pitch in CHORALE]
    notes = [(72 + 12 * at, 12, pitch) for at, chord in enumerate(chords) for pitch in chord]
    parts = dict(split(*before, *notes))
    assert [pitch for _, _, pitch in parts["Alto"][6:]] == [67, 69, 71]
    assert parts["Tenor"][6:] == [(72, 12, 67), (96, 12, 67)]


def test_of_two_meetings_that_are_as_near_that_one_counts_which_leads_on():
    # E4 may go down to the bass, or up to G4: next it is A4, with the alto above.
    chords = [(72, 67, 64, 60), (72, 67, 60), (77, 74, 69, 53)]
    notes = [(12 * at, 12, pitch) for at, chord in enumerate(chords) for pitch in chord]
    assert dict(split(*CHORALE, *((36 + start, length, pitch) for start, length, pitch in notes)))["Tenor"][4:] == [
        (48, 12, 67), (60, 12, 69),
    ]  # fmt: skip


def test_a_voice_leaves_the_note_that_it_shares_earlier():
    # Alto and tenor meet on G4; the tenor, or the alto, goes on to E4 after one of its two quarter notes.
    notes = [*CHORALE, (36, 24, 72), (36, 24, 67), (36, 24, 48), (48, 12, 64)]
    parts = dict(split(*notes))
    assert (parts["Alto"][3:], parts["Tenor"][3:]) == ([(36, 24, 67)], [(36, 12, 67), (48, 12, 64)])


@pytest.mark.parametrize(("quarters", "meetings"), [(4, 4), (5, 0)])
def test_a_voice_that_is_missing_for_more_than_four_quarter_notes_rests(quarters, meetings):
    duet = [(12 * at, 12, pitch) for at in range(16) for pitch in (72, 60)]
    alone = [(12 * at, 12, 72) for at in range(16, 16 + quarters)]
    back = [(12 * (16 + quarters), 12, pitch) for pitch in (72, 60)]
    assert [len(own) for _, own in split(*duet, *alone, *back)] == [17 + quarters, 17 + meetings]
    # Up to the end it is no other.
    assert [len(own) for _, own in split(*duet, *alone)] == [16 + quarters, 16 + meetings]


def test_a_note_too_many_is_in_the_voice_that_is_nearest():
    assert split(*CHORALE, (30, 6, 73))[0] == ("Soprano", [(0, 12, 72), (12, 12, 71), (24, 12, 72), (30, 6, 73)])


@pytest.mark.parametrize(
    "notes",
    [
        (),
        # One voice.
        ((0, 12, 60), (12, 12, 62)),
        # Two notes for half the time.
        ((0, 24, 60), (0, 12, 67)),
        # Ten voices.
        tuple((0, 12, pitch) for pitch in range(60, 70)),
    ],
)
def test_other_music_has_no_voices(notes):
    assert split(*notes) == []


@pytest.mark.parametrize(("length", "voices"), [(16, 0), (15, 0), (12, 2)])
def test_silence_does_not_count_and_three_quarters_of_the_rest_are_enough(length, voices):
    """Two notes for 36 ticks, and one for `length`, after a long silence."""
    assert len(split((0, 36, 60), (0, 36, 67), (480, length, 60))) == voices


def test_a_voice_that_enters_later_has_no_note_before():
    alone = [(0, 12, 72), (12, 12, 74)]
    for begin in (0, 48):
        notes = [*alone, *((start + at, length, pitch) for at in (24, 60, 96) for start, length, pitch in CHORALE)]
        parts = split(*((start + begin, length, pitch) for start, length, pitch in notes))
        assert [len(own) for _, own in parts] == [11, 9, 9, 9]


def test_a_chord_in_which_two_voices_have_met_may_be_the_first():
    meeting = [(0, 12, 72), (0, 12, 64), (0, 12, 48)]
    parts = dict(split(*meeting, *((start + 12, length, pitch) for start, length, pitch in CHORALE)))
    assert [len(own) for own in parts.values()] == [4, 4, 4, 4]
    assert parts["Alto"][0] == parts["Tenor"][0] == (0, 12, 64)


def test_a_voice_leaves_a_note_that_it_shares_rather_than_a_held_one_of_its_own():
    # The soprano holds C5, which is nearer to B4; alto and tenor are on G4.
    before = [(start + offset, length, pitch) for offset in (0, 36) for start, length, pitch in CHORALE]
    parts = dict(split(*before, (72, 24, 72), (72, 24, 67), (72, 24, 48), (84, 12, 71)))
    assert (parts["Alto"][-2:], parts["Tenor"][-1]) == ([(72, 12, 67), (84, 12, 71)], (72, 24, 67))


def test_a_voice_that_has_left_another_rests_until_there_is_a_note_for_it():
    # Alto and tenor meet on G4; on A4 and B4 there is a note for one of them.
    chords = [(72, 67, 48), (74, 69, 50), (76, 71, 52), (72, 67, 64, 48)]
    before = [(start + offset, length, pitch) for offset in range(0, 144, 36) for start, length, pitch in CHORALE]
    notes = [(144 + 12 * at, 12, pitch) for at, chord in enumerate(chords) for pitch in chord]
    parts = dict(split(*before, *notes))
    assert [pitch for _, _, pitch in parts["Alto"][12:]] == [67, 69, 71, 67]
    assert parts["Tenor"][12:] == [(144, 12, 67), (180, 12, 64)]


def test_voices_that_meet_anew_are_on_one_note_each_time():
    # First alto and tenor meet, then soprano and alto.
    chords = [(72, 65, 48), (69, 60, 50), (72, 67, 64, 48)]
    before = [(start + offset, length, pitch) for offset in range(0, 144, 36) for start, length, pitch in CHORALE]
    notes = [(144 + 12 * at, 12, pitch) for at, chord in enumerate(chords) for pitch in chord]
    assert [len(own) for _, own in split(*before, *notes)] == [15, 15, 15, 15]


def test_who_is_left_with_a_note_keeps_it():
    # Tenor and bass meet on C3, the tenor leaves it for D3 and goes on.
    before = [(start + offset, length, pitch) for offset in (0, 36) for start, length, pitch in CHORALE]
    held = [(72, 24, 72), (72, 24, 67), (72, 24, 48)]
    parts = voice_split.parts(song(*before, *held, (78, 12, 50), (84, 12, 51)))
    assert (72, 24, 48) in {note for part in parts for note in notes_of(part.song)}


@st.composite
def steady(draw) -> Song:
    """Songs of mostly as many notes as voices, at any places; some are left out or added."""
    voices, chords = draw(st.integers(2, 5)), draw(st.integers(1, 10))
    notes = [
        (12 * at + draw(st.sampled_from([0, 0, 0, 6])), draw(st.sampled_from([6, 12, 12, 12, 24])), pitch)
        for at in range(chords)
        for pitch in draw(st.sets(st.integers(40, 80), min_size=voices - draw(st.integers(0, 1)), max_size=voices))
    ]
    return song(*notes)


@given(music=steady() | builders.songs())
def test_each_note_is_in_a_part_and_the_parts_are_the_song(music):
    parts = voice_split.parts(music)
    if parts:
        notes = [note for part in parts for note in notes_of(part.song)]
        assert set(notes) >= set(notes_of(music))
        assert music.with_notes(*zip(*notes, strict=True)) == music
        assert all(part.song.about == music.about for part in parts)
        assert len({part.name for part in parts}) == len(parts)
