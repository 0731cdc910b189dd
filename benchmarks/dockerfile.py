"""What a Dockerfile does, done without Docker: its steps, in folders and fresh virtual environments.

It knows what our Dockerfiles use: FROM, ARG, ENV, WORKDIR, COPY, RUN of pip, USER and ENTRYPOINT; anything else is an
error. `/usr/local` of a stage is a virtual environment of this Python. Images that are not Python's are empty.
"""

import dataclasses
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

PYTHON_HOME = "/usr/local"
# They change nothing that a job sees.
_PASSED_OVER = ("useradd",)


@dataclasses.dataclass(frozen=True)
class Instruction:
    """A line of a Dockerfile, its continuations joined."""

    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """The value as a shell reads it."""
        return shlex.split(self.value)


def parse(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile, without comments."""
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines()]


def resolve(instructions: Sequence[Instruction]) -> Iterator[Instruction]:
    """The instructions with the defaults of ARG put in; one before the first FROM holds for every FROM alone."""
    outside: dict[str, str] = {}
    inside: dict[str, str] | None = None
    for one in instructions:
        if one.name == "ARG":
            name, _, value = one.value.partition("=")
            (outside if inside is None else inside)[name] = value
            continue
        known = outside if one.name == "FROM" else (inside or {})
        if one.name == "FROM":
            inside = {}
        value = re.sub(r"\$\{(\w+)\}", lambda found, known=known: known[found[1]], one.value)
        yield Instruction(one.name, value)


def ignored(path: str, patterns: Sequence[str]) -> bool:
    """Whether a .dockerignore leaves a file out: the last pattern that fits the file or a folder of it decides."""
    parts = path.split("/")
    prefixes = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    out = False
    for pattern in patterns:
        regex = re.escape(pattern.lstrip("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(regex, prefix) for prefix in prefixes):
            out = not pattern.startswith("!")
    return out


def context(root: pathlib.Path) -> list[str]:
    """The files that a build of this folder sees, as paths below it."""
    lines = (root / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    # Folders that are left out whole are not looked into: an environment has a hundred thousand files.
    top = [path for path in root.iterdir() if not ignored(path.name, patterns)]
    files = [file for path in top for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    return sorted(name for file in files if not ignored(name := str(file.relative_to(root)), patterns))


class Stage:
    """A stage of a build: its files, and what its instructions have set."""

    def __init__(self, image: str, root: pathlib.Path) -> None:
        self.image, self.root = image, root
        self.is_python = image.startswith("python:")
        self.env: dict[str, str] = {}
        self.workdir, self.user, self.entrypoint = "/", "root", [""]
        root.mkdir(parents=True)
        if self.is_python:
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.host(PYTHON_HOME)], check=True)

    def host(self, path: str) -> pathlib.Path:
        """Where a path of the image lies here."""
        return self.root / pathlib.PurePosixPath(self.workdir, path).relative_to("/")

    def variable(self, name: str) -> str:
        """A variable of the environment; a file of the image is named by where it lies here."""
        value = self.env[name]
        return str(self.host(value)) if value.startswith("/") and self.host(value).exists() else value

    def python(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs the stage's Python, in an empty folder and with no environment but the image's own."""
        home = self.root / "home"
        home.mkdir(exist_ok=True)
        env = {"PATH": "/usr/bin:/bin", "HOME": str(home), "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
        image = {name: self.variable(name) for name in self.env}
        command = [str(self.host(f"{PYTHON_HOME}/bin/python")), *arguments]
        return subprocess.run(
            command, cwd=home, env={**env, **image, **more}, capture_output=True, text=True, check=False
        )


# Does a `pip install` with these arguments.
Install = Callable[[Stage, list[str]], None]


def pip(stage: Stage, arguments: list[str]) -> None:
    """Runs the stage's own pip in its working directory, with folders of the image where they lie here."""
    home = stage.host(f"{PYTHON_HOME}/bin/python")
    if not (home.parent / "pip").exists():
        subprocess.run([home, "-m", "ensurepip", "--default-pip"], check=True, capture_output=True)
    placed = [f"--prefix={stage.host(word[9:])}" if word.startswith("--prefix=") else word for word in arguments]
    # A cache changes nothing but the time it takes.
    words = [word for word in placed if word != "--no-cache-dir"]
    subprocess.run([home, "-m", "pip", *words, "--quiet"], cwd=stage.host("."), check=True)


def replay(dockerfile: pathlib.Path, source: pathlib.Path, root: pathlib.Path, install: Install = pip) -> Stage:
    """Does all steps of a Dockerfile.

    Args:
      dockerfile: to replay.
      source: the folder that is built.
      root: an empty folder to work in.
      install: does its `RUN pip install`.

    Returns:
      The last stage.

    Raises:
      ValueError: at an instruction that it does not know.
      subprocess.CalledProcessError: if a step fails.
    """
    stages: dict[str, Stage] = {}
    for one in resolve(parse(dockerfile.read_text())):
        if one.name == "FROM":
            image, *named = one.words
            name = named[1] if named else "last"
            stage = stages[name] = Stage(image, root / name)
        else:
            _do(one, stage, stages, source, install)
    return stage


def _do(one: Instruction, stage: Stage, stages: dict[str, Stage], source: pathlib.Path, install: Install) -> None:
    match one.name:
        case "WORKDIR":
            stage.workdir = one.value
            stage.host(".").mkdir(parents=True, exist_ok=True)
        case "ENV":
            stage.env.update(word.split("=", 1) for word in one.words)
        case "COPY":
            _copy(one.words, stage, stages, source)
        case "RUN":
            _run(one.words, stage, install)
        case "USER":
            stage.user = one.value
        case "ENTRYPOINT":
            stage.entrypoint = json.loads(one.value)
        case _:
            raise ValueError(f"{one.name} {one.value} cannot be replayed")


def _copy(words: list[str], stage: Stage, stages: dict[str, Stage], source: pathlib.Path) -> None:
    origin = next((word.partition("=")[2] for word in words if word.startswith("--from=")), "")
    *paths, target = (word for word in words if not word.startswith("--"))
    if origin:
        if stages[origin].is_python:
            shutil.copytree(stages[origin].host(paths[0]), stage.host(target), dirs_exist_ok=True, symlinks=True)
        return
    for name in context(source):
        for path in paths:
            if path in (".", name):
                # Of `COPY . ./` the tree, of named files the files.
                to = stage.host(target) / (name if path == "." else name.rpartition("/")[2])
                to = to if target.endswith("/") else stage.host(target)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / name, to)


def _run(words: list[str], stage: Stage, install: Install) -> None:
    if words[0] in _PASSED_OVER:
        return
    if words[0] != "pip":
        raise ValueError(f"RUN {shlex.join(words)} cannot be replayed: only pip can")
    install(stage, words[1:])
