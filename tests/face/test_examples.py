"""The examples of the library's docstrings and of docs/api.md, run beside a dataset and a model of the tests."""

import doctest
import importlib
import pathlib

import pytest

import nabi

ROOT = pathlib.Path(__file__).parents[2]
MODULES = ["nabi", "nabi.dataset", "nabi.files", "nabi.keywords", "nabi.model", "nabi.split_windows", "nabi.tokens"]


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(here, name):
    result = doctest.testmod(importlib.import_module(name))
    assert (result.failed, result.attempted > 0) == (0, True)


def test_every_module_with_an_example_is_run():
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "nabi").glob("*.py")}
    with_examples = {stem for stem, text in texts.items() if ">>>" in text}
    assert with_examples == {name.partition(".")[2] or "__init__" for name in MODULES}


@pytest.mark.slow
def test_examples_in_the_documentation_are_true(here):
    result = doctest.testfile(str(ROOT / "docs" / "api.md"), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert (result.failed, result.attempted > 0) == (0, True)


@pytest.mark.parametrize("name", nabi.__all__)
def test_every_public_name_is_documented_with_an_example(name):
    examples = doctest.DocTestParser().get_examples((ROOT / "docs" / "api.md").read_text(encoding="utf-8"))
    assert any(f"nabi.{name}" in example.source for example in examples)
