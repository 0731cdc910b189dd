import io
import zipfile

import pytest

from nabi.music.about import About
from nabi.reading import scores
from nabi.workspace import file_endings
from tests.builders import notes_of
from tests.nabi.reading.score_files import END, REST, START, attributes, note, notes, read, refusal, xml


def test_music_xml():
    data = xml([attributes() + note("C") + REST + note("E", 6) + note("G", 6)])
    assert notes(data, ".xml") == [(0, 12, 60), (24, 6, 64), (30, 6, 67)]


def test_a_tied_note_is_one():
    data = xml(
        [
            attributes() + note("C", 48, tie="start"),
            note("C", 48, tie="stop start"),
            note("C", 12, tie="stop") + note("C"),
        ]
    )
    assert notes(data, ".musicxml") == [(0, 108, 60), (108, 12, 60)]


def test_phrases_end_where_the_first_staff_with_fermatas_has_them():
    fermata = "<notations><fermata/></notations>"

    def held(*arguments, **settings):
        return note(*arguments, **settings).replace("</note>", f"{fermata}</note>")

    first = [attributes() + note("C") + held("D") + note("E") + held("F", tie="start"), note("F", tie="stop") + REST]
    second = [attributes() + held("C") + note("D") + note("E") + note("F")]
    plain = [attributes() + note("C", 48)]
    ((_, song),) = read(xml(plain, first, second), ".xml")
    assert song.about.phrase_ends == (24, 60)


def test_ties_join_the_notes_of_chords_one_by_one():
    both = note("C", 48, tie="start") + note("E", 48, before="<chord/>")
    after = note("C", 24, tie="stop") + note("E", 24, before="<chord/>")
    assert notes(xml([attributes() + both, after]), ".xml") == [(0, 72, 60), (0, 48, 64), (48, 24, 64)]


def test_a_chord():
    data = xml([attributes() + note("C", 48) + note("E", 48, before="<chord/>") + note("G", 48, before="<chord/>")])
    ((_, song),) = read(data, ".xml")
    assert [event.pitches for event in song] == [(60, 64, 67)]


def ending(number, music, repeat="", end="stop"):
    """Measures under the bracket of an ending."""
    return (
        f'<barline location="left"><ending number="{number}" type="start"/></barline>{music}'
        f'<barline location="right"><ending number="{number}" type="{end}"/>{repeat}</barline>'
    )


BACK = '<repeat direction="backward"/>'


def test_repeats_are_expanded():
    data = xml([attributes() + note("C", 48), START + note("D", 48) + END, note("E", 48)])
    assert notes(data, ".xml") == [(0, 48, 60), (48, 48, 62), (96, 48, 62), (144, 48, 64)]


def test_first_and_second_endings():
    data = xml([attributes() + note("C", 48), ending(1, note("D", 48), BACK), ending(2, note("E", 48))])
    assert [pitch for _, _, pitch in notes(data, ".xml")] == [60, 62, 60, 64]


def test_an_ending_lasts_until_its_repeat_where_its_bracket_is_short():
    first, second = ending(1, note("D", 48), end="discontinue"), ending(2, note("F", 48), end="discontinue")
    data = xml([attributes() + note("C", 48), first, note("E", 48) + END, second])
    assert [pitch for _, _, pitch in notes(data, ".xml")] == [60, 62, 64, 60, 65]


def test_an_ending_without_a_number_is_that_before_the_next():
    data = xml([attributes() + note("C", 48), ending("", note("D", 48), BACK), ending(2, note("E", 48))])
    assert [pitch for _, _, pitch in notes(data, ".xml")] == [60, 62, 60, 64]


def test_a_sign_that_stands_in_one_part_holds_for_all():
    above = [attributes() + note("C", 48) + END, note("D", 48)]
    below = [attributes() + note("C", 48, 3), note("D", 48, 3)]
    assert notes(xml(above, below), ".xml") == [
        *((0, 48, 48), (0, 48, 60), (48, 48, 48), (48, 48, 60), (96, 48, 50), (96, 48, 62)),
    ]


def test_da_capo_al_fine():
    fine = "<direction><direction-type><words>Fine</words></direction-type></direction>"
    da_capo = "<direction><direction-type><words>D.C. al Fine</words></direction-type></direction>"
    data = xml([attributes() + note("C", 48) + fine, note("D", 48), note("E", 48) + da_capo])
    assert [pitch for _, _, pitch in notes(data, ".xml")] == [60, 62, 64, 60]


def test_a_repeat_goes_back_to_the_nearest_start():
    data = xml([attributes() + START + note("C", 48), START + note("D", 48), note("E", 48) + END, note("F", 48)])
    assert [pitch for _, _, pitch in notes(data, ".xml")] == [60, 62, 64, 62, 64, 65]


def test_a_repeat_without_a_start_goes_back_to_the_end_of_the_one_before():
    data = xml([attributes() + note("C", 48) + END, note("D", 48), note("E", 48) + END])
    assert [pitch for _, _, pitch in notes(data, ".xml")] == [60, 60, 62, 64, 62, 64]


def test_it_goes_back_to_the_last_ending_of_the_one_before():
    endings = ending(1, note("D", 48), BACK), ending(2, note("E", 48))
    data = xml([attributes() + note("C", 48), *endings, note("F", 48) + END])
    assert [pitch for _, _, pitch in notes(data, ".xml")] == [60, 62, 60, 64, 65, 65]


def test_a_command_that_names_no_sign_of_the_score_is_not_expanded():
    to_coda = "<direction><direction-type><words>D.S. al Coda</words></direction-type></direction>"
    data = xml([attributes() + note("C", 48), note("D", 48) + to_coda])
    assert refusal(data, ".xml").startswith("not-expanded: music21 cannot expand its repeats")


def test_no_file_asks_for_a_million_repeats():
    bomb = '<barline location="right"><repeat direction="backward" times="1000000"/></barline>'
    assert refusal(xml([attributes() + note("C", 48) + bomb]), ".xml").startswith("not-expanded: repeats of more than")


def test_a_measure_that_is_short_in_one_part_keeps_the_parts_together():
    above = [attributes() + note("C", 12), note("D", 48)]
    below = [attributes() + note("C", 48, 3), note("D", 48, 3)]
    assert [start for start, _, pitch in notes(xml(above, below), ".xml") if pitch in (50, 62)] == [48, 48]


def test_an_anacrusis_keeps_the_parts_together():
    above = [attributes(beats=3) + note("G", 12), note("C", 36), note("D", 24)]
    below = [attributes(beats=3) + REST, note("C", 36, 3), note("D", 24, 3)]
    data = xml(above, below).replace('number="1"', 'number="0" implicit="yes"')
    assert notes(data, ".xml") == [(0, 12, 67), *((12, 36, 48), (12, 36, 60), (48, 24, 50), (48, 24, 62))]


def triplet(step, duration, actual=3, normal=2):
    ratio = f"<actual-notes>{actual}</actual-notes><normal-notes>{normal}</normal-notes>"
    return note(step, duration).replace("</note>", f"<time-modification>{ratio}</time-modification></note>")


def test_triplets_are_exact():
    data = xml([attributes() + triplet("C", 4) + triplet("D", 4) + triplet("E", 4) + triplet("F", 8) + triplet("G", 4)])
    assert notes(data, ".xml") == [(0, 4, 60), (4, 4, 62), (8, 4, 64), (12, 8, 65), (20, 4, 67)]


def test_quintuplets_go_to_the_nearest_ticks():
    data = "**kern\n*M4/4\n=1\n20c\n20d\n20e\n20f\n20g\n2.r\n==\n*-\n"
    # Fifths of 12 ticks are 2.4, 4.8, 7.2 and 9.6.
    assert notes(data, ".krn") == [(0, 2, 60), (2, 3, 62), (5, 2, 64), (7, 3, 65), (10, 2, 67)]


def test_quintuplets_are_exact_on_a_grid_that_has_them():
    ((_, song),) = read("**kern\n*M4/4\n=1\n20c\n20d\n20e\n20f\n20g\n2.r\n==\n*-\n", ".krn", divisors=(8, 5, 3))
    assert song.ticks_per_quarter == 120
    assert notes_of(song) == [(24 * index, 24, pitch) for index, pitch in enumerate([60, 62, 64, 65, 67])]


def test_what_makes_no_sound_is_left_out():
    grace = note("A", 0, before="<grace/>")
    lyric = note("C").replace("</note>", "<lyric><text>la</text></lyric></note>")
    symbol = "<harmony><root><root-step>C</root-step></root><kind>major</kind></harmony>"
    unpitched = "<note><unpitched><display-step>E</display-step></unpitched><duration>12</duration></note>"
    assert notes(xml([attributes() + grace + lyric + symbol + note("D") + unpitched]), ".xml") == [
        *((0, 12, 60), (12, 12, 62)),
    ]


def test_a_clarinet_sounds_a_tone_lower_than_it_is_written():
    lower = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    data = xml([attributes(fifths=2, more=lower) + note("D", 48)], names=["Clarinet in Bb"])
    ((_, song),) = read(data, ".xml")
    assert notes_of(song) == [(0, 48, 60)]
    assert song.about.key_signature == "C major"


def test_the_parts_are_chosen_by_instrument():
    data = xml([attributes() + note("C", 48)], [attributes() + note("C", 48, 3)], names=["Violin", "Piano"])
    assert notes(data, ".xml", "first") == [(0, 48, 60)]
    assert notes(data, ".xml", "piano") == [(0, 48, 48)]
    assert notes(data, ".xml", "40") == [(0, 48, 60)]
    ((_, song),) = read(data, ".xml")
    assert song.about.instrument == "Violin, Piano"
    assert refusal(data, ".xml", "drums").startswith("no-such-instrument")
    assert refusal(data, ".xml", "99") == "no-such-instrument: no 99; the file has Violin (40), Piano (0)"


def test_the_staves_of_a_piano_are_one_part():
    back = "<backup><duration>48</duration></backup>"
    right = note("C", 48).replace("</note>", "<staff>1</staff></note>")
    left = note("C", 48, 3).replace("</note>", "<voice>2</voice><staff>2</staff></note>")
    data = xml([attributes(more="<staves>2</staves>") + right + back + left])
    assert notes(data, ".xml", "first") == [(0, 48, 48), (0, 48, 60)]


def test_what_the_score_tells():
    tempo = (
        "<direction><direction-type><metronome><beat-unit>half</beat-unit><per-minute>60</per-minute></metronome>"
        "</direction-type></direction>"
    )
    ((_, song),) = read(xml([attributes(-2, "minor", 6, 8) + tempo + note("C")]), ".xml")
    assert song.about == About("file", "hash", "", 120.0, "6/8", "G minor")
    ((_, silent),) = read("**kern\n4c\n*-\n", ".krn")
    assert silent.about == About("file", "hash")


def zipped(**files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return data.getvalue()


def test_mxl():
    score = xml([attributes() + note("C")])
    container = '<container><rootfiles><rootfile full-path="b.xml"/></rootfiles></container>'
    data = zipped(a_xml="<other/>", **{"META-INF__container_xml": container}, b_xml=score)
    assert notes(data, ".mxl") == [(0, 12, 60)]
    assert notes(zipped(a_xml=score), ".mxl") == [(0, 12, 60)]
    assert notes(score, ".mxl") == [(0, 12, 60)]


def test_an_mxl_bomb_is_too_large():
    assert refusal(zipped(a_xml=bytes(scores.MAX_TEXT_BYTES + 1)), ".mxl").startswith("too-large")


def test_entities_are_refused():
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    assert refusal(xml([note("C")], extra=laughs), ".xml") == (
        "damaged: the XML defines entities, which no score needs"
    )
    public = '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.0 Partwise//EN" "partwise.dtd">'
    assert notes(xml([attributes() + note("C")], extra=public), ".xml") == [(0, 12, 60)]


@pytest.mark.parametrize("ending", file_endings.SCORES)
@pytest.mark.parametrize("data", [b"", b"\x00\xff" * 50, b"PK\x03\x04", b"<a/>", b"<score-partwise", b"**kern\nxx"])
def test_what_is_no_score_is_a_parse_error(ending, data):
    assert refusal(data, ending)


HUMDRUM = """**kern\t**kern
*M3/4\t*M3/4
=1\t=1
2.G\t[2.b
=2\t=2
2.r\t4b]
.\t8cc
.\t8dd
.\tqee
.\t4r
==\t==
*-\t*-
"""


def test_a_humdrum_file():
    assert notes(HUMDRUM, ".krn") == [(0, 36, 55), (0, 48, 71), (48, 6, 72), (54, 6, 74)]
    # The top staff is the last spine.
    assert notes(HUMDRUM, ".krn", "first") == [(0, 48, 71), (48, 6, 72), (54, 6, 74)]


def test_the_sections_of_a_humdrum_file_are_tunes():
    first, second = read(HUMDRUM + HUMDRUM.replace("2.G", "2.A"), ".krn")
    assert [tune for tune, _ in (first, second)] == ["1", "2"]
    assert notes_of(first[1])[0] == (0, 36, 55)
    assert notes_of(second[1])[0] == (0, 36, 57)
    assert second[1].about.source == "file#2"


def test_a_humdrum_repeat():
    data = "**kern\n*M2/4\n=1\n2c\n=2:|!\n2d\n=3\n2e\n==\n*-\n"
    assert [pitch for _, _, pitch in notes(data, ".krn")] == [60, 60, 62, 64]


def test_latin_1_is_read():
    data = "!! Größe\n**kern\n4c\n*-\n"
    assert notes(data.encode("latin-1"), ".krn") == notes(data.encode(), ".krn") == [(0, 12, 60)]


def test_an_unknown_ending_is_an_error():
    with pytest.raises(ValueError, match=r"ending '.mid' must be one of .xml"):
        scores.read(b"", ending=".mid")
