"""Which images the trainings of Part 3 get wrong: of which class, and how many times.

Everything here counts over trainings; nothing is said of other images.
"""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

from fashionnet.data import CLASS_NAMES, CLOTHING
from fashionnet.evaluation import count_confusions
from fashionnet.plots import describe, plot_errors_by_class
from fashionnet.study.pairs import likeliest_classes
from fashionnet.study.words import NAMES, STYLES, phrase_count

BAG = CLASS_NAMES.index("Bag")


def count_by_class(right, labels):
    """Count errors by the original class: shape `(seeds, 10)`, by classifier."""
    return {
        name: np.array([np.bincount(labels[~row], minlength=10) for row in table])
        for name, table in right.items()
    }


def plot_by_class(errors, *, marked=None, ax=None):
    """Plot what `count_by_class` returns, as `plots.plot_errors_by_class` does."""
    colors = [STYLES[name].color for name in errors]
    named = {NAMES[name]: counts for name, counts in errors.items()}
    return plot_errors_by_class(named, CLASS_NAMES, colors=colors, marked=marked, ax=ax)


class BagErrors(NamedTuple):
    """How many of all errors of all trainings have to do with bags.

    `true_bag` are bags taken for clothing. `given_bag` is clothing taken for a bag;
    it is `None` for the binary network, which names no class, so that all its
    `lost_clothing`, taken for footwear or a bag, may or may not be among them.
    """

    total: int
    true_bag: int
    given_bag: int | None
    lost_clothing: int


def count_bag_errors(right, pairs, labels):
    """Count `BagErrors` of the likeliest class and of the binary network."""
    given = [likeliest_classes(multiclass) == BAG for multiclass, _ in pairs.values()]
    return {
        "multiclass_argmax": _count_bags(~right["multiclass_argmax"], labels, given),
        "binary": _count_bags(~right["binary"], labels, None),
    }


def _count_bags(wrong, labels, given_bag):
    lost = wrong & np.isin(labels, CLOTHING)
    given = None if given_bag is None else int((lost & given_bag).sum())
    n_bags = int((wrong & (labels == BAG)).sum())
    return BagErrors(int(wrong.sum()), n_bags, given, int(lost.sum()))


def state_bags(counts):
    """Say how many errors have to do with bags, from `count_bag_errors`."""
    ten, two = counts["multiclass_argmax"], counts["binary"]
    if not ten.total or not two.total:
        return "Without errors of both networks, none has to do with bags."
    involved = ten.true_bag + ten.given_bag
    return (
        f"Of the {ten.total:,} errors of **{NAMES['multiclass_argmax']}** over "
        f"all seeds, {involved:,} ({involved / ten.total:.0%}) have to do with bags: "
        f"{ten.true_bag:,} bags taken for clothing, {ten.given_bag:,} pieces of "
        f"clothing taken for a bag. Of the {two.total:,} errors of **binary**, "
        f"{two.true_bag:,} ({two.true_bag / two.total:.0%}) are bags taken for "
        f"clothing; of the {two.lost_clothing:,} pieces of clothing that it loses, it "
        "does not say to what."
    )


def count_runs_wrong(right):
    """Count for each image the trainings that get it wrong, from `(seeds, images)`."""
    return (~right).sum(axis=0)


def tabulate_runs_wrong(right_first, right_second):
    """Count images by how many trainings of either kind get them wrong.

    Returns:
        Counts of shape `(seeds + 1, seeds + 1)`: trainings of the second kind that are
        wrong on the rows, of the first kind on the columns, from none to all.
    """
    wrong = count_runs_wrong(right_second), count_runs_wrong(right_first)
    return count_confusions(*wrong, len(right_first) + 1)


def plot_runs_wrong(table, *, ax=None):
    """Plot what `tabulate_runs_wrong` returns, the multiclass network as the first.

    Returns the Axes.
    """
    ax = ax or plt.subplots(figsize=(6.2, 5), layout="constrained")[1]
    shown = np.ma.masked_equal(table, 0)
    norm = LogNorm(1, max(2, table.max()))
    mesh = ax.pcolormesh(shown, cmap="cividis", norm=norm, edgecolors="white")
    for (row, column), n in np.ndenumerate(table):
        color = "white" if norm(n or 1) < 0.5 else "black"
        text = f"{n:,}" if n else ""
        place = {"ha": "center", "va": "center", "fontsize": 8}
        ax.text(column + 0.5, row + 0.5, text, color=color, **place)
    ax.axline((0, 0), slope=1, color="gray", linestyle=":", zorder=0)
    middle = np.arange(len(table)) + 0.5
    ax.set_xticks(middle, range(len(table)))
    ax.set_yticks(middle, range(len(table)))
    n_runs = len(table) - 1
    ax.set_xlabel(f"wrong in so many of {n_runs} multiclass trainings")
    ax.set_ylabel(f"wrong in so many of {n_runs} binary trainings")
    ax.figure.colorbar(mesh, ax=ax, label="images", format="{x:,.0f}")
    below, above = int(np.tril(table, -1).sum()), int(np.triu(table, 1).sum())
    describe(
        ax,
        f"Heat map of {int(table.sum()):,} images by how many of {n_runs} multiclass "
        f"and of {n_runs} binary trainings get them wrong. Never wrong: "
        f"{table[0, 0]:,}; always wrong: {table[-1, -1]:,}; wrong in more multiclass "
        f"trainings: {above:,}; in more binary ones: {below:,}.",
    )
    return ax


class Gallery(NamedTuple):
    """Images, each with the number of trainings of either kind that get it wrong."""

    indices: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def head(self, n):
        """Keep the first `n` images."""
        return Gallery(*(part[:n] for part in self))


def pick_galleries(right_first, right_second):
    """Find the images that tell the two kinds of training apart, or stop both.

    Returns:
        A dictionary of `Gallery`: "nobody" has the images wrong in every training of
        both kinds, in their order; "first" and "second" those that this kind gets right
        more often by at least half of the trainings, the largest difference first.
    """
    first, second = count_runs_wrong(right_first), count_runs_wrong(right_second)
    n_runs, lead = len(right_first), second - first
    least = max(1, n_runs / 2)
    chosen = {
        "nobody": np.flatnonzero((first + second == 2 * n_runs) & (first > 0)),
        "first": _rank(lead, least),
        "second": _rank(-lead, least),
    }
    return {name: Gallery(i, first[i], second[i]) for name, i in chosen.items()}


def caption_runs_wrong(gallery, labels, n_runs):
    """Write one caption per image: its class, and in how many trainings it is wrong."""
    return [
        f"{CLASS_NAMES[labels[i]]}\nmulticlass ✗ {first}/{n_runs}"
        f"\nbinary ✗ {second}/{n_runs}"
        for i, first, second in zip(*gallery, strict=True)
    ]


def caption_suspects(gallery, labels, pairs):
    """Write one caption per image: its label, and the class most trainings give it."""
    given = [
        likeliest_classes(multiclass)[gallery.indices]
        for multiclass, _ in pairs.values()
    ]
    seen = [
        np.bincount(column, minlength=10).argmax() for column in np.transpose(given)
    ]
    return [
        f"labeled {CLASS_NAMES[labels[i]]}\nseen as {CLASS_NAMES[most]}"
        for i, most in zip(gallery.indices, seen, strict=True)
    ]


def _rank(lead, least):
    order = np.argsort(-lead, kind="stable")
    return order[lead[order] >= least]


def state_galleries(galleries, n_runs):
    """Say how many images stop everybody, and how many tell the networks apart."""
    nobody, first, second = (len(gallery.indices) for gallery in galleries.values())
    return (
        f"Of {phrase_count(n_runs, 'training{}')} of either kind, none is right on "
        f"{nobody} images. {first} are labeled right more often by the multiclass "
        f"trainings, by at least half of them, and {second} by the binary ones."
    )
