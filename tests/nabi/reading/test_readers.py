"""Literal MIDI -> literal songs, through both readers."""

import pytest

from nabi.music.errors import ParseError
from nabi.reading import fast_midi, music21_midi
from nabi.reading.read_settings import ReadSettings
from tests.builders import meta, midi, note, notes_of, off, on, program


@pytest.fixture(params=[fast_midi, music21_midi], ids=["fast", "music21"])
def read(request):
    return lambda data, instrument="all": request.param.read(data, ReadSettings(instrument))


@pytest.fixture
def reason(read):
    def reason(data, instrument="all"):
        with pytest.raises(ParseError) as error:
            read(data, instrument)
        return error.value.reason

    return reason


def test_a_quarter_note_is_twelve_ticks(read):
    assert notes_of(read(midi(note(480, 960, 60)))) == [(12, 12, 60)]


def test_notes_that_start_and_end_nearly_together_are_a_chord_with_the_last_notes_length(read):
    # Within 1/4 of a quarter (120 ticks), strictly for the start.
    song = read(midi([*note(0, 480, 60), *note(60, 540, 64)]))
    assert [(event.start, event.pitches, event.duration) for event in song] == [(0, (60, 64), 12)]


def test_notes_that_end_apart_are_not_gathered(read):
    assert notes_of(read(midi([*note(0, 480, 60), *note(0, 960, 64)]))) == [(0, 12, 60), (0, 24, 64)]


def test_times_are_quantised_to_the_nearest_quarter_or_third_of_a_quarter(read):
    assert [start for start, _, _ in notes_of(read(midi([*note(165, 480, 60), *note(485, 960, 62)])))] == [4, 12]


def test_a_note_without_an_end_is_dropped_as_music21_does(read):
    assert notes_of(read(midi([on(0, 60), *note(480, 960, 62)]))) == [(12, 12, 62)]


def test_a_note_of_no_length_lasts_a_tick(read):
    assert notes_of(read(midi([*note(0, 0, 60), *note(480, 960, 62)]))) == [(0, 1, 60), (12, 12, 62)]


def test_overlapping_notes_of_one_pitch_end_at_the_first_note_off_after_them(read):
    data = midi([on(0, 60), on(480, 60), off(960, 60), off(1440, 60)])
    assert notes_of(read(data)) == [(0, 12, 60), (12, 12, 60)]


def test_drums_are_read_only_when_asked_for(read, reason):
    data = midi([*note(0, 480, 60), *note(0, 480, 38, channel=9)], kind=0)
    assert notes_of(read(data)) == [(0, 12, 60)]
    assert notes_of(read(data, "drums")) == [(0, 12, 38)]
    assert reason(midi(note(0, 480, 38, channel=9))) == "no-notes"


def test_channels_of_one_track_are_read_apart(read):
    data = midi([program(0, 0, 0), program(0, 40, 1), *note(0, 480, 60), *note(60, 540, 72, channel=1)], kind=0)
    assert notes_of(read(data, "piano")) == [(0, 12, 60)]
    assert notes_of(read(data, "40")) == [(0, 12, 72)]


def test_the_first_part_with_notes_is_taken_where_the_article_would_take_an_empty_one(read):
    empty = [meta(0, 0x03, b"Violin"), program(0, 40)]
    data = midi(empty, [program(0, 0), *note(0, 480, 60)], [program(0, 73), *note(0, 480, 72)])
    first = read(data, "first")
    assert (notes_of(first), first.about.instrument) == ([(0, 12, 60)], "Piano")
    assert read(data).about.instrument == "Piano, Flute"


def test_the_parts_that_were_not_taken_are_named_if_they_have_notes(read):
    silent = [program(0, 40)]
    nameless = note(0, 480, 50, channel=1)
    data = midi(silent, [program(0, 0), *note(0, 480, 60)], [program(0, 73), *note(0, 480, 72)], nameless)
    assert read(data, "first").about.alternatives == ("Flute (73)", "unnamed (0)")
    assert read(data, "73").about.alternatives == ("Piano (0)", "unnamed (0)")
    assert read(data).about.alternatives == ()


def test_of_very_many_parts_the_first_are_named(read):
    names = [[meta(0, 0x03, b"x" * 99 + b"%d" % index), *note(0, 480, 60)] for index in range(40)]
    others = read(midi(*names), "first").about.alternatives
    assert others[0] == "x" * 80 + " (0)"
    assert (len(others), others[-1]) == (33, "7 more")


def test_tracks_of_one_instrument_are_one_part(read):
    data = midi([program(0, 0), *note(0, 480, 60)], [program(0, 0, 1), *note(0, 480, 48, channel=1)])
    assert notes_of(read(data, "first")) == [(0, 12, 48), (0, 12, 60)]


def test_a_program_change_in_mid_track_changes_the_part(read):
    data = midi([program(0, 0), *note(0, 480, 60), program(480, 73), *note(480, 960, 72)])
    assert notes_of(read(data, "piano")) == [(0, 12, 60)]
    assert notes_of(read(data, "73")) == [(12, 12, 72)]


def test_notes_of_a_track_without_an_instrument_are_kept(read):
    data = midi([program(0, 73), *note(0, 480, 72)], note(0, 480, 60, channel=1))
    assert notes_of(read(data)) == [(0, 12, 60), (0, 12, 72)]
    assert notes_of(read(data, "piano")) == [(0, 12, 60)]


@pytest.mark.parametrize(("size", "name"), [(256, "x" * 256), (257, "")])
def test_a_name_of_more_than_256_bytes_is_no_name(read, size, name):
    assert read(midi([meta(0, 3, b"x" * size), *note(0, 480, 60)])).about.instrument == name


def test_a_missing_instrument_is_said_with_those_there_are(read):
    with pytest.raises(ParseError, match=r"no piano; the file has Flute \(73\)") as error:
        read(midi([program(0, 73), *note(0, 480, 72)]), "piano")
    assert error.value.reason == "no-such-instrument"


def test_tempo_and_signatures_come_from_any_track(read):
    conductor = [meta(0, 0x51, b"\x0f\x42\x40"), meta(0, 0x58, bytes([3, 2, 24, 8])), meta(0, 0x59, bytes([255, 1]))]
    about = read(midi(conductor, note(0, 480, 60))).about
    assert (about.tempo, about.time_signature, about.key_signature) == (60.0, "3/4", "D minor")


def test_phrases_end_at_markers_of_any_track_on_the_grid_of_notes(read):
    ends = [(480, b"phrase end"), (1923, b"phrase end"), (960, b"Phrase"), (1920, b"phrase end")]
    markers = [meta(tick, 0x06, text) for tick, text in sorted(ends)]
    data = midi(markers, note(0, 1920, 60), [meta(720, 0x06, b"phrase end")])
    assert read(data).about.phrase_ends == (12, 18, 48)
    assert read(midi(note(0, 480, 60))).about.phrase_ends == ()


def test_changes_of_tempo_and_signatures_move_no_note_and_the_first_of_each_is_kept(read):
    first = [meta(0, 0x51, b"\x07\xa1\x20"), meta(0, 0x58, bytes([3, 2, 24, 8])), meta(0, 0x59, bytes([1, 0]))]
    later = [meta(480, 0x51, b"\x03\xd0\x90"), meta(480, 0x58, bytes([4, 2, 24, 8])), meta(480, 0x59, bytes([0, 0]))]
    notes = [*note(0, 480, 60), *note(480, 960, 62)]
    changing, steady = read(midi([*first, *later, *notes])), read(midi([*first, *notes]))
    assert notes_of(changing) == [(0, 12, 60), (12, 12, 62)]
    assert changing == steady
    assert (steady.about.tempo, steady.about.time_signature, steady.about.key_signature) == (120.0, "3/4", "G major")


def test_an_unsound_signature_does_not_cost_the_song(read):
    unsound = [meta(0, 0x51, b"\0\0\0"), meta(0, 0x58, b"\0\0\0\0"), meta(0, 0x59, b"\x63"), *note(0, 480, 60)]
    song = read(midi(unsound))
    assert (notes_of(song), song.about.tempo, song.about.time_signature) == ([(0, 12, 60)], None, None)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"),
        (b"RIFF....", "not-midi"),
        (b"MThd\0\0", "damaged"),
        (midi(note(0, 480, 60))[:-8], "damaged"),
        (midi(note(0, 480, 60), division=0), "damaged"),
        (midi(note(0, 480, 60), division=0xE728), "unsupported"),
        (midi(note(0, 480, 60), kind=2), "unsupported"),
        (midi([program(0, 0)]), "no-notes"),
    ],
)
def test_each_kind_of_bad_file_has_its_reason(reason, data, expected):
    assert reason(data) == expected
