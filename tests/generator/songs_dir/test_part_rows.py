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


def test_a_song_without_parts_or_notes_has_none():
    assert part_rows.columns(song((0, 12, 60))) == {}
    assert part_rows.columns(Song.from_parts([], [], [], [], [], instruments=[])) == {}
