import subprocess
import sys

import pytest

from deploy import step
from generator import generate
from nabi.workspace import paths
from nabi.workspace.retraining_steps import MODULES, STEPS
from pipelines.preprocessing import flags as preprocess
from trainer import evaluate, gate, task

PARSERS = {
    "pipelines.preprocess": preprocess.parser,
    "trainer.task": task._parser,
    "trainer.evaluate": evaluate._parser,
    "trainer.gate": gate._parser,
    "generator.generate": generate.parser,
}


def test_a_step_is_a_command_in_the_runs_directories(tmp_path):
    line = step.command("train", source="", output=f"{tmp_path}/", run="r1", more="--steps=5 --recipe 'my own'")
    folder = f"{tmp_path}/runs/r1"
    assert line[1:6] == ["-m", "trainer.task", "--steps=5", "--recipe", "my own"]
    assert line[6:] == [f"--data={folder}/dataset", f"--model_dir={folder}/model"]


def test_what_stands_in_braces_in_a_path_is_no_name():
    line = step.command("preprocess", source="{run}/*.mid", output="out", run="r1")
    assert "--input={run}/*.mid" in line


@pytest.mark.parametrize("run", ["", " ", "a/b", "..", "../r1"])
def test_a_run_is_one_folder(run):
    with pytest.raises(ValueError, match="must be the name of one folder"):
        step.command("train", source="x", output="out", run=run)


@pytest.mark.parametrize("name", [one.name for one in STEPS if MODULES[one.job] in PARSERS])
def test_the_flags_of_a_step_are_its_commands_own(name, tmp_path):
    run = "r1"
    (tmp_path / paths.CHAMPION).write_text('{"run": "%s"}' % (run if name == "generate" else "r0"))
    line = step.command(name, source="midi", output=str(tmp_path), run=run)
    unknown = PARSERS[line[2]]().parse_known_args(line[3:])[1]
    assert unknown == []


def to_do(folder, run):
    """The steps that have something to do."""
    commands = {one.name: step.command(one.name, source="midi", output=str(folder), run=run) for one in STEPS}
    return [name for name, line in commands.items() if line]


def test_a_first_model_is_judged_by_itself(tmp_path):
    assert to_do(tmp_path, "r1") == ["preprocess", "train", "evaluate", "sample", "gate", "promote"]
    line = step.command("gate", source="midi", output=str(tmp_path), run="r1")
    assert not any(flag.startswith("--champion") for flag in line)


def test_a_challenger_is_judged_against_the_champion(tmp_path):
    (tmp_path / paths.CHAMPION).write_text('{"run": "r0"}')
    assert to_do(tmp_path, "r1") == ["preprocess", "train", "evaluate", "sample", "gate", "promote"]
    line = step.command("gate", source="", output=str(tmp_path), run="r1")
    assert f"--champion={tmp_path}/runs/r0/model" in line
    assert f"--songs={tmp_path}/runs/r1/gate-songs" in line


def test_songs_are_made_of_the_champion(tmp_path):
    (tmp_path / paths.CHAMPION).write_text('{"run": "r1"}')
    assert to_do(tmp_path, "r1") == ["preprocess", "train", "evaluate", "promote", "generate"]
    assert not [
        flag for flag in step.command("preprocess", source="", output=str(tmp_path), run="r1") if "reuse" in flag
    ]


def test_a_step_without_work_says_so_and_passes(tmp_path, capsys):
    assert step.main(["generate", f"--output={tmp_path}", "--run=r1"]) == 0
    assert capsys.readouterr().out == "generate: nothing to do for run r1, the champion being none\n"


@pytest.mark.slow
def test_flags_that_begin_with_dashes_reach_the_command():
    given = ["--run=", "--job=j1", "--output=/none", "--source=", "--more=--steps=x"]
    done = subprocess.run(
        [sys.executable, "-m", "deploy.step", "train", *given], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "-m trainer.task --steps=x --data=/none/runs/j1/dataset --model_dir=/none/runs/j1/model" in done.stdout
    assert "--steps 'x' must be a whole number" in done.stderr


def test_quotes_that_are_not_closed_are_refused():
    with pytest.raises(ValueError, match="quotation"):
        step.command("train", source="x", output="out", run="r1", more="--recipe 'my own")


def test_a_run_that_was_the_champion_is_not_judged_again(tmp_path):
    (tmp_path / paths.CHAMPION).write_text('{"run": "r2", "before": ["r1"], "withdrawn": ["r0"]}')
    for run in ("r0", "r1"):
        assert to_do(tmp_path, run) == ["preprocess", "train", "evaluate", "promote"]
