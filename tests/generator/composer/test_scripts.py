"""Parts of the page's scripts that need no network, beside Python's."""

import numpy as np
import pytest

from generator.sampling import plan
from nabi.music.encodings import Bars, Events, Voices
from nabi.music.keys import KEY_NAMES, PROFILES, find_key
from nabi.music.song import Song
from nabi.reading import midi_writer
from tests.generator.composer.models import model_of

pytestmark = pytest.mark.slow

SPELL = "([notes, meter, bars]) => new Spelling(tables).spelled(canonical(notes), meter, bars)"


def any_song(seed, notes=24):
    random = np.random.default_rng(seed)
    start, duration = random.integers(0, 120, notes), random.integers(1, 100, notes)
    return Song.from_notes(start, duration, random.integers(40, 76, notes))


def rows(song):
    columns = zip(*(column.tolist() for column in song.notes()), strict=True)
    return [dict(zip(("start", "duration", "pitch"), row, strict=True)) for row in columns]


def test_random_numbers_are_those_of_numpy(scripts):
    for seed, song, position, each in [(0, 0, 0, 1), (2**64 - 1, 7, 2**32 + 5, 16), (5, 10**6, plan._TOLD + 3, 1)]:
        told = scripts.evaluate(
            "([seed, song, position, each]) => uniforms(BigInt(seed), BigInt(song), BigInt(position), each)",
            [str(seed), str(song), str(position), each],
        )
        assert told == plan.uniforms(seed, song, position, 1, each)[0].tolist()


def test_halves_are_widened_exactly(scripts):
    numbers = np.array([0, -0.0, 1, -1.5, 65504, 6e-8, -3.3e-5, 0.1], np.float16)
    widened = scripts.evaluate(
        "(halves) => Array.from(widened(Uint16Array.from(halves)))", numbers.view(np.uint16).tolist()
    )
    assert widened == numbers.astype(float).tolist()


@pytest.mark.parametrize("encoding", [Voices(), Bars(), Events()])
def test_what_is_played_is_spelled_as_python_does(run, encoding):
    model = model_of(encoding)
    for seed in range(6):
        song = any_song(seed)
        bars = 9 if encoding.name != "events" else 0
        tokens = encoding.lengthened(encoding.encode(song), bars)
        expected = model.vocabulary.encode(encoding.spell(tokens, model.vocabulary.ids)).tolist()
        assert run(model, SPELL, [rows(song), "", bars]) == expected


def test_keys_are_found_as_python_does(scripts):
    for seed in range(20):
        song = any_song(seed, notes=6)
        found = scripts.evaluate("([notes, profiles]) => keyOf(notes, profiles)", [rows(song), PROFILES.tolist()])
        assert KEY_NAMES[found] == find_key(song).name


def test_times_are_moved_to_the_nearest_tick_of_the_grid(scripts):
    grid = {"divisors": [4, 3], "quarter": 12}
    moved = "([quarters, grid]) => quarters.map((quarter) => nearestTick(quarter, grid))"
    assert scripts.evaluate(moved, [[0, 0.1, 0.26, 0.3, 0.34, 0.49, 1.65, 0.99], grid]) == [0, 0, 3, 4, 4, 6, 20, 12]


def test_a_file_that_the_page_writes_is_read_by_python_and_by_the_page(scripts):
    song = any_song(3)
    about = {"quarter": 12, "tempo": 96, "meter": "3/4", "program": 19, "velocity": 0, "name": "나비"}
    data = scripts.evaluate("([notes, about]) => Array.from(midiFile(notes, about))", [rows(song), about])
    read = midi_writer.read_exact(bytes(data))
    assert rows(read) == rows(song)
    told = scripts.evaluate(
        """([bytes, grid]) => {
          const { meter, notes } = readMidi(Uint8Array.from(bytes));
          return [meter, quantised(notes, grid)];
        }""",
        [data, {"divisors": [12], "quarter": 12}],
    )
    assert told[0] == "3/4"
    assert sorted(map(tuple, (row.values() for row in told[1]))) == sorted(
        map(tuple, (row.values() for row in rows(song)))
    )


@pytest.mark.parametrize(
    "data", [b"", b"MThd", b"RIFF0000000000000000", b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0"]
)
def test_what_is_no_midi_is_one_sentence(scripts, data):
    said = scripts.evaluate(
        "(bytes) => { try { readMidi(Uint8Array.from(bytes)); } catch (error) { return error.message; } }", list(data)
    )
    assert said in ("this is no MIDI file", "this MIDI file has no notes besides drums")
