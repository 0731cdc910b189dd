import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from nabi.workspace.subprocesses import ChildProcess

pytestmark = pytest.mark.slow


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


def test_lines_of_both_streams_are_shown_and_the_status_is_told():
    lines: list[str] = []
    assert ChildProcess().run(shell("echo one; echo two >&2; printf three; exit 7"), lines.append) == 7
    assert lines == ["one", "two", "three"]
    assert ChildProcess().run(shell("kill -9 $$"), lines.append) == -9


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_passed_on_and_the_child_may_end_in_order(number):
    child, lines = ChildProcess(), []

    def show(line: str) -> None:
        lines.append(line)
        if line == "ready":
            signal.raise_signal(number)

    before = signal.getsignal(number)
    name = number.name.removeprefix("SIG")
    with child.signals():
        status = child.run(shell(f"trap 'echo saved; exit 5' {name}; echo ready; while :; do sleep 0.02; done"), show)
    assert (status, lines, child.caught) == (5, ["ready", "saved"], [number])
    assert signal.getsignal(number) is before
    # After a signal nothing more is started.
    assert child.run(shell("echo more"), lines.append) == -number
    assert lines == ["ready", "saved"]


def test_a_signal_that_comes_before_there_is_a_process_is_passed_on_too(monkeypatch):
    child, popen = ChildProcess(), subprocess.Popen

    def interrupted(*arguments, **keywords):
        process = popen(*arguments, **keywords)
        signal.raise_signal(signal.SIGTERM)
        return process

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    with child.signals():
        assert child.run(["sleep", "60"], print) == -signal.SIGTERM


def test_ctrl_c_in_a_terminal_does_not_reach_the_child_by_itself():
    """A terminal sends it to a whole group of processes."""
    lines: list[str] = []
    ChildProcess().run([sys.executable, "-c", "import os; print(os.getpgrp() == os.getpid())"], lines.append)
    assert lines == ["True"]


# Runs a child that says its process and then sleeps.
PARENT = """
import sys
from nabi.workspace.subprocesses import ChildProcess
ChildProcess().run([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"],
            lambda line: print(line, flush=True))
"""


def test_a_child_ends_with_its_parent():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
    late = time.monotonic() + 10
    while is_alive(child) and time.monotonic() < late:
        time.sleep(0.01)
    assert not is_alive(child)


def is_alive(process: int) -> bool:
    """Whether a process runs; one that nobody has asked how it ended does not."""
    status = pathlib.Path(f"/proc/{process}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_child_of_a_parent_that_is_gone_does_not_start():
    """The parent may be killed between making the process and the process' asking to end with it."""
    read, write = os.pipe()
    os.close(write)
    script = "from nabi.workspace import subprocesses; subprocesses.end_with_parent(); print('started')"
    ended = subprocess.run([sys.executable, "-c", script], stdin=read, stdout=subprocess.PIPE)
    os.close(read)
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, b"")
