import pathlib

import pytest

from generator import generate
from nabi.workspace import champion, paths, recipes


def model_of(folder: pathlib.Path, **settings: object) -> str:
    paths.write_json(str(folder / paths.SAMPLING), {"recipe": "mine:calm", "settings": settings})
    paths.complete(str(folder), {"request": "r", "content": "c"})
    return str(folder)


def parsed(model: str, *flags: str):
    return generate.parse([f"--model={model}", "--output=o", *flags])[1]


def test_a_model_is_sampled_as_its_recipe_does_and_flags_win(tmp_path, caplog):
    model = model_of(tmp_path, temperature=0.5, top_p=0.8, tempo=96.0, max_tokens=1200)
    with caplog.at_level("INFO"):
        chosen = parsed(model, "--top_p=0.9")
    assert [chosen.temperature, chosen.top_p, chosen.tempo, chosen.max_tokens] == [0.5, 0.9, 96.0, 1200]
    assert caplog.messages == [
        "by default --temperature=0.5 --tempo=96.0 --max_tokens=1200, of the recipe mine:calm by which the model was "
        "trained"
    ]


def test_nothing_is_said_of_defaults_that_flags_replace(tmp_path, caplog):
    with caplog.at_level("INFO"):
        assert parsed(model_of(tmp_path, temperature=0.5), "--temperature=0.9").temperature == 0.9
    assert caplog.messages == []


def test_the_champion_of_a_retraining_directory_remembers(tmp_path):
    champion.promote(str(tmp_path), "r1", champion.Champion())
    model_of(tmp_path / "runs" / "r1" / "model", temperature=0.5)
    assert parsed(str(tmp_path)).temperature == 0.5


def test_what_is_of_one_job_is_not_remembered(tmp_path):
    chosen = parsed(model_of(tmp_path, num_songs=3, seed=9, primer="train", primer_tokens=4, audio="none", top_k=5))
    assert (chosen.num_songs, chosen.seed, chosen.primer, chosen.audio, chosen.top_k) == (12, 0, "start", "mp3", 5)


def test_the_melody_that_a_recipe_harmonises_is_not_remembered(tmp_path):
    chosen = parsed(model_of(tmp_path, harmonize="melody.mid", keep_voice="bass", top_k=5))
    assert (chosen.harmonize, chosen.keep_voice, chosen.top_k) == ("", "soprano", 5)


def test_the_song_that_a_recipe_follows_is_not_remembered(tmp_path):
    model = model_of(tmp_path, decoding="teacher_forced", top_k=1, primer="C4 d:1", primer_tokens=1)
    assert (parsed(model).decoding, parsed(model).top_k) == ("sample", 1)


def test_a_recipe_replaces_what_is_remembered(tmp_path):
    recipe = tmp_path / "wild.toml"
    recipe.write_text('[[generate]]\nname = "wild"\ntemperature = 2\n')
    chosen = parsed(model_of(tmp_path, temperature=0.5, top_k=5), f"--recipe={recipe}")
    assert (chosen.temperature, chosen.top_k) == (2, 0)


def test_without_a_recipe_nothing_is_remembered(tmp_path):
    assert parsed(str(tmp_path)).temperature == 1


def test_flags_that_contradict_what_is_remembered_are_told_of_it(tmp_path):
    model = model_of(tmp_path, decoding="greedy")
    with pytest.raises(
        ValueError, match=r"not --decoding greedy \(not given by hand: --decoding=greedy, of the recipe"
    ):
        parsed(model, "--ended")
    assert parsed(model, "--ended", "--decoding=sample").ended


def test_a_damaged_memory_names_its_file(tmp_path):
    model = model_of(tmp_path, temprature=1.0)
    with pytest.raises(ValueError, match=r"sampling\.json: unknown key temprature: did you mean temperature"):
        parsed(model)


def test_a_model_is_sampled_by_the_first_generate_of_its_run(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[train]]\nname = "a"\n[[train]]\nname = "b"\n[[train]]\nname = "c"\n[[generate]]\nname = "x"\ntop_k = 1\n'
        '[[generate]]\nname = "y"\nmodel = "b"\ntop_k = 2\n[[generate]]\nname = "z"\nmodel = "b"\ntop_k = 3\n'
    )
    assert recipes.sampling(str(path)) == (f"{path}:x", {"top_k": 1})
    assert recipes.sampling(f"{path}:b") == (f"{path}:y", {"top_k": 2})
    # A run that no [[generate]] names is sampled by the first, as retraining does.
    assert recipes.sampling(f"{path}:c") == (f"{path}:x", {"top_k": 1})
    path.write_text('[[train]]\nname = "a"\n')
    assert recipes.sampling(str(path)) == ("", {})


@pytest.mark.parametrize("recipe", recipes.names())
def test_what_the_recipes_say_can_be_remembered(tmp_path, recipe):
    name, settings = recipes.sampling(recipe)
    paths.write_json(str(tmp_path / paths.SAMPLING), {"recipe": name, "settings": settings})
    assert parsed(str(tmp_path)).seed == 0
