"""Literal songs <-> literal tokens."""

import dataclasses
import re

import pytest

from nabi.music.about import About
from nabi.music.band import Instrument
from nabi.music.encodings import (
    Bands,
    Bars,
    Events,
    Grid,
    Pitch,
    PitchDuration,
    Steps,
    Voices,
    block,
    read_steps,
    snap,
    tie,
    write_steps,
)
from nabi.music.song import Song
from nabi.music.timeline import Timeline
from tests.builders import notes_of, song

# C4 for a quarter with E4 above it for two, then a gap of a quarter, then a triplet D4.
MUSIC = song((0, 12, 60), (0, 24, 64), (36, 4, 62))


def test_events():
    assert Events().encode(MUSIC) == ["C4", "d:1", "E4", "d:2", "s:3", "D4", "d:1/3"]


def test_events_write_long_values_as_sums_and_leading_silence_as_a_shift():
    assert Events().encode(song((50, 96, 60))) == ["s:4", "s:1/6", "C4", "d:4", "d:4"]


def test_events_spell_an_unknown_chord_as_its_notes():
    tokens = Events().encode(song((0, 50, 60), (0, 50, 64), (12, 1, 70)))
    assert Events().spell(tokens, set()) == ["C4", "d:4", "d:1/6", "E4", "d:4", "d:1/6", "s:1", "Bb4", "d:1/12"]


def test_events_leave_out_a_last_note_without_duration():
    assert Events().decode(["C4", "d:1", "s:1", "E4"]) == song((0, 12, 60))


def test_pitch_duration():
    assert PitchDuration().encode(MUSIC) == ["C4.E4:2", "R:1", "D4:1/3"]
    assert PitchDuration().encode(song((6, 6, 60))) == ["R:1/2", "C4:1/2"]


def test_block_cuts_at_the_next_onset():
    assert notes_of(block(song((0, 24, 60), (0, 12, 64), (18, 6, 67)))) == [(0, 18, 60), (0, 18, 64), (18, 6, 67)]


def test_pitch():
    assert Pitch().encode(song((0, 9, 52), (0, 9, 59), (0, 9, 67), (9, 3, 63))) == ["4.7.11", "Eb4"]
    assert Pitch("voiced").encode(song((0, 9, 52), (0, 9, 59))) == ["E3.B3"]
    assert notes_of(Pitch().decode(["9.0.4", "C4"])) == [(0, 6, 69), (0, 6, 72), (0, 6, 76), (6, 6, 60)]


def test_pitch_of_an_octave_is_a_single_class():
    assert Pitch().encode(song((0, 6, 48), (0, 6, 60))) == ["0"]


def test_grid():
    assert Grid(6).encode(MUSIC) == ["C4.E4", "~C4.~E4", "~E4", "~E4", "R", "R", "D4"]
    assert Grid(6, onset_marks=False).encode(MUSIC)[1] == "C4.E4"
    assert Grid(6, highest=True).encode(MUSIC)[:2] == ["E4", "~E4"]


def test_grid_tells_a_note_struck_again_from_a_held_one_unless_told_not_to():
    twice = song((0, 6, 60), (6, 6, 60))
    assert Grid(6).encode(twice) == ["C4", "C4"]
    assert Grid(6, onset_marks=False).reduce(twice) == song((0, 12, 60))


def test_grid_highest_starts_a_note_again_that_was_covered():
    assert Grid(6, highest=True).encode(song((0, 18, 60), (6, 6, 72))) == ["C4", "C5", "C4"]


def test_grid_starts_a_held_pitch_that_did_not_sound():
    assert Grid(6).decode(["~C4", "~C4.E4"]) == song((0, 12, 60), (6, 6, 64))


def test_steps():
    assert Steps(6).encode(MUSIC) == ["C4", "E4", "|", "C4", "E4", "|", "E4", "|", "E4", "|", "|", "|", "D4", "|"]
    assert notes_of(Steps(6).decode(["|", "C4", "E4", "|", "E4", "|"])) == [(6, 6, 60), (6, 12, 64)]


def test_steps_keep_every_step_that_is_written_and_none_that_is_not_closed():
    assert write_steps([[64, 60], [], {60}, []]) == ["C4", "E4", "|", "|", "C4", "|", "|"]
    assert read_steps(["C4", "|", "|", "E4"]) == [[60], []]
    assert Steps().decode(["C4", "|", "|", "E4"]) == song((0, 3, 60))


def test_steps_have_a_small_vocabulary_that_knows_all():
    assert (len(Steps().required()), Steps().required()[60], Steps().required()[-1]) == (129, "C4", "|")


def test_voices():
    assert " ".join(Voices().encode(MUSIC)) == "bar:1 key:A-minor last:10/3 E4 C4 s:1 @1 ~E4 s:1 @2 s:1 @3 D4 s:1/3"


def test_voices_are_written_from_the_outer_ones_inwards():
    chord = song((0, 12, 72), (0, 12, 67), (0, 12, 64), (0, 12, 55), (0, 24, 48), (12, 12, 50))
    assert " ".join(Voices().encode(chord)) == "bar:1 key:C-major last:2 C5 C3 G4 E4 G3 s:1 @1 D3 ~C3 s:1"


def test_voices_count_bars_down_and_hold_notes_over_bar_lines():
    waltz = song((24, 24, 60), (48, 36, 64))
    waltz = dataclasses.replace(waltz, about=About(time_signature="3/4"))
    written = "meter:3/4 bar:3 key:A-minor last:1 s:2 @2 C4 s:1 bar:2 ~C4 s:1 @1 E4 s:2 bar:1 ~E4 s:1"
    assert " ".join(Voices().encode(waltz)) == written
    assert Voices().decode(written.split()) == waltz


def test_phrases_say_how_many_quarter_notes_they_have_left():
    about = About(time_signature="3/4", phrase_ends=(18, 36 + 12 * 40, 999))
    phrases = dataclasses.replace(song((0, 18, 60), (18, 12 * 60, 62)), about=about)
    tokens = Voices().encode(phrases)
    first = "meter:3/4 bar:21 key:G-major last:3/2 phrase:1 phrase:1/2 cadence:C4 cadence:C4 C4 s:3/2"
    second = "@3/2 phrase:32 phrase:9 phrase:1/2 cadence:D4 cadence:D4 D4 s:3/2 bar:20 ~D4 s:3"
    assert " ".join(tokens).startswith(f"{first} {second}")
    assert sum(token.startswith("phrase") for token in tokens) == 5
    held = dataclasses.replace(song((0, 48, 60)), about=About(phrase_ends=(12,)))
    assert " ".join(Bars().encode(held)) == "bar:1 key:F-major last:4 phrase:1 cadence:C4 cadence:C4 C4 d:4 s:1 @1 s:3"


def test_phrases_say_the_outer_notes_of_their_cadences():
    # Up to the first end B3 moves to C4 under E4; at the second one nothing sounds.
    music = dataclasses.replace(
        song((0, 12, 64), (0, 6, 59), (6, 6, 60), (36, 12, 67)), about=About(phrase_ends=(12, 24))
    )
    written = "phrase:1 cadence:E4 cadence:C4 E4 B3 s:1/2 @1/2 ~E4 C4 s:1/2 @1 phrase:1 s:1 @2 s:1 @3 G4 s:1"
    assert " ".join(Voices().encode(music)).partition("last:4 ")[2] == written


def test_bars():
    assert " ".join(Bars().encode(MUSIC)) == "bar:1 key:A-minor last:10/3 E4 d:2 C4 d:1 s:3 @3 D4 d:1/3 s:1/3"


def test_bars_go_on_while_a_note_sounds_and_write_its_length_as_a_sum():
    waltz = dataclasses.replace(song((24, 120, 60)), about=About(time_signature="3/4"))
    written = "meter:3/4 bar:4 key:F-major last:3 s:2 @2 C4 d:8 d:2 s:1 bar:3 s:3 bar:2 s:3 bar:1 s:3"
    assert " ".join(Bars().encode(waltz)) == written
    assert Bars().decode(written.split()) == waltz


def test_bars_leave_out_a_last_note_without_its_duration():
    assert Bars().decode(["bar:1", "C4", "d:1", "s:1", "@1", "E4"]) == song((0, 12, 60))


@pytest.mark.parametrize("encoding", [Bars(), Voices()])
def test_bars_are_counted_from_64_at_most(encoding):
    tokens = encoding.encode(song((0, 12, 60), (66 * 48, 12, 62)))
    bars = [token for token in tokens if token.startswith("bar:")]
    assert bars[:5] == ["bar:64", "bar:64", "bar:64", "bar:64", "bar:63"]
    assert bars[-1] == "bar:1"


def test_voices_tell_a_note_struck_again_from_a_held_one():
    assert Voices().decode(["bar:1", "C4", "s:1", "@1", "C4", "s:1", "@2", "~C4", "s:1"]) == song(
        (0, 12, 60), (12, 24, 60)
    )


def test_voices_strike_a_held_pitch_that_did_not_sound_and_leave_out_a_slice_without_its_length():
    assert Voices().decode(["bar:1", "~C4", "s:1", "@1", "E4"]) == song((0, 12, 60))


def test_tie_snaps_and_joins_what_touches():
    assert notes_of(tie(song((1, 5, 60), (6, 6, 60), (18, 3, 60), (0, 24, 64)), 6)) == [
        (0, 12, 60),
        (0, 24, 64),
        (18, 6, 60),
    ]


def test_snap_moves_a_half_up_and_keeps_a_step():
    assert notes_of(snap(song((3, 3, 60), (8, 1, 62)), 6)) == [(6, 6, 60), (6, 6, 62)]


@pytest.mark.parametrize(
    ("encoding", "token"),
    [
        (Events(), "H4"),
        (PitchDuration(), "C4"),
        (Pitch(), "4.4"),
        (Grid(), "C"),
        (Steps(), "C4.E4"),
        (Bars(), "H4"),
        (Bars(), "s:0"),
        (Voices(), "H4"),
        (Voices(), "s:0"),
        (PitchDuration(), "C4:0"),
    ],
)
def test_token_of_another_form_is_named(encoding, token):
    # The part that is wrong is quoted.
    with pytest.raises(ValueError, match=re.escape(repr(token.rpartition(":")[2]))):
        encoding.decode([token, *(["d:1"] if encoding.name == "events" else [])])


@pytest.mark.parametrize("encoding", [Bars(), Events()])
def test_duration_without_a_note_is_refused(encoding):
    with pytest.raises(ValueError, match="d:1"):
        encoding.decode(["d:1"])


def test_a_phrase_that_is_longer_than_the_song_ends_nowhere():
    tokens = ["bar:1", "last:4", "phrase:2", "C4", "s:2", "@2", "phrase:3", "D4", "s:2"]
    assert Voices().decode(tokens).about.phrase_ends == (24,)


PLAYERS = [Instrument("Drums", 0, is_drums=True), Instrument("Violins", 40), Instrument("Bass", 33)]


def band(*notes, **more):
    """A song of (start, duration, pitch, part, velocity)."""
    return Song.from_parts(*zip(*notes, strict=True), instruments=PLAYERS, **more)


def test_a_band_is_written_by_programs_drums_last():
    music = band((0, 12, 72, 1, 100), (0, 24, 40, 2, 100), (0, 24, 67, 1, 100), (0, 1, 36, 0, 50), (12, 1, 38, 0, 50))
    assert " ".join(Bands().encode(music)) == (
        "bar:1 key:C-major last:2 part:33 part:40 part:drums program:33 velocity:7 E2 d:2 program:40 velocity:7 C5 d:1 "
        "G4 d:2 velocity:4 drum:36 "
        "s:1 @1 drum:38 s:1"
    )


def test_a_program_and_a_velocity_hold_until_others_stand():
    music = band((0, 6, 72, 1, 100), (6, 6, 40, 2, 20), (12, 6, 71, 1, 100), (18, 6, 69, 1, 20))
    tokens = [token for token in Bands().encode(music) if token.startswith(("program:", "velocity:"))]
    assert tokens == ["program:40", "velocity:7", "program:33", "velocity:2", "program:40", "velocity:2"]
    assert not any(token.startswith("velocity:") for token in Bands(velocity_steps=0).encode(music))
    assert "program:32" in Bands(program_families=True).encode(music)


def test_meters_and_tempi_are_written_where_they_change():
    timeline = Timeline.of(tempi=[(0, 500_000), (40, 400_000)], meters=[(0, 3, 4), (36, 4, 4)])
    music = band((0, 36, 72, 1, 100), (36, 48, 71, 1, 100), timeline=timeline)
    assert " ".join(Bands().encode(music)) == (
        "meter:3/4 bar:2 key:A-minor last:4 part:40 tempo:120 program:40 velocity:7 C5 d:3 s:3 "
        "bar:1 meter:4/4 B4 d:4 s:4"
    )
    read = Bands().decode(Bands().encode(music)).band.timeline
    assert [rows.tolist() for rows in read.columns()] == [[[0, 500_000]], [[0, 3, 4], [36, 4, 4]], []]


def test_a_bar_begins_where_the_meter_changes():
    music = band((0, 60, 72, 1, 100), timeline=Timeline.of(meters=[(30, 2, 4)]))
    assert [t for t in Bands().encode(music) if t.startswith(("bar:", "meter:", "s:"))] == [
        "bar:3", "s:5/2", "bar:2", "meter:2/4", "s:2", "bar:1", "s:1/2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "token",
    [
        "drum:128",
        "drum:x",
        "program:200",
        "velocity:9",
        "velocity:0",
        "tempo:",
        "tempo:0",
        "meter:a/4",
        "meter:3/5",
        "x",
    ],
)
def test_a_token_of_no_band_is_named(token):
    with pytest.raises(ValueError, match=re.escape(repr(token))):
        Bands().decode(["bar:1", token])


def test_a_duration_after_a_drum_has_no_note():
    with pytest.raises(ValueError, match="'d:1' is a duration without a note"):
        Bands().decode(["bar:1", "drum:36", "d:1"])
