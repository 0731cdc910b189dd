import io
import pathlib
import pickle
import shutil

import pytest

import nabi
from generator import generate
from nabi.music.encodings import Pitch
from nabi.workspace import paths
from tests.generator.models import write_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(runs) -> nabi.Model:
    return nabi.load_model(runs / "mine")


def generated(model: nabi.Model, folder: pathlib.Path, *flags: str) -> list[dict]:
    """The rows of songs that the command makes."""
    assert generate.main([f"--model={model.folder}", f"--output={folder}", "--audio=none", *flags]) == 0
    return paths.read_rows(paths.rows_paths(str(folder), paths.SONGS)[0])


def test_songs_are_byte_for_byte_those_of_the_command(model, tmp_path):
    """Songs in a key are refused, made again and moved, so that all that a job does to a song is in them."""
    rows = generated(
        model, tmp_path / "songs", "--num_songs=3", "--seed=5", "--key=D minor", "--max_tokens=40", "--tempo=90"
    )
    songs = model.sample(3, seed=5, key="D minor", max_tokens=40, tempo=90)
    for row, song in zip(rows, songs, strict=True):
        assert song.midi == (tmp_path / "songs" / row["file"]).read_bytes()
        assert [list(song.tokens), list(song.primer), song.ended] == [row["tokens"], row["primer"], row["ended"]]
        assert round(song.log_likelihood, 4) == row["log_likelihood"]
        file = io.BytesIO()
        nabi.write(song, file)
        assert file.getvalue() == song.midi


def test_a_song_is_the_same_among_more_songs(model):
    assert model.sample(1, max_tokens=12) == model.sample(3, max_tokens=12)[:1]


def test_a_sampled_song_is_a_song_of_its_tokens(model):
    (song,) = model.sample(1, seed=3, max_tokens=24, primer="C4 d:1 s:1")
    assert isinstance(song, nabi.Song)
    assert song.primer == ("C4", "d:1", "s:1")
    assert list(song) == list(nabi.decode([*song.primer, *song.tokens], model.encoding))
    assert (song.about.source, song.about.tempo) == ("song-00000.mid", 120.0)
    again = pickle.loads(pickle.dumps(song))
    assert (again, again.tokens, again.midi) == (song, song.tokens, song.midi)


def test_a_song_is_as_likely_as_the_model_said_when_it_made_it(tmp_path):
    """Of the encoding whose tokens are told from their song."""
    model = nabi.load_model(write_model(tmp_path, encoding=Pitch(), tokens=["C4", "D4", "E4", "F4", "G4"]))
    songs = [song for song in model.sample(8, seed=1, max_tokens=64) if song.ended]
    assert len(songs) > 2
    for song in songs[:3]:
        assert model.log_likelihood(song) == pytest.approx(song.log_likelihood, rel=1e-4)


def test_only_songs_of_the_models_own_kind_have_a_likelihood(model):
    with pytest.raises(ValueError, match="the song has no notes"):
        model.log_likelihood(nabi.Song.from_notes([], [], []))
    with pytest.raises(ValueError, match=r"the song has 24 ticks a quarter note, the encoding 12"):
        model.log_likelihood(nabi.Song.from_notes([0], [24], [60], ticks_per_quarter=24))


def test_of_a_model_without_song_marks_the_end_and_the_first_token_are_not_counted(tmp_path):
    model = nabi.load_model(write_model(tmp_path, song_marks=False, encoding=Pitch(), tokens=["C4", "D4"]))
    song = nabi.decode(["C4"], "pitch")
    assert model.log_likelihood(song) == 0
    assert -3 < model.log_likelihood(nabi.decode(["C4", "D4"], "pitch")) < 0
    with pytest.raises(ValueError, match="the model does not know the token 'E4' of the song"):
        model.log_likelihood(nabi.decode(["C4", "E4"], "pitch"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"temprature": 1.0}, "unknown setting temprature: did you mean temperature?"),
        ({"audio": "none"}, "unknown setting audio; there are max_tokens, max_bars, "),
        ({"temperature": 0}, "temperature 0 must be in 0.001..100: divides the logits"),
        ({"top_p": "high"}, "top_p 'high' must be a number in 0.0001..1"),
        ({"lowest": 70, "highest": 60}, "lowest 70 must not be above highest 60"),
        ({"key": "X minor"}, "'X minor' does not begin with a tonic"),
        ({"primer": "none.mid"}, "primer none.mid is not there: name a MIDI file"),
        ({"max_copied_bars": 4.0}, "max_copied_bars needs copies.index, which "),
        ({"seed": -1}, "seed -1 must be in 0..18,446,744,073,709,551,615"),
        ({"count": 0}, "num_songs 0 must be in 1..1,000,000: number of songs"),
    ],
)
def test_a_wrong_setting_is_named_as_the_keyword_that_it_is(model, settings, sentence):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - its beginning is compared
        model.sample(**settings)
    assert str(raised.value).startswith(sentence)


def test_what_a_model_remembers_of_its_recipe_holds_unless_it_is_given(runs, tmp_path):
    shutil.copytree(runs / "mine" / "model", tmp_path / "model")
    paths.write_json(str(tmp_path / "model" / paths.SAMPLING), {"recipe": "waltz", "settings": {"meter": "3/4"}})
    model = nabi.load_model(tmp_path / "model")
    meters = [model.sample(1, max_tokens=4, **given)[0].about.time_signature for given in ({}, {"meter": "2/4"})]
    assert meters == ["3/4", "2/4"]


def test_a_model_is_found_where_the_champion_is(tmp_path):
    for run, seed in (("first", 0), ("second", 1)):
        folder = tmp_path / paths.RUNS / run / paths.MODELS
        folder.mkdir(parents=True)
        write_model(folder, seed=seed)
    paths.write_json(str(tmp_path / paths.CHAMPION), {"run": "second"})
    assert nabi.load_model(tmp_path).folder == str(folder)


def test_a_folder_that_is_no_model_is_told(runs, tmp_path):
    with pytest.raises(ValueError, match=r"dataset is a dataset, no model; give a model directory"):
        nabi.load_model(runs / "mine" / "dataset")
    with pytest.raises(ValueError, match=r"does not exist, or is empty: run `python -m trainer.task` first"):
        nabi.load_model(tmp_path / "none")
