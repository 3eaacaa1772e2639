"""Which images the trainings of Part 3 get wrong: of which class, and how many times.

Everything here counts over trainings; nothing is said of other images.
"""

from typing import NamedTuple

import numpy as np

from fashionnet.data import CLASS_NAMES, CLOTHING
from fashionnet.study import CLASSIFIERS, likeliest_classes

BAG = CLASS_NAMES.index("Bag")


def count_by_class(right, labels):
    """Count the errors of every training by the original class of the image.

    Args:
        right: What `right_by_seed` returns.
        labels: Class ids of the test images, 0 to 9.

    Returns:
        A dictionary of counts of shape `(seeds, 10)`, by classifier as a reader knows
        it; classifiers without a training are left out.
    """
    return {
        CLASSIFIERS[name]: np.array(
            [np.bincount(labels[~row], minlength=10) for row in table]
        )
        for name, table in right.items()
        if len(table)
    }


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
    """Count `BagErrors` of the multiclass network's likeliest class and of the binary.

    Args:
        right: What `right_by_seed` returns for `pairs`.
        pairs: What `find_pairs` returns.
        labels: Class ids of the test images, 0 to 9.
    """
    shape = right["binary"].shape
    given = [likeliest_classes(multiclass) == BAG for multiclass, _ in pairs.values()]
    given = np.array(given, bool).reshape(shape)
    return {
        "multiclass_argmax": _count_bags(~right["multiclass_argmax"], labels, given),
        "binary": _count_bags(~right["binary"], labels, None),
    }


def _count_bags(wrong, labels, given_bag):
    lost = wrong & np.isin(labels, CLOTHING)
    given = None if given_bag is None else int((lost & given_bag).sum())
    n_bags = int((wrong & (labels == BAG)).sum())
    return BagErrors(int(wrong.sum()), n_bags, given, int(lost.sum()))


def count_runs_wrong(right):
    """Count for each image the trainings that get it wrong, from `(seeds, images)`."""
    return (~right).sum(axis=0)


def tabulate_runs_wrong(right_first, right_second):
    """Count images by how many trainings of either kind get them wrong.

    Args:
        right_first: Bool array of shape `(seeds, images)`.
        right_second: Another one of the same shape.

    Returns:
        Counts of shape `(seeds + 1, seeds + 1)`: trainings of the second kind that are
        wrong on the rows, of the first kind on the columns, from none to all.
    """
    table = np.zeros((len(right_second) + 1, len(right_first) + 1), int)
    at = count_runs_wrong(right_second), count_runs_wrong(right_first)
    np.add.at(table, at, 1)
    return table


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

    Args:
        right_first: Bool array of shape `(seeds, images)`.
        right_second: Another one of the same shape.

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
