import doctest
import importlib
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
# Those of `import nabi` itself need files, and have them in tests/face.
PATTERNS = ("nabi/*/**/*.py", "pipelines/**/*.py", "generator/**/*.py")
FILES = [path for pattern in PATTERNS for path in ROOT.glob(pattern)]
EXAMPLES = sorted(path for path in FILES if ">>>" in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_in_docstrings_are_true(path):
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert doctest.testmod(module).attempted
    assert doctest.testmod(module).failed == 0
