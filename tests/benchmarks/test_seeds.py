"""The seeds' recipes are run as `make seeds` runs them."""

import pathlib

import pytest

from benchmarks import seeds
from benchmarks.seed_facts import Fact, Seed

pytestmark = pytest.mark.slow

RECIPE = """
[preprocess]
input = ["codes:c4 d4 e4 c4 c4 d4 e4 c4"]
encoding = "pitch-duration"
window = 4
split = "1,0,0"

[[train]]
name = "tiny"
steps = 2
units = 4
embedding = 4

[[generate]]
name = "one"
num_songs = 1
max_tokens = 4
"""


def test_a_recipe_is_run_up_to_its_songs_and_its_facts_are_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("tiny.toml").write_text(RECIPE, encoding="utf-8")
    seed = Seed("tiny.toml", "", (Fact("tokens of its song", "4", lambda run: len(run.song()["tokens"]), "as asked"),))
    run = seeds.make(seed, midi=tmp_path, output=tmp_path / "runs")
    assert list(seeds.table(seed, run))[-1] == "| tokens of its song | 4 | 4 | as asked |"


def test_a_recipe_without_its_music_is_left_out(tmp_path):
    assert seeds.make(Seed("piano", "no/such/folder", ()), midi=tmp_path, output=tmp_path) is None
