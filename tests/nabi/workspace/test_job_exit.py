"""How a command ends, each in a process of its own."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

AGAIN = "start the same command again to go on"


def script(body: str) -> list[str]:
    """A command whose `main` has this body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    start = "import os, pathlib, resource, signal, sys, threading, time\nfrom nabi.workspace import job_exit, storage\n"
    return [sys.executable, "-c", f"{start}def main():\n{lines}\njob_exit.run(main, 'job')"]


def signalled(body: str, number: int, **more: object) -> tuple[int, str]:
    """The exit status of a command that gets a signal after its first line, and what it says on standard error."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(script(body), **pipes, **more) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        return process.wait(60), process.stderr.read()


WAIT = "print('ready', flush=True)\ntime.sleep(60)"


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_in_one_sentence(number, status):
    assert signalled(WAIT, number) == (status, f"job stopped: {AGAIN}\n")


@pytest.mark.slow
def test_neither_code_that_swallows_errors_nor_a_thread_holds_up_the_end():
    body = "threading.Thread(target=time.sleep, args=(60,)).start()\nprint('ready', flush=True)\n"
    body += "while True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        pass"
    assert signalled(body, signal.SIGINT) == (130, f"job stopped: {AGAIN}\n")


@pytest.mark.slow
def test_ctrl_c_stays_ignored_where_a_shell_has_it_ignored():
    body = "print('ready', flush=True)\nos.kill(os.getpid(), signal.SIGINT)\nreturn 5"
    ended = subprocess.run(["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *script(body)], stdout=subprocess.DEVNULL)
    assert ended.returncode == 5


@pytest.mark.slow
def test_a_file_that_is_half_written_is_not_left(tmp_path):
    body = f"with storage.open_write({str(tmp_path / 'file')!r}) as file:\n"
    body += "    file.write(b'half')\n    print('ready', flush=True)\n    time.sleep(60)"
    assert signalled(body, signal.SIGTERM)[0] == 143
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_service_gets_the_sentence_as_json():
    status, said = signalled(WAIT, signal.SIGINT, env={**os.environ, "NABI_LOG_FORMAT": "json"})
    assert (status, said.count("\n")) == (130, 1)
    assert f'"severity": "ERROR", "message": "job stopped: {AGAIN}"' in said


EXPECT = "from nabi.workspace import early_signals\nearly_signals.expect(__name__)\n"
SLOW = """
import sys, time
class Slow:
    def find_spec(self, name, *_):
        if name == "nabi.workspace.job_exit":
            print("ready", flush=True)
            time.sleep(60)
sys.meta_path.insert(0, Slow())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "command"),
    [(EXPECT, "import time\nprint('ready', flush=True)\ntime.sleep(60)\n"), (SLOW + EXPECT, "")],
    ids=["the command", "what ends commands"],
)
def test_while_modules_are_imported_a_signal_is_one_sentence_too(tmp_path, package, command):
    room = tmp_path / "room"
    room.mkdir()
    (room / "__init__.py").write_text(package)
    (room / "task.py").write_text(command)
    command = [sys.executable, "-m", "room.task"]
    root = str(pathlib.Path(__file__).parents[3])
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": root},
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert (process.wait(60), process.stderr.read()) == (130, f"task stopped: {AGAIN}\n")


@pytest.mark.slow
def test_a_package_that_another_one_imports_leaves_its_signals_alone(tmp_path):
    for name, text in (("room", EXPECT), ("own", "import room")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text)
    (tmp_path / "own" / "run.py").write_text("import signal\nprint(signal.getsignal(signal.SIGTERM).name)\n")
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parents[3])}
    command = [sys.executable, "-m", "own.run"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert (ended.stdout, ended.stderr) == ("SIG_DFL\n", "")


def test_every_package_of_commands_expects_signals_before_all_else():
    root = pathlib.Path(__file__).parents[3]
    # Importing the library leaves a program's signals alone; the command `nabi` expects them before it imports a job.
    files = (path for path in root.glob("*/*.py") if path.parent.name != "nabi")
    commands = [path for path in files if "\n    job_exit.run(" in path.read_text()]
    assert len(commands) > 10
    for package in {path.parent for path in commands}:
        assert (package / "__init__.py").read_text().split() == EXPECT.split()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\nstorage.write_bytes('big', bytes(1000))",
            "job failed: cannot write big: File too large; free some space, and",
        ),
        (
            "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\npathlib.Path('big').write_bytes(bytes(1000))",
            "job failed: cannot write: File too large; free some space, and",
        ),
    ],
)
def test_a_full_disk_is_one_sentence_and_leaves_no_half_file(tmp_path, body, said):
    ended = subprocess.run(script(body), cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=with_root())
    assert (ended.returncode, ended.stderr) == (1, f"{said} {AGAIN}\n")
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "left",
    [
        # By an error amid writing, and as a worker's at its end, which nobody closes.
        "with storage.open_write('big') as file:\n    file.write(bytes(1000))\n    raise SystemExit(4)",
        "writing = storage.open_write('big')\nwriting.__enter__().write(bytes(1000))\nreturn 4",
    ],
)
def test_what_is_left_half_written_is_not_written_to_a_full_disk(tmp_path, left):
    body = f"resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n{left}"
    ended = subprocess.run(script(body), cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=with_root())
    assert (ended.returncode, ended.stderr) == (4, "")
    assert list(tmp_path.iterdir()) == []


def with_root() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parents[3])}


@pytest.mark.slow
def test_a_full_disk_for_standard_output_is_one_sentence():
    with pathlib.Path("/dev/full").open("w") as full:
        ended = subprocess.run(script("print('lost')"), stdout=full, stderr=subprocess.PIPE, text=True)
    said = f"job failed: cannot write: No space left on device; free some space, and {AGAIN}\n"
    assert (ended.returncode, ended.stderr) == (1, said)


@pytest.mark.slow
def test_who_reads_may_have_seen_enough():
    with subprocess.Popen(
        script("print('ready', flush=True)\nsys.stdin.read()\nprint('more')"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        process.stdout.readline()
        process.stdout.close()
        process.stdin.close()
        assert (process.wait(60), process.stderr.read()) == (0, "")


@pytest.mark.slow
def test_the_status_is_the_commands_and_other_errors_are_not_hidden():
    assert subprocess.run(script("return 7")).returncode == 7
    assert subprocess.run(script("pass")).returncode == 0
    ended = subprocess.run(script("raise KeyError('x')"), stderr=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (1, "KeyError: 'x'")


@pytest.mark.slow
def test_a_process_that_must_not_be_taken_apart_ends_with_its_status_and_all_it_said():
    body = "import atexit\natexit.register(lambda: os._exit(9))\njob_exit.leave_at_once()\nprint('said')\nreturn 3"
    ended = subprocess.run(script(body), stdout=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stdout) == (3, "said\n")


@pytest.mark.slow
def test_a_package_that_is_not_installed_is_named_with_the_way_to_install_it():
    ended = subprocess.run(script("import no_such_package.part"), stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 2
    assert ended.stderr.startswith("job: the package no_such_package is not installed: install Nabi with ")
    ended = subprocess.run(script("import nabi.no_such_module"), stderr=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stderr.splitlines()[0]) == (1, "Traceback (most recent call last):")
