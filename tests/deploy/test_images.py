"""The Dockerfiles: pinned, whole, without what their jobs do not need; `make test-images` builds them for real."""

import ast
import pathlib
import re

import pytest

from benchmarks import dockerfile, images
from nabi.workspace import paths
from tests.deploy import linked

ROOT = pathlib.Path(__file__).parents[2]
LOCKS = ROOT / "deploy" / "locks"
FILES = {name: ROOT / "deploy" / folder / "Dockerfile" for name, folder in images.FILES.items()}
every_image = pytest.mark.parametrize("name", sorted(FILES))


def steps(name):
    return list(dockerfile.resolve(dockerfile.parse(FILES[name].read_text())))


def lock(name):
    return linked.names((LOCKS / f"{name}.lock").read_text())


@every_image
def test_what_it_is_made_of_is_pinned(name):
    made_of = [one.words[0] for one in steps(name) if one.name == "FROM"]
    assert all(re.fullmatch(r"\S+:[0-9][\w.-]+(@sha256:\w+)?", image) for image in made_of), made_of
    assert [image for image in made_of if image.startswith("python:")] == [made_of[-1]] * 2


@every_image
def test_pip_installs_nothing_that_has_no_hash(name):
    installs = [one.words for one in steps(name) if one.name == "RUN" and one.words[0] == "pip"]
    assert len(installs) == 3
    for words in installs:
        assert words[:2] == ["pip", "install"]
        assert "--no-deps" in words
        # Our own sources need no hash, and their build takes setuptools of build.lock.
        assert "--require-hashes" in words or (words[-1], "--no-build-isolation" in words) == (".", True)


@every_image
def test_the_last_stage_holds_only_what_was_installed(name):
    last = steps(name)
    last = last[max(index for index, one in enumerate(last) if one.name == "FROM") :]
    assert not [one for one in last if one.name == "RUN" and "pip" in one.words]
    copied = [one.words for one in last if one.name == "COPY"]
    ours = [word for words in copied if not words[0].startswith("--from=") for word in words]
    assert ours in ([], ["deploy/dataflow/launch.py", f"deploy/dataflow/{name}.json", "/nabi/"])


@every_image
def test_every_file_that_it_copies_is_seen_by_the_build(name):
    seen = dockerfile.context(ROOT)
    copied = [word for one in steps(name) if one.name == "COPY" for word in one.words[:-1]]
    files = [word for word in copied if "/" in word and not word.startswith(("--", "/"))]
    assert files
    assert [file for file in files if file not in seen] == []


def test_a_build_sees_every_package_and_nothing_else():
    seen = dockerfile.context(ROOT)
    tree = ast.parse((ROOT / "setup.py").read_text())
    (shipped,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SHIPPED"
    )
    found = (path for name in shipped for path in (ROOT / name).rglob("__init__.py"))
    packages = {path.parent.relative_to(ROOT).as_posix() for path in found}
    assert all(f"{package}/__init__.py" in seen for package in packages)
    tops = {file.partition("/")[0] for file in seen}
    assert tops == {package.partition("/")[0] for package in packages} | {"README.md", "pyproject.toml", "setup.py"}
    assert not [file for file in seen if "__pycache__" in file]


def test_what_trains_is_not_root():
    users = [one.value for one in steps("train") if one.name == "USER"]
    assert users == ["10001"]


@pytest.mark.parametrize("name", ["preprocess", "generate"])
def test_workers_have_the_beam_of_their_lock(name):
    (boot,) = (one.words[0] for one in steps(name) if one.name == "FROM" and "beam_python" in one.value)
    assert boot == f"apache/beam_python3.11_sdk:{lock(name)['apache-beam']}"


@pytest.mark.parametrize("name", ["preprocess", "train", "generate", "generate-gpu"])
def test_an_image_has_the_versions_that_the_tests_ran_with(name):
    tested = linked.names((ROOT / "requirements.lock").read_text())
    theirs = lock(name)
    assert {package: theirs[package] for package in theirs if theirs[package] != tested.get(package)}.keys() <= {
        package for package in theirs if package.startswith(("nvidia-", "tensorflow")) and package not in tested
    }


def test_no_image_has_what_its_job_does_not_need():
    assert not {"tensorflow", "tensorflow-cpu", "keras", "kfp", "pytest"} & lock("preprocess").keys()
    assert not {"apache-beam", "tensorflow-cpu", "kfp", "pytest"} & lock("train").keys()
    assert not {"tensorflow", "kfp", "pytest"} & lock("generate").keys()
    assert "nvidia-cudnn-cu12" in lock("train")
    assert "nvidia-cudnn-cu12" in lock("generate-gpu")


@pytest.mark.slow
def test_a_worker_reads_music_with_nothing_but_what_its_image_has(tmp_path):
    stage = dockerfile.replay(FILES["preprocess"], ROOT, tmp_path / "image", linked.install)
    images.require_absent("preprocess", stage)
    command = images.launcher(stage)
    images.require(stage.python(*command, "--help"), "--help")
    tunes = [f"--input=codes:{tune}" for tune in images.TUNES]
    done = stage.python(*command, *tunes, f"--output={tmp_path / 'data'}", "--song_marks=true", "--recipe=")
    assert done.returncode == 0, done.stderr
    assert paths.completed(str(tmp_path / "data")) is not None


@pytest.mark.slow
@pytest.mark.parametrize(("name", "module"), [("train", "trainer.task"), ("generate", "generator.generate")])
def test_what_a_lock_names_suffices_for_help(tmp_path, name, module):
    stage = dockerfile.Stage("python:3.11", tmp_path / "image")
    site = stage.host(dockerfile.PYTHON_HOME) / linked.SITE
    linked.link((LOCKS / f"{name}.lock").read_text(), site)
    images.require(stage.python("-m", module, "--help", PYTHONPATH=str(ROOT)), "--help")


def test_instructions_go_on_over_lines_and_arguments_have_defaults():
    text = "# x\nARG A=one:1\nFROM ${A} AS first\nARG B=two\nRUN pip install \\\n    ${B}\n\nENV C=1 \\\n    D=2\n"
    assert [(one.name, one.words) for one in dockerfile.resolve(dockerfile.parse(text))] == [
        ("FROM", ["one:1", "AS", "first"]),
        ("RUN", ["pip", "install", "two"]),
        ("ENV", ["C=1", "D=2"]),
    ]


def test_an_argument_of_another_stage_is_not_known():
    with pytest.raises(KeyError):
        list(dockerfile.resolve(dockerfile.parse("FROM python:3 AS a\nARG B=1\nFROM python:3\nRUN pip ${B}\n")))


@pytest.mark.parametrize(
    ("path", "out"),
    [("nabi/music/song.py", False), ("tests/x.py", True), ("nabi/__pycache__/a.py", True), ("key.json", True)],
)
def test_the_last_pattern_that_fits_decides(path, out):
    assert dockerfile.ignored(path, ["*", "!nabi", "**/__pycache__"]) is out


def test_what_cannot_be_replayed_is_an_error(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch:1\nRUN curl https://example.org\n")
    with pytest.raises(ValueError, match=r"RUN curl https://example\.org cannot be replayed"):
        dockerfile.replay(tmp_path / "Dockerfile", tmp_path, tmp_path / "work")
