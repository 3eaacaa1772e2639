"""How the comparison depends on the number of training images: a learning curve.

All of this is exploratory: nothing here decides the verdict.
"""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    NullLocator,
    StrMethodFormatter,
)

from fashionnet.plots import WIDTH, describe
from fashionnet.study.contrasts import CONTRASTS, compare, count_errors, estimate_images
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.trainings import N_TRAIN
from fashionnet.study.verdict import MARGIN
from fashionnet.study.words import (
    CLASSIFIERS,
    NAMES,
    STYLES,
    phrase_difference,
    phrase_estimate,
    phrase_interval,
)


class Size(NamedTuple):
    """What trainings with one number of training images say.

    `errors` has counts by seed and `rates` estimates of errors in 10,000 new images,
    both by classifier; `contrasts` is from `compare`.
    """

    errors: dict
    rates: dict
    contrasts: dict


def compare_sizes(curve, pairs, labels):
    """Compare the classifiers at each number of training images.

    Args:
        curve: Maps numbers of training images to what `pair_runs` returns.
        pairs: Those for the full number; of them, the seeds that are in `curve` count,
            so that no size has more than the others.
        labels: Class ids of the test images.

    Returns:
        A dictionary of `Size` by number of training images, without sizes that have no
        pair.
    """
    seeds = {seed for smaller in curve.values() for seed in smaller} or pairs
    full = {seed: pair for seed, pair in pairs.items() if seed in seeds}
    sizes = {}
    for n_train, stored in sorted({**curve, N_TRAIN: full}.items()):
        if stored:
            right = right_by_seed(stored, labels)
            rates = {name: estimate_images(~table) for name, table in right.items()}
            sizes[n_train] = Size(count_errors(right), rates, compare(right))
    return sizes


def plot_learning_curve(sizes, margin=MARGIN):
    """Plot errors, and differences to the binary network, by number of training images.

    Bars are 95% intervals for new trainings and new images. Returns the Figure.
    """
    size = {"figsize": (WIDTH, 7), "layout": "constrained"}
    fig, (upper, lower) = plt.subplots(2, 1, **size)
    _plot_errors(upper, sizes)
    _plot_leads(lower, sizes, margin)
    for ax in (upper, lower):
        ax.set(xscale="log", xlabel="training images")
        ax.set_xticks(list(sizes), [f"{n:,}" for n in sizes])
        ax.xaxis.set_minor_locator(NullLocator())
    parts = []
    for n_train, size in sizes.items():
        errors = [f"{NAMES[k]} {np.mean(n):.1f}" for k, n in size.errors.items()]
        leads = [
            f"{NAMES[k]} {phrase_estimate(contrast.estimate)}"
            for k, contrast in size.contrasts.items()
        ]
        parts.append(
            f"{n_train:,} training images: {', '.join(errors)}; compared with binary, "
            f"{', '.join(leads)}"
        )
    describe(
        fig,
        "Lines of wrong images of 10,000 against the number of training images, and of "
        f"the difference to binary. {'. '.join(parts)}.",
    )
    return fig


def _plot_errors(ax, sizes):
    """Draw how the errors of each classifier fall."""
    for i, name in enumerate(CLASSIFIERS):
        _draw_by_size(ax, name, i, {n: size.rates[name] for n, size in sizes.items()})
    ax.set(yscale="log", ylabel="wrong images of 10,000", title="Errors")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 4, 5, 6, 8)))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.legend(loc="upper right")


def _plot_leads(ax, sizes, margin):
    """Draw how many fewer errors than the binary network each way makes."""
    style = {"color": "gray", "alpha": 0.2, "label": f"margin of {margin}"}
    band = ax.axhspan(-margin, margin, **style)
    ax.axhline(0, color="gray", linestyle=":")
    for i, way in enumerate(CONTRASTS):
        leads = {n: size.contrasts[way].estimate for n, size in sizes.items()}
        _draw_by_size(ax, way, i, leads)
    ax.set(title="Compared with binary", ylabel="← fewer errors      more errors →")
    # Above 0, the way named first makes fewer errors; the axis counts errors.
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{-y:+g}" if y else "0"))
    ax.invert_yaxis()
    # The lines are named above; here a longer legend would hide their ends.
    ax.legend(handles=[band], loc="lower right")


def _draw_by_size(ax, name, i, estimates):
    """Draw a line with 95% intervals, a little to the side of the other lines."""
    style, x = STYLES[name], np.array(list(estimates), float) * 1.1 ** (i - 1)
    values = [estimate.value for estimate in estimates.values()]
    reach = [
        estimate.interval()[1] - estimate.value if estimate.is_bounded() else 0
        for estimate in estimates.values()
    ]
    looks = {"color": style.color, "marker": style.marker, "linestyle": style.line}
    ax.errorbar(
        x, values, yerr=reach, label=NAMES[name], markersize=5, capsize=3, **looks
    )


def table_sizes(sizes):
    """Tabulate mean errors and differences by number of training images."""
    columns = ["network", "errors", "of binary", "compared", "95% interval"]
    index, rows = [], []
    for n_train, size in sizes.items():
        means = {name: f"{n.mean():.1f}" for name, n in size.errors.items()}
        for way, contrast in size.contrasts.items():
            lead = phrase_difference(contrast.estimate.value)
            interval = phrase_interval(*contrast.estimate.interval())
            index.append(f"{n_train:,}")
            rows.append((NAMES[way], means[way], means["binary"], lead, interval))
    table = pd.DataFrame(rows, index, columns)
    return table.rename_axis(columns="training images")
