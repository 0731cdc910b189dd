import subprocess
import sys

import pytest

from deploy import step
from generator import generate
from pipelines import flags as preprocess
from trainer import evaluate, task

PARSERS = {
    "pipelines.preprocess": preprocess.parser,
    "trainer.task": task._parser,
    "trainer.evaluate": evaluate._parser,
    "generator.generate": generate.parser,
}


def test_a_step_is_a_command_in_the_runs_directories():
    line = step.command(
        "train", source="gs://b/midi", output="gs://b/out/", run="r1", more="--steps=5 --recipe 'my own'"
    )
    folder = "gs://b/out/runs/r1"
    assert line[1:5] == ["-m", "trainer.task", f"--data={folder}/dataset", f"--model_dir={folder}/model"]
    assert line[5:] == ["--steps=5", "--recipe", "my own"]


def test_what_stands_in_braces_in_a_path_is_no_name():
    line = step.command("preprocess", source="{run}/*.mid", output="out", run="r1")
    assert "--input={run}/*.mid" in line


@pytest.mark.parametrize("run", ["", " ", "a/b", "../r1"])
def test_a_run_is_one_folder(run):
    with pytest.raises(ValueError, match="must be the name of one folder"):
        step.command("train", source="x", output="out", run=run)


@pytest.mark.parametrize("name", [one.name for one in step.STEPS if one.module in PARSERS])
def test_the_flags_of_a_step_are_its_commands_own(name):
    line = step.command(name, source="midi", output="out", run="r1")
    unknown = PARSERS[line[2]]().parse_known_args(line[3:])[1]
    assert unknown == []


def test_flags_that_begin_with_dashes_reach_the_command():
    given = ["--run=", "--job=j1", "--output=/none", "--source=", "--more=--margin=x"]
    done = subprocess.run(
        [sys.executable, "-m", "deploy.step", "gate", *given], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "-m deploy.gate --output=/none --run=j1 --margin=x" in done.stderr
    assert "argument --margin: invalid float value: 'x'" in done.stderr


def test_quotes_that_are_not_closed_are_refused():
    with pytest.raises(ValueError, match="quotation"):
        step.command("train", source="x", output="out", run="r1", more="--recipe 'my own")
