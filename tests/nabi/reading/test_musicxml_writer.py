import dataclasses
import xml.etree.ElementTree as ElementTree

import music21
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nabi.music import voice_split
from nabi.music.about import About
from nabi.music.band import Instrument
from nabi.music.errors import ParseError
from nabi.music.notation import BarLines
from nabi.music.song import Song
from nabi.reading import musicxml_writer, scores
from nabi.reading.read_settings import ReadSettings
from tests import builders
from tests.builders import notes_of, song

# The order of a note's elements in MusicXML's definition.
NOTE = (
    "chord", "pitch", "rest", "duration", "tie", "voice", "type", "dot", "accidental", "time-modification", "staff",
    "notations",
)  # fmt: skip
CHORALE = [
    (36 + 12 * at, 12, pitch)
    for at, chord in enumerate(
        [(72, 67, 64, 48), (71, 67, 62, 55), (72, 67, 64, 48), (74, 65, 62, 46), (72, 63, 60, 48)]
    )
    for pitch in chord
]


def about(music: Song, **facts: object) -> Song:
    return dataclasses.replace(music, about=About(**facts))


def divisors_of(ticks_per_quarter: int) -> tuple[int, ...]:
    """Divisors whose grid has so many ticks a quarter note: the powers of primes up to 7 in their number."""
    powers = [base**power for base in (2, 3, 5, 7) for power in range(1, 9) if ticks_per_quarter % base**power == 0]
    return tuple(max(p for p in powers if p % base == 0) for base in (2, 3, 5, 7) if ticks_per_quarter % base == 0) or (
        1,
    )


def read(data: bytes, music: Song) -> Song | ParseError:
    """The file as Nabi's reader of scores reads it."""
    ((tune, read_back),) = scores.read(
        data, ending=".musicxml", settings=ReadSettings(divisors=divisors_of(music.ticks_per_quarter))
    )
    assert tune == ""
    return read_back


def as_music21_reads(data: bytes, ticks_per_quarter: int = 12) -> list[tuple[int, int, int]]:
    """(start, duration, pitch) of a file's notes in ticks, as music21 alone reads it; ties are joined."""
    notes = []
    for part in music21.converter.parseData(data.decode(), format="musicxml").parts:
        going: dict[tuple[int, int], int] = {}
        for element in part.flatten().notes:
            end = round(float(element.offset + element.quarterLength) * ticks_per_quarter)
            for own in element.notes if element.isChord else [element]:
                tie, begins = own.tie.type if own.tie else "", round(float(element.offset) * ticks_per_quarter)
                start = going.pop((own.pitch.midi, begins)) if tie in ("stop", "continue") else begins
                if tie in ("start", "continue"):
                    going[own.pitch.midi, end] = start
                else:
                    notes.append((start, end - start, own.pitch.midi))
        assert not going
    return sorted(notes)


def begun(music: Song) -> list[tuple[int, int, int]]:
    """The notes of a song from its upbeat on, as a score begins."""
    lines = BarLines.of(music)
    return [(start - lines.lines[0] // lines.scale, duration, pitch) for start, duration, pitch in notes_of(music)]


def measures(data: bytes, part: int = 0) -> list[ElementTree.Element]:
    return ElementTree.fromstring(data).findall("part")[part].findall("measure")


def test_four_voices_are_four_staves_with_the_upbeat_key_meter_tempo_and_title():
    music = about(song(*CHORALE), time_signature="4/4", key_signature="C minor")
    data = musicxml_writer.write(music, tempo=96.0, program=52, title="song-00007", parts=voice_split.parts(music))
    root = ElementTree.fromstring(data)
    assert root.findtext("work/work-title") == "song-00007"
    assert [part.text for part in root.findall("part-list/score-part/part-name")] == [
        "Soprano",
        "Alto",
        "Tenor",
        "Bass",
    ]
    clefs = [[child.text for child in clef] for clef in root.findall("part/measure/attributes/clef")]
    assert clefs == [["G", "2"], ["G", "2"], ["G", "2", "-1"], ["F", "4"]]
    assert [measure.get("number") for measure in measures(data)] == ["0", "1"]
    assert measures(data)[0].get("implicit") == "yes"
    assert root.findtext("part/measure/attributes/key/fifths") == "-3"
    assert len(root.findall("part/measure/direction")) == 1
    read_back = read(data, music)
    assert notes_of(read_back) == begun(music)
    expected = (96.0, "4/4", "C minor", "Soprano, Alto, Tenor, Bass")
    facts = read_back.about
    assert (facts.tempo, facts.time_signature, facts.key_signature, facts.instrument) == expected
    assert {part.song for part in voice_split.parts(music)} == {
        part.song.with_notes(*zip(*((s + 36, d, p) for s, d, p in notes_of(read_part(data, part.name))), strict=True))
        for part in voice_split.parts(music)
    }


def read_part(data: bytes, name: str) -> Song:
    """A part of a file, all others left out."""
    root = ElementTree.fromstring(data)
    gone = [part.get("id") for part in root.findall("part-list/score-part") if part.findtext("part-name") != name]
    for parent in (root, root.find("part-list")):
        for child in [child for child in parent if child.get("id") in gone]:
            parent.remove(child)
    return read(ElementTree.tostring(root), song())


def test_a_piano_has_two_staves_where_it_has_notes_on_both_sides_of_middle_c():
    def clefs(*notes: tuple[int, int, int]) -> list[str]:
        return [sign.text for sign in measures(musicxml_writer.write(song(*notes)))[0].findall("attributes/clef/sign")]

    assert clefs((0, 12, 60), (0, 12, 59)) == ["G", "F"]
    assert clefs((0, 12, 60)) == ["G"]
    assert clefs((0, 12, 59)) == ["F"]


def test_a_phrase_ends_with_a_fermata_on_each_part():
    music = about(song((0, 48, 72), (48, 60, 74), (0, 24, 60), (24, 24, 62), (48, 60, 60)), phrase_ends=(48, 108))
    # Notes that begin and end together are one chord on a staff.
    for parts, fermatas in (((), 3), (voice_split.parts(music), 4)):
        data = musicxml_writer.write(music, parts=parts)
        assert data.count(b"<fermata") == fermatas
        assert read(data, music).about.phrase_ends == (48, 108)


def test_an_empty_song_is_a_measure_of_rest():
    data = musicxml_writer.write(song(), title="nothing")
    (measure,) = measures(data)
    assert measure.find("note/rest").get("measure") == "yes"
    assert as_music21_reads(data) == []
    assert read(data, song()).reason == "no-notes"


def test_pitches_are_spelled_in_the_key_and_signs_are_written_once_a_measure():
    notes = [(12 * at, 12, pitch) for at, pitch in enumerate((70, 70, 71, 70, 70))]
    written = [
        [(note.findtext("pitch/step"), note.findtext("pitch/alter"), note.findtext("accidental")) for note in own]
        for own in (
            measure.findall("note")
            for measure in measures(musicxml_writer.write(about(song(*notes), key_signature="G minor")))
        )
    ]
    assert [[name for name in own if name[0]] for own in written] == [
        [("B", "-1", None), ("B", "-1", None), ("B", None, "natural"), ("B", "-1", "flat")],
        [("B", "-1", None)],
    ]


def test_equal_songs_give_equal_bytes():
    assert musicxml_writer.write(song(*CHORALE)) == musicxml_writer.write(song(*CHORALE))


def test_a_title_may_be_any_text():
    data = musicxml_writer.write(song((0, 12, 60)), title="<&>\"' 나비")
    assert ElementTree.fromstring(data).findtext("work/work-title") == "<&>\"' 나비"


@pytest.mark.parametrize(
    ("facts", "settings_", "message"),
    [
        ({}, {"program": 128}, "program 128 must be in 0..127"),
        ({}, {"tempo": 0.0}, "tempo 0.0 must be in"),
        ({"time_signature": "4/6"}, {}, "time signature '4/6' must be such as 3/4"),
        ({"key_signature": "H minor"}, {}, "key signature 'H minor' must be such as"),
    ],
)
def test_a_value_outside_its_range_is_refused(facts, settings_, message):
    with pytest.raises(ValueError, match=message):
        musicxml_writer.write(about(song((0, 12, 60)), **facts), **settings_)


LITERAL = {
    "triplets": song((0, 4, 60), (4, 4, 62), (8, 4, 64), (12, 8, 65), (20, 4, 67), (24, 3, 69), (27, 5, 71)),
    "longer than a bar": song((0, 130, 60), (12, 60, 40), (200, 1, 72)),
    "struck again": song((0, 12, 60), (12, 12, 60), (24, 30, 60), (54, 30, 60)),
    "over the bar in a chord": song((36, 24, 60), (36, 24, 64), (40, 30, 67), (0, 12, 50)),
    "upbeat of one staff": song((36, 24, 72), (48, 24, 48)),
    "five voices": song(*((6 * at, 48, 60 + at) for at in range(5))),
    "quintuplets": song(*((3 * at, 3, 60 + at) for at in range(10)), ticks_per_quarter=15),
}


@pytest.mark.parametrize("name", LITERAL)
def test_a_score_is_read_as_the_same_notes(name):
    music = LITERAL[name]
    check(music)
    data = musicxml_writer.write(music)
    assert as_music21_reads(data, music.ticks_per_quarter) == sorted(begun(music))


@settings(max_examples=12)
@given(
    music=st.sampled_from([1, 7, 12, 480]).flatmap(lambda ticks: builders.songs(8, ticks)),
    meter=st.sampled_from(["4/4", "3/4", "6/8", "5/16", "2/2"]),
    key=st.sampled_from([None, "Gb major", "C# major", "A minor"]),
)
def test_scores_are_read_as_the_same_notes(music, meter, key):
    check(about(music, time_signature=meter, key_signature=key))


def check(music: Song) -> None:
    """Writes a song with and without its parts, reads it back, and holds the elements to their order."""
    for parts in ((), voice_split.parts(music)):
        data = musicxml_writer.write(music, parts=parts)
        assert sorted(notes_of(read(data, music))) == sorted(begun(music))
        for note in ElementTree.fromstring(data).iter("note"):
            places = [NOTE.index(child.tag) for child in note]
            assert places == sorted(places)


def test_a_band_has_a_staff_for_each_part_but_drums():
    players = [Instrument("Flute", 73), Instrument("Drums", 0, is_drums=True), Instrument("Bass", 33)]
    band = Song.from_parts([0, 0, 0], [12, 3, 24], [72, 36, 40], [0, 1, 2], [90] * 3, instruments=players)
    data = musicxml_writer.write(band.merged(), parts=voice_split.of_band(band))
    ((_, read_back),) = scores.read(data, ending=".musicxml", settings=ReadSettings(parts=True))
    assert [(player.name, player.program) for player in read_back.band.instruments] == [("Flute", 73), ("Bass", 33)]
    assert notes_of(read_back) == [(0, 12, 72), (0, 24, 40)]
    assert voice_split.of_band(band.merged()) == ()
