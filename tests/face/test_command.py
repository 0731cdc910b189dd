import os
import pathlib
import signal
import subprocess
import sys

import pytest

import nabi
from nabi.command import MODULES

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[2]
HEAVY = ("numpy", "tensorflow", "keras", "apache_beam", "music21", "symusic")


def run(*arguments: str) -> tuple[int, str, str]:
    """The exit status, what is printed, and what is said on standard error."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-m", "nabi", *arguments], env=environment, capture_output=True, text=True)
    return ended.returncode, ended.stdout, ended.stderr


def test_help_lists_each_command_with_a_line():
    status, printed, said = run("--help")
    assert (status, said) == (0, "")
    lines = dict(line.split(maxsplit=2)[1:] for line in printed.splitlines() if line.startswith("  nabi "))
    assert lines.keys() == MODULES.keys()
    assert lines["train"] == "trains a model on a dataset, or goes on with it; --tune N searches for settings"
    assert run() == (0, printed, "")


def test_the_installed_command_is_this_one():
    command = pathlib.Path(sys.executable).with_name("nabi")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([command, "--version"], env=environment, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"nabi {nabi.__version__}\n", "")


def test_help_and_the_version_import_nothing_heavy():
    script = "import sys\nfrom nabi import command\ncommand.main(['--help'])\ncommand.main(['--version'])\n"
    script += f"print(*(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stderr == "\n"
    assert ended.stdout.splitlines()[-1].startswith("nabi 0.")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["trian"], "nabi: unknown command trian: did you mean train?"),
        (["trainer.task", "--help"], "nabi: unknown command trainer.task: did you mean train?"),
        (["--verison"], "nabi: unknown flag --verison: did you mean --version?"),
        (["sing"], "nabi: unknown command sing"),
    ],
)
def test_a_wrong_command_is_one_sentence(arguments, sentence):
    assert run(*arguments) == (2, "", f"{sentence}; `nabi --help` lists all commands\n")


@pytest.mark.parametrize("name", ["ledger", "train"])
def test_a_command_calls_itself_as_it_was_started(name):
    status, printed, _ = run(name, "--help")
    assert status == 0
    assert printed.startswith(f"usage: nabi {name} ")
    assert f"python -m {MODULES[name]}" not in printed


def test_a_wrong_flag_ends_as_that_of_the_module_does(tmp_path):
    status, printed, said = run("ledger", str(tmp_path), "--jsn")
    assert (status, printed) == (2, "")
    assert said == "ledger: unknown flag --jsn: did you mean --json?; `nabi ledger --help` lists all flags\n"


def script(tmp_path, task: str) -> list[str]:
    """A command line that starts a module with this text as `nabi wait`."""
    (tmp_path / "task.py").write_text(f"import sys, time\n{task}\n")
    return [sys.executable, "-c", "from nabi import command; command.MODULES['wait'] = 'task'; command.main(['wait'])"]


WAIT = "print('ready', flush=True)\ntime.sleep(60)"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("task", [WAIT, "def main():\n    " + WAIT.replace("\n", "\n    ")], ids=["imported", "run"])
def test_a_signal_ends_a_command_in_one_sentence(tmp_path, task, number, status):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(script(tmp_path, task), env=environment, **pipes) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        said = process.stderr.read()
        assert (process.wait(60), said) == (status, "wait stopped: start the same command again to go on\n")


def test_the_exit_status_is_that_of_the_job(tmp_path):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    task = "def main():\n    print(sys.argv)\n    return 7"
    ended = subprocess.run(script(tmp_path, task), env=environment, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (7, "['nabi wait']\n")
