"""`make fuzz` reads damaged files to its end."""

import sys

import pytest

from benchmarks import fuzz


def test_it_counts_what_became_of_the_cases(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["fuzz", "--cases", "40"])
    with pytest.raises(SystemExit) as exit_:
        fuzz.main()
    assert exit_.value.code == 0
    *counts, slowest = capsys.readouterr().out.splitlines()[1:]
    assert sum(int(line.split()[0]) for line in counts) >= 40
    assert slowest.startswith("slowest")
