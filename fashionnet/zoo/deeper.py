"""Measure slopes by depth, and draw what depth brings."""

import keras
import numpy as np
import tensorflow as tf
from matplotlib.ticker import LogLocator, NullLocator

from fashionnet.diagrams import plot_curves
from fashionnet.plots import BLUE, GREEN, RED, make_axes

# A color for each pair; its two lines differ in line and marker.
PAIRS = (
    {"color": BLUE, "marker": "o"},
    {"color": BLUE, "marker": "s", "linestyle": "--", "mfc": "white"},
    {"color": RED, "marker": "^"},
    {"color": RED, "marker": "D", "linestyle": "--", "mfc": "white"},
    {"color": GREEN, "marker": "v"},
    {"color": GREEN, "marker": "P", "linestyle": "--", "mfc": "white"},
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


def plot_lines(x, lines, xlabel, ylabel, *, ax=None):
    """Plot up to three pairs of lines on a logarithmic axis, one solid and one dashed.

    Args:
        x: Places of the points, shape `(n,)`; each is a tick.
        lines: Values above 0, of shape `(n,)`, by name; those of a pair in a row.
        xlabel: What `x` is.
        ylabel: What the values are.
        ax: Where to draw.

    Returns:
        The Axes.
    """
    ax = plot_curves(x, lines, xlabel, ylabel, styles=PAIRS, ax=ax or make_axes(3.2))
    ax.set(yscale="log", xticks=x)
    low, high = ax.get_ylim()
    if high < 100 * low:  # powers of ten would be too few ticks
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_locator(NullLocator())
    if lines:
        place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1)}
        n_columns = 1 if max(map(len, lines)) > 22 else 2
        ax.legend(**place, ncols=n_columns, frameon=False)
    return ax
