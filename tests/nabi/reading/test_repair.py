"""Bytes out of the ordinary -> the songs that they hold, with a word for what was mended."""

import gzip
import struct

import pytest

from nabi.music.errors import ParseError
from nabi.reading import file_reader
from nabi.reading.repair import REPAIRS, repair
from tests.builders import meta, midi, note, notes_of, scale

EIGHT = [(12 * index, 12, 60 + index) for index in range(8)]
SCALE = scale()
HEADER, TRACK = SCALE[:14], SCALE[14:]


def chunk(name, body):
    return name + struct.pack(">I", len(body)) + body


def header(kind=1, count=1, division=480):
    return chunk(b"MThd", struct.pack(">HHH", kind, count, division))


def riff(*chunks):
    body = b"RMID" + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def mac(data, name=b"tune", size=None):
    begin = b"\0" + bytes([len(name)]) + name
    length = struct.pack(">I", len(data) if size is None else size)
    return begin.ljust(83, b"\0") + length + b"\0" * 41 + data


def read(data, source="a.mid"):
    """(notes or the reason, words) of each tune, the same through both readers."""
    assert file_reader.difference(data) == ""
    return {
        tune: (song.reason, ()) if isinstance(song, ParseError) else (notes_of(song), song.about.repaired)
        for tune, song in file_reader.read_songs(data, source=source)
    }


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (SCALE, ()),
        (riff((b"data", SCALE)), ("riff",)),
        (riff((b"DISP", b"odd"), (b"data", SCALE), (b"LIST", b"INFO")), ("riff",)),
        (riff((b"data", SCALE))[:-3], ("riff",)),
        (mac(SCALE), ("macbinary",)),
        (mac(SCALE) + b"resource fork", ("macbinary",)),
        (chunk(b"MThd", HEADER[8:] + b"\0\0") + TRACK, ("header-length",)),
        (header(kind=7) + TRACK, ("unknown-format",)),
        (HEADER + chunk(b"XFIH", b"abcd") + TRACK, ("other-chunks",)),
        (HEADER + TRACK + chunk(b"XFIH", b"abcd"), ()),
        (header(count=5) + TRACK, ("track-count",)),
        (header(count=0) + TRACK, ("track-count",)),
        (header(kind=2) + TRACK, ("format-2",)),
        (riff((b"data", header(count=9) + chunk(b"XFIH", b"") + TRACK)), ("riff", "other-chunks", "track-count")),
        (SCALE + b"\0\0\0 what a sequencer left behind", ()),
        (SCALE + scale(3, 40), ()),
        (SCALE[:-4], ()),
    ],
)
def test_a_file_out_of_the_ordinary_is_read_and_what_was_mended_is_said(data, words):
    assert read(data) == {"": (EIGHT, words)}
    assert set(words) <= set(REPAIRS)


def test_a_file_in_order_is_not_written_again():
    (one,) = repair(SCALE)
    assert one.data is SCALE


def test_the_tracks_of_format_2_are_songs_of_their_own_and_silent_ones_none():
    tracks = [note(0, 480, 60), [meta(0, 3, b"nothing here")], [meta(0, 0x51, b"\x0f\x42\x40"), *note(0, 960, 72)]]
    data = midi(*tracks, kind=2)
    assert read(data) == {"1": ([(0, 12, 60)], ("format-2",)), "3": ([(0, 24, 72)], ("format-2",))}
    (_, first), (_, third) = file_reader.read_songs(data, source="a.mid")
    assert (first.about.source, third.about.source) == ("a.mid#1", "a.mid#3")
    assert third.about.sha256 == f"{first.about.sha256.removesuffix('#1')}#3"
    assert (first.about.tempo, third.about.tempo) == (None, 60.0)
    assert read(midi([meta(0, 3, b"x")], [meta(0, 3, b"y")], kind=2)) == {"": ("no-notes", ())}


# 25 frames of 40 ticks are 1,000 ticks a second.
FRAMES = (256 - 25) << 8 | 40


@pytest.mark.parametrize(
    ("division", "tempi", "times", "notes"),
    [
        # Without a tempo a second is two quarter notes.
        (FRAMES, [], [(0, 500), (1000, 1500)], [(0, 12, 60), (24, 12, 61)]),
        # A second a quarter note.
        (FRAMES, [meta(0, 0x51, b"\x0f\x42\x40")], [(0, 1000), (2000, 2500)], [(0, 12, 60), (24, 6, 61)]),
        # From 1 s on half a second.
        (FRAMES, [meta(0, 0x51, b"\x0f\x42\x40"), meta(1000, 0x51, b"\x07\xa1\x20")], [(0, 1000), (1500, 2000)],
         [(0, 12, 60), (24, 12, 61)]),
        (FRAMES, [meta(0, 0x51, b"\0\0\0")], [(0, 500), (1000, 1500)], [(0, 12, 60), (24, 12, 61)]),
        # 24 frames of 2 ticks: 24 ticks a quarter note.
        ((256 - 24) << 8 | 2, [], [(0, 24), (48, 72)], [(0, 12, 60), (24, 12, 61)]),
    ],
)  # fmt: skip
def test_film_frames_are_read_by_their_seconds_and_the_tempo(division, tempi, times, notes):
    events = [event for index, (start, end) in enumerate(times) for event in note(start, end, 60 + index)]
    assert read(midi(tempi, events, division=division)) == {"": (notes, ("smpte",))}


def test_29_frames_are_those_of_colour_television():
    # 30,000 / 1,001 frames of 100 ticks: after 1,001 s 3,000,000 ticks, 2,002 quarter notes.
    data = midi(note(2_998_500, 3_000_000, 60), division=(256 - 29) << 8 | 100)
    assert read(data) == {"": ([(12 * 2001, 12, 60)], ("smpte",))}


def test_a_division_of_no_film_is_a_large_number_of_ticks():
    data = midi([*note(0, 55440, 60), *note(55440, 55440 + 18480, 62)], division=55440)
    assert read(data) == {"": ([(0, 12, 60), (12, 4, 62)], ("wide-division",))}


@pytest.mark.parametrize(
    "message", [b"\xf1\x7f", b"\xf2\x7f\x7f", b"\xf3\x01", b"\xf4", b"\xf5", b"\xf6", b"\xf8", b"\xfe"]
)
def test_messages_of_a_cable_move_no_note(message):
    data = midi([(0, message), *note(0, 480, 60), (600, message), *note(960, 1440, 62)])
    assert read(data) == {"": ([(0, 12, 60), (24, 12, 62)], ("system-messages",))}


def test_the_same_bytes_in_a_name_are_no_messages():
    data = midi([meta(0, 3, b"\xf8\xf1\xfe"), *note(0, 480, 60)])
    assert read(data) == {"": ([(0, 12, 60)], ())}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"RIFF\x10\0\0\0RMID", "not-midi"),
        (riff((b"data", b"no music")), "not-midi"),
        (b"\0" * 128 + SCALE, "not-midi"),
        (HEADER, "damaged"),
        (SCALE[:20], "damaged"),
        # Cut off inside the first of two tracks.
        (header(count=2) + TRACK[:-8], "damaged"),
        (header(division=0) + TRACK, "damaged"),
        # No ticks a frame.
        (header(division=(256 - 25) << 8) + TRACK, "unsupported"),
        (header(count=1) + chunk(b"MTrk", b"") * 65_536, "no-notes"),
    ],
)
def test_what_cannot_be_mended_has_its_reason(data, reason):
    assert read(data) == {"": (reason, ())}


@pytest.mark.parametrize("members", [[SCALE], [SCALE[:30], SCALE[30:]]])
def test_a_compressed_file_is_the_song_that_it_holds(members):
    data = b"".join(map(gzip.compress, members))
    (_, song), (_, plain) = (file_reader.read_songs(one, source="a.mid.gz")[0] for one in (data, SCALE))
    assert song == plain
    assert file_reader.content_hash(data) == song.about.sha256


def test_a_compressed_score_is_read_as_its_ending_says():
    tune = b"X:1\nL:1/4\nK:C\nC D|\n"
    ((_, song),) = file_reader.read_songs(gzip.compress(tune, mtime=0), source="a.abc.gz")
    assert notes_of(song) == [(0, 12, 60), (12, 12, 62)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (gzip.compress(SCALE, mtime=0)[:-9], "damaged"),
        (gzip.compress(SCALE, mtime=0)[:30] + b"nonsense", "damaged"),
        (gzip.compress(b"\0" * (file_reader.MAX_BYTES + 1)), "too-large"),
        (gzip.compress(gzip.compress(SCALE, mtime=0)), "not-midi"),
    ],
)
def test_a_compressed_file_that_is_none_has_its_reason(data, reason):
    ((_, error),) = file_reader.read_songs(data, source="a.mid")
    assert error.reason == reason
