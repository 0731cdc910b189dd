"""Parts of scores: who plays, how loud, and what changes over time."""

from nabi.music.about import About
from nabi.reading import scores
from nabi.reading.read_settings import ReadSettings
from tests.nabi.reading.score_files import END, START, attributes, note, xml


def read(text, ending=".xml"):
    ((_, song),) = scores.read(text.encode(), ending=ending, settings=ReadSettings(parts=True), about=About("file"))
    return song


def direction(mark):
    return f"<direction><direction-type>{mark}</direction-type></direction>"


def dynamics(mark):
    return direction(f"<dynamics><{mark}/></dynamics>")


def metronome(per_minute):
    return direction(f"<metronome><beat-unit>quarter</beat-unit><per-minute>{per_minute}</per-minute></metronome>")


def test_parts_keep_their_names_programs_and_notes():
    song = read(xml([attributes() + note("C")], [attributes() + note("C")], names=("Violin", "Flute")))
    assert [(player.name, player.program) for player in song.band.instruments] == [("Violin", 40), ("Flute", 73)]
    assert (song.band.part.tolist(), song.pitches.tolist()) == ([0, 1], [60, 60])


def test_a_dynamic_holds_up_to_the_next_one_of_its_staff():
    loud = attributes() + note("C") + dynamics("pp") + note("D") + note("E") + dynamics("ff") + note("F")
    song = read(xml([loud, note("G", 48)], [attributes() + note("C", 48), note("C", 48)]))
    of_first = song.note_parts() == 0
    assert song.band.velocity[of_first].tolist() == [90, 32, 32, 108, 108]
    assert song.band.velocity[~of_first].tolist() == [90, 90]


def test_a_repeated_measure_is_as_loud_again():
    song = read(xml([START + attributes(beats=2) + note("C") + dynamics("f") + note("D") + END, note("E", 24)]))
    assert song.band.velocity.tolist() == [90, 89, 90, 89, 89]


def test_tempo_meter_and_key_change_where_they_sound():
    first = attributes(1, beats=2) + metronome(90) + note("C") + note("D")
    second = attributes(-1, beats=3) + note("E") + metronome(60) + note("F") + note("G")
    song = read(xml([START + first + END, second], [attributes(5) + note("C", 24), note("D", 36)]))
    assert [rows.tolist() for rows in song.band.timeline.columns()] == [
        [[0, 666_667], [60, 1_000_000]],
        [[0, 2, 4], [48, 3, 4]],
        [[0, 1, 0], [48, -1, 0]],
    ]


def test_humdrum_and_abc_have_parts_too():
    song = read("**kern\t**kern\n*Icello\t*Ivioln\n4C\t4g\n*-\t*-\n", ".krn")
    assert sorted(player.program for player in song.band.instruments) == [40, 42]
    assert len(read("X:1\nL:1/4\nQ:1/4=100\nM:3/4\nK:G\nGAB\n", ".abc").band.timeline.tempi) == 1
