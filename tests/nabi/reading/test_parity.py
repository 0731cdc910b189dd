"""The fast reader gives music21's result."""

import collections
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music.errors import REASONS, ParseError
from nabi.reading import fast_midi, file_reader
from nabi.reading.read_settings import DEFAULT, ReadSettings
from tests import builders
from tests.builders import control, meta, note, off, on, program
from tests.nabi.reading.mutations import mutations

COLLECTIONS = pathlib.Path(__file__).parents[4] / "shared" / "midi"
needs_collections = pytest.mark.skipif(not COLLECTIONS.is_dir(), reason="the collections are not on this machine")

TICKS = st.integers(0, 700)
KEYS = st.integers(58, 62)
CHANNELS = st.sampled_from([0, 0, 1, 9])
NAMES = st.sampled_from([b"Violin", b"Piano", b"xyz", b"\xff\xfe", b"Inst 3", b""])
EVENTS = st.one_of(
    st.builds(on, TICKS, KEYS, CHANNELS, st.sampled_from([0, 1, 80])),
    st.builds(on, TICKS, KEYS, CHANNELS, st.sampled_from([80, 127])),
    st.builds(control, TICKS, st.sampled_from([64, 64, 1]), st.sampled_from([0, 63, 64, 127]), CHANNELS),
    st.builds(off, TICKS, KEYS, CHANNELS),
    st.builds(program, TICKS, st.sampled_from([0, 40, 73, 127]), CHANNELS),
    st.builds(meta, TICKS, st.sampled_from([0x03, 0x04]), NAMES),
    st.builds(meta, TICKS, st.just(0x51), st.sampled_from([b"\x07\xa1\x20", b"\0\0\0", b"\x01"])),
    st.builds(meta, TICKS, st.just(0x58), st.sampled_from([bytes([3, 2, 24, 8]), bytes([0, 2]), b""])),
    st.builds(meta, TICKS, st.just(0x59), st.sampled_from([bytes([255, 1]), bytes([99, 0]), b"\x01"])),
)
TRACKS = st.lists(EVENTS, max_size=40)


@given(
    st.lists(TRACKS, min_size=1, max_size=3),
    st.sampled_from([96, 120, 480, 7, 1000]),
    st.sampled_from(["all", "first", "piano", "drums", "40"]),
    st.sampled_from([(4, 3), (4, 3), (8, 6), (5, 6, 8), (6,), (1,), (16, 12), (49, 3), (10, 7)]),
    st.sampled_from([(False, "drop"), (False, "extend"), (True, "drop"), (True, "keep"), (True, "extend")]),
    st.sampled_from(["quarters", "quarters", "seconds"]),
)
def test_any_events_are_read_alike(tracks, division, instrument, divisors, form, time):
    settings = ReadSettings(instrument, "fast", divisors, *form, time=time)
    assert file_reader.difference(builders.midi(*tracks, division=division), settings) == ""


@given(st.lists(TRACKS, min_size=1, max_size=3), st.sampled_from(["drop", "extend"]))
def test_the_parts_without_the_drums_are_the_song_as_one_part(tracks, pedal):
    data = builders.midi(*tracks)
    try:
        single = fast_midi.read(data, ReadSettings(pedal=pedal))
    except ParseError:
        return
    merged = fast_midi.read(data, ReadSettings(pedal=pedal, parts=True)).merged()
    assert builders.notes_of(merged) == builders.notes_of(single)
    assert merged.about.instrument == single.about.instrument


QUINTUPLETS, THIRTY_SECONDS = 96, 60


@pytest.mark.parametrize(
    ("apart", "divisors", "starts"),
    [
        # Notes that start less than the smallest part apart are gathered into a chord, as they are by music21.
        (THIRTY_SECONDS, (4, 3), [0, 3, 6]),
        (THIRTY_SECONDS, (8, 6), [0, 3, 6, 9, 12]),
        (THIRTY_SECONDS, (8, 6, 5), [0, 15, 30, 45, 60]),
        (QUINTUPLETS, (4, 3), [0, 4, 9]),
        (QUINTUPLETS, (5,), [0, 1, 2, 3, 4]),
        (QUINTUPLETS, (8, 6, 5), [0, 24, 48, 72, 96]),
    ],
)
def test_times_go_to_the_nearest_part_of_a_quarter_note(apart, divisors, starts):
    track = [event for index in range(5) for event in note(apart * index, apart * index + 50, 60 + index)]
    read = fast_midi.read(builders.midi(track), ReadSettings(divisors=divisors))
    assert sorted(set(read.notes()[0].tolist())) == starts
    assert read.ticks_per_quarter == {(4, 3): 12, (8, 6): 24, (5,): 5, (8, 6, 5): 120}[divisors]
    assert file_reader.difference(builders.midi(track), ReadSettings(divisors=divisors)) == ""


@pytest.mark.parametrize("divisors", [(5,), (8, 6, 5), (10, 4)])
def test_exact_quintuplets_stay_where_they_are(divisors):
    """By music21's own rounding the 18th of these comes a fifth of a quarter note late."""
    fifths = [event for index in range(60) for event in note(96 * index, 96 * index + 96, 60 + index % 12)]
    read = fast_midi.read(builders.midi(fifths), ReadSettings(divisors=divisors))
    assert (read.start * 5 / read.ticks_per_quarter).tolist() == list(range(60))
    assert file_reader.difference(builders.midi(fifths), ReadSettings(divisors=divisors)) == ""


def test_the_first_part_is_the_one_whose_first_note_comes_first():
    """A track whose note never ends has a name, and no place among the parts."""
    unended = [builders.on(0, 58)]
    two_channels = [*builders.note(0, 1, 58), builders.program(0, 0), *builders.note(0, 96, 60, channel=1)]
    data = builders.midi(unended, sorted(two_channels, key=lambda event: event[0]), division=96)
    assert file_reader.difference(data, ReadSettings("first")) == ""
    assert fast_midi.read(data, ReadSettings("first")).about.alternatives == ("unnamed (0)",)


def test_a_program_that_comes_again_is_nothing_that_a_length_reaches_to():
    again = [program(0, 40), on(0, 58), off(58, 58), program(260, 40)]
    other = [*again[:3], program(260, 41)]
    assert [file_reader.difference(builders.midi(events, division=96)) for events in (again, other)] == ["", ""]
    read = [fast_midi.read(builders.midi(events, division=96)) for events in (again, other)]
    assert [song.notes()[1].tolist() for song in read] == [[8], [6]]


def collection(name, step):
    files = sorted(path for path in (COLLECTIONS / name).rglob("*") if path.is_file())
    assert files
    return [path.read_bytes() for path in files[::step]]


@needs_collections
@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("malformed", 7),
        ("final_fantasy", 15),
        ("nottingham", 120),
        ("pop909", 300),
        ("pop_songs", 15),
        ("multitrack", 8),
        ("ensemble", 120),
        ("giantmidi", 40),
        ("groove", 100),
    ],
)
@pytest.mark.parametrize("settings", [DEFAULT, ReadSettings(parts=True, pedal="extend")], ids=["single", "parts"])
def test_a_sample_of_each_collection_is_read_alike(name, step, settings):
    differences = [file_reader.difference(data, settings) for data in collection(name, step)]
    assert list(filter(None, differences)) == []


def files_to_damage():
    made = [
        builders.scale(),
        builders.midi(
            [meta(0, 0x51, b"\x07\xa1\x20"), meta(0, 0x58, bytes([3, 2, 24, 8])), meta(0, 0x59, bytes([255, 1]))],
            [meta(0, 0x03, b"Violin"), program(0, 40), *note(0, 480, 60), *note(60, 470, 64), *note(480, 900, 67)],
            [*note(0, 480, 38, channel=9), program(0, 0, 1), *note(240, 720, 48, channel=1)],
        ),
    ]
    real = collection("final_fantasy", 9) + collection("malformed", 5) if COLLECTIONS.is_dir() else []
    return made + [data for data in real if 14 <= len(data) < 30_000]


def test_a_damaged_file_gives_a_song_or_a_reason():
    outcomes = collections.Counter()
    for data in mutations(files_to_damage(), 2000, seed=1):
        try:
            outcomes["song" if len(fast_midi.read(data)) else "nothing"] += 1
        except ParseError as error:
            outcomes[error.reason] += 1
    assert set(outcomes) <= {"song", *REASONS}
    assert outcomes["song"] > 200
    assert outcomes["damaged"] > 200


def test_damaged_files_are_read_alike():
    small = [data for data in files_to_damage() if len(data) < 3000]
    settings = ReadSettings(parts=True, pedal="keep")
    differences = [file_reader.difference(data, settings) for data in mutations(small, 120, seed=2)]
    assert list(filter(None, differences)) == []
