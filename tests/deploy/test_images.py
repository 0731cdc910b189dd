"""The Dockerfiles: pinned, complete, and without packages that their jobs do not need. Cloud Build builds them."""

import ast
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from nabi.workspace import paths
from tests.deploy import linked

ROOT = pathlib.Path(__file__).parents[2]
LOCKS = ROOT / "deploy" / "locks"
FILES = {name: ROOT / "deploy" / folder / "Dockerfile" for name, folder in linked.FOLDERS.items()}
# Tunes in note codes, as `--input` takes them.
TUNES = ("g8 e8 e4 f8 d8 d4", "c8 d8 e8 f8 g8 g8 g4", "e8 e8 e4 d8 d8 d4", "g8 g8 e8 e8 d4", "c4 e4 g4 c4", "a8 b8 c4")
every_image = pytest.mark.parametrize("name", sorted(FILES))


def instructions(name):
    """(instruction, its words) of a Dockerfile, lines joined and the defaults of ARG put in."""
    text = re.sub(r"^\s*#.*\n", "", FILES[name].read_text(), flags=re.MULTILINE)
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)$", text, re.MULTILINE))
    text = re.sub(r"\$\{(\w+)\}", lambda match: defaults[match[1]], text.replace("\\\n", " "))
    lines = (line.partition(" ") for line in text.splitlines() if line)
    return [(kind, shlex.split(value)) for kind, _, value in lines]


def those(name, kind):
    return [words for instruction, words in instructions(name) if instruction == kind]


def last_stage(name):
    steps = instructions(name)
    return steps[max(index for index, (kind, _) in enumerate(steps) if kind == "FROM") :]


def unhidden():
    """The names at the top of the repository that .dockerignore lets a build see."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert [line for line in lines if line[0] not in "#!"] == ["*", "**/__pycache__", "**/*.pyc"]
    return {line[1:] for line in lines if line.startswith("!")}


def lock(name):
    return linked.names((LOCKS / f"{name}.lock").read_text())


@every_image
def test_what_it_is_made_of_is_pinned(name):
    bases = [words[0] for words in those(name, "FROM")]
    assert all(re.fullmatch(r"\S+:[0-9][\w.-]+(@sha256:\w+)?", base) for base in bases), bases
    assert [base for base in bases if base.startswith("python:")] == [bases[-1]] * 2


@every_image
def test_pip_installs_nothing_that_has_no_hash(name):
    installs = [words for words in those(name, "RUN") if words[0] == "pip"]
    assert len(installs) == 3
    for words in installs:
        assert words[:2] == ["pip", "install"]
        assert "--no-deps" in words
        # Nabi's own sources need no hash, and their build takes setuptools of build.lock.
        assert "--require-hashes" in words or (words[-1], "--no-build-isolation" in words) == (".", True)


@every_image
def test_it_installs_the_locks_that_it_copies(name):
    installed = [words[-1] for words in those(name, "RUN") if "-r" in words]
    assert installed == ["build.lock", f"{name}.lock"]
    assert [f"deploy/locks/{file}" for file in installed] in [words[:-1] for words in those(name, "COPY")]


@every_image
def test_the_last_stage_holds_only_what_was_installed(name):
    last = last_stage(name)
    assert not [words for kind, words in last if kind == "RUN" and "pip" in words]
    copied = [words for kind, words in last if kind == "COPY"]
    ours = [word for words in copied if not words[0].startswith("--from=") for word in words]
    assert ours in ([], ["deploy/dataflow/launch.py", f"deploy/dataflow/{name}.json", "/nabi/"])


@every_image
def test_every_file_that_it_copies_is_seen_by_the_build(name):
    copied = [word for words in those(name, "COPY") if not words[0].startswith("--from=") for word in words[:-1]]
    assert len(copied) > 2
    assert [file for file in copied if not (ROOT / file).exists()] == []
    assert {pathlib.Path(file).parts[0] for file in copied if file != "."} <= unhidden()


@every_image
def test_what_starts_names_files_and_modules_that_are_there(name):
    variables = dict(word.split("=", 1) for kind, words in last_stage(name) if kind == "ENV" for word in words)
    copied = [word for kind, words in last_stage(name) if kind == "COPY" for word in words]
    for file in ("FLEX_TEMPLATE_PYTHON_PY_FILE", "NABI_PARAMETERS"):
        if file in variables:
            assert f"deploy/dataflow/{pathlib.Path(variables[file]).name}" in copied
    module = variables.get("NABI_MODULE", "trainer.task")
    assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists()


def test_a_build_sees_every_package_and_nothing_else():
    shipped = set(ast.literal_eval(re.search(r"^SHIPPED = (.*)$", (ROOT / "setup.py").read_text(), re.MULTILINE)[1]))
    assert unhidden() == shipped | {"README.md", "pyproject.toml", "setup.py"}
    folders = {path.parent for name in shipped for path in (ROOT / name).rglob("*.py")} - {ROOT / "deploy" / "dataflow"}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_what_trains_is_not_root():
    assert those("train", "USER") == [["10001"]]


@pytest.mark.parametrize("name", ["preprocess", "generate"])
def test_workers_have_the_beam_of_their_lock(name):
    (boot,) = (words[0] for words in those(name, "FROM") if "beam_python" in words[0])
    assert boot == f"apache/beam_python3.11_sdk:{lock(name)['apache-beam']}"


@pytest.mark.parametrize("name", ["preprocess", "train", "generate", "generate-gpu"])
def test_an_image_has_the_versions_that_the_tests_ran_with(name):
    tested = linked.names((ROOT / "requirements.lock").read_text())
    theirs = lock(name)
    assert {package: theirs[package] for package in theirs if theirs[package] != tested.get(package)}.keys() <= {
        package for package in theirs if package.startswith(("nvidia-", "tensorflow")) and package not in tested
    }


def test_what_the_demo_installs_is_a_part_of_what_the_tests_ran_with():
    tested, local = (linked.names((ROOT / f"requirements{part}.lock").read_text()) for part in ("", "-local"))
    assert local.items() <= tested.items()
    assert not {"kfp", "moto", "optuna", "playwright", "pyarrow", "tensorflow-io"} & local.keys()


def test_no_image_has_what_its_job_does_not_need():
    assert not {"tensorflow", "tensorflow-cpu", "keras", "kfp", "pytest"} & lock("preprocess").keys()
    assert not {"apache-beam", "tensorflow-cpu", "kfp", "pytest"} & lock("train").keys()
    assert not {"tensorflow", "kfp", "pytest"} & lock("generate").keys()
    assert "nvidia-cudnn-cu12" in lock("train")
    assert "nvidia-cudnn-cu12" in lock("generate-gpu")


@pytest.fixture
def worker(tmp_path):
    """An environment with the packages of preprocess.lock, and Nabi installed from what the build sees."""
    python, site = linked.environment("preprocess", tmp_path / "environment")
    for name in unhidden():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, tmp_path / name)
    install = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", f"--target={site}", "."]
    subprocess.run([sys.executable, "-m", "pip", *install], cwd=tmp_path, check=True)
    return python


@pytest.mark.slow
def test_a_worker_reads_music_with_nothing_but_what_its_image_has(worker, tmp_path):
    assert subprocess.run([worker, "-c", "import tensorflow"], capture_output=True, check=False).returncode == 1
    variables = {"NABI_MODULE": "pipelines.preprocess", "NABI_PARAMETERS": ROOT / "deploy/dataflow/preprocess.json"}
    launcher, data = ROOT / "deploy/dataflow/launch.py", tmp_path / "data"
    tunes = [f"--input=codes:{tune}" for tune in TUNES]
    flags = [*tunes, f"--output={data}", "--song_marks=true", "--recipe="]
    done = linked.run([worker, launcher, *flags], tmp_path, **variables)
    assert done.returncode == 0, done.stderr
    assert paths.completed(str(data)) is not None


@pytest.mark.slow
@pytest.mark.parametrize(("name", "module"), [("train", "trainer.task"), ("generate", "generator.generate")])
def test_what_a_lock_names_suffices_for_help(tmp_path, name, module):
    python, _ = linked.environment(name, tmp_path / "environment")
    done = linked.run([python, "-m", module, "--help"], tmp_path, PYTHONPATH=ROOT)
    assert done.returncode == 0, done.stderr
