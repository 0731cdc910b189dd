import dataclasses
import json

import mido
import pytest

from generator.config import GenerateConfig
from generator.sampling.song_state import SongIds
from generator.songs import copied_bars
from generator.songs_dir import audio
from generator.songs_dir.writing import Writer
from nabi.analysis.style_profile import SongMeasurements
from nabi.music.band import Instrument
from nabi.music.encodings import Bands, Events, Voices
from nabi.music.song import Song
from nabi.music.vocabulary import START
from nabi.reading import midi_writer, scores
from nabi.workspace import paths
from tests import builders
from tests.generator.indices import write_index
from tests.generator.models import CONTENT, vocabulary_of
from tests.nabi.analysis.copies.music import walk

EVENTS = vocabulary_of(Events())


def sampled(*tokens: str, primer: tuple[str, ...] = (), song: int = 7) -> SongIds:
    return SongIds(
        song, (START, *EVENTS.encode(primer).tolist()), tuple(EVENTS.encode(tokens).tolist()), True, -12.345678
    )


@pytest.fixture
def writer(tmp_path) -> Writer:
    return Writer(
        str(tmp_path), EVENTS, Events(), GenerateConfig(seed=5, top_k=3, tempo=90.0, program=40, audio="none")
    )


@pytest.mark.parametrize(("velocity", "struck"), [(0, [92, 84, 76]), (90, [90, 90, 90]), (1, [1, 1, 1])])
def test_notes_lean_on_the_beats_or_are_all_struck_alike(writer, tmp_path, velocity, struck):
    config = dataclasses.replace(writer.config, velocity=velocity)
    on_one_two_and_a_half = ("C4", "d:1", "s:1", "D4", "d:1/2", "s:1/2", "E4", "d:1/2")
    dataclasses.replace(writer, config=config).write(sampled(*on_one_two_and_a_half))
    messages = mido.MidiFile(tmp_path / "song-00007.mid").tracks[0]
    assert [message.velocity for message in messages if message.type == "note_on"] == struck


def test_a_song_is_its_primer_and_what_was_sampled(writer, tmp_path):
    row = writer.write(sampled("E4", "d:2", primer=("C4", "d:1", "s:1")))
    expected = builders.song((0, 12, 60), (12, 24, 64))
    assert midi_writer.read_exact((tmp_path / "song-00007.mid").read_bytes()) == expected
    assert (tmp_path / "song-00007.png").read_bytes().startswith(b"\x89PNG")
    roll = row.pop("roll")
    assert 0 < roll[0] < roll[1] <= 1
    told = row.pop("settings")
    assert (told["top_k"], told["tempo"], told["program"], told["temperature"]) == (3, 90, 40, 1)
    # A row does not depend on how many songs there are.
    assert "num_songs" not in told
    assert row.pop("measured") == SongMeasurements.of(builders.song((12, 24, 64))).as_dict()
    assert row == {
        "song": 7,
        "file": "song-00007.mid",
        "picture": "song-00007.png",
        "seed": 5,
        "primer": ["C4", "d:1", "s:1"],
        "tokens": ["E4", "d:2"],
        "ended": True,
        "log_likelihood": -12.3457,
        "attempts": 0,
        "refused": [],
        "notes": 2,
        "seconds": 2.0,
        "key": "A minor",
        "key_correlation": 0.5665,
        "pitch_range": [60, 64],
        "entropy": 1.0,
        "form": {
            "top_voice_steps": 0,
            "usual_polyphony": 100,
            "duration_entropy": 1,
            "held_chords": 5.3333,
            "recurrence": 0,
            "key_kept": 100,
            "ends_on_triad": 0,
            "ends_on_tonic": 0,
            "ends_v_i": 0,
            "major": 0,
        },
    }


def test_a_song_is_moved_into_the_key_that_is_asked_for(writer, tmp_path):
    tune = builders.song(*((12 * place, 12, pitch) for place, pitch in enumerate((62, 65, 69, 73, 74, 69, 65, 62))))
    row = dataclasses.replace(writer, config=GenerateConfig(key="B minor", audio="none")).write(
        sampled(*Events().encode(tune))
    )
    written = (tmp_path / "song-00007.mid").read_bytes()
    assert midi_writer.read_exact(written) == tune.transpose(-3) == Events().decode(row["tokens"])
    assert (row["key"], row["moved"]) == ("B minor", -3)


def test_a_row_says_how_likely_the_best_of_several_candidates_is(writer):
    config = dataclasses.replace(writer.config, candidates=8)
    several = dataclasses.replace(writer, config=config)
    row = several.write(sampled("E4", "d:2", "s:2", "G4", "d:1", primer=("C4", "d:1", "s:1")))
    # The primer's note is not counted.
    assert (row["candidates"], row["nats_per_note"]) == (8, 6.1728)
    assert several.write(sampled("s:4"))["nats_per_note"] is None


def test_tempo_and_program_are_in_the_file(writer, tmp_path):
    writer.write(sampled("E4", "d:2"))
    data = (tmp_path / "song-00007.mid").read_bytes()
    assert b"\xff\x51\x03" + round(60_000_000 / 90).to_bytes(3, "big") in data
    assert b"\xc0\x28" in data


def test_a_note_that_was_cut_before_its_duration_is_left_out(writer, tmp_path):
    assert writer.write(sampled("C4", "d:1", "E4"))["notes"] == 1
    assert midi_writer.read_exact((tmp_path / "song-00007.mid").read_bytes()) == builders.song((0, 12, 60))


def test_a_song_cut_before_its_first_note_has_files_and_is_silent(tmp_path):
    writer = Writer(str(tmp_path), EVENTS, Events(), GenerateConfig())
    row = writer.write(sampled("s:4", "s:4"))
    assert (row["notes"], row["seconds"], "audio" in row) == (0, 0.0, False)
    assert midi_writer.read_exact((tmp_path / "song-00007.mid").read_bytes()) == builders.song()


def test_sound_is_beside_it(tmp_path):
    writer = Writer(str(tmp_path), EVENTS, Events(), GenerateConfig())
    row = writer.write(sampled("C4", "d:1"))
    assert row["audio"] == "song-00007.mp3"
    assert (tmp_path / "song-00007.mp3").stat().st_size > 1000


def test_a_row_says_what_of_the_sampled_notes_was_copied(writer, tmp_path):
    training = walk(1, 30)
    tokens = Events().encode(training)
    write_index(tmp_path / "model", training)
    index = copied_bars.index_file(str(tmp_path / "model"), {"content": CONTENT})
    writer = dataclasses.replace(writer, index=index)
    row = writer.write(sampled(*tokens))
    assert (row["copied_notes"], row["copied_share"], row["novelty"]) == (len(training.pitches), 1, 0)
    assert row["copied_from"] == "0.mid"
    json.dumps(row)
    cut = next(place for place, token in enumerate(tokens) if token.startswith("s:") and place > len(tokens) // 3)
    continued = writer.write(sampled(*tokens[cut:], primer=tuple(tokens[:cut])))
    given = len(Events().decode(tokens[:cut]).pitches)
    assert 0 < given < len(training.pitches)
    assert (continued["copied_notes"], continued["copied_share"]) == (len(training.pitches) - given, 1)


def test_a_score_is_beside_it_if_it_is_asked_for(writer, tmp_path):
    assert "score" not in writer.write(sampled("C4", "d:1"))
    config = dataclasses.replace(writer.config, output_format="midi,musicxml", meter="3/4")
    row = dataclasses.replace(writer, config=config).write(sampled("C4", "d:4", "s:4", "E3", "d:1/3", song=8))
    assert row["score"] == "song-00008.musicxml"
    ((_, song),) = scores.read((tmp_path / row["score"]).read_bytes(), ending=".musicxml")
    assert builders.notes_of(song) == [(0, 48, 60), (48, 4, 52)]
    assert (song.about.tempo, song.about.time_signature) == (90.0, "3/4")
    # How a song is written does not change what it is.
    assert row["settings"] == {**writer.write(sampled("C4"))["settings"], "meter": "3/4"}


def test_songs_of_voices_have_a_track_and_a_staff_for_each(tmp_path):
    known = vocabulary_of(Voices())
    config = GenerateConfig(audio="none", output_format="midi,musicxml")
    tokens = ("meter:3/4", "bar:1", "C5", "G4", "E4", "C3", "s:2", "@2", "B4", "~G4", "D4", "G3", "s:1")
    row = Writer(str(tmp_path), known, Voices(), config).write(
        SongIds(7, (START,), tuple(known.encode(tokens).tolist()), True, -1.0)
    )
    written = (tmp_path / row["file"]).read_bytes()
    assert [track.name for track in mido.MidiFile(tmp_path / row["file"]).tracks] == [
        "song-00007", "Soprano", "Alto", "Tenor", "Bass"
    ]  # fmt: skip
    song = midi_writer.read_exact(written)
    assert song == Voices().decode(tokens, song.about)
    ((_, read),) = scores.read((tmp_path / row["score"]).read_bytes(), ending=".musicxml")
    assert builders.notes_of(read) == builders.notes_of(song)
    assert (read.about.instrument, read.about.time_signature) == ("Soprano, Alto, Tenor, Bass", "3/4")


BAND = Bands()
DUO = [Instrument("Violin", 40), Instrument("Drums", 0, is_drums=True)]


def written_band(folder, players, **settings):
    """The row of a song of a bar, of so many players."""
    song = Song.from_parts(
        [0, 0][:players], [12, 6][:players], [67, 36][:players], [0, 1][:players], [90, 90][:players], instruments=DUO
    )
    known = vocabulary_of(BAND)
    ids = tuple(known.encode(BAND.encode(song)).tolist())
    return Writer(str(folder), known, BAND, GenerateConfig(**settings)).write(SongIds(7, (START,), ids, True, -1.0))


def test_a_band_has_a_page_of_its_parts_beside_its_audio(tmp_path):
    row = written_band(tmp_path, 2)
    assert (row["audio"], row["parts_page"]) == ("song-00007.mp3", "song-00007.parts.html")
    first = (tmp_path / row["parts_page"]).read_bytes()
    assert b'"audio":' in first
    written_band(tmp_path, 2)
    assert (tmp_path / row["parts_page"]).read_bytes() == first


def test_without_audio_a_page_of_parts_has_the_picture_alone(tmp_path):
    row = written_band(tmp_path, 2, audio="none")
    assert "audio" not in row
    assert b'"audio":' not in (tmp_path / row["parts_page"]).read_bytes()


def test_a_band_of_one_part_has_no_page_of_parts(tmp_path):
    row = written_band(tmp_path, 1)
    assert "parts_page" not in row
    assert (tmp_path / row["audio"]).read_bytes() == audio.render((tmp_path / row["file"]).read_bytes())


def test_rows_are_json_lines_of_a_batch(writer, tmp_path):
    rows = [writer.write(sampled("C4", "d:1", song=number)) for number in (4, 5)]
    writer.write_rows(1, 3, rows)
    lines = (tmp_path / "songs-00001-of-00003.jsonl").read_text().splitlines()
    assert [json.loads(line)["song"] for line in lines] == [4, 5]
    assert paths.read_rows(str(tmp_path / "songs-00001-of-00003.jsonl"))[0]["tokens"] == ["C4", "d:1"]
