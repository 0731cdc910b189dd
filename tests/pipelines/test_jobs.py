import pytest

from pipelines import jobs

RECIPE = """
[[train]]
name = "large"
[[train]]
name = "small"
[[train]]
name = "unused"
[[generate]]
name = "sampled"
[[generate]]
name = "other"
model = "small"
[[generate]]
name = "likeliest"
"""


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "mine.toml").write_text(RECIPE)
    return str(tmp_path / "mine.toml")


def commands(planned):
    return [f"{job.module} {' '.join(job.arguments)}" for job in planned]


def test_jobs_meet_in_the_runs_folder():
    planned = jobs.plan("r", ["a", "b"], None, {"train": ["-x"]})
    assert commands(planned) == [
        "pipelines.preprocess --input a --input b --output r/dataset",
        "trainer.task --data r/dataset --model_dir r/model -x",
        "generator.generate --model r/model --output r/songs",
    ]
    assert [job.folder for job in planned] == ["r/dataset", "r/model", "r/songs"]


def test_a_recipe_of_several_runs_trains_what_its_songs_need_and_shows_them_on_one_page(recipe):
    assert commands(jobs.plan("r", ["a"], recipe, {"generate": ["-y"]})) == [
        f"pipelines.preprocess --recipe {recipe} --input a --output r/dataset",
        f"trainer.task --recipe {recipe}:large --data r/dataset --model_dir r/model",
        f"generator.generate --recipe {recipe}:sampled --model r/model --output r/songs -y",
        f"generator.generate --recipe {recipe}:likeliest --model r/model --output r/songs-likeliest -y",
        f"trainer.task --recipe {recipe}:small --data r/dataset --model_dir r/model-small",
        f"generator.generate --recipe {recipe}:other --model r/model-small --output r/songs-other -y",
        "generator.compare r/songs r/songs-other r/songs-likeliest --names sampled,other,likeliest "
        "--output r/index.html",
    ]


@pytest.mark.parametrize(
    ("run", "model", "songs"),
    [("other", "small", "other"), ("small", "small", "sampled"), ("unused", "unused", "sampled")],
)
def test_one_run_of_a_recipe_is_made_alone(recipe, run, model, songs):
    assert commands(jobs.plan("r", ["a"], f"{recipe}:{run}", {}))[1:] == [
        f"trainer.task --recipe {recipe}:{model} --data r/dataset --model_dir r/model",
        f"generator.generate --recipe {recipe}:{songs} --model r/model --output r/songs",
    ]


def test_a_failed_job_tells_its_last_lines():
    with pytest.raises(jobs.JobFailedError, match=r"train failed with status 2; its last lines:\n(.|\n)*--data"):
        jobs.start(jobs.Job("train", "m", ()))
