"""How brittle is a network? Move and shrink images, and draw what becomes of them."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import Image

from fashionnet.diagrams import plot_curves
from fashionnet.evaluation import predict_probabilities
from fashionnet.plots import BLUE, ORANGE, WIDTH, describe, make_axes
from fashionnet.study.stats import mcnemar_exact
from fashionnet.zoo.views import shift_images

STYLES = (
    {"color": BLUE, "marker": "o"},
    {"color": ORANGE, "marker": "s", "linestyle": "--"},
)


def shrink_images(images, side):
    """Make images smaller, `side` pixels a side, in the center of black ground."""
    n, height, width = images.shape
    top, left = (height - side) // 2, (width - side) // 2
    small = np.zeros_like(images)
    for i in range(n):
        scaled = Image.fromarray(images[i]).resize((side, side))
        small[i, top : top + side, left : left + side] = scaled
    return small


def measure_moves(network, images, labels, moves):
    """Measure accuracies of moved images, and of images that only lost as much.

    Images that move there and back are in their place again, but without what left on
    the way.

    Args:
        network: A network with ten classes.
        images: `uint8` array of shape `(n, 28, 28)`.
        labels: Their class ids.
        moves: How many pixels to move, to the right and down; negative: left and up.

    Returns:
        Accuracies of "moved" and "only cut off", one per move, by "pixels right" and
        "pixels down".
    """
    panels = {}
    for way in ("right", "down"):
        changed = []
        for n in moves:
            moved = shift_images(images, **{way: n})
            changed += [moved, shift_images(moved, **{way: -n})]
        y_prob = predict_probabilities(network, np.concatenate(changed))
        y_pred = y_prob.argmax(axis=1).reshape(len(changed), -1)
        shares = np.mean(y_pred == labels, axis=1).tolist()
        lines = {"moved": shares[::2], "only cut off": shares[1::2]}
        panels[f"pixels {way}"] = lines
    return panels


def table_networks(networks, groups):
    """Count the right answers of networks, and compare them with the first one's.

    Args:
        networks: Networks with ten classes, by name.
        groups: By name, `uint8` images of shape `(n, 28, 28)` and their labels.

    Returns:
        A table by group: the number "of" images, and by network how many are right;
        in brackets, how many only with it, how many only with the first network, and
        how often counts at least as uneven come about if both are equally good.
    """
    rows, (first, *others) = {}, networks
    for group, (images, labels) in groups.items():
        is_right = {
            name: predict_probabilities(network, images).argmax(axis=1) == labels
            for name, network in networks.items()
        }
        row = {"of": len(images), first: is_right[first].sum()}
        for name in others:
            only_it = np.sum(is_right[name] & ~is_right[first])
            only_first = np.sum(is_right[first] & ~is_right[name])
            p = mcnemar_exact(only_it, only_first)
            said = f"p {p:.3f}" if p >= 0.001 else "p < 0.001"
            row[name] = f"{is_right[name].sum()} ({only_it} : {only_first}, {said})"
        rows[group] = row
    return pd.DataFrame(rows).T


def plot_moves(moves, panels):
    """Draw accuracies against how far images were moved. Returns the Figure.

    Args:
        moves: How many pixels images were moved.
        panels: What `measure_moves` returns; each way to move has a panel of its own.
    """
    size = {"figsize": (WIDTH, 2.7 * len(panels)), "layout": "constrained"}
    fig, axes = plt.subplots(len(panels), 1, squeeze=False, **size)
    for ax, (xlabel, shares) in zip(axes[:, 0], panels.items(), strict=True):
        percent = {name: 100 * np.array(found) for name, found in shares.items()}
        plot_curves(moves, percent, xlabel, "accuracy in %", styles=STYLES, ax=ax)
        ax.set_ylim(0, 100)
        ax.grid(alpha=0.3)
    return fig


def plot_counts(counts, n_all, *, ax=None):
    """Draw counts of right answers as bars, one below the other. Returns the Axes.

    Args:
        counts: Number of right answers by name.
        n_all: How many there are in all.
        ax: Axes to draw on, or None.
    """
    ax = ax or make_axes(0.28 * len(counts) + 0.7)
    bars = ax.barh([*counts], [*counts.values()], color=BLUE)
    ax.bar_label(bars, padding=3, fontsize=9)
    ax.invert_yaxis()
    ax.set(xlabel=f"right of {n_all}", xlim=(0, n_all))
    said = ", ".join(f"{name} {n}" for name, n in counts.items())
    describe(ax, f"Right answers of {n_all}: {said}.")
    return ax


def plot_pictures(pictures, captions):
    """Show gray pictures as they are, 0 black and 255 white, three in a row.

    Args:
        pictures: `uint8` arrays of any height and width.
        captions: One text per picture.

    Returns:
        The Figure.
    """
    n_rows = -(-len(pictures) // 3)
    n_lines = max(caption.count("\n") + 1 for caption in captions)
    height = n_rows * (0.95 * WIDTH / 3 + 0.17 * n_lines)
    size = {"figsize": (WIDTH, height), "layout": "constrained"}
    fig, axes = plt.subplots(n_rows, 3, squeeze=False, **size)
    for ax in axes.flat:
        ax.axis("off")
    for ax, picture, caption in zip(axes.flat, pictures, captions, strict=False):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=255)
        ax.set_title(caption, fontsize=9)
    said = "; ".join(" ".join(caption.split()) for caption in captions)
    describe(fig, f"{len(pictures)} pictures: {said}.")
    return fig
