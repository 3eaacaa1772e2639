"""Which images the trainings of Part 3 get wrong: of which class, and which ones.

Only the intervals of `compare_by_class` say anything of other images.
"""

from typing import NamedTuple

import numpy as np

from fashionnet.data import CLASS_NAMES
from fashionnet.plots import describe, make_axes, plot_images
from fashionnet.study.contrasts import CONTRASTS, label_differences
from fashionnet.study.stats import Estimate
from fashionnet.study.words import NAMES, STYLES, phrase_difference

GALLERIES: dict[str, str] = {
    "nobody": "Wrong in every run",
    "ten": "Binary wrong more often",
    "two": "Ten classes wrong more often",
}


def count_by_class(right, labels):
    """Count errors by the original class: shape `(seeds, 10)`, by classifier."""
    return {
        name: np.array([np.bincount(labels[~row], minlength=10) for row in table])
        for name, table in right.items()
    }


def compare_by_class(right, labels):
    """Estimate for each class how many more errors ten classes make than binary.

    Like the differences in all images, these are means over all images, where those of
    other classes count as 0, in 10,000 images.

    Returns:
        Lists of ten `Estimate`, by way to binarize.
    """
    found, n = {}, len(labels)
    for way in CONTRASTS:
        more = 10_000 * (right["binary"].astype(int) - right[way]).mean(axis=0)
        of_classes = [more * (labels == k) for k in range(len(CLASS_NAMES))]
        found[way] = [
            Estimate(x.mean(), x.std(ddof=1) / np.sqrt(n), n - 1) for x in of_classes
        ]
    return found


def plot_by_class(right, labels, *, ax=None):
    """Plot what `compare_by_class` finds, with 95% intervals over test images.

    The class with the most errors of the binary networks comes first. Classes with less
    than one error on average, whatever the classifier, are left out. Returns the Axes.
    """
    ax = ax or make_axes(2.7)
    compared = compare_by_class(right, labels)
    means = {k: n.mean(axis=0) for k, n in count_by_class(right, labels).items()}
    binary, most = means["binary"], np.max([*means.values()], axis=0)
    order = np.argsort(-binary, kind="stable")
    order = [k for k in order if most[k] >= min(1, most.max())]
    rows, parts = np.arange(len(order)), []
    for way, shift in zip(compared, (-0.18, 0.18), strict=True):
        style, found = STYLES[way], [compared[way][k] for k in order]
        values = np.array([estimate.value for estimate in found])
        reach = [estimate.interval()[1] - estimate.value for estimate in found]
        bars = {"fmt": style.marker, "color": style.color, "label": NAMES[way]}
        ax.errorbar(values, rows + shift, xerr=reach, markersize=6, **bars)
        largest = np.argmax(np.abs(values))
        said = phrase_difference(-values[largest])
        parts.append(f"{CLASS_NAMES[order[largest]]}, {said} ({NAMES[way]})")
    ax.set_yticks(rows, [f"{CLASS_NAMES[k]} ({binary[k]:.1f})" for k in order])
    beside = {"transform": ax.transAxes, "ha": "right", "va": "bottom", "fontsize": 9}
    ax.text(-0.03, 1.02, "(binary errors)", **beside)
    ax.invert_yaxis()
    ax.grid(axis="y", alpha=0.3)
    label_differences(ax)
    ax.set_xlabel(
        "ten-class errors minus binary errors,\namong the images of the class"
    )
    above = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 1.5}
    ax.legend(**above, ncols=2, handlelength=1.2, columnspacing=1, frameon=False)
    apart = [e.excludes_zero() for found in compared.values() for e in found]
    describe(
        ax,
        "Points with 95% intervals: errors of ten classes compared with binary, by "
        f"class, among its images. Largest differences: {'; '.join(parts)}. "
        f"Intervals that exclude 0: {sum(apart)} of {len(apart)}.",
    )
    return ax


class Gallery(NamedTuple):
    """Images, each with the number of trainings of either kind that get it wrong."""

    indices: np.ndarray
    ten: np.ndarray
    two: np.ndarray


def pick_galleries(right):
    """Find the images that tell the two kinds of training apart, or defeat both.

    For ten classes, the likeliest class counts.

    Returns:
        A dictionary of `Gallery`: "nobody" has the images misclassified in every run
        of both kinds, in order; "ten" and "two" have those that this kind gets right
        more often, by at least half of the runs, the largest difference first.
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
    image, and how many runs of either kind misclassify it.
    """
    filled = {name: g for name, g in galleries.items() if len(g.indices)}
    n_columns = min([n_columns, *(len(g.indices) for g in filled.values())])
    shown, captions = [], []
    for gallery in filled.values():
        for i, ten, two in list(zip(*gallery, strict=True))[:n_columns]:
            shown.append(images[i])
            name = f"{CLASS_NAMES[labels[i]]}, no. {i}"
            captions.append(f"{name}\nten classes {ten}\nbinary {two}")
    titles = [GALLERIES[name] for name in filled]
    layout = {"n_columns": n_columns, "titles": titles, "fontsize": 9}
    figure = plot_images(shown, captions, **layout)
    describe(
        figure, "Numbers after ten classes and binary: runs that get the image wrong."
    )
    return figure
