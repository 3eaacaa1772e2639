"""Draw the figures of Part 3, and say in a sentence what they show."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullLocator,
    SymmetricalLogLocator,
)

from fashionnet.plots import BLUE, GREEN, ORANGE
from fashionnet.side_views import NAMES
from fashionnet.study import CLASSIFIERS, CONTRASTS, MARGIN
from fashionnet.study_sentences import (
    phrase_difference,
    phrase_estimate,
    phrase_interval,
)

SKY, PURPLE = "#56B4E9", "#CC79A7"
# Marker, color and line of each classifier, the same in every figure.
STYLES = {
    "multiclass_argmax": ("o", BLUE, "-"),
    "multiclass_sum": ("D", GREEN, "--"),
    "binary": ("s", ORANGE, "-."),
    "grouped": ("^", SKY, ":"),
    "three_groups": ("v", PURPLE, ":"),
}


def plot_seeds(errors, seeds, *, ax=None):
    """Plot errors as dumbbells: a row for each seed, a marker for each classifier.

    Args:
        errors: Maps up to three classifiers to counts, one for each seed.
        seeds: The seeds, in the order of the counts.
        ax: Axes to draw on.

    Returns:
        The Axes.
    """
    counts, rows = np.array(list(errors.values())), np.arange(len(seeds))
    size = (7, 1.8 + 0.32 * len(rows))
    ax = ax or plt.subplots(figsize=size, layout="constrained")[1]
    ax.hlines(rows, counts.min(axis=0), counts.max(axis=0), color="gray", zorder=1)
    # Markers of equal counts stay visible: larger ones lie behind.
    for i, (label, n) in enumerate(errors.items()):
        marker, color, _ = list(STYLES.values())[i]
        style = {
            "color": color,
            "marker": marker,
            "s": (190, 80, 34)[i],
            "zorder": 2 + i,
        }
        ax.scatter(n, rows, edgecolors="white", linewidths=0.8, label=label, **style)
    ax.set_yticks(rows, [str(seed) for seed in seeds])
    ax.set(xlabel="wrong test images", ylabel="seed")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.invert_yaxis()
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False)
    return ax


def describe_seeds(errors, seeds):
    """Say what `plot_seeds` shows."""
    rows = zip(seeds, zip(*errors.values(), strict=True), strict=True)
    parts = [f"seed {seed}: {', '.join(map(str, counts))}" for seed, counts in rows]
    return (
        f"Dumbbells of wrong test images, one row per seed, for {', '.join(errors)}. "
        f"{'; '.join(parts).capitalize()}."
    )


def plot_contrasts(contrasts, margin=MARGIN, *, ax=None):
    """Plot each difference with its 95% and 90% interval over the band of the margin.

    Args:
        contrasts: What `compare` or `compare_controls` returns; without an estimate, a
            row stays empty.
        margin: Half the width of the band, in images.
        ax: Axes to draw on.

    Returns:
        The Axes.
    """
    size = (7, 1.4 + 0.7 * max(2, len(contrasts)))
    ax = ax or plt.subplots(figsize=size, layout="constrained")[1]
    label = f"margin of {margin} images"
    ax.axvspan(-margin, margin, color="gray", alpha=0.2, label=label)
    ax.axvline(0, color="gray", linestyle=":")
    reach = 1.1 * margin
    for row, contrast in enumerate(contrasts.values()):
        if contrast.estimate is None:
            continue
        (marker, color, _), estimate = STYLES[contrast.way], contrast.estimate
        for level, width in ((0.95, 1.5), (0.9, 5)):
            label = f"{level:.0%} interval" if row == 0 else None
            style = {"color": color, "linewidth": width, "label": label}
            ax.hlines(row, *estimate.interval(level), **style)
        ax.plot(estimate.value, row, marker, color=color, mec="black", markersize=10)
        reach = max(reach, *np.abs(estimate.interval()) * 1.1)
    names = [f"{NAMES[c.way]}\nagainst {NAMES[c.against]}" for c in contrasts.values()]
    ax.set_yticks(range(len(contrasts)), names)
    # Fewer errors are on the left, as in the figure of the seeds.
    ax.set(xlim=(reach, -reach), ylim=(max(1, len(contrasts)) - 0.5, -0.5))
    ax.set_xlabel("← fewer      errors, of 10,000 images      more →")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    # The words at the axis say the direction, which a sign would leave to be guessed.
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{abs(x):g}"))
    above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1), "ncols": 3}
    ax.legend(**above, columnspacing=1.2, handlelength=1.5, frameon=False)
    return ax


def describe_contrasts(contrasts, margin=MARGIN):
    """Say what `plot_contrasts` shows."""
    parts = []
    for contrast in contrasts.values():
        found, estimate = "no interval, which takes two pairs", contrast.estimate
        if estimate is not None:
            wide, narrow = (estimate.interval(level) for level in (0.95, 0.9))
            found = (
                f"{phrase_difference(estimate.value)} (95% interval "
                f"{phrase_interval(*wide)}, 90% interval {phrase_interval(*narrow)})"
            )
        parts.append(f"{NAMES[contrast.way]} against {NAMES[contrast.against]} {found}")
    return (
        f"Points with intervals over a band of {margin} images to both sides of zero. "
        f"Errors in 10,000 images: {'; '.join(parts) or 'no contrast'}."
    )


def plot_runs_wrong(table, *, ax=None):
    """Plot a heat map of images by how many trainings of either kind get them wrong.

    Args:
        table: What `tabulate_runs_wrong` returns, the multiclass network as the first.
        ax: Axes to draw on.

    Returns:
        The Axes.
    """
    ax = ax or plt.subplots(figsize=(6.2, 5), layout="constrained")[1]
    shown = np.ma.masked_equal(table, 0)
    norm = LogNorm(1, max(2, table.max()))
    mesh = ax.pcolormesh(shown, cmap="cividis", norm=norm, edgecolors="white")
    for (row, column), n in np.ndenumerate(table):
        color = "white" if norm(n or 1) < 0.5 else "black"
        text = f"{n:,}" if n else ""
        place = {"ha": "center", "va": "center", "fontsize": 8}
        ax.text(column + 0.5, row + 0.5, text, color=color, **place)
    ax.axline((0, 0), slope=1, color="gray", linestyle=":", zorder=0)
    middle = np.arange(len(table)) + 0.5
    ax.set_xticks(middle, range(len(table)))
    ax.set_yticks(middle, range(len(table)))
    n_runs = len(table) - 1
    ax.set_xlabel(f"wrong in so many of {n_runs} multiclass trainings")
    ax.set_ylabel(f"wrong in so many of {n_runs} binary trainings")
    ax.figure.colorbar(mesh, ax=ax, label="images", format="{x:,.0f}")
    return ax


def describe_runs_wrong(table):
    """Say what `plot_runs_wrong` shows."""
    n_runs, all_images = len(table) - 1, int(table.sum())
    below, above = int(np.tril(table, -1).sum()), int(np.triu(table, 1).sum())
    return (
        f"Heat map of {all_images:,} images by how many of {n_runs} multiclass and of "
        f"{n_runs} binary trainings get them wrong. Never wrong: {table[0, 0]:,}; "
        f"always wrong: {table[-1, -1] * (n_runs > 0):,}; wrong in more multiclass "
        f"trainings: {above:,}; in more binary ones: {below:,}."
    )


def plot_learning_curve(sizes, margin=MARGIN):
    """Plot errors, and differences to the binary network, by number of training images.

    Args:
        sizes: What `compare_sizes` returns.
        margin: Half the width of the band, in images.

    Returns:
        The Figure. Bars are 95% intervals for new trainings and new images.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), layout="constrained")
    for i, name in enumerate(CLASSIFIERS):
        rates = [size.rates[name] for size in sizes.values()]
        means = [np.mean(size.errors[name]) for size in sizes.values()]
        _draw_by_size(left, sizes, name, i, means, rates)
    left.set(yscale="log", ylabel="wrong images of 10,000", title="Errors")
    left.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 4, 5, 6, 8)))
    left.yaxis.set_minor_locator(NullLocator())
    left.legend(loc="upper right")
    style = {"color": "gray", "alpha": 0.2, "label": f"margin of {margin}"}
    band = right.axhspan(-margin, margin, **style)
    right.axhline(0, color="gray", linestyle=":")
    for i, way in enumerate(CONTRASTS):
        found = [size.contrasts[way] for size in sizes.values()]
        means = [np.mean(contrast.ahead) for contrast in found]
        _draw_by_size(right, sizes, way, i, means, [c.estimate for c in found])
    right.set(title="Compared with binary", ylabel="← fewer errors      more errors →")
    # Equal steps within the margin, equal factors beyond it.
    right.set_yscale("symlog", linthresh=margin)
    locator = SymmetricalLogLocator(base=10, linthresh=margin, subs=(1, 2, 5))
    right.yaxis.set(major_locator=locator, minor_locator=NullLocator(), inverted=True)
    # The lines are named on the left; here a longer legend would hide their ends.
    right.legend(handles=[band], loc="lower right")
    for ax in (left, right):
        ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{abs(y):,.0f}"))
        ax.set(xscale="log", xlabel="training images")
        ax.set_xticks(list(sizes), [f"{n:,}" for n in sizes])
        ax.xaxis.set_minor_locator(NullLocator())
    return fig


def describe_learning_curve(sizes):
    """Say what `plot_learning_curve` shows."""
    parts = []
    for n_train, size in sizes.items():
        errors = [f"{NAMES[k]} {np.mean(n):.1f}" for k, n in size.errors.items()]
        leads = [
            f"{NAMES[k]} {phrase_estimate(c.estimate, np.mean(c.ahead))}"
            for k, c in size.contrasts.items()
        ]
        parts.append(
            f"{n_train:,} training images: {', '.join(errors)}; compared with binary, "
            f"{', '.join(leads)}"
        )
    return (
        "Lines of wrong images of 10,000 against the number of training images, and of "
        f"the difference to binary. {'. '.join(parts) or 'No training is stored'}."
    )


def _draw_by_size(ax, sizes, name, i, means, estimates):
    """Draw a line with 95% intervals, a little to the side of the other lines."""
    marker, color, dashes = STYLES[name]
    x = np.array(list(sizes), float) * 1.06 ** (i - 1)
    ends = [
        (m, m) if e is None else e.interval()
        for m, e in zip(means, estimates, strict=True)
    ]
    low, high = np.transpose(ends) if ends else ([], [])
    reach = np.abs(np.array([low, high]) - means)
    style = {"color": color, "marker": marker, "linestyle": dashes, "capsize": 3}
    ax.errorbar(x, means, yerr=reach, label=NAMES[name], markersize=5, **style)
