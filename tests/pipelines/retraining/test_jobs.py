import pytest

from nabi.workspace import paths
from pipelines.retraining import jobs

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


def commands(*planned):
    return [f"{job.module} {' '.join(job.arguments)}" for job in planned]


def test_jobs_meet_in_the_runs_folder():
    plan = jobs.plan("r", ["a", "b"], None, {"train": ["-x"]})
    assert commands(plan.dataset, plan.model, *plan.songs) == [
        "pipelines.preprocess --input a --input b --output=r/dataset --keep_songs",
        "trainer.task -x --data=r/dataset --model_dir=r/model",
        "generator.generate --model=r/model --output=r/songs",
    ]
    assert [job.folder for job in (plan.dataset, plan.model, *plan.songs)] == ["r/dataset", "r/model", "r/songs"]


def test_a_recipe_of_several_runs_trains_what_its_songs_need_and_shows_them_on_one_page(recipe):
    plan = jobs.plan("r", ["a"], recipe, {"generate": ["-y"]})
    assert commands(plan.model, *plan.songs) == [
        f"trainer.task --recipe {recipe}:large --data=r/dataset --model_dir=r/model",
        f"generator.generate --recipe {recipe}:sampled -y --model=r/model --output=r/songs",
        f"generator.generate --recipe {recipe}:likeliest -y --model=r/model --output=r/songs-likeliest",
        f"trainer.task --recipe {recipe}:small --data=r/dataset --model_dir=r/model-small",
        f"generator.generate --recipe {recipe}:other -y --model=r/model-small --output=r/songs-other",
        "generator.compare r/songs r/songs-other r/songs-likeliest --names sampled,other,likeliest "
        "--output r/index.html",
    ]


@pytest.mark.parametrize(
    ("run", "model", "songs"),
    [("other", "small", "other"), ("small", "small", "sampled"), ("unused", "unused", "sampled")],
)
def test_one_run_of_a_recipe_is_made_alone(recipe, run, model, songs):
    plan = jobs.plan("r", ["a"], f"{recipe}:{run}", {})
    assert commands(plan.model, *plan.songs) == [
        f"trainer.task --recipe {recipe}:{model} --data=r/dataset --model_dir=r/model",
        f"generator.generate --recipe {recipe}:{songs} --model=r/model --output=r/songs",
    ]


def test_a_challenger_reuses_the_champions_songs_starts_from_its_model_and_is_judged_against_it(tmp_path):
    champion = str(tmp_path)
    paths.complete(f"{champion}/model", {"request": "r", "content": "c"})
    plan = jobs.plan("r", ["a"], None, {"gate": ["-z"]}, champion=champion, warm=True)
    assert commands(plan.dataset, plan.model, plan.trial, jobs.gate("r", champion, {"gate": ["-z"]})) == [
        f"pipelines.preprocess --input a --output=r/dataset --keep_songs --reuse={champion}/dataset",
        f"trainer.task --data=r/dataset --model_dir=r/model --warm_start={champion}/model --or_fresh",
        "generator.generate --model=r/model --output=r/gate-songs --num_songs=32 --audio=none",
        "trainer.gate -z --model=r/model --data=r/dataset --songs=r/gate-songs --output=r/gate "
        f"--champion={champion}/model --champion_data={champion}/dataset --champion_songs={champion}/gate-songs",
    ]
    cold = jobs.plan("r", ["a"], None, {}, champion=champion)
    assert not [flag for flag in cold.model.arguments if flag.startswith("--warm_start")]


def test_a_first_model_is_judged_without_a_champion():
    assert not [flag for flag in jobs.gate("r", "", {}).arguments if flag.startswith("--champion")]


def test_songs_of_other_flags_lie_beside_the_first(recipe):
    plan = jobs.plan("r", ["a"], recipe, {}, label="3f")
    folders = [job.folder for job in plan.songs if job.name == "generate"]
    assert folders == ["r/songs-3f", "r/songs-likeliest-3f", "r/songs-other-3f"]
    assert plan.page == plan.songs[-1].folder == "r/index-3f.html"
    assert plan.model.folder == "r/model"
    assert jobs.plan("r", ["a"], None, {}, label="3f").page == "r/songs-3f/index.html"


@pytest.mark.slow
def test_a_failed_job_tells_its_last_line():
    with pytest.raises(jobs.JobFailedError, match=r"^train failed with status 2: [^\n]*--data[^\n]*$"):
        jobs.start(jobs.Job("train", "m", ()))
