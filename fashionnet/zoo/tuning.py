"""Choose settings: draw a grid, two orders, strips; try learning rates in a range test.

Source: Smith (2017), "Cyclical learning rates for training neural networks",
arXiv:1506.01186 (the range test).
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D

from fashionnet.plots import BLUE, GREEN, ORANGE, RED, WIDTH, describe, make_axes
from fashionnet.zoo.grid import load_reported
from fashionnet.zoo.table import build

BATCH_SIZE, N_SMOOTHED = 128, 9
MARKERS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (RED, "D"))


def plot_grid(shares):
    """Plot shares by optimizer and batch size, a panel for each number of layers.

    `shares` is a Series by layers, optimizer and batch; settings may be missing.
    Returns the Figure.
    """
    values = 100 * shares.reindex(load_reported().index)
    order = values.index.unique("optimizer")
    # As light as the lowest; half of the scale leaves the numbers readable.
    low, high = values.min(), values.max()
    scale = {"vmin": low, "vmax": 2 * high - low, "cmap": "Blues", "cbar": False}
    size = {"figsize": (WIDTH, 5.2), "sharex": True, "layout": "constrained"}
    fig, axes = plt.subplots(2, 1, **size)
    for ax, (layers, part) in zip(axes, values.groupby("layers"), strict=True):
        table = part.droplevel("layers").unstack("batch").loc[order]
        words = table.map(lambda v: "–" if np.isnan(v) else f"{v:.2f}")
        style = {"annot_kws": {"fontsize": 11, "color": "black"}, "linewidths": 1}
        sns.heatmap(table.fillna(low), annot=words, fmt="", ax=ax, **scale, **style)
        ax.set(title=f"{layers} hidden layers", xlabel="", ylabel="")
        ax.tick_params(axis="y", rotation=0)
        said = [f"{o}, {b}: {value:.2f}" for (_, o, b), value in part.dropna().items()]
        describe(ax, f"{layers} hidden layers, percent: {'; '.join(said)}.")
    axes[-1].set_xlabel("batch size")
    return fig


def plot_agreement(tables):
    """Plot test against validation accuracy, a panel for each table of settings.

    Marks of two layers are open, those of three are filled. All panels have the same
    scale. `tables` has by title what `load_reported` returns, or the like, with any
    number of settings. Returns the Figure.
    """
    size = {"figsize": (WIDTH, 3.2 * len(tables) + 0.7), "layout": "constrained"}
    fig, axes = plt.subplots(len(tables), 1, squeeze=False, **size)
    names = load_reported().index.unique("optimizer")
    styles = dict(zip(names, MARKERS, strict=True))
    spans = [100 * (table.max() - table.min()) for table in tables.values()]
    reach = 0.56 * pd.DataFrame(spans).max()
    for ax, (title, table) in zip(axes[:, 0], tables.items(), strict=True):
        percent = 100 * table
        for (layers, name), part in percent.groupby(["layers", "optimizer"]):
            color, marker = styles[name]
            face = color if layers == 3 else "white"
            shape = {"marker": marker, "mec": color, "mfc": face, "mew": 1.6}
            x, y = part[["validation", "test"]].to_numpy().T
            ax.plot(x, y, linestyle="", markersize=7, alpha=0.85, **shape)
        ax.axvline(percent["validation"].max(), color="gray", linestyle="--", zorder=0)
        ax.axhline(percent["test"].max(), color="gray", linestyle=":", zorder=0)
        middle = (percent.max() + percent.min()) / 2
        low, high = middle - reach, middle + reach
        ax.set(title=title, xlabel="validation, %", ylabel="test, %")
        ax.set(xlim=(low["validation"], high["validation"]))
        ax.set(ylim=(low["test"], high["test"]))
        ax.locator_params(nbins=6)
        _describe_agreement(ax, title, percent)
    handles = [
        Line2D([], [], color=styles[n][0], marker=styles[n][1], linestyle="", label=n)
        for n in names
        if any(n in table.index.unique("optimizer") for table in tables.values())
    ]
    fig.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False)
    return fig


def _describe_agreement(ax, title, percent):
    """Describe a panel of `plot_agreement`."""
    ranges = [
        f"{name} {part.min():.2f} to {part.max():.2f}"
        for name, part in percent[["validation", "test"]].items()
    ]
    bests = [percent[name].idxmax() for name in ("validation", "test")]
    same = "the same setting" if bests[0] == bests[1] else "different settings"
    describe(ax, f"{title}: {len(percent)} settings, percent: {', '.join(ranges)}; ")
    describe(ax, f"the best of each is {same}.")


def plot_strips(groups, xlabel, *, line=None, ax=None):
    """Plot single values as rings, a row for each group, and their mean as a bar.

    `groups` has values by name; at `line`, if given, is a vertical line. Returns the
    Axes.
    """
    names = list(groups)
    ax = ax or make_axes(0.8 + 0.36 * len(names))
    if line is not None:
        ax.axvline(line, color="gray", linestyle=":")
    for row, name in enumerate(names):
        values = groups[name]
        ax.plot(values, np.full(len(values), row), "o", color=BLUE, mfc="none")
        ax.plot(np.mean(values), row, "|", color=RED, markersize=16, mew=2.5)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel=xlabel, ylim=(len(names) - 0.5, -0.5))
    said = [
        f"{name}, {len(values)} values from {min(values):.2f} to {max(values):.2f}, "
        f"mean {np.mean(values):.2f}"
        for name, values in groups.items()
    ]
    describe(ax, f"Strips of {xlabel}: {'; '.join(said)}.")
    return ax


def try_rates(model, optimizer, images, labels, rates):
    """Train one step with each learning rate, and return the loss before each step.

    Args:
        model: A network, not trained.
        optimizer: Name of an optimizer of Keras, such as "Adam".
        images: Images, enough for a batch for each rate.
        labels: Their labels.
        rates: Learning rates, each the one before times the same factor.

    Returns:
        An array as long as `rates`; not finite where the network has blown up.
    """
    growing = keras.optimizers.schedules.ExponentialDecay(
        rates[0], decay_steps=1, decay_rate=rates[1] / rates[0]
    )
    chosen = keras.optimizers.get(optimizer)
    chosen.learning_rate = growing
    model.compile(loss="sparse_categorical_crossentropy", optimizer=chosen)
    losses = []
    for start in range(0, len(rates) * BATCH_SIZE, BATCH_SIZE):
        batch = slice(start, start + BATCH_SIZE)
        model.reset_metrics()
        losses.append(float(model.train_on_batch(images[batch], labels[batch])))
    return np.array(losses)


def try_seeds(network, images, labels, rates):
    """Repeat `try_rates` with two optimizers, and with new weights and images.

    Returns:
        The rates in the middle of nine steps; and by optimizer, for two seeds, the mean
        loss of these steps.
    """
    curves = {"Adam": [], "SGD": []}
    for optimizer, found in curves.items():
        for seed in (0, 1):
            keras.utils.set_random_seed(seed)
            some = np.random.default_rng(seed).permutation(len(images))
            some = some[: len(rates) * BATCH_SIZE]
            losses = try_rates(
                build(network), optimizer, images[some], labels[some], rates
            )
            found.append(np.convolve(losses, np.ones(N_SMOOTHED) / N_SMOOTHED, "valid"))
    return rates[N_SMOOTHED // 2 : -(N_SMOOTHED // 2)], curves
