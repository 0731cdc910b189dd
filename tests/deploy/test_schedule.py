"""The schedules for one machine: what they start is a command that exists, with flags that it has."""

import configparser
import pathlib
import shlex
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

FOLDER = pathlib.Path(__file__).parents[2] / "deploy" / "schedule"


def unit(name):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(FOLDER / name)
    return parser


def cron_line():
    (line,) = (line for line in (FOLDER / "nabi-retrain.cron").read_text().splitlines() if not line.startswith("#"))
    return line


@pytest.fixture(scope="module")
def help_of_retrain():
    command = [sys.executable, "-m", "pipelines.retrain", "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def require_retrain(words, help_of_retrain):
    assert words[:3] == [".venv/bin/python", "-m", "pipelines.retrain"]
    flags = [word for word in words[3:] if word.startswith("--")]
    assert flags
    assert all(f"{flag} " in help_of_retrain for flag in flags)


def test_the_service_starts_retrain_with_its_own_flags(help_of_retrain):
    words = shlex.split(unit("nabi-retrain.service")["Service"]["ExecStart"])
    require_retrain([words[0].removeprefix("/srv/nabi/"), *words[1:]], help_of_retrain)


def test_the_service_writes_where_it_may(help_of_retrain):
    service = unit("nabi-retrain.service")["Service"]
    words = shlex.split(service["ExecStart"])
    assert words[words.index("--output") + 1] == service["ReadWritePaths"]


def test_the_crontab_starts_the_same_command_once_at_a_time(help_of_retrain):
    fields = cron_line().split(" ", 6)
    assert fields[:6] == ["0", "3", "*", "*", "1", "nabi"]
    # A bare % would end the command.
    assert "%" not in fields[6]
    words = shlex.split(fields[6].split(" >> ")[0])
    assert words[:7] == ["cd", "/srv/nabi", "&&", "flock", "--nonblock", "/srv/nabi/retraining.lock", "timeout"]
    require_retrain(words[8:], help_of_retrain)
    assert words[9:] == shlex.split(unit("nabi-retrain.service")["Service"]["ExecStart"])[1:]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_systemd_finds_nothing_wrong(tmp_path):
    for name in ("nabi-retrain.service", "nabi-retrain.timer"):
        text = (FOLDER / name).read_text().replace("/srv/nabi/.venv/bin/python", sys.executable)
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "nabi-retrain" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_systemd_knows_when():
    when = unit("nabi-retrain.timer")["Timer"]["OnCalendar"]
    done = subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Normalized form: Mon *-*-* 03:00:00" in done.stdout
