"""Compare networks of the table on the same test images, training by training."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from fashionnet.study.contrasts import estimate_images
from fashionnet.zoo.summary import find_right, load_trainings
from fashionnet.zoo.table import find_network


class Lead(NamedTuple):
    """By how many test images a network is ahead of another.

    Attributes:
        by_seed: For each seed that both have.
        mean: Over these seeds.
        low: Lower end of its 95% interval, for new trainings and new images or, with
            one seed, for new images only.
        high: Upper end.
    """

    by_seed: np.ndarray
    mean: float
    low: float
    high: float


def compare(one, other, labels):
    """Find the `Lead` of one network of the table over another; `None` without runs."""
    found = [load_trainings(find_network(name)) for name in (one, other)]
    seeds = [seed for seed in found[0] if seed in found[1]]
    if not seeds:
        return None
    rights = [find_right({seed: t[seed] for seed in seeds}, labels) for t in found]
    ahead = rights[0].astype(int) - rights[1]
    by_seed = ahead.sum(axis=1)
    half = 1.96 * ahead.std() * len(labels) ** 0.5
    ends = (by_seed.mean() - half, by_seed.mean() + half)
    if len(seeds) > 1:
        ends = estimate_images(ahead).interval()
    return Lead(by_seed, by_seed.mean(), *ends)


def compare_networks(pairs, labels):
    """Tabulate the `Lead` of one network over another, for pairs that both have runs.

    Args:
        pairs: Pairs of names in the table.
        labels: Labels of the test images.
    """
    leads = {" against ".join(pair): compare(*pair, labels) for pair in pairs}
    rows = {name: lead for name, lead in leads.items() if lead}
    heads = ["by seed", "mean", "from", "to"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=heads)
    return table.round({"mean": 1, "from": 0, "to": 0})


def state_lead(one, other, labels):
    """Say which network is ahead, as far as is known; or what has to be trained."""
    lead = compare(one, other, labels)
    if lead is None:
        pair = (one, other)
        missing = [x for x in pair if not load_trainings(find_network(x))] or pair
        command = f"python -m fashionnet further --only {' '.join(missing)}"
        return f"{one} against {other}: runs are missing. To make them: {command}"
    if lead.low > 0:
        finding = f"{one} is ahead of {other}"
    elif lead.high < 0:
        finding = f"{one} is behind {other}"
    else:
        finding = f"no difference was detected between {one} and {other}"
    ends = f"95% interval {lead.low:+.0f} to {lead.high:+.0f}"
    news = "new images" if len(lead.by_seed) == 1 else "new trainings and new images"
    return f"{finding}: {lead.mean:+.0f} of {len(labels):,} ({ends}, for {news})"


def table_networks(names, labels):
    """Tabulate networks with runs: trained parameters, seeds, mean test accuracy."""
    rows = {}
    for network in map(find_network, names):
        if trainings := load_trainings(network):
            accuracy = find_right(trainings, labels).mean()
            rows[network.name] = network.parameters, len(trainings), f"{accuracy:.2%}"
    heads = ["trained parameters", "seeds", "accuracy"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=heads)


def table_settings(names):
    """Tabulate optimizer, its arguments and the largest number of epochs by network."""
    networks = [find_network(name) for name in names]
    rows = [row.optimizer | {"epochs at most": row.epochs} for row in networks]
    table = pd.DataFrame(rows, names, dtype=object)
    return table.rename(columns={"name": "optimizer"}).fillna("–")


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
