"""Which room may import which: arrows run one way."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
HEAVY = {"apache_beam", "tensorflow", "tensorflow_io", "keras", "optuna"}
# What only `deploy` speaks to, and not before it is asked to.
CLOUD = {"google", "kfp", "yaml"}
JOBS = {"pipelines", "trainer", "generator"}
# What each room must not import, at any depth of a function.
FORBIDDEN = {
    "songs": JOBS | {"models", "beam_jobs", "pages"} | HEAVY,
    # It starts jobs by their names, and asks the trainer and the generator what they can tell without a job.
    "nabi": {"pipelines", "beam_jobs", "apache_beam", "pages", "recipes", "deploy"},
    "pages": JOBS | {"models", "beam_jobs"} | HEAVY,
    "models": JOBS | {"beam_jobs", "apache_beam", "pages"},
    "beam_jobs": JOBS | {"models", "tensorflow", "keras", "pages"},
    "pipelines": (JOBS - {"pipelines"}) | {"models", "tensorflow", "tensorflow_io", "keras"},
    "trainer": (JOBS - {"trainer"}) | {"beam_jobs", "apache_beam"},
    "generator": JOBS - {"generator"},
    "recipes": JOBS | HEAVY,
    "deploy": JOBS | {"models", "beam_jobs", "pages", "recipes"} | HEAVY,
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("room", sorted(FORBIDDEN))
def test_no_arrow_runs_the_wrong_way(room):
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    wrong = [(str(path.relative_to(ROOT)), name) for path in files for name in imports(path) if name in FORBIDDEN[room]]
    assert wrong == []


@pytest.mark.parametrize(
    "entry",
    [
        "pipelines/preprocess.py",
        "pipelines/retrain.py",
        "trainer/task.py",
        "trainer/evaluate.py",
        "generator/generate.py",
        "generator/explain.py",
        "generator/compare.py",
        "trainer/gate.py",
        "deploy/vertex.py",
        "deploy/pipeline.py",
    ],
)
def test_flags_and_help_need_no_heavy_import(entry):
    tree = ast.parse((ROOT / entry).read_text(encoding="utf-8"))
    at_top = {
        name.split(".")[0]
        for node in tree.body
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [getattr(node, "module", "") or ""]
        )
    }
    assert at_top & (HEAVY | CLOUD) == set()
