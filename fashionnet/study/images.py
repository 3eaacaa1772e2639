"""Which images the trainings of Part 3 get wrong: of which class, and which ones.

Everything here counts over trainings; nothing is said of other images.
"""

from typing import NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator

from fashionnet.data import CLASS_NAMES
from fashionnet.plots import describe, make_axes, plot_images
from fashionnet.study.words import NAMES, STYLES

GALLERIES: dict[str, str] = {
    "nobody": "Wrong in every run",
    "ten": "Right more often with ten classes",
    "two": "Right more often with two groups",
}


def count_by_class(right, labels):
    """Count errors by the original class: shape `(seeds, 10)`, by classifier."""
    return {
        name: np.array([np.bincount(labels[~row], minlength=10) for row in table])
        for name, table in right.items()
    }


def plot_by_class(errors, *, ax=None):
    """Plot what `count_by_class` returns: mean and standard deviation over seeds.

    The class with the most errors comes first. Returns the Axes.
    """
    ax = ax or make_axes(3.3)
    means = {name: counts.mean(axis=0) for name, counts in errors.items()}
    order = np.argsort(-sum(means.values()), kind="stable")
    rows, parts = np.arange(len(order)), []
    for i, (name, counts) in enumerate(errors.items()):
        style, spread = STYLES[name], counts.std(axis=0, ddof=len(counts) > 1)
        ax.errorbar(
            means[name][order],
            rows + 0.22 * (i - (len(errors) - 1) / 2),
            xerr=spread[order],
            fmt=style.marker,
            color=style.color,
            markersize=6,
            label=NAMES[name],
        )
        listed = ", ".join(f"{CLASS_NAMES[k]} {means[name][k]:.1f}" for k in order)
        parts.append(f"{NAMES[name]}: {listed}")
    ax.set_yticks(rows, [CLASS_NAMES[k] for k in order])
    ax.set(xlabel="wrong test images", xlim=(-0.4, None))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.invert_yaxis()
    ax.grid(axis="y", alpha=0.3)
    ax.legend(loc="lower left", bbox_to_anchor=(-0.2, 1), frameon=False)
    describe(ax, f"Dots of wrong test images by class. {'; '.join(parts)}.")
    return ax


class Gallery(NamedTuple):
    """Images, each with the number of trainings of either kind that get it wrong."""

    indices: np.ndarray
    ten: np.ndarray
    two: np.ndarray


def pick_galleries(right):
    """Find the images that tell the two kinds of training apart, or stop both.

    Ten classes count by their likeliest.

    Returns:
        A dictionary of `Gallery`: "nobody" has the images wrong in every training of
        both kinds, in their order; "ten" and "two" those that this kind gets right
        more often by at least half of the trainings, the largest difference first.
    """
    n_runs = len(right["binary"])
    ten, two = ((~right[k]).sum(axis=0) for k in ("multiclass_argmax", "binary"))
    chosen = {
        "nobody": np.flatnonzero(ten + two == 2 * n_runs),
        "ten": _rank(two - ten, n_runs / 2),
        "two": _rank(ten - two, n_runs / 2),
    }
    return {name: Gallery(i, ten[i], two[i]) for name, i in chosen.items()}


def _rank(lead, least):
    order = np.argsort(-lead, kind="stable")
    return order[lead[order] >= least]


def plot_galleries(galleries, images, labels, *, n_columns=3):
    """Show the first images of each gallery, a row for each. Returns the Figure.

    All rows are as long as the shortest one. Captions have the class, the number of the
    image, and in how many trainings of either kind it is wrong.
    """
    filled = {name: g for name, g in galleries.items() if len(g.indices)}
    n_columns = min([n_columns, *(len(g.indices) for g in filled.values())])
    shown, captions = [], []
    for gallery in filled.values():
        for i, ten, two in list(zip(*gallery, strict=True))[:n_columns]:
            shown.append(images[i])
            captions.append(f"{CLASS_NAMES[labels[i]]}, no. {i}\n✗ {ten} and {two}")
    titles = [GALLERIES[name] for name in filled]
    return plot_images(shown, captions, n_columns=n_columns, titles=titles)
