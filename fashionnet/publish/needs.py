"""Kinds of evidence for a step of the assignment, and where they are found.

The cells of a step are tagged `rubric:<step>`.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import matplotlib.pyplot as plt
from bs4 import BeautifulSoup

from fashionnet.publish.published import images_of, sections_of, tags_of, texts_of

MAX_EPOCHS = 50
PARTS = {"01_multiclass": "Part 1", "02_binary": "Part 2", "03_comparison": "Part 3"}


class Need(NamedTuple):
    """A piece of evidence: what it is, and whether a cell has it.

    `exact` is the sentence or description that it must be, where a run decides that.
    """

    what: str
    is_met: Callable
    exact: str = ""


class Found(NamedTuple):
    """Where a piece of evidence was looked for, and its section if it was found."""

    notebook: str
    step: str
    need: Need
    section: str | None


def need_text(n_words, *words):
    """Ask for a text cell of some length that speaks of `words`."""
    about = f" on {', '.join(words)}".replace("*", "") if words else ""
    return Need(
        f"a text of {n_words} words or more{about}",
        lambda cell: (
            cell.cell_type == "markdown"
            and len(cell.source.split()) >= n_words
            and all(word in cell.source for word in words)
        ),
    )


def need_code(*parts):
    """Ask for a code cell in which all of `parts` can be read."""
    return Need(
        f"the code {' … '.join(parts)}",
        lambda cell: (
            cell.cell_type == "code" and all(part in cell.source for part in parts)
        ),
    )


def need_table(what, *values):
    """Ask for a table among the outputs of a cell in which all of `values` stand."""

    def is_met(cell):
        """Find them in one table."""
        shown = [output.get("data", {}) for output in cell.get("outputs", [])]
        for data in shown:
            table = BeautifulSoup(data.get("text/html", ""), "html.parser").table
            if table and all(value in table.get_text(" ") for value in values):
                return True
        return False

    return Need(what, is_met)


def need_figure(what, figure):
    """Ask for a figure with the description of this one, which is closed."""
    alt = figure.figure.description
    plt.close(figure.figure)
    return Need(what, lambda cell: alt in [i.alt for i in images_of(cell)], alt)


def need_said(what, words):
    """Ask for an output that says these words."""
    words = words.replace("**", "")
    # Whoever reads a finding can take in a sentence, but not a whole table.
    exact = words if " " in words and "\n" not in words else ""
    return Need(what, lambda cell: any(words in said for said in texts_of(cell)), exact)


def need_few_epochs():
    """Ask for a number of epochs in the open that the assignment allows."""

    def is_met(cell):
        """Find an allowed number, and no other."""
        epochs = re.findall(r"^\s*(?:EPOCHS = |epochs=)(\d+)", cell.source, re.M)
        return bool(epochs) and all(int(n) <= MAX_EPOCHS for n in epochs)

    return Need(f"a limit of {MAX_EPOCHS} epochs or fewer", is_met)


def find_evidence(books, needs):
    """Look for every piece of evidence in the cells that are tagged with its step.

    Returns:
        A list of `Found`, in the order of the assignment.
    """
    found = []
    for notebook, steps in needs.items():
        cells, sections = books[notebook].cells, sections_of(books[notebook])
        for step, pieces in steps.items():
            at = [i for i, c in enumerate(cells) if f"rubric:{step}" in tags_of(c)]
            for need in pieces:
                met = [sections[i] for i in at if need.is_met(cells[i])]
                found.append(Found(notebook, step, need, met[0] if met else None))
    return found


def print_evidence(found):
    """Print a table of the evidence, by part and step of the assignment."""
    rows = [("part", "step", "evidence", "", "section")]
    for notebook, step, need, section in found:
        state = "ok" if section else "MISSING"
        rows.append((PARTS[notebook], step, need.what, state, section or ""))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[4]]))
