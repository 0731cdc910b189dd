"""docs/operations.md: what it quotes is what the code says, and its commands have the flags that it gives them."""

import ast
import itertools
import pathlib
import re
import shlex

import pytest

from deploy import flags

ROOT = pathlib.Path(__file__).parents[2]
TEXT = (ROOT / "docs/operations.md").read_text()
ROOMS = ("deploy", "generator", "nabi", "pipelines", "trainer")


def quoted():
    """The messages of the runbook's first column; what a service of Google's says is none of ours."""
    rows = [line for line in TEXT.partition("## When something fails")[2].splitlines() if line.startswith("| ")]
    firsts = [row.split(" | ")[0] for row in rows[1:]]
    ours = [first for first in firsts if not re.search("Dataflow:|JOB_STATE|a template", first)]
    return [message for first in ours for message in re.findall(r"`([^`]+)`", first)]


def said():
    """Every text of the code; in place of a value stands a zero byte."""
    files = itertools.chain.from_iterable((ROOT / room).rglob("*.py") for room in ROOMS)
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.JoinedStr):
                yield "".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    yield (ROOT / "deploy/scan.sh").read_text()


@pytest.fixture(scope="module")
def everything():
    return "\n".join(said())


def test_every_message_of_the_runbook_is_one_of_ours(everything):
    messages = quoted()
    assert len(messages) > 20
    assert [message for message in messages if message not in everything] == []


@pytest.mark.slow
def test_the_commands_have_flags_that_are_there():
    blocks = re.findall(r"(?:^    .*\n)+", TEXT, re.MULTILINE)
    joined = "\n".join(blocks).replace("\\\n", " ")
    commands = [line.split("deploy.vertex ", 1)[1] for line in joined.splitlines() if "deploy.vertex" in line]
    assert [shlex.split(command)[0] for command in commands] == ["train", "generate", "upload", "schedule"]
    place = "--project my-music --region europe-west4"
    for command in commands:
        words = shlex.split(command.replace("$P", place).partition(" -- ")[0])
        flags.parser().parse_args(words)


def test_the_files_that_it_names_are_there():
    named = set(re.findall(r"`((?:deploy|docs|\.ci)/[\w./-]+|cloudbuild\.yaml|\.dockerignore)`", TEXT))
    assert {"cloudbuild.yaml", "deploy/scan.sh", "deploy/schedule/", "deploy/locks"} <= named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_roles_are_of_one_form():
    roles = re.findall(r"roles/[\w.]+", TEXT)
    assert len(set(roles)) > 8
    # The basic roles give rights on everything.
    assert not {"roles/owner", "roles/editor", "roles/viewer", "roles/storage.admin"} & set(roles)
