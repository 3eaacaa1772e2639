"""By how much one way of training is ahead of another, over all pairs of trainings."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from fashionnet.plots import describe, make_axes
from fashionnet.study.stats import (
    Estimate,
    combine,
    crossed_estimate,
    holm,
    mcnemar_exact,
    overlapping_estimate,
)
from fashionnet.study.verdict import MARGIN
from fashionnet.study.words import (
    NAMES,
    STYLES,
    phrase_difference,
    phrase_estimate,
)

# What is compared with the binary network; fixed before any result was seen.
CONTRASTS = ("multiclass_argmax", "multiclass_sum")


class Contrast(NamedTuple):
    """What all pairs of trainings say about one way against another.

    `ahead` counts for each seed how many fewer errors `way` makes than `against`.
    `signed_p` has the p-value of each pair, with a minus where `against` makes fewer
    errors. `estimate` is for new trainings and new images. `p_adjusted` is its p-value,
    adjusted for the number of contrasts; it is `None` for those that are exploratory.
    """

    way: str
    ahead: np.ndarray
    signed_p: np.ndarray
    estimate: Estimate
    p_adjusted: float | None = None
    against: str = "binary"


def compare(right):
    """Compare each way to binarize with the binary network: a `Contrast` by way."""
    found = [make_contrast(right, way) for way in CONTRASTS]
    adjusted = holm([contrast.estimate.p_value() for contrast in found]).tolist()
    pairs = zip(found, adjusted, strict=True)
    return {contrast.way: contrast._replace(p_adjusted=p) for contrast, p in pairs}


def make_contrast(right, way, against="binary"):
    """Compare any two classifiers of `right_by_seed`. Returns the `Contrast`."""
    table = right[way].astype(int) - right[against]
    ahead, estimate = table.sum(axis=1), estimate_images(table)
    return Contrast(way, ahead, _signed_p(table), estimate, against=against)


def estimate_images(table):
    """Estimate a mean in 10,000 images from a table as in `crossed_estimate`.

    It may also be one as in `overlapping_estimate`, with NaN where a seed has no image.
    """
    estimate = overlapping_estimate if np.isnan(table).any() else crossed_estimate
    share, error, df = estimate(table)
    return Estimate(10_000 * share, 10_000 * error, df)


def join_validation(contrasts, excess):
    """Estimate each difference from test and validation images together.

    Args:
        contrasts: What `compare` returns.
        excess: What `pairs.find_validation_excess` returns.

    Returns:
        An `Estimate` by way, none from a single pair; above 0, ten classes are ahead.
    """
    joint = {}
    for way, contrast in contrasts.items():
        if contrast.estimate.is_bounded():
            on_validation = estimate_images(-excess[way])
            joint[way] = combine([contrast.estimate, on_validation])
    return joint


def _signed_p(table):
    """Test each pair by itself; equal numbers of errors count as a p-value above 0."""
    counts = [((row > 0).sum(), (row < 0).sum()) for row in table]
    return np.array([np.copysign(mcnemar_exact(a, b), a - b) for a, b in counts])


def count_errors(right):
    """Count the errors of every training: arrays by seed, by classifier."""
    return {name: (~table).sum(axis=1) for name, table in right.items()}


def plot_seeds(errors, seeds, *, ax=None):
    """Plot errors as dumbbells: a row for each seed, a marker for each classifier.

    Lines from top to bottom are the means over the seeds. `errors` is from
    `count_errors`, for up to three classifiers. Returns the Axes.
    """
    counts, rows = np.array(list(errors.values())), np.arange(len(seeds))
    ax = ax or make_axes(1.4 + 0.15 * len(rows))
    ax.hlines(rows, counts.min(axis=0), counts.max(axis=0), color="lightgray")
    handles, labels = [], []
    for i, (name, n) in enumerate(errors.items()):
        style, mean, equal = STYLES[name], np.mean(n), counts == n
        # Only markers of equal counts are apart; they would hide each other.
        y = rows + 0.4 * (equal[:i].sum(axis=0) - (equal.sum(axis=0) - 1) / 2)
        of_mean = {"color": style.color, "linestyle": style.line, "linewidth": 1.2}
        line = ax.axvline(mean, **of_mean, zorder=0.9)
        [points] = ax.plot(n, y, style.marker, color=style.color, markersize=7)
        handles.append((line, points))
        labels.append(f"{NAMES[name]}, mean {mean:.1f}")
    ax.set_yticks(rows, [str(seed) for seed in seeds])
    ax.set(xlabel="misclassified test images", ylabel="seed")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.invert_yaxis()
    above = {"loc": "lower left", "bbox_to_anchor": (0, 1), "frameon": False}
    ax.legend(handles, labels, handlelength=3.5, **above)
    listed = "; ".join(
        f"seed {seed}: {', '.join(map(str, column))}"
        for seed, column in zip(seeds, counts.T, strict=True)
    )
    names = "; ".join(labels)
    describe(
        ax, f"Dumbbells of misclassified test images, a row per seed, for {names}."
    )
    describe(ax, f"{listed.capitalize()}.")
    return ax


def plot_contrasts(contrasts, margin=MARGIN, *, ax=None):
    """Plot each difference with its 95% and 90% interval over the band of the margin.

    Fewer errors are on the left, as in the figure of the seeds. An interval without
    bounds spans the whole width. Returns the Axes.
    """
    found = list(contrasts.values())
    is_usual = all(c.way in CONTRASTS and c.against == "binary" for c in found)
    names = [f"{NAMES[c.way]} against {NAMES[c.against]}" for c in found]
    shown = [NAMES[c.way] for c in found] if is_usual else names
    # On several lines, so that the panel stays wide.
    shown = [re.sub("(?<=,) | (?=against)", "\n", name) for name in shown]
    n_lines = max((name.count("\n") + 1 for name in shown), default=1)
    ax = ax or make_axes(1.17 + max(0.38, 0.15 * n_lines) * max(2, len(found)))
    label = f"margin of {margin}"
    ax.axvspan(-margin, margin, color="gray", alpha=0.2, label=label)
    ends = [end for c in found for end in c.estimate.interval()]
    reach = 1.2 * max([margin, *(abs(end) for end in ends if np.isfinite(end))])
    for row, contrast in enumerate(found):
        style, estimate = STYLES[contrast.way], contrast.estimate
        for level, width in ((0.95, 1.5), (0.9, 5)):
            # Above 0, an estimate has fewer errors; the axis counts errors.
            ends = np.clip(np.negative(estimate.interval(level)), -reach, reach)
            label = f"{level:.0%} interval" if row == 0 else None
            ax.hlines(row, *ends, color=style.color, linewidth=width, label=label)
        point = {"color": style.color, "mec": "black", "markersize": 9}
        ax.plot(-estimate.value, row, style.marker, **point)
    ax.set_yticks(range(len(found)), shown, fontsize=9)
    ax.set(xlim=(-reach, reach), ylim=(max(1, len(found)) - 0.5, -0.5))
    general = ("the first makes", "errors, the first minus the second")
    label_differences(ax, *(() if is_usual else general))
    above = {"loc": "lower right", "bbox_to_anchor": (1, 1), "ncols": 3}
    above |= {"borderaxespad": 1.5, "columnspacing": 0.8, "handlelength": 1.2}
    ax.legend(**above, frameon=False)
    said = [phrase_estimate(c.estimate, levels=(0.95, 0.9)) for c in found]
    parts = [f"{name} {words}" for name, words in zip(names, said, strict=True)]
    describe(
        ax,
        f"Points with intervals over a band of {margin} images to both sides of zero. "
        f"Errors in 10,000 images: {'; '.join(parts) or 'no contrast'}.",
    )
    return ax


def label_differences(
    ax, who="ten classes make", minus="ten-class errors minus binary errors"
):
    """Label an x axis of differences in errors, and draw a line at zero."""
    ax.axvline(0, color="gray", linestyle=":", zorder=0.9)
    ax.set_title(f"← {who} fewer", loc="left", fontsize=9)
    ax.set_title("more →", loc="right", fontsize=9)
    ax.set_xlabel(f"{minus},\nin 10,000 images")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))


def table_errors(right, seeds):
    """Tabulate errors by seed and classifier; `right` maps these to `(seeds, n)`."""
    counts = {NAMES[name]: n for name, n in count_errors(right).items()}
    return pd.DataFrame(counts, index=list(seeds)).rename_axis(columns="seed")


def table_seeds(right, pairs):
    """Tabulate what came of every pair: errors, who makes fewer, epochs and seconds.

    Epochs and seconds are those of the multiclass and of the binary network.
    """
    table = table_errors(right, pairs)
    for way in CONTRASTS:
        leads = table[NAMES["binary"]] - table[NAMES[way]]
        words = [phrase_difference(n, digits=0) for n in leads]
        table[f"{NAMES[way]} against binary"] = words
    for fact, name in (("epochs_run", "epochs"), ("train_seconds", "seconds")):
        facts = [[run.manifest[fact] for run in pair] for pair in pairs.values()]
        table[name] = [f"{ten:.0f}, {two:.0f}" for ten, two in facts]
    return table
