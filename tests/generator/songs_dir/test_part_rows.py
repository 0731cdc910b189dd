from generator.songs_dir import part_rows
from nabi.music.band import Instrument
from nabi.music.song import Song
from tests.builders import song


def test_parts_are_measured():
    players = [Instrument("Flute", 73), Instrument("Drums", 0, is_drums=True)]
    music = Song.from_parts(
        [0, 6, 14, 0], [6, 8, 34, 3], [60, 62, 67, 36], [0, 0, 0, 1], [80, 90, 100, 50], instruments=players
    )
    flute, drums = part_rows.columns(music)["parts"]
    assert flute == {
        "name": "Flute", "program": 73, "drums": False, "colour": "#0072b2", "notes": 3,
        "pitch": 63.0, "velocity": 90.0, "density": 0.75, "on_beat": 0.6667,
    }  # fmt: skip
    assert (drums["pitch"], drums["drums"], drums["colour"], drums["density"]) == (None, True, "#d55e00", 0.25)


def test_parts_with_pitch_have_the_columns_of_what_they_copy():
    players = [Instrument("Flute", 73), Instrument("Drums", 0, is_drums=True)]
    music = Song.from_parts([0, 0], [6, 3], [60, 36], [0, 1], [80, 50], instruments=players)
    flute, drums = part_rows.columns(music, {"Flute": {"copied_notes": 12}, "Drums": {"copied_notes": 1}})["parts"]
    assert flute["copied_notes"] == 12
    assert "copied_notes" not in drums


def test_a_song_without_parts_or_notes_has_none():
    assert part_rows.columns(song((0, 12, 60))) == {}
    assert part_rows.columns(Song.from_parts([], [], [], [], [], instruments=[])) == {}


def part(program, notes, pitch, *, drums=False, on_beat=1.0):
    return {
        "program": program,
        "drums": drums,
        "notes": notes,
        "pitch": pitch,
        "velocity": 80.0,
        "density": 0.5,
        "on_beat": on_beat,
    }


def test_families_have_the_means_of_their_parts_those_of_most_songs_first():
    summary = part_rows.PartsSummary()
    summary.add([part(40, 10, 60.0), part(42, 20, 50.0, on_beat=0.5), part(0, 5, None, drums=True)])
    summary.add([part(0, 9, None, drums=True)])
    families = summary.as_dict()
    assert list(families) == ["Drums", "Strings"]
    means = {"velocity": 80.0, "density": 0.5}
    assert families["Strings"] == {"songs": 1, "parts": 2, "notes": 30, "pitch": 55.0, "on_beat": 0.75, **means}
    assert families["Drums"] == {"songs": 2, "parts": 2, "notes": 14, "pitch": None, "on_beat": 1.0, **means}


def test_songs_without_parts_have_no_families():
    summary = part_rows.PartsSummary()
    summary.add([])
    assert summary.as_dict() == {}
