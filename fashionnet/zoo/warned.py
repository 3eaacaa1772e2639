"""Is an answer to be believed? How good two warnings are, and what becomes of them.

One is that a picture is far from all training images, "unlike the data"; the other,
that the largest of ten probabilities is low.
"""

import numpy as np
import pandas as pd

from fashionnet.evaluation import wilson_interval
from fashionnet.plots import BLUE, GREEN, ORANGE, RED, describe, make_axes

STYLES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "D"))
# Kinds of pictures that chose no threshold, and the mistake that can be made there.
MISTAKES: dict[str, str] = {
    "test images": "false alarms",
    "test scenes": "false alarms",
    "stamps": "misses",
    "digits": "misses",
}


def table_rates(measured):
    """Tabulate how often each warning was wrong.

    Args:
        measured: What `load_measured` of `study/unlike.py` returns.

    Returns:
        A table by kind of picture: false alarms for articles, misses for other things,
        as shares with 95% intervals, for both warnings, and the number "n".
    """
    rows = {}
    for name, mistake in MISTAKES.items():
        row = {"n": measured["distance"]["called"][name]["n"]}
        for warning in ("distance", "probability"):
            found = measured[warning]["called"][name]
            n_unlike, n = found["unlike"], found["n"]
            n_wrong = n_unlike if mistake == "false alarms" else n - n_unlike
            row[warning] = phrase_share(n_wrong, n, digits=1)
        rows[f"{mistake}, {name}"] = row
    return pd.DataFrame(rows).T


def table_warnings(is_right, distances, doubts, measured):
    """Count right answers with and without each warning.

    Args:
        is_right: Whether each picture was labeled correctly.
        distances: What `measure_distances` of `study/unlike.py` returns.
        doubts: 1 minus the largest of ten probabilities.
        measured: As in `table_rates`; it has the thresholds.

    Returns:
        A table by warning: numbers "right" and "of", and their share with its 95%
        interval.
    """
    is_far = distances > measured["distance"]["threshold"]
    is_low = doubts > measured["probability"]["threshold"]
    groups = {
        "unlike": is_far,
        "not unlike": ~is_far,
        f"below {1 - measured['probability']['threshold']:.0%}": is_low,
        "not below": ~is_low,
        "neither": ~is_far & ~is_low,
    }
    rows = {}
    for name, chosen in groups.items():
        n_right, n = int(is_right[chosen].sum()), int(chosen.sum())
        rows[name] = {"right": n_right, "of": n, "share": phrase_share(n_right, n)}
    return pd.DataFrame(rows).T


def phrase_share(n_chosen, n, *, digits=0):
    """Write a share with its 95% interval, that of Wilson; a dash if there is none."""
    if n == 0:
        return "–"
    share, low, high = (f"{x:.{digits}%}" for x in wilson_interval(n_chosen, n))
    return f"{share} ({low} to {high})"


def plot_distances(groups, threshold, *, ax=None):
    """Draw a dot for each picture's distance from the training images. Returns Axes.

    Args:
        groups: Distances in gray levels, by the name of a group.
        threshold: Above it, a picture is called unlike the data.
        ax: Axes to draw on, or None.
    """
    ax = ax or make_axes(0.5 * len(groups) + 0.8)
    ax.axvline(threshold, color=RED, linestyle="--")
    for row, (name, distances) in enumerate(groups.items()):
        spread = np.linspace(-0.25, 0.25, 7)[np.arange(len(distances)) % 7]
        color, marker = STYLES[row % len(STYLES)]
        ax.plot(distances, row + spread, marker, c=color, markersize=3.5, alpha=0.7)
        n_far = int(np.sum(np.array(distances) > threshold))
        said = f"{name}: {n_far} of {len(distances)} are above {threshold:.0f}"
        describe(ax, f"Distances, {said}.")
    ax.set_yticks(range(len(groups)), groups)
    ax.set_xlabel("gray levels from the nearest training image")
    ax.invert_yaxis()
    return ax
