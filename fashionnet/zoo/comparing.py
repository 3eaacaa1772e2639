"""Compare networks of the table on the same test images, training by training."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from fashionnet.plots import BLUE, GREEN, RED, describe, make_axes
from fashionnet.study.contrasts import estimate_images
from fashionnet.zoo.summary import find_right, load_trainings
from fashionnet.zoo.table import find_network


def measure_lead(right, other):
    """Measure by how many of 10,000 images one way is ahead of another.

    Args:
        right: Whether each image is right, of shape `(n,)` or `(seeds, n)`.
        other: The same of the other way, or the share of trainings that are right.

    Returns:
        The images ahead, and the ends of the 95% interval: for new images or, with
        several seeds, for new trainings and new images.
    """
    ahead = np.atleast_2d(np.asarray(right, float) - other)
    if len(ahead) > 1:
        estimate = estimate_images(ahead)
        return estimate.value, *estimate.interval()
    lead = 10_000 * ahead.mean()
    half = 1.96 * 10_000 * ahead.std() / ahead.size**0.5
    return lead, lead - half, lead + half


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
    right, other = (
        find_right({seed: t[seed] for seed in seeds}, labels) for t in found
    )
    by_seed = right.sum(axis=1) - other.sum(axis=1)
    return Lead(by_seed, *measure_lead(right, other))


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
            lead = measure_lead(changed, plain)
            rows[name, seed] = changed.sum(), plain.sum(), *np.round(lead)
    heads = [variant, "plain", "difference", "from", "to"]
    return pd.DataFrame(rows, heads, dtype=int).T.rename_axis(["network", "seed"])


def plot_leads(leads, xlabel, *, ax=None):
    """Plot differences as points with their interval, a row for each, around zero.

    Args:
        leads: Table of a value and the ends of its interval by name, in three columns;
            the name is written above its row.
        xlabel: What the difference counts; above 0, the first of a pair is ahead.
        ax: Where to draw.

    Returns:
        The Axes.
    """
    ax = ax or make_axes(0.7 + 0.5 * max(2, len(leads)))
    rows = np.arange(len(leads))
    # A piece for each row, since a line from top to bottom would cross the names.
    ax.vlines(np.zeros(len(rows)), rows - 0.15, rows + 0.3, color="gray", linestyle=":")
    for row, (name, value, low, high) in enumerate(leads.itertuples(name=None)):
        sign = "+" if low > 0 else "−" if high < 0 else "0"
        color, marker = {"+": (BLUE, ">"), "−": (RED, "<"), "0": (GREEN, "o")}[sign]
        ax.hlines(row, low, high, color=color, linewidth=2)
        ax.plot(value, row, marker, color=color, markersize=8)
        above = ax.text(0.02, row - 0.3, name, transform=ax.get_yaxis_transform())
        above.set(fontsize=9)
        describe(ax, f"{name}: {value:+.1f}, from {low:+.1f} to {high:+.1f}.")
    ax.set(yticks=[], xlabel=xlabel, ylim=(max(1, len(leads)) - 0.5, -0.8))
    if leads.empty:
        describe(ax, f"{xlabel}: no pair is stored yet.")
    return ax
