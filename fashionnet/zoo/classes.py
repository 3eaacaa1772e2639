"""Draw a measure of all ten classes side by side: bars of counts, ranges of values."""

import numpy as np

from fashionnet.data import CLASS_NAMES
from fashionnet.plots import BLUE, ORANGE, describe, make_axes


def plot_counts(counts, *, ax=None):
    """Plot bars of images by class, from a table with a column for each set.

    Returns the Axes.
    """
    ax = ax or make_axes(3.6)
    counts.plot.barh(ax=ax, color=[BLUE, ORANGE], xlabel="images")
    for bars, hatch in zip(ax.containers, ("", "///"), strict=False):
        for bar in bars:
            bar.set_hatch(hatch)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    ax.invert_yaxis()
    parts = [
        f"{name} from {of_set.min():,} to {of_set.max():,}"
        for name, of_set in counts.items()
    ]
    describe(ax, f"Bars of images by class: {'; '.join(parts)}.")
    return ax


def plot_ranges(values, labels, name, *, ax=None):
    """Plot the range of a measure by class, the class with the lowest median first.

    Args:
        values: One number per image.
        labels: Their class ids.
        name: What is measured, with its unit.
        ax: Where to draw.

    Returns:
        The Axes.
    """
    ax = ax or make_axes(4)
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    spread = np.array([np.quantile(values[labels == c], shares) for c in range(10)])
    order, rows = np.argsort(spread[:, 2], kind="stable"), np.arange(10)
    lowest, low, median, high, highest = spread[order].T
    ax.hlines(
        rows, lowest, highest, color=BLUE, linewidth=1.5, label="middle nine tenths"
    )
    ax.hlines(rows, low, high, color=BLUE, linewidth=7, alpha=0.5, label="middle half")
    ax.plot(median, rows, "o", color="black", markersize=5, label="median")
    ax.set_yticks(rows, [CLASS_NAMES[c] for c in order])
    ax.set_xlabel(name)
    ax.invert_yaxis()
    ax.legend(loc="lower center", bbox_to_anchor=(0.3, 1), ncols=1, frameon=False)
    listed = ", ".join(f"{CLASS_NAMES[c]} {spread[c, 2]:.0f}" for c in order)
    describe(ax, f"Ranges of {name} by class; medians: {listed}.")
    return ax
