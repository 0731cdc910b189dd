import pytest

from nabi.workspace import recipes


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


def test_a_recipe_plans_its_songs_each_with_its_model(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[train]]\nname = "a"\n[[train]]\nname = "b"\n[[generate]]\nname = "x"\n'
        '[[generate]]\nname = "y"\nmodel = "b"\ntop_k = 3\n'
    )
    assert recipes.plan(str(path)) == [recipes.GenerateRun("x", "a"), recipes.GenerateRun("y", "b")]
    assert recipes.plan(f"{path}:y") == [recipes.GenerateRun("y", "b")]
    assert recipes.plan(f"{path}:b") == [recipes.GenerateRun("x", "b")]
    assert recipes.load(f"{path}:y", "generate") == {"top_k": 3}
    with pytest.raises(ValueError, match="has no run 'z'; it has a, b, x, y"):
        recipes.plan(f"{path}:z")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tarin]\nx = 1", "unknown tables tarin"),
        ("x = ", "Invalid"),
        ("[[train]]\nunits = 1", "with a `name`"),
        ('[[train]]\nname = "a"\n[[train]]\nname = "a"', "a `name` of its own; there are a, a"),
        ('[[generate]]\nname = "x"\nmodel = "b"', r"the model 'b' of \[\[generate\]\] x must be one"),
    ],
)
def test_a_recipe_that_is_not_as_it_should_be_is_refused(tmp_path, text, message):
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(ValueError, match=message):
        recipes.load(str(tmp_path / "bad.toml"), "train")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[preprocess]\nwindow = 8.5", r"recipe .*bad.toml, \[preprocess\]: --window 8.5 must be a whole number"),
        ('[[train]]\nname = "a"\nunitz = 1', r"\[\[train\]\] a: unknown key unitz: did you mean units\?"),
        ('[[train]]\nname = "a"\n[[train]]\nname = "b"\nunits = 0', r"\[\[train\]\] b: --units 0 must be in 1"),
        ('[[generate]]\nname = "x"\ntop_p = "all"', r"\[\[generate\]\] x: --top_p 'all' must be a number"),
        ("[preprocess]\noverwrite = true", r"\[preprocess\]: overwrite is given by hand, --overwrite, not by a recipe"),
        ('[[train]]\nname = "a"\nmodel_dir = "x"', "model_dir is given by hand"),
        ('[[generate]]\nname = "a"\noutput = "x"', "output is given by hand"),
        ("[[preprocess]]\nwindow = 8", r"write \[preprocess\] once"),
        ("train = [3]", r"write \[\[train\]\] with a `name`"),
    ],
)
@pytest.mark.parametrize("table", ["preprocess", "train", "generate"])
def test_whichever_table_a_job_takes_all_are_checked(tmp_path, text, message, table):
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(ValueError, match=message):
        recipes.load(str(tmp_path / "bad.toml"), table)


def test_no_such_recipe():
    with pytest.raises(ValueError, match="neither a TOML file nor one of"):
        recipes.load("unheard", "train")


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_that_nabi_brings_is_sound(name):
    assert recipes.read(name)


@pytest.mark.parametrize("name", ['"a, b"', '"a/b"', '""', "7"])
def test_a_name_that_is_no_directorys_is_told(tmp_path, name):
    path = tmp_path / "mine.toml"
    path.write_text(f"[[generate]]\nname = {name}\n")
    with pytest.raises(ValueError, match=r"of a \[\[generate\]\] must be text without / and ,"):
        recipes.read(str(path))
