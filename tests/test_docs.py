"""README.md and docs/: flags.md is what the code says, links lead somewhere, and commands and flags exist."""

import functools
import importlib.util
import pathlib
import re

import pytest

from docs import flags, notebook

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
# Jobs whose flags `retrain` takes in quotes, and those that hand the flags they do not know to Beam.
QUOTED = {
    "preprocess": "pipelines.preprocess",
    "train": "trainer.task",
    "gate": "trainer.gate",
    "generate": "generator.generate",
}
ON_BEAM = ("pipelines.preprocess", "generator.generate")
# Of other programs: gcloud, Flink's job server, Beam's worker pool, git, TensorBoard.
FOREIGN = {
    *("--substitutions", "--template-file-gcs-location", "--max-workers", "--service-account-email", "--parameters"),
    *("--freshness", "--billing-account", "--display-name", "--budget-amount", "--threshold-rule", "--lifecycle-file"),
    *("--flink-master", "--job-port", "--service_port", "--short", "--logdir", "--hypothesis-profile"),
}


@functools.cache
def flags_of(command):
    """The names of a command's flags, of its subcommands too; Beam's are not among them."""
    parser = flags.parser_of(command)
    parsers = [parser, *flags.subcommands(parser).values()]
    return {name for one in parsers for name in one._option_string_actions}


@functools.cache
def flags_of_beam():
    import argparse

    from apache_beam.options.pipeline_options import PipelineOptions

    parser = argparse.ArgumentParser(add_help=False)
    for options in dict.fromkeys(PipelineOptions.__subclasses__()):
        options._add_argparse_args(parser)
    return set(parser._option_string_actions)


def text_of(page):
    return page.read_text(encoding="utf-8")


def slug(heading):
    """A heading's name in links, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def headings(page):
    return {slug(heading) for heading in re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)}


def commands(text):
    """(module, the rest) of each `python -m module rest` of a text; lines that end in a backslash go on.

    Behind `--help` stands prose.
    """
    joined = re.sub(r"\\\n\s*", " ", text)
    found = re.findall(r"python3? -m ([\w.]+)([^\n`)]*)", joined)
    return [(module, rest.partition("--help")[0]) for module, rest in found]


def flags_in(text):
    return re.findall(r"(?<![\w-])--[A-Za-z][\w-]*", text)


def unknown(module, rest):
    """The flags after a command that it does not have."""
    missing = []
    for job, quoted in re.findall(r'--(\w+)="(--[^"]*)"', rest):
        missing += unknown(QUOTED[job], quoted)
    plain = re.sub(r'="[^"]*"', "=", rest)
    # Behind a lone -- stand flags of the job that is submitted.
    own, _, submitted = plain.partition(" -- ")
    known = flags_of(module) | (flags_of_beam() if module in ON_BEAM else set())
    known |= flags_of("generator.generate") if module == "generator.play" else set()
    missing += [flag for flag in flags_in(own) if flag not in known]
    jobs = flags_of("trainer.task") | flags_of("generator.generate")
    return missing + [flag for flag in flags_in(submitted) if flag not in jobs]


def test_the_page_of_flags_is_what_the_code_says():
    assert text_of(flags.PAGE) == flags.page(), "the flags have changed: run `make docs`"


def test_the_notebook_is_what_its_cells_say():
    assert text_of(notebook.PAGE) == notebook.notebook(), "the cells have changed: run `make docs`"


@pytest.mark.parametrize("command", flags.COMMANDS)
def test_every_command_prints_its_help(command):
    assert "usage: " in flags.parser_of(command).format_help()


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_a_file_and_a_heading(name):
    page = ROOT / name
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, heading = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (heading and heading not in headings(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", NAMES)
def test_commands_and_their_flags_exist(name):
    wrong = []
    for module, rest in commands(text_of(ROOT / name)):
        if module in flags.COMMANDS:
            wrong += [(module, flag) for flag in unknown(module, rest)]
        elif not module.startswith("apache_beam.") and importlib.util.find_spec(module) is None:
            wrong.append((module, "no such module"))
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_every_flag_that_is_named_is_a_flag(name):
    ours = set().union(*map(flags_of, flags.COMMANDS))
    benchmarks = "\n".join(text_of(file) for file in (ROOT / "benchmarks").glob("*.py"))
    left = {flag for flag in flags_in(text_of(ROOT / name)) if flag not in ours | FOREIGN}
    left = {flag for flag in left if f'"{flag}"' not in benchmarks}
    assert sorted(left - (flags_of_beam() if left else set())) == []


def test_the_readme_is_short():
    assert len(text_of(ROOT / "README.md").splitlines()) <= 160
