"""Join networks: which help each other, how many it takes, what it costs.

Networks are dictionaries of trainings by seed, themselves by name, as `load_members`
returns them.
"""

import timeit
from itertools import combinations
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from fashionnet.models import build_mlp
from fashionnet.plots import BLUE, GREEN, RED, describe, make_axes
from fashionnet.study.trainings import SEEDS, load_runs
from fashionnet.zoo.committees import (
    choose_strength,
    decide,
    fit_stacker,
    predict_stacked,
)
from fashionnet.zoo.scoreboard import find_kind
from fashionnet.zoo.summary import NOTEBOOK_1, load_trainings
from fashionnet.zoo.table import build, find_network

PART_1 = "Part 1"
MEMBERS: tuple[str, ...] = (
    "softmax-regression", "mlp-2x256", "mlp-3x256", "leaky-mlp", "cnn-sgd",
    "cnn-sgd-dropout", "cnn-adam-dropout", "small-resnet", "squeezenet-features",
)  # fmt: skip
MARKERS = ((GREEN, "o"), (RED, "^"), (BLUE, "s"))
# Pairs whose accuracies differ by less are called near each other.
NEAR = 0.02


class Pair(NamedTuple):
    """Two networks on the same images, each alone and both by average.

    Attributes:
        correlation: Of their errors: 1 if the same images are wrong, 0 if one's errors
            tell nothing about the other's. With unequal accuracies it stays below 1.
        apart: By how much the better one's accuracy is higher.
        gain: By how much that of the average is higher than the better one's.
        together: Accuracy of the average.
    """

    correlation: float
    apart: float
    gain: float
    together: float


def load_members():
    """Load the networks that join here, as far as they are stored, by name and seed."""
    found = {name: load_trainings(find_network(name)) for name in MEMBERS}
    return {PART_1: load_runs(NOTEBOOK_1, SEEDS)} | found


def list_seeds(found, names):
    """List the seeds that several networks have in common, in order.

    With the same seed, all have held out the same validation images.
    """
    return sorted(set.intersection(*(set(found[name]) for name in names)))


def compare_pair(one, other, y_true):
    """Compare two networks, by their probabilities for the same images: a `Pair`."""
    right = np.array([y_prob.argmax(axis=1) == y_true for y_prob in (one, other)])
    worse, better = sorted(right.mean(axis=1))
    together = np.mean((one.astype(float) + other).argmax(axis=1) == y_true)
    correlation = np.corrcoef(right)[0, 1]
    return Pair(correlation, better - worse, together - better, together)


def compare_pairs(found, which, labels):
    """Compare all pairs of networks that have a seed in common.

    Args:
        found: Networks as `load_members` returns them.
        which: "val" or "test" images.
        labels: True labels of these images, by seed.

    Returns:
        A table with a row for each pair, means over seeds, and the columns of a `Pair`.
    """
    rows = {}
    for pair in combinations(found, 2):
        compared = []
        for seed in set(list_seeds(found, pair)) & set(labels):
            both = [getattr(found[name][seed], f"y_prob_{which}") for name in pair]
            compared.append(compare_pair(*both, labels[seed]))
        if compared:
            rows[pair] = np.mean(compared, axis=0)
    return pd.DataFrame(rows, Pair._fields).T


def ask_rules(members, y_val, y_test):
    """Ask a committee by all rules; whatever is fitted or chosen is so by `y_val`.

    "best refitted" is a committee of the best member alone, stacked like the others: it
    has learned from the same labels, but knows no other member.

    Args:
        members: Trainings that have held out the same images.
        y_val: Labels of these images.
        y_test: Labels of the test images.

    Returns:
        Whether each test image is right, by rule.
    """
    val = [member.y_prob_val for member in members]
    test = [member.y_prob_test for member in members]
    best = np.argmax([np.mean(y_prob.argmax(axis=1) == y_val) for y_prob in val])
    answers = {
        "best alone": test[best].argmax(axis=1),
        "best refitted": _stack(val[best : best + 1], y_val, test[best : best + 1]),
        "average": decide("average", test),
        "vote": decide("vote", test),
        "stacked": _stack(val, y_val, test),
    }
    return {rule: y_pred == y_test for rule, y_pred in answers.items()}


def _stack(val, y_val, test):
    strength = choose_strength(val, y_val)
    stacker = fit_stacker(val, y_val, strength=strength)
    return predict_stacked(stacker, test).argmax(axis=1)


def find_best(found):
    """Find the network whose mean accuracy on its validation images is highest."""
    means = {}
    for name, trainings in found.items():
        metrics = [training.manifest["metrics"] for training in trainings.values()]
        if metrics:
            means[name] = np.mean([each["val_accuracy"] for each in metrics])
    return max(means, key=means.get)


def measure_cost(name, images):
    """Measure what one network costs, with random weights, which take as long.

    Returns:
        Numbers by name. A step is a multiplication. Steps and milliseconds ("ms") are
        for one image, with all the "views" that are averaged if not told otherwise.
    """
    row = None if name == PART_1 else find_network(name)
    model, n_views = (build(row), row.views) if row else (build_mlp(10), 1)
    parameters = sum(np.prod(w.shape) for w in model.trainable_weights)
    seconds = timeit.repeat(lambda: model.predict_on_batch(images), number=1, repeat=5)
    steps = count_multiplications(model) / 1e6
    return {
        "million parameters": parameters / 1e6,
        "million steps, one view": steps,
        "views": n_views,
        "million steps": n_views * steps,
        # The first call is slower, so the median leaves it out.
        "ms": 1000 * n_views * np.median(seconds) / len(images),
    }


def count_multiplications(model):
    """Count each weight of dense and convolutional layers once for every place."""
    n = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):  # such as the head of SqueezeNet
            n += count_multiplications(layer)
        elif hasattr(layer, "kernel"):
            n += np.prod(layer.output.shape[1:-1]) * np.prod(layer.kernel.shape)
    return int(n)


def plot_sizes(accuracies, *, ax=None):
    """Plot the accuracies of committees against the number of their members.

    Args:
        accuracies: Those of several committees, 0 to 1, by number of members.
        ax: Where to draw.

    Returns:
        The Axes.
    """
    ax = ax or make_axes(3.2)
    for size, shares in accuracies.items():
        label = "one committee" if size == min(accuracies) else "_"
        places = np.full(len(shares), size)
        ax.plot(places, 100 * np.array(shares), ".", color="0.6", label=label)
        low, mean, high = 100 * min(shares), 100 * np.mean(shares), 100 * max(shares)
        described = f"{size}: {len(shares)}, {low:.2f} to {high:.2f}, mean {mean:.2f}."
        describe(ax, f"Committees by accuracy in percent, members {described}")
    means = [100 * np.mean(shares) for shares in accuracies.values()]
    ax.plot(list(accuracies), means, "o-", color=BLUE, markersize=6, label="mean")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="members", ylabel="test accuracy in %")
    ax.legend(loc="lower right", frameon=False)
    return ax


def plot_pairs(pairs, *, ringed="squeezenet-features", ax=None):
    """Plot the gain of pairs against the correlation of their errors.

    Args:
        pairs: What `compare_pairs` returned. Marks say how many of the two are dense;
            they are open if the two are not near each other.
        ringed: The network whose pairs have a ring around their mark.
        ax: Where to draw.

    Returns:
        The Axes.
    """
    ax = ax or make_axes(3.9)
    n_dense = np.array([_count_dense(pair) for pair in pairs.index], int)
    is_near = (pairs["apart"] < NEAR).to_numpy()
    ax.axhline(0, color="gray", linestyle=":")
    for n, (color, marker) in enumerate(MARKERS):
        kind = ("no", "one", "two")[n] + " dense"
        for filled in (True, False):
            chosen = pairs[(n_dense == n) & (is_near == filled)]
            if chosen.empty:
                continue
            x, y = chosen["correlation"], 100 * chosen["gain"]
            style = {"color": color, "mfc": color if filled else "white"}
            where = "about equally good" if filled else "further apart"
            label = kind if filled else "_"
            ax.plot(x, y, marker, markersize=6, label=label, **style)
            described = f"correlation {x.min():.2f} to {x.max():.2f}, gain "
            described += f"{y.min():+.1f} to {y.max():+.1f} percentage points"
            describe(ax, f"{len(chosen)} pairs, {kind}, {where}: {described}.")
    _draw_key(ax, pairs, ringed)
    ax.set(xlabel="correlation of errors", ylabel="gain, percentage points")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    return ax


def _draw_key(ax, pairs, ringed):
    """Say which marks are filled or open, and ring those of one network."""
    for label, fill in (("about equally good", "gray"), ("further apart", "white")):
        ax.plot([], [], "D", color="gray", mfc=fill, markersize=6, label=label)
    chosen = pairs[[ringed in pair for pair in pairs.index]]
    if not chosen.empty:
        style = {"color": "gray", "mfc": "none", "markersize": 11}
        x, y = chosen["correlation"], 100 * chosen["gain"]
        ax.plot(x, y, "o", label=f"with {ringed}", **style)
        described = f"gain {y.min():+.1f} to {y.max():+.1f} percentage points"
        describe(ax, f"{len(chosen)} pairs with {ringed} have a ring: {described}.")


def _count_dense(pair):
    return sum(find_kind({"network": name}) == "dense" for name in pair)
