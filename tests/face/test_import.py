import ast
import os
import pathlib
import subprocess
import sys

import pytest

import nabi

ROOT = pathlib.Path(__file__).parents[2]
HEAVY = (
    "numpy",
    "tensorflow",
    "keras",
    "apache_beam",
    "music21",
    "numba",
    "symusic",
    "matplotlib",
    "torch",
    "google.protobuf",
)


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    # From elsewhere, so that nothing is found by chance, and this tree, whatever was installed from which.
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd="/", env=path)
    return set(run.stdout.split())


@pytest.mark.slow
def test_importing_the_library_imports_nothing_heavy():
    assert modules_after("import nabi") == set()


@pytest.mark.slow
def test_reading_and_encoding_a_song_need_neither_tensorflow_nor_beam():
    heavy = modules_after("import nabi; nabi.encode(nabi.Song.from_notes([0], [12], [60]), 'events'); nabi.read")
    assert heavy & {"tensorflow", "keras", "apache_beam", "music21", "torch"} == set()


@pytest.mark.slow
def test_modules_of_a_user_do_not_stand_in_the_way(tmp_path):
    for name in ("analysis", "models", "music", "networks", "pages", "reading", "recipes", "songs", "workspace"):
        (tmp_path / f"{name}.py").touch()
    (tmp_path / "own.py").write_text(
        f"import sys; sys.path.insert(1, {str(ROOT)!r})\n"
        "import nabi, pipelines.preprocess, trainer.task, generator.generate\n"
        "print(*nabi.encode(nabi.Song.from_notes([0], [12], [60]), 'events'))\n"
    )
    run = subprocess.run([sys.executable, "own.py"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert run.stdout == "C4 d:1\n"


@pytest.mark.parametrize("name", nabi.__all__)
def test_every_public_name_is_there(name):
    assert getattr(nabi, name) is not None
    assert name in dir(nabi)


def test_type_checkers_are_told_of_the_same_names():
    tree = ast.parse((ROOT / "nabi" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    imported = {name.name for node in block.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert imported | {"__version__"} == set(nabi.__all__)


def taken_of_the_library(path: pathlib.Path) -> set[str]:
    """What a file imports of the library's public names and of their modules."""
    face = {*nabi.__all__, *(module.stem for module in (ROOT / "nabi").glob("*.py"))}
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    modules = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    modules += [
        f"{node.module}.{name.name}" for node in nodes if isinstance(node, ast.ImportFrom) for name in node.names
    ]
    parts = (module.split(".") for module in modules if f"{module}.".startswith("nabi."))
    return {".".join(part) for part in parts if len(part) == 1 or part[1] in face}


@pytest.mark.parametrize("room", ["nabi/*", "pipelines", "trainer", "generator", "deploy"])
def test_the_jobs_do_without_the_library(room):
    files = sorted(ROOT.glob(f"{room}/**/*.py"))
    assert files
    assert {path: found for path in files if (found := taken_of_the_library(path))} == {}


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'nabi' has no attribute 'raed'"):
        _ = nabi.raed
