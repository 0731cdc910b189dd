import pytest

from songs import recipes


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'description = "x"\n[preprocess]\nwindow = 8\n[[train]]\nname = "small"\nunits = 4\n'
        '[[train]]\nname = "large"\nunits = 9\n'
    )
    return str(path)


def test_a_job_takes_its_own_table(recipe):
    assert recipes.load(recipe, "preprocess") == {"window": 8}
    assert recipes.load(recipe, "generate") == {}


def test_the_first_run_is_the_default_and_a_name_picks_one(recipe):
    assert recipes.load(recipe, "train") == {"units": 4}
    assert recipes.load(f"{recipe}:large", "train") == {"units": 9}
    with pytest.raises(ValueError, match="it has small, large"):
        recipes.load(f"{recipe}:huge", "train")


@pytest.mark.parametrize(
    ("text", "message"),
    [("[tarin]\nx = 1", "unknown tables tarin"), ("x = ", "Invalid"), ("[[train]]\nunits = 1", "with a `name`")],
)
def test_a_recipe_that_is_not_as_it_should_be_is_refused(tmp_path, text, message):
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(ValueError, match=message):
        recipes.load(str(tmp_path / "bad.toml"), "train")


def test_no_such_recipe():
    with pytest.raises(ValueError, match="neither a TOML file nor one of"):
        recipes.load("unheard", "train")


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_that_nabi_brings_is_sound(name):
    assert recipes.read(name)
