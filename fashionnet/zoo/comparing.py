"""Compare networks of the table on the same test images, training by training."""

import numpy as np
import pandas as pd

from fashionnet.study.contrasts import estimate_images
from fashionnet.zoo.summary import find_right, load_trainings
from fashionnet.zoo.table import find_network


def compare_networks(pairs, labels):
    """Tabulate by how many of the test images networks are ahead of others.

    Args:
        pairs: Pairs of names in the table; those without a common stored seed are left
            out.
        labels: Labels of the test images.

    Returns:
        A table: "by seed", their "mean", and its "95% interval" for new trainings and
        new images, or why there is none.
    """
    table = {}
    for names in pairs:
        one, other = (load_trainings(find_network(name)) for name in names)
        if seeds := sorted(one.keys() & other.keys()):
            lead = find_right({seed: one[seed] for seed in seeds}, labels).astype(int)
            lead -= find_right({seed: other[seed] for seed in seeds}, labels)
            estimate = estimate_images(lead)
            is_bounded = estimate.is_bounded()
            ends = np.round(estimate.interval()) if is_bounded else "one seed"
            found = lead.sum(axis=1), round(estimate.value, 1), ends
            table[" against ".join(names)] = found
    return pd.DataFrame(table, ["by seed", "mean", "95% interval"]).T


def compare_seeds(names, variant, labels):
    """Compare one training of a variant of networks with each of their own.

    Args:
        names: Networks of the table.
        variant: What the variant's name has after theirs; it has one stored training.
        labels: Labels of the test images.

    Returns:
        A table by network and seed: images right of the variant and "plain", the
        "difference", and its 95% interval "from" and "to" for new images, but the same
        trainings.
    """
    rows = {}
    for name in names:
        trainings = load_trainings(find_network(name))
        varied = load_trainings(find_network(f"{name}-{variant}"))
        [changed] = find_right(varied, labels)
        for seed, plain in zip(trainings, find_right(trainings, labels), strict=True):
            lead = changed.astype(int) - plain
            half = 1.96 * np.sqrt(lead.size * lead.var())
            ends = [round(lead.sum() + side * half) for side in (-1, 1)]
            rows[name, seed] = changed.sum(), plain.sum(), lead.sum(), *ends
    heads = [variant, "plain", "difference", "from", "to"]
    return pd.DataFrame(rows, heads).T.rename_axis(["network", "seed"])
