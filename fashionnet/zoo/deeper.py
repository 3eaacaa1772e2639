"""Measure slopes by depth; draw what depth and transfer bring, as lines and leads."""

import keras
import numpy as np
import tensorflow as tf
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from fashionnet.plots import BLUE, GREEN, RED, describe, make_axes

# Pairs of colors, so that two lines that are compared differ in line and marker only.
STYLES = (
    (BLUE, "-", "o"),
    (BLUE, "--", "s"),
    (RED, "-", "^"),
    (RED, "--", "D"),
    (GREEN, "-", "v"),
    (GREEN, "--", "P"),
)


def measure_slopes(model, images, labels, *, normalize):
    """Measure how long the slopes of the loss at the first convolution are.

    Args:
        model: A network with batch normalization, such as `build_resnet` builds.
        images: Array of shape `(n, 28, 28)`, `float32`.
        labels: Class ids, of shape `(n,)`.
        normalize: Whether to bring each map to mean 0 and deviation 1 over the images;
            a new network leaves it as it is otherwise.

    Returns:
        The length, as that of a vector.
    """
    with tf.GradientTape() as tape:
        y_prob = model(images, training=normalize)
        each = keras.losses.sparse_categorical_crossentropy(labels, y_prob)
        loss = keras.ops.mean(each)
    [slopes] = tape.gradient(loss, model.trainable_weights[:1])
    return float(np.linalg.norm(slopes))


def plot_lines(lines, xlabel, ylabel, *, is_log=False, ax=None):
    """Plot up to six lines: three colors, each once solid and once dashed.

    Args:
        lines: Pairs of x and y by name.
        xlabel: What x is; each of its values is a tick.
        ylabel: What y is.
        is_log: Whether the axis of y is logarithmic; else it starts at 0.
        ax: Where to draw.

    Returns:
        The Axes.
    """
    ax = ax or make_axes(3.2)
    for (name, (x, y)), (color, line, marker) in zip(
        lines.items(), STYLES, strict=False
    ):
        face = color if line == "-" else "white"
        style = {"color": color, "marker": marker, "mfc": face, "markersize": 5}
        ax.plot(x, y, line, **style, label=name)
        values = ", ".join(
            f"{b:.2g} at {a}" if is_log else f"{b:.3f} at {a}"
            for a, b in zip(x, y, strict=True)
        )
        describe(ax, f"Line of {name}: {ylabel} {values} ({xlabel}).")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if is_log and lines:
        ax.set_yscale("log")
        values = np.concatenate([y for _, y in lines.values()])
        if values.max() < 100 * values.min():  # powers of ten would be too few ticks
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
            ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            ax.yaxis.set_minor_locator(NullLocator())
    else:
        ax.set_ylim(bottom=0)
    ax.set_xticks(sorted({a for x, _ in lines.values() for a in x}))
    if lines:
        place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1)}
        n_columns = 1 if max(map(len, lines)) > 22 else 2
        ax.legend(**place, ncols=n_columns, frameon=False)
    return ax


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
