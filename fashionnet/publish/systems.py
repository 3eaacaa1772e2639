"""Render the page with all systems on the same data in one table."""

from typing import NamedTuple

import numpy as np

from fashionnet.publish.contents import PAGE_SCRIPT
from fashionnet.publish.home import find_figure
from fashionnet.publish.page import load_template, title_of
from fashionnet.publish.published import SYSTEMS

COLUMNS = (
    "system", "here", "reported", "document", "runs", "parameters", "s/epoch",
    "against Part 1",
)  # fmt: skip
NONE = "–"
# Rows that are 24 settings of two systems: notebook 05 shows them.
SETTINGS_ONLY = "grid-"


class Cell(NamedTuple):
    """What a cell of the table says, and the value that it is sorted by, if any."""

    text: str
    value: float | str | None


def render_systems(books, results):
    """Render the page that leads to the further notebooks, with all systems.

    Args:
        books: The executed notebooks, by name.
        results: What `write_results` returned.
    """
    shown = [find_figure(book, "plot_scoreboard") for book in books.values()]
    rows = [
        row
        for row in results.get("further", [])
        if not row["network"].startswith(SETTINGS_ONLY)
    ]
    return load_template("systems.html.j2").render(
        name=SYSTEMS,
        root="../",
        further={
            name.removeprefix("further/"): title_of(book)
            for name, book in books.items()
            if "/" in name
        },
        figure=next(filter(None, shown), None),
        columns=COLUMNS,
        rows=tabulate_systems(rows, results),
        reasons={row["network"]: row["why"] for row in rows if "why" in row},
        n_test=results["multiclass"]["n_test"],
        script=PAGE_SCRIPT,
    )


def tabulate_systems(rows, results):
    """List the `Cell`s of all systems, the best first.

    Args:
        rows: Rows of `results/further.json`.
        results: The other result files, for the network of Part 1.
    """
    n_test = results["multiclass"]["n_test"]
    by_seed = results["seeds"]["n_correct"]["multiclass"]
    accuracies = np.divide(list(by_seed.values()), n_test)
    first = {
        "network": "the network of Part 1",
        "source": "ours",
        "source_accuracy": None,
        "parameters": results["multiclass"]["parameters"],
        "test_accuracy": accuracies.mean(),
        "spread": accuracies.std(ddof=1) if len(by_seed) > 1 else None,
        "seeds": list(by_seed),
    }
    table = [_describe(row) for row in [first, *rows]]
    return sorted(table, key=lambda cells: -cells[1].value)


def _describe(row):
    """Make the cells of one system, in the order of `COLUMNS`."""
    seconds = row.get("seconds_per_epoch")
    n_runs = len(row.get("members", [""])) * len(row["seeds"])
    return [
        Cell(row["network"], row["network"]),
        _share(row["test_accuracy"], row.get("spread")),
        _share(row["source_accuracy"]),
        Cell(row["source"], row["source"]),
        Cell(f"{n_runs}", n_runs),
        Cell(f"{row['parameters']:,}", row["parameters"]),
        Cell(f"{np.mean(seconds):.0f}", np.mean(seconds)) if seconds else _empty(),
        _compare(row.get("ahead_of_notebook_1")),
    ]


def _share(accuracy, spread=None):
    if accuracy is None:
        return _empty()
    deviation = "" if spread is None else f" ± {100 * spread:.2f}"
    return Cell(f"{accuracy:.2%}{deviation}", accuracy)


def _compare(ahead):
    """Say how many more images are right than with the network of Part 1."""
    if not ahead:
        return _empty()
    text = f"{ahead['images']:+.0f}"
    if ahead["interval"]:
        low, high = ahead["interval"]
        text += f" ({low:+.0f} to {high:+.0f})"
    return Cell(text.replace("-", "−"), ahead["images"])


def _empty():
    return Cell(NONE, None)
