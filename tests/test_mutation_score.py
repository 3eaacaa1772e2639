import io
import sys

import pytest
from mutation_score import main

LINE = "    fashionnet.data.x_binary_labels__mutmut_{}: {}\n"


def score(monkeypatch, *statuses):
    lines = (LINE.format(n, status) for n, status in enumerate(statuses))
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(lines)))
    main()


def test_mutants_that_are_killed_or_never_end_are_caught(monkeypatch, capsys):
    score(monkeypatch, *["killed"] * 16, "timeout", *["survived"] * 3)
    by_module, overall = capsys.readouterr().out.splitlines()
    assert by_module.split() == ["17", "of", "20", "caught", "in", "fashionnet.data"]
    assert "85.0%" in overall


@pytest.mark.parametrize("status", ["survived", "no tests", "not checked", "segfault"])
def test_score_below_85_percent_fails(status, monkeypatch):
    with pytest.raises(SystemExit, match="85%"):
        score(monkeypatch, *["killed"] * 84, *[status] * 16)


def test_no_mutants_fail(monkeypatch):
    with pytest.raises(SystemExit, match="no mutant"):
        score(monkeypatch)
