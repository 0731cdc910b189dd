import importlib.util
import subprocess
import sys

import pytest

from nabi.workspace import commands
from nabi.workspace.commands import Parser


def parser():
    made = Parser("python -m kitchen", description="Cooks.")
    made.add_argument("--output", required=True, help="the plate; any")
    made.add_argument("--eggs", type=int)
    made.add_argument("--pan", choices=("iron", "steel"))
    made.add_argument("--salt", type=float)
    return made


HINT = "; `python -m kitchen --help` lists all flags"


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ([], "--output is needed (the plate)"),
        (["--outptu=x"], "unknown flag --outptu: did you mean --output?"),
        (["--output=x", "--egg", "3"], "unknown flag --egg: did you mean --eggs?"),
        (["--output=x", "--wine"], "unknown flag --wine"),
        (["--output=x", "--pots"], "unknown flag --pots"),
        (["--output=x", "stray"], "unknown argument stray"),
        (["--output=x", "--eggs=two"], "--eggs 'two' must be a whole number"),
        (["--output=x", "--salt=much"], "--salt 'much' must be a number"),
        (["--output=x", "--pan=clay"], "--pan 'clay' must be one of iron, steel"),
        (["--output"], "--output needs a value"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_a_hint(flags, sentence, capsys):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - compared whole
        parser().parse_args(flags)
    assert str(raised.value) == sentence + HINT
    assert capsys.readouterr() == ("", "")


def test_flags_of_others_are_left_to_them():
    chosen, others = parser().parse_known_args(["--output=x", "--runner=y"])
    assert (chosen.output, others) == ("x", ["--runner=y"])


def test_flags_of_a_subcommand_are_known_too():
    made = Parser("python -m kitchen")
    made.add_subparsers(dest="command").add_parser("fry").add_argument("--pan", required=True)
    assert made.parse_args(["fry", "--pan=x"]).pan == "x"
    with pytest.raises(ValueError, match=r"unknown flag --pann: did you mean --pan\?"):
        made.parse_args(["fry", "--pann=x"])


@pytest.mark.slow
@pytest.mark.parametrize("package", ["pipelines", "trainer", "generator", "deploy"])
def test_a_package_lists_its_commands_at_once(package):
    heavy = "apache_beam", "tensorflow", "numpy"
    code = (
        "import runpy, sys\n"
        f"try: runpy.run_module({package!r}, run_name='__main__')\n"
        "except SystemExit as end: status = end.code\n"
        f"print(status, [name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("Each explains its flags with --help.\n0 []\n")
    names = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("  python -m ")]
    assert names
    for name in names:
        assert importlib.util.find_spec(name)


def test_flags_of_a_package_are_meant_for_one_of_its_commands(capsys):
    assert commands.overview("kitchen", "Cooks.", {"fry": "fries", "boil": "boils"}, ["boli", "--x"]) == 2
    assert "did you mean `python -m kitchen.boil`?" in capsys.readouterr().err
    assert commands.overview("kitchen", "Cooks.", {"fry": "fries", "boil": "boils"}, ["--boil"]) == 2
    assert "did you mean `python -m kitchen.fry`?" in capsys.readouterr().err
