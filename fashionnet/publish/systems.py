"""Render the page with all systems on the same data in one table."""

from typing import NamedTuple

import numpy as np

from fashionnet.publish.contents import PAGE_SCRIPT
from fashionnet.publish.home import find_figure
from fashionnet.publish.page import load_template, title_of
from fashionnet.publish.published import SYSTEMS
from fashionnet.zoo.table import phrase_parameters

COLUMNS = (
    "system", "here", "reported", "against Part 1", "runs", "parameters", "s/epoch",
    "described in",
)  # fmt: skip
NONE = "–"
FIXED = "\u00a0"  # a space where no line ends
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
        rows=table_systems(rows, results),
        example=explain_difference(rows),
        reasons={row["network"]: row["why"] for row in rows if "why" in row},
        n_test=results["multiclass"]["n_test"],
        script=PAGE_SCRIPT,
    )


def table_systems(rows, results):
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
        Cell(_name_system(row), row["network"]),
        _share(row["test_accuracy"], row.get("spread")),
        _share(row["source_accuracy"]),
        _compare(row.get("ahead_of_notebook_1")),
        Cell(f"{n_runs}", n_runs),
        _count_parameters(row["parameters"], row.get("frozen", 0)),
        Cell(f"{np.mean(seconds):.0f}", np.mean(seconds)) if seconds else _empty(),
        _name_source(row),
    ]


def _name_system(row):
    """Name a system, with the number of views if it averages over some."""
    views = row.get("views", 1)
    return f"{row['network']} ({views}{FIXED}views)" if views > 1 else row["network"]


def _count_parameters(trained, frozen):
    """Count the parameters of a system that were learned, here or elsewhere."""
    text = phrase_parameters(trained, frozen).replace(" trained", f"{FIXED}trained")
    return Cell(text, trained + frozen)


def _name_source(row):
    """Say who describes a system; what no document reports is our own variant."""
    source = row["source"]
    if source != "ours" and row["source_accuracy"] is None:
        source = f"ours, after {source}"
    return Cell(source, source)


def _share(accuracy, spread=None):
    if accuracy is None:
        return _empty()
    deviation = "" if spread is None else f" ± {100 * spread:.2f}"
    return Cell(f"{accuracy:.2%}{deviation}", accuracy)


def explain_difference(rows):
    """Put the difference of one system with an interval in words, or return `None`.

    It is the smallest one, because that is the one that is doubted most easily.
    """
    compared = [row for row in rows if row.get("ahead_of_notebook_1")]
    found = [row for row in compared if row["ahead_of_notebook_1"]["interval"]]
    if not found:
        return None
    row = min(found, key=lambda row: abs(row["ahead_of_notebook_1"]["images"]))
    ahead = row["ahead_of_notebook_1"]
    low, high = ahead["interval"]
    more = "more" if ahead["images"] > 0 else "fewer"
    holds_zero = low < 0 < high
    where = "includes" if holds_zero else "excludes"
    verdict = "do not show a difference" if holds_zero else "show a difference"
    seeds = ", ".join(map(str, ahead["seeds"]))
    return (
        f"{_compare(ahead).text} for {row['network']} means that, on average over the "
        f"seeds {seeds}, {abs(ahead['images']):.0f} {more} images are correct; the "
        f"interval {where} zero, so these runs {verdict}"
    )


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
