"""How brittle is a network? Move and shrink images, and draw what becomes of them."""

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from fashionnet.plots import BLUE, GREEN, ORANGE, RED, WIDTH, describe

LINES = ((BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "D", "-."))


def shift_images(images, right=0, down=0):
    """Move images; what enters at the other side is black ground.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`.
        right: Pixels to the right; negative numbers move to the left.
        down: Pixels down; negative numbers move up.
    """
    moved = np.zeros_like(images)
    n_rows, n_columns = images.shape[1:]
    to = slice(max(0, down), n_rows + min(0, down))
    across = slice(max(0, right), n_columns + min(0, right))
    rows = slice(max(0, -down), n_rows - max(0, down))
    columns = slice(max(0, -right), n_columns - max(0, right))
    moved[:, to, across] = images[:, rows, columns]
    return moved


def shrink_images(images, side):
    """Make images smaller, `side` pixels a side, in the center of black ground."""
    n, height, width = images.shape
    top, left = (height - side) // 2, (width - side) // 2
    small = np.zeros_like(images)
    for i in range(n):
        scaled = Image.fromarray(images[i]).resize((side, side))
        small[i, top : top + side, left : left + side] = scaled
    return small


def plot_accuracies(places, lines, xlabel, *, ax=None):
    """Draw accuracies against how far images were changed. Returns the Axes.

    Args:
        places: Numbers on the horizontal axis, the same for all lines.
        lines: Accuracies, 0 to 1, by the name of their line; three at most.
        xlabel: Name of the horizontal axis, with its unit.
        ax: Axes to draw on, or None.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, 3), layout="constrained")
    for (name, shares), style in zip(lines.items(), LINES, strict=False):
        color, marker, line = style
        percent = 100 * np.array(shares)
        ax.plot(places, percent, line, c=color, marker=marker, label=name)
        told = zip(places, shares, strict=True)
        said = ", ".join(f"{x:g} {share:.0%}" for x, share in told)
        describe(ax, f"Accuracy, {name}, by {xlabel}: {said}.")
    ax.set(xlabel=xlabel, ylabel="accuracy in %", ylim=(0, 100))
    ax.grid(alpha=0.3)
    ax.legend(fontsize=9)
    return ax


def plot_counts(counts, n_all, *, ax=None):
    """Draw counts of right answers as bars, one below the other. Returns the Axes.

    Args:
        counts: Number of right answers by name.
        n_all: How many there are in all.
        ax: Axes to draw on, or None.
    """
    if ax is None:
        size = (WIDTH, 0.28 * len(counts) + 0.7)
        _, ax = plt.subplots(figsize=size, layout="constrained")
    bars = ax.barh([*counts], [*counts.values()], color=BLUE)
    ax.bar_label(bars, padding=3, fontsize=9)
    ax.invert_yaxis()
    ax.set(xlabel=f"right of {n_all}", xlim=(0, n_all))
    said = ", ".join(f"{name} {n}" for name, n in counts.items())
    describe(ax, f"Right answers of {n_all}: {said}.")
    return ax


def plot_pictures(pictures, captions, *, n_columns=3):
    """Show gray pictures as they are, 0 black and 255 white. Returns the Figure.

    Args:
        pictures: `uint8` arrays of any height and width.
        captions: One text per picture.
        n_columns: Pictures in a row.
    """
    n_rows = -(-len(pictures) // n_columns)
    n_lines = max(caption.count("\n") + 1 for caption in captions)
    size = (WIDTH, n_rows * (0.95 * WIDTH / n_columns + 0.17 * n_lines))
    fig, axes = plt.subplots(
        n_rows, n_columns, figsize=size, layout="constrained", squeeze=False
    )
    for ax in axes.flat:
        ax.axis("off")
    for ax, picture, caption in zip(axes.flat, pictures, captions, strict=False):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=255)
        ax.set_title(caption, fontsize=9)
    said = "; ".join(" ".join(caption.split()) for caption in captions)
    describe(fig, f"{len(pictures)} pictures: {said}.")
    return fig


def plot_distances(groups, threshold, *, ax=None):
    """Draw a dot for each picture's distance from the training images. Returns Axes.

    Args:
        groups: Distances in gray levels, by the name of a group.
        threshold: Above it, a picture is called unlike the data.
        ax: Axes to draw on, or None.
    """
    if ax is None:
        size = (WIDTH, 0.5 * len(groups) + 0.8)
        _, ax = plt.subplots(figsize=size, layout="constrained")
    ax.axvline(threshold, color=RED, linestyle="--")
    for row, (name, distances) in enumerate(groups.items()):
        spread = np.linspace(-0.25, 0.25, 7)[np.arange(len(distances)) % 7]
        color, marker, _ = LINES[row % len(LINES)]
        ax.plot(distances, row + spread, marker, c=color, markersize=3.5, alpha=0.7)
        n_far = int(np.sum(np.array(distances) > threshold))
        said = f"{name}: {n_far} of {len(distances)} are above {threshold:.0f}"
        describe(ax, f"Distances, {said}.")
    ax.set_yticks(range(len(groups)), groups)
    ax.set_xlabel("gray levels from the nearest training image")
    ax.invert_yaxis()
    return ax
