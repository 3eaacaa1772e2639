"""Accuracy against parameters: our networks, and those that others have published."""

from typing import NamedTuple

import pandas as pd
from matplotlib.ticker import NullLocator, PercentFormatter

from fashionnet.plots import BLUE, RED, describe, make_axes
from fashionnet.study.trainings import SEEDS as STUDY_SEEDS
from fashionnet.study.trainings import load_runs
from fashionnet.zoo.summary import (
    COMMITTEES,
    NOTEBOOK_1,
    collect_further,
    count_right,
    find_right,
)
from fashionnet.zoo.table import NETWORKS, SEEDS


class Published(NamedTuple):
    """What somebody else reports: name, trained numbers, test accuracy, kind, source.

    `kind` is "dense" or "convolutional".
    """

    network: str
    parameters: int
    test_accuracy: float
    kind: str
    source: str


MARKERS = {"dense": ("s", "■", "□"), "convolutional": ("o", "●", "○"),
           "committee": ("^", "▲", "△")}  # fmt: skip
# Documents 002 and 004 do not say how many parameters their networks have.
PUBLISHED: tuple[Published, ...] = (
    *(
        Published(f"001: {network.name}", network.parameters, network.reported,
                  "convolutional" if "cnn" in network.name else "dense", "document 001")
        for network in NETWORKS
        if network.document == "001" and network.reported and network.seeds == SEEDS
    ),
    Published("MLP 3×1024", 2_900_000, 0.9163, "dense", "arXiv:1901.06656"),
    Published("ResNet-20", 270_000, 0.9561, "convolutional", "arXiv:1708.04896"),
    Published("ResNet-20, erasing", 270_000, 0.9598, "convolutional",
              "arXiv:1708.04896"),
)  # fmt: skip


def list_ours(labels):
    """List the networks of the table that are no side views, as they came out here.

    Before them is the network of Part 1, after them the committees that average.
    Returns rows as in `results/further.json`, of those with stored trainings.
    """
    shown = {network.name for network in NETWORKS if network.seeds == SEEDS}
    shown |= {each.name for each in COMMITTEES if each.rule == "average"}
    rows = [row for row in collect_further() if row["network"] in shown]
    return [*summarize_part_1(labels), *rows]


def summarize_part_1(labels):
    """Summarize the stored trainings of Part 1's network, in a list of one row."""
    runs = load_runs(NOTEBOOK_1, STUDY_SEEDS)
    if not runs:
        return []
    right = find_right(runs, labels)
    parameters = next(iter(runs.values())).manifest["parameters"]
    row = {"network": "Part 1", "source": "ours", "parameters": parameters}
    return [row | {"source_accuracy": None, "seeds": list(runs), **count_right(right)}]


def find_kind(row):
    """Say what a row of `results/further.json` is: "dense", "convolutional", ..."""
    if "members" in row:
        return "committee"
    builders = {network.name: network.builder for network in NETWORKS}
    is_dense = builders.get(row["network"], "models:").startswith(
        ("models:", "zoo.dense:")
    )
    return "dense" if is_dense else "convolutional"


def table_accuracies(ours):
    """Tabulate accuracies of rows as in `results/further.json`, as text."""
    heads = ["source_accuracy", "test_accuracy", "spread"]
    table = pd.DataFrame(ours).set_index("network")[heads].astype(float)
    return table.map("{:.4f}".format, na_action="ignore").astype(object).fillna("–")


def plot_scoreboard(ours, published=PUBLISHED, *, ax=None):
    """Plot test accuracy against the number of parameters, the best at the top.

    Parameters that do not learn count as well: a network needs them to answer.

    Args:
        ours: Rows as in `results/further.json`; drawn filled.
        published: Some `Published`; drawn open.
        ax: Where to draw.

    Returns:
        The Axes.
    """
    points = [(row["test_accuracy"], row["parameters"] + row.get("frozen", 0),
               row["network"], find_kind(row), True) for row in ours]  # fmt: skip
    points += [(p.test_accuracy, p.parameters, p.network, p.kind, False)
               for p in published]  # fmt: skip
    points.sort(key=lambda point: point[:2])
    ax = ax or make_axes(0.6 + 0.23 * len(points))
    for place, (y, x, name, kind, is_ours) in enumerate(points):
        marker, *signs = MARKERS[kind]
        color, face = (BLUE, BLUE) if is_ours else (RED, "white")
        ax.plot(x, y, marker, color=color, mfc=face, markersize=7, zorder=3)
        line = {"arrowstyle": "-", "color": "lightgray", "shrinkB": 4}
        ax.annotate(
            f"{signs[not is_ours]} {name}",
            (x, y),
            (1.08, (place + 0.5) / len(points)),
            textcoords="axes fraction",
            color=color,
            fontsize=9,
            va="center",
            arrowprops=line | {"relpos": (0, 0.5)},
        )
    least, most = min(p[1] for p in points) / 1.4, max(p[1] for p in points) * 1.4
    ax.set(xscale="log", xlim=(least, most), xlabel="parameters, millions")
    ticks = [t for t in (1e4, 1e5, 1e6, 1e7) if least < t < most]
    ax.set_xticks(ticks, [f"{tick / 1e6:g}" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_ylabel("test accuracy")
    listed = "; ".join(
        f"{'ours' if is_ours else 'published'}, {name}, {kind}, {x:,}, {y:.2%}"
        for y, x, name, kind, is_ours in points[::-1]
    )
    describe(ax, f"Points of test accuracy against parameters, best first: {listed}.")
    return ax
