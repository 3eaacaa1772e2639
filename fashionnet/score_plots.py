"""Draw the probabilities of Part 3, and say in a sentence what the figures show."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

from fashionnet.evaluation import THRESHOLDS
from fashionnet.plots import BLUE, RED
from fashionnet.study import CLASSIFIERS
from fashionnet.study_plots import STYLES
from fashionnet.study_scores import bin_probabilities


def plot_reliability(calibrations, y_true):
    """Plot how often images are clothing against how probable that was said to be.

    Args:
        calibrations: What `calibrate` returns, by classifier.
        y_true: Labels 0 and 1 of the test images.

    Returns:
        The Figure: a panel for each classifier, bins of all trainings together.
    """
    n_panels = len(calibrations)
    fig, axes = _make_panels(n_panels)
    for ax, (name, found) in zip(axes, calibrations.items(), strict=True):
        ax.plot([0, 1], [0, 1], ":", color="gray", label="as often as said")
        for table, label, style in (
            (found.before, "as trained", {"color": RED, "ls": "--", "marker": "o"}),
            (found.after, "scaled", {"color": BLUE, "ls": "-", "marker": "s"}),
        ):
            said, came, _ = bin_probabilities(y_true, table)
            ax.plot(said, came, label=label, markersize=5, mfc="white", **style)
        share = f"{_share_outer(found.before):.1%} are in the outer two bins"
        ax.text(0.98, 0.03, share, ha="right", fontsize=8)
        ax.set(title=CLASSIFIERS[name], xlabel="mean probability of clothing")
        ax.xaxis.set_major_formatter(PercentFormatter(1))
    axes[0].set_ylabel("share that is clothing")
    axes[0].yaxis.set_major_formatter(PercentFormatter(1))
    axes[0].legend(loc="upper left")
    return fig


def describe_reliability(calibrations, y_true):
    """Say what `plot_reliability` shows."""
    parts = []
    for name, found in calibrations.items():
        worst = []
        for table in (found.before, found.after):
            said, came, _ = bin_probabilities(y_true, table)
            at = int(np.abs(said - came).argmax())
            worst.append(f"{said[at]:.0%} said and {came[at]:.0%} seen")
        parts.append(
            f"{CLASSIFIERS[name]}: the bin farthest off has {worst[0]}, after scaling "
            f"{worst[1]}; {_share_outer(found.before):.1%} of the "
            "probabilities are in the outer two bins"
        )
    return (
        "Lines of the share that is clothing against the probability of clothing in "
        f"ten bins, before and after temperature scaling. {'. '.join(parts)}."
    )


def _share_outer(y_prob):
    """Return the share of probabilities below 10% or from 90% on."""
    return np.mean((y_prob < 0.1) | (y_prob >= 0.9))


def plot_roc(curves, points, *, ax=None):
    """Plot ROC curves of scores, and of given labels the only point they have.

    Args:
        curves: What `trace_roc` returns, by classifier: lines are means over trainings,
            bands standard deviations.
        points: What `find_rates` returns, by classifier: means over trainings.
        ax: Axes to draw on.

    Returns:
        The Axes.
    """
    ax = ax or plt.subplots(figsize=(6.5, 4), layout="constrained")[1]
    for name, (false_rate, true_rate) in curves.items():
        _, color, dashes = STYLES[name]
        mean, spread = true_rate.mean(axis=0), true_rate.std(axis=0)
        label = f"{CLASSIFIERS[name]}, by its score"
        ax.plot(false_rate, mean, color=color, linestyle=dashes, label=label)
        ax.fill_between(
            false_rate, mean - spread, mean + spread, color=color, alpha=0.15
        )
    for i, (name, rates) in enumerate(points.items()):
        marker, color, _ = STYLES[name]
        rule = "at one half" if name in curves else "a point only"
        at = (np.mean(rate) for rate in rates)
        style = {"color": color, "mec": "black", "linestyle": "none"}
        # Where points meet, larger ones lie behind.
        ax.plot(
            *at,
            markersize=11 - 2 * i,
            marker=marker,
            label=f"{CLASSIFIERS[name]}, {rule}",
            **style,
        )
    missed = max(0.002, *(1 - np.mean(true) for _, true in points.values()))
    ax.set(ylim=(max(0, 1 - 8 * missed), 1 + missed / 2))
    ax.set(xlabel="false positive rate", ylabel="true positive rate")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    ax.legend(loc="lower right")
    return ax


def describe_roc(curves, points):
    """Say what `plot_roc` shows."""
    parts = []
    for name, (false, true) in points.items():
        only = "" if name in curves else ", which is all it has"
        rates = f"{np.mean(false):.2%} false and {np.mean(true):.2%} true positives"
        parts.append(f"{CLASSIFIERS[name]} has {rates}{only}")
    for name, (false_rate, true_rate) in curves.items():
        reached = f"{true_rate[:, -1].mean():.2%} at {false_rate[-1]:.1%}"
        parts.append(f"the curve of {CLASSIFIERS[name]} reaches {reached}")
    n = max(len(false) for false, _ in points.values())
    return (
        "ROC, zoomed to few false positives, means over "
        f"{n} training{'s' * (n != 1)}: {'; '.join(parts)}."
    )


def plot_thresholds(sweeps):
    """Plot errors against the threshold, on validation and on test images.

    Args:
        sweeps: What `sweep_thresholds` returns, by classifier; lines are means over
            trainings, ticks at the bottom the thresholds chosen by each.

    Returns:
        The Figure: a panel for each classifier.
    """
    fig, axes = _make_panels(len(sweeps))
    for ax, (name, sweep) in zip(axes, sweeps.items(), strict=True):
        for shares, label, color, dashes in (
            (sweep.val, "validation images", RED, "--"),
            (sweep.test, "test images", BLUE, "-"),
        ):
            mean = shares.mean(axis=0)
            ax.plot(THRESHOLDS, mean, color=color, linestyle=dashes, label=label)
        ax.axvline(0.5, color="gray", linestyle=":", label="one half")
        ticks = {"marker": "|", "markersize": 14, "linestyle": "none", "color": "black"}
        ax.plot(sweep.chosen, np.zeros(len(sweep.chosen)), label="chosen", **ticks)
        ax.set(title=CLASSIFIERS[name], xlabel="threshold of p(clothing)")
    axes[0].set(ylim=(0, None), ylabel="wrong images")
    axes[0].yaxis.set_major_formatter(PercentFormatter(1))
    axes[0].legend(loc="upper center")
    return fig


def describe_thresholds(sweeps):
    """Say what `plot_thresholds` shows."""
    parts = []
    for name, sweep in sweeps.items():
        tables = {"validation": sweep.val, "test": sweep.test}
        half = int(np.argmin(np.abs(THRESHOLDS - 0.5)))
        shares = [
            f"{mean[half]:.2%} of {kind} images at one half, {mean.min():.2%} at best"
            for kind, mean in ((k, table.mean(axis=0)) for k, table in tables.items())
        ]
        parts.append(
            f"{CLASSIFIERS[name]}: {' and '.join(shares)}; chosen thresholds from "
            f"{sweep.chosen.min():.2f} to {sweep.chosen.max():.2f}"
        )
    return (
        "Lines of the share of wrong images against the threshold, means over "
        f"trainings. {'. '.join(parts)}."
    )


def _make_panels(n_panels):
    size = (4 * n_panels, 3.8)
    fig, axes = plt.subplots(
        1, n_panels, figsize=size, sharey=True, squeeze=False, layout="constrained"
    )
    return fig, axes[0]
