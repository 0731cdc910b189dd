"""Which room may import which: arrows run one way."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
HEAVY = {"apache_beam", "pyarrow", "tensorflow", "tensorflow_io", "keras", "optuna"}
# What only `deploy` speaks to, and not before it is asked to.
CLOUD = {"google", "kfp", "yaml"}

# Every room with those that it may import; a room imports itself, and what its rooms' rooms import is no business of
# its. A job's entry modules and its config stand above or below its rooms: `trainer` is trainer/*.py.
LIBRARY = {
    "nabi.music": set(),
    "nabi.workspace": {"nabi.music"},
    "nabi.analysis": {"nabi.music", "nabi.workspace"},
    "nabi.reading": {"nabi.music", "nabi.workspace", "nabi.analysis"},
    "nabi.pages": {"nabi.music", "nabi.workspace"},
    "nabi.networks": {"nabi.music", "nabi.workspace"},
    "nabi.beam": {"nabi.workspace"},
    "nabi.recipes": set(),
    "nabi.models": set(),
}
SONGS = {"nabi.music", "nabi.workspace", "nabi.analysis", "nabi.reading"}
PIPELINES = SONGS | {"nabi.pages", "nabi.beam", "pipelines.config"}
TRAINER = SONGS | {"nabi.pages", "nabi.networks", "trainer.config"}
GENERATOR = SONGS | {"nabi.pages", "nabi.networks", "nabi.beam", "generator.config", "generator.flag_values"}
JOBS = {
    "pipelines.contradictions": SONGS,
    "pipelines.config": SONGS | {"pipelines.contradictions"},
    "pipelines.reading": PIPELINES,
    "pipelines.dataset_report": PIPELINES,
    "pipelines.exporting": PIPELINES,
    "pipelines.preprocessing": PIPELINES | {"pipelines.reading", "pipelines.dataset_report"},
    "pipelines.retraining": PIPELINES | {"pipelines.reading", "pipelines.promote"},
    "trainer.config": SONGS,
    "trainer.data": TRAINER,
    "trainer.evaluation": TRAINER | {"trainer.data"},
    "trainer.training": TRAINER | {"trainer.data", "trainer.evaluation"},
    "trainer.judging": TRAINER | {"trainer.data", "trainer.evaluation"},
    "trainer.sharing": TRAINER,
    "trainer.tuning": TRAINER | {"trainer.data", "trainer.training"},
    "generator.flag_values": set(),
    "generator.contradictions": SONGS | {"generator.flag_values"},
    "generator.config": SONGS | {"generator.flag_values", "generator.contradictions"},
    "generator.sampling": GENERATOR,
    "generator.primers": GENERATOR | {"generator.sampling"},
    "generator.pages": GENERATOR,
    "generator.songs": GENERATOR | {"generator.sampling", "generator.primers"},
    "generator.composer": GENERATOR | {"generator.sampling", "generator.songs"},
    "generator.songs_dir": GENERATOR
    | {"generator.sampling", "generator.primers", "generator.songs", "generator.pages"},
    "generator.listening": GENERATOR
    | {"generator.sampling", "generator.primers", "generator.pages", "generator.songs_dir"},
}
ROOMS = LIBRARY | JOBS
# What `import nabi` is made of stands above the jobs, which do not know it: it asks the trainer and the generator what
# they can tell without a job, and starts jobs by their names.
FACE = sorted(path.stem for path in (ROOT / "nabi").glob("*.py"))

# Of packages that are not ours.
WITHOUT = {
    "nabi.music": HEAVY,
    "nabi.workspace": HEAVY - {"tensorflow", "tensorflow_io"},
    "nabi.analysis": HEAVY | CLOUD,
    "nabi.reading": HEAVY | CLOUD,
    "nabi.pages": HEAVY | CLOUD,
    "nabi.networks": {"apache_beam"},
    "nabi.beam": {"tensorflow", "keras"},
    "nabi.recipes": HEAVY,
    "nabi.models": HEAVY,
    "pipelines": {"tensorflow", "tensorflow_io", "keras"},
    "trainer": {"apache_beam"},
    "deploy": HEAVY,
}


def imports(path):
    """The modules that a file imports at any depth, `from a import b` as both `a` and `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module):
    """The room of a module, the longest name that fits; None of what is in no room."""
    parts = module.split(".")
    names = (".".join(parts[:count]) for count in (2, 1))
    return next((name for name in names if name in ROOMS), None)


def files_of(room):
    path = ROOT / room.replace(".", "/")
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_no_arrow_runs_the_wrong_way(room):
    allowed = ROOMS[room] | {room}
    ours = ("nabi.", "pipelines.", "trainer.", "generator.", "deploy.")
    wrong = {
        (str(path.relative_to(ROOT)), module)
        for path in files_of(room)
        for module in imports(path)
        if module.startswith(ours) and (room_of(module) or ".".join(module.split(".")[:2])) not in allowed
    }
    assert wrong == set()


@pytest.mark.parametrize("module", FACE)
def test_the_library_needs_no_pipeline(module):
    path = ROOT / "nabi" / f"{module}.py"
    assert {name.split(".")[0] for name in imports(path)} & {"pipelines", "deploy", "apache_beam"} == set()


@pytest.mark.parametrize("job", ["pipelines", "trainer", "generator", "deploy"])
def test_no_job_imports_another(job):
    others = {"pipelines", "trainer", "generator"} - {job}
    wrong = {
        (str(path.relative_to(ROOT)), module)
        for path in sorted((ROOT / job).rglob("*.py"))
        for module in imports(path)
        if module.split(".")[0] in others
    }
    assert wrong == set()


@pytest.mark.parametrize("room", sorted(WITHOUT))
def test_heavy_packages_stay_where_they_belong(room):
    files = files_of(room)
    assert files
    wrong = {
        (str(path.relative_to(ROOT)), module)
        for path in files
        for module in imports(path)
        if module.split(".")[0] in WITHOUT[room]
    }
    assert wrong == set()


@pytest.mark.parametrize(
    "entry",
    [
        "pipelines/preprocess.py",
        "pipelines/retrain.py",
        "pipelines/export.py",
        "trainer/task.py",
        "trainer/evaluate.py",
        "generator/generate.py",
        "generator/explain.py",
        "generator/compare.py",
        "generator/listen.py",
        "generator/page.py",
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


def test_what_no_type_checker_reads_imports_modules_that_exist():
    wanted = {
        (path.name, ROOT / node.module.replace(".", "/"))
        for folder in ("benchmarks", "deploy", "docs", "tests")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and (ROOT / node.module.split(".")[0]).is_dir()
    }
    assert ("fuzz.py", ROOT / "tests/nabi/reading/mutations") in wanted
    assert [(name, path) for name, path in wanted if not (path.is_dir() or path.with_suffix(".py").is_file())] == []
