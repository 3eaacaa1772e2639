"""Draw the figures of Part 3, and say in a sentence what they show."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fashionnet.plots import BLUE, GREEN, ORANGE
from fashionnet.study import CLASSIFIERS, MARGIN
from fashionnet.study_sentences import phrase_difference, phrase_interval

MARKERS = (("o", BLUE), ("D", GREEN), ("s", ORANGE))


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
        marker, color = MARKERS[i]
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
        contrasts: What `compare` returns; without an estimate, a row stays empty.
        margin: Half the width of the band, in images.
        ax: Axes to draw on.

    Returns:
        The Axes.
    """
    ax = ax or plt.subplots(figsize=(7, 2.8), layout="constrained")[1]
    ax.axvspan(
        -margin, margin, color="gray", alpha=0.2, label=f"margin of {margin} images"
    )
    ax.axvline(0, color="gray", linestyle=":")
    reach = 1.1 * margin
    for row, contrast in enumerate(contrasts.values()):
        if contrast.estimate is None:
            continue
        (marker, color), estimate = MARKERS[row], contrast.estimate
        for level, width in ((0.95, 1.5), (0.9, 5)):
            label = f"{level:.0%} interval" if row == 0 else None
            style = {"color": color, "linewidth": width, "label": label}
            ax.hlines(row, *estimate.interval(level), **style)
        ax.plot(estimate.value, row, marker, color=color, mec="white", markersize=10)
        reach = max(reach, *np.abs(estimate.interval()) * 1.1)
    ax.set_yticks(range(len(contrasts)), [CLASSIFIERS[way] for way in contrasts])
    ax.set(xlim=(-reach, reach), ylim=(len(contrasts) - 0.5, -0.5))
    ax.set_xlabel("← more      errors than binary, of 10,000 images      fewer →")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    # The words at the axis say the direction, which a sign would leave to be guessed.
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{abs(x):g}"))
    above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1), "ncols": 3}
    ax.legend(**above, columnspacing=1.2, handlelength=1.5, frameon=False)
    return ax


def describe_contrasts(contrasts, margin=MARGIN):
    """Say what `plot_contrasts` shows."""
    parts = []
    for way, contrast in contrasts.items():
        found, estimate = "no interval, which takes two pairs", contrast.estimate
        if estimate is not None:
            wide, narrow = (estimate.interval(level) for level in (0.95, 0.9))
            found = (
                f"{phrase_difference(estimate.value)} (95% interval "
                f"{phrase_interval(*wide)}, 90% interval {phrase_interval(*narrow)})"
            )
        parts.append(f"{CLASSIFIERS[way]} {found}")
    return (
        f"Points with intervals over a band of {margin} images to both sides of zero. "
        f"Errors in 10,000 images, compared with binary: {'; '.join(parts)}."
    )
