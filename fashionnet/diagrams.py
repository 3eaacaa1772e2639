"""Draw a network before it is trained: its units, its layers, its learning rate.

`plot_curves` draws curves of any kind.
"""

from itertools import pairwise

import numpy as np
from matplotlib.ticker import MaxNLocator

from fashionnet.plots import BLUE, GREEN, ORANGE, RED, describe, make_axes

# So many units of a layer are drawn; dots stand for the others.
N_DRAWN = 10


def plot_units(model, names, *, ax=None):
    """Draw some units of each dense layer, and their connections, from left to right.

    Args:
        model: A network of dense layers.
        names: Names of its outputs.
        ax: Where to draw.

    Returns:
        The Axes.
    """
    ax = ax or make_axes(3)
    dense = [layer for layer in model.layers if type(layer).__name__ == "Dense"]
    sizes = [int(np.prod(model.input_shape[1:])), *(layer.units for layer in dense)]
    heights = [np.linspace(1, 0, min(size, N_DRAWN)) for size in sizes]
    for x, (before, after) in enumerate(pairwise(heights)):
        for start in before:
            for end in after:
                ax.plot((x, x + 1), (start, end), color="0.85", lw=0.5, zorder=1)
    kinds = ["pixels", *["units"] * (len(dense) - 1), "classes"]
    titles = [f"{size}\n{kind}" for size, kind in zip(sizes, kinds, strict=True)]
    for x, (size, ys, title) in enumerate(zip(sizes, heights, titles, strict=True)):
        color = ORANGE if x else "0.6"
        ax.scatter(np.full(len(ys), x), ys, s=60, color=color, zorder=2)
        if size > len(ys):
            ax.text(x, -0.1, "⋮", ha="center", va="center", fontsize=14)
        ax.text(x, 1.1, title, ha="center", va="bottom")
    for name, y in zip(names, heights[-1], strict=True):
        ax.text(len(dense) + 0.12, y, name, ha="left", va="center")
    ax.set(xlim=(-0.4, len(dense) + 1.2), ylim=(-0.15, 1.35))
    ax.axis("off")
    listed = "; ".join(title.replace("\n", " ") for title in titles)
    describe(ax, f"Columns of units: {listed}. Each is connected with all of the next.")
    return ax


# What a layer does, in a few words.
DEEDS = {
    "GrayLevels": "0…255 to 0…1",
    "Rescaling": "0…255 to 0…1",
    "Flatten": "rows end to end",
    "Dropout": "hides some inputs",
    "relu": "negatives to 0",
}


def plot_network(model, *, ax=None):
    """Draw the layers of a network, top to bottom, as bars as long as their outputs.

    Layers with trained parameters have a different color and show their number; the
    others show what they do. Returns the Axes.
    """
    ax = ax or make_axes(0.33 * (len(model.layers) + 2))
    rows = [("input", "gray levels", int(np.prod(model.input_shape[1:])), 0)]
    for layer in model.layers:
        n_values = int(np.prod(layer.output.shape[1:]))
        n_trained = sum(int(np.prod(w.shape)) for w in layer.trainable_weights)
        rows.append((*_describe_layer(layer), n_values, n_trained))
    parts, most = [], max(n_values for *_, n_values, _ in rows)
    for y, (name, deed, n_values, n_trained) in enumerate(rows):
        color = ORANGE if n_trained else "#cfd8dc"
        width = 2 * n_values / most
        ax.barh(y, width, height=0.8, color=color)
        ax.text(width + 0.1, y, f"{n_values:,}", ha="left", va="center")
        ax.text(-0.2, y, name, ha="right", va="center")
        said = f"{n_trained:,} parameters" if n_trained else deed
        ax.text(3.6, y, said, ha="left", va="center")
        parts.append(f"{name}, {n_values:,} values" + (f", {said}" if said else ""))
    ax.set(xlim=(-6, 9), ylim=(len(rows) - 0.4, -0.6))
    ax.axis("off")
    describe(ax, f"Layers from input to output, as bars. {'; '.join(parts)}.")
    return ax


def _describe_layer(layer):
    """Name a layer, and say what it does."""
    kind = type(layer).__name__
    if kind == "Dropout":
        return f"Dropout ({layer.rate:.0%})", DEEDS[kind]
    activation = getattr(layer, "activation", None)
    if activation is None or activation.__name__ == "linear":
        return kind, DEEDS.get(kind, "")
    name = activation.__name__
    return (f"Dense + {name}" if kind == "Dense" else name), DEEDS.get(name, "")


# The looks of up to three curves.
CURVES = (
    {"color": BLUE},
    {"color": RED, "linestyle": "--"},
    {"color": GREEN, "linestyle": ":"},
)
# Of curves with more points, the description has the ends and the lowest value.
N_SAID = 15


def plot_curves(x, curves, xlabel, ylabel, *, styles=CURVES, ax=None):
    """Plot what depends on one number, each curve with a style of its own.

    Args:
        x: Where the curves are known, shape `(n,)`, ascending.
        curves: Values of shape `(n,)` by name; `(k, n)` holds several of one name.
        xlabel: What `x` is.
        ylabel: What the values are, or nothing where the names say it.
        styles: Arguments of `Axes.plot`, one dictionary for each name, in order.
        ax: Where to draw.

    Returns:
        The Axes.
    """
    ax = ax or make_axes(2.6)
    for (name, values), style in zip(curves.items(), styles, strict=False):
        lines = ax.plot(x, np.transpose(values), **style)
        lines[0].set_label(name)
        said = name if ylabel in ("", name) else f"{name} ({ylabel})"
        for y in np.atleast_2d(values):
            describe(ax, f"Line of {said} by {xlabel}: {_describe_values(x, y)}.")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if len(curves) > 1:
        ax.legend()
    return ax


def _describe_values(x, y):
    """Say all values, or the first, the lowest and the last of many."""
    if len(x) <= N_SAID:
        return ", ".join(f"{b:.3g} at {a:g}" for a, b in zip(x, y, strict=True))
    low, end = int(np.nanargmin(y)), len(y) - 1
    lowest = f", lowest {y[low]:.2f} at {x[low]:.2g}," if 0 < low < end else ""
    return f"from {y[0]:.2f} at {x[0]:.4g}{lowest} to {y[end] + 0:.2f} at {x[end]:.4g}"


def plot_schedule(schedule, *, n_steps, per_epoch, ax=None):
    """Plot a schedule of the learning rate against the epoch. Returns the Axes.

    `n_steps` is the number of steps of the training, `per_epoch` that of an epoch.
    """
    ax = ax or make_axes(2.6)
    steps = np.linspace(0, n_steps, 201)
    rates = [float(schedule(step)) for step in steps]
    ax.plot(steps / per_epoch, rates, color=BLUE)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.set(xlabel="epoch", ylabel="learning rate", ylim=(0, None))
    ax.set_xlim(0, steps[-1] / per_epoch)
    top = int(np.argmax(rates))
    describe(
        ax,
        f"Line of the learning rate: from {rates[0]:.4g} up to {rates[top]:.4g} in "
        f"epoch {steps[top] / per_epoch:.1f}, then down to {rates[-1]:.4g} at the "
        "end.",
    )
    return ax
