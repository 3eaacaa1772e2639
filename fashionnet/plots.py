"""Draw the figures of a network; each carries a description of what it shows.

A `plot_` function draws computed data, returns its Axes (one panel) or Figure, and
leaves there, for readers who cannot see it, what `describe` was told.
"""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.colors import PowerNorm
from matplotlib.ticker import MaxNLocator, PercentFormatter
from sklearn.metrics import (
    confusion_matrix,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from fashionnet.evaluation import rank_confusions

# Okabe and Ito's palette: told apart with every kind of color vision.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"


def describe(panel, text):
    """Add a sentence to the description of the figure that a panel belongs to.

    Args:
        panel: The Axes, or the Figure itself.
        text: What is to be seen. It can be read back from `figure.description`.
    """
    figure = panel.figure
    figure.description = f"{getattr(figure, 'description', '')} {text}".strip()


def plot_class_counts(counts, names, *, ax=None):
    """Plot the number of images of each class as bars. Returns the Axes."""
    ax = ax or _make_axes(6, 3.2)
    ax.bar_label(ax.barh(names, counts, color=BLUE), fmt="{:,.0f}", padding=3)
    ax.set(xlabel="training images", xlim=(0, 1.15 * max(counts)))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.invert_yaxis()
    listed = ", ".join(f"{n} {c:,}" for n, c in zip(names, counts, strict=True))
    text = f"Bars of the number of images by class: {listed}."
    if min(counts) == max(counts):
        text = f"Bars: each of the {len(names)} classes has {counts[0]:,} images."
    describe(ax, text)
    return ax


def plot_images(images, captions, *, right=None, n_columns=6):
    """Show images in a grid, each with its caption.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`; none make one empty row.
        captions: One text per image.
        right: One bool per image, or None. Right images get a check mark and one
            color, wrong ones a cross and another.
        n_columns: Images in a row.

    Returns:
        The Figure.
    """
    n_rows = max(1, -(-len(images) // n_columns))
    fig = plt.figure(figsize=(1.15 * n_columns, 1.5 * n_rows), layout="constrained")
    axes = fig.subplots(n_rows, n_columns, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    parts = []
    for i, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        mark, color, said = "", "black", ""
        if right is not None:
            mark, color = ("✓ ", BLUE) if right[i] else ("✗ ", RED)
            said = " (right)" if right[i] else " (wrong)"
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        ax.set_title(mark + captions[i], color=color, fontsize=8)
        parts.append(captions[i].replace("\n", ", ") + said)
    describe(fig, f"{len(images)} images in a grid: {'; '.join(parts)}.")
    return fig


def caption_predictions(y_true, y_pred, names):
    """Write one caption per image: the predicted class above the true one."""
    return [
        f"{names[pred]}\ntrue: {names[true]}"
        for true, pred in zip(y_true, y_pred, strict=True)
    ]


def plot_history(history, metric="loss", *, ax=None):
    """Plot one metric against the epoch, for training and validation.

    The epoch with the lowest validation loss, whose weights are kept, is marked.
    Returns the Axes.
    """
    ax = ax or _make_axes(6, 3.5)
    train, val = history[metric], history[f"val_{metric}"]
    epochs = range(1, len(train) + 1)
    best = int(np.argmin(history["val_loss"]))
    ax.plot(epochs, train, color=BLUE, linestyle="--", label="training")
    ax.plot(epochs, val, color=RED, marker="o", markersize=3, label="validation")
    ax.axvline(best + 1, color="gray", linestyle=":", label=f"kept: epoch {best + 1}")
    ax.set(xlabel="epoch", ylabel=metric)
    if metric == "accuracy":
        ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(loc="upper right" if metric == "loss" else "lower right")
    describe(
        ax,
        f"Lines of {metric} against epochs 1 to {len(val)}. Training: from "
        f"{train[0]:.3f} to {train[-1]:.3f}. Validation: from {val[0]:.3f} to "
        f"{val[-1]:.3f}, {val[best]:.3f} in epoch {best + 1}, whose weights are kept.",
    )
    return ax


def plot_confusion(matrix, names, *, ax=None):
    """Plot a confusion matrix: counts as text, shares of the true class as color.

    `matrix` has counts by true class (rows) and predicted class (columns), `names` one
    name per class. Returns the Axes.
    """
    ax = ax or _make_axes(4 + 0.5 * len(names), 2.6 + 0.48 * len(names))
    matrix = np.asarray(matrix)
    shares = matrix / matrix.sum(axis=1, keepdims=True).clip(1)
    text = [
        [f"{n:,}\n{share:.1%}" if n else "" for n, share in zip(*row, strict=True)]
        for row in zip(matrix, shares, strict=True)
    ]
    sns.heatmap(
        shares,
        ax=ax,
        cmap="cividis",
        # The root spreads out small shares, which are what one looks for.
        norm=PowerNorm(0.5, vmin=0, vmax=1),
        annot=np.array(text),
        fmt="",
        annot_kws={"fontsize": 8},
        xticklabels=names,
        yticklabels=names,
        cbar_kws={"label": "share of the true class", "format": PercentFormatter(1)},
    )
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.tick_params(axis="y", rotation=0)
    plt.setp(ax.get_xticklabels(), rotation=30, ha="right")
    right = np.diag(shares)
    best, worst = int(right.argmax()), int(right.argmin())
    describe(
        ax,
        f"Matrix of {len(names)} true classes by {len(names)} predicted classes. "
        f"{names[best]} is labeled right most often ({right[best]:.1%}), "
        f"{names[worst]} least often ({right[worst]:.1%}).",
    )
    for true, pred, n in rank_confusions(matrix, 1):
        mistake = f"{names[true]} labeled {names[pred]} ({n:,})"
        describe(ax, f"No mistake is commoner than {mistake}.")
    return ax


def plot_scores(y_true, y_score):
    """Plot the corners of ROC and precision-recall curve where good networks live.

    Args:
        y_true: Labels 0 and 1, shape `(n,)`.
        y_score: Probability of class 1, shape `(n,)`; not labels.

    Returns:
        The Figure; the threshold of one half is marked in both panels.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
    false_rate, true_rate, _ = roc_curve(y_true, y_score)
    precision, recall, _ = precision_recall_curve(y_true, y_score)
    at_half = _rates(y_true, y_score > 0.5)
    zoom = max(0.02, 2.5 * max(at_half[0], 1 - at_half[1], 1 - at_half[2]))
    near_0, near_1 = (-zoom / 20, zoom), (1 - zoom, 1 + zoom / 20)
    left.plot(false_rate, true_rate, color=BLUE)
    left.plot(at_half[0], at_half[1], "o", color=RED, label="threshold one half")
    left.set(xlim=near_0, xlabel="false positive rate", ylabel="true positive rate")
    right.plot(recall, precision, color=BLUE)
    right.plot(at_half[1], at_half[2], "o", color=RED, label="threshold one half")
    right.set(xlim=near_1, xlabel="recall", ylabel="precision")
    for ax, title in ((left, "ROC"), (right, "Precision and recall")):
        ax.set(ylim=near_1, title=title)
        ax.xaxis.set_major_formatter(PercentFormatter(1))
        ax.yaxis.set_major_formatter(PercentFormatter(1))
        ax.legend(loc="lower center")
    describe(
        fig,
        "Two curves, zoomed to their ideal corner. ROC: area "
        f"{roc_auc_score(y_true, y_score):.5f}; at "
        f"one half {at_half[0]:.2%} false and {at_half[1]:.2%} true positives. "
        f"Precision and recall: at one half {at_half[2]:.2%} and {at_half[1]:.2%}.",
    )
    return fig


def _rates(y_true, y_pred):
    """Return false positive rate, true positive rate and precision."""
    (true_negatives, false_alarms), (misses, hits) = confusion_matrix(
        y_true, y_pred, labels=(0, 1)
    )
    negatives, positives = true_negatives + false_alarms, misses + hits
    return false_alarms / negatives, hits / positives, hits / max(1, y_pred.sum())


def plot_errors_by_class(
    errors, names, *, colors=(BLUE, GREEN, ORANGE), marked=None, ax=None
):
    """Plot numbers of errors by original class, one group of bars per classifier.

    `errors` maps up to three classifiers to counts, one per class, or a row of these
    per seed: then bars are means, and whiskers standard deviations. `colors` has one
    for each classifier. The class `marked` stands on a gray band. Returns the Axes.
    """
    ax = ax or _make_axes(7, 2.4 + 1.2 * len(errors))
    height, hatches = 0.8 / max(1, len(errors)), ("", "///", "...")
    parts = []
    for i, (label, counts) in enumerate(errors.items()):
        y = np.arange(len(names)) + (i - (len(errors) - 1) / 2) * height
        style = {"color": colors[i], "hatch": hatches[i]}
        table = np.atleast_2d(counts)
        spread = table.std(axis=0, ddof=1) if len(table) > 1 else None
        mean = table.mean(axis=0)
        bars = ax.barh(y, mean, height, xerr=spread, label=label, **style)
        ax.bar_label(bars, fmt="%.3g", padding=2, fontsize=7)
        top = np.argsort(-mean, kind="stable")[:3]
        worst = ", ".join(f"{names[k]} {mean[k]:.3g}" for k in top)
        parts.append(f"{label}: {mean.sum():.4g} errors, most from {worst}")
    for row in [names.index(marked)] if marked else []:
        ax.axhspan(row - 0.5, row + 0.5, color="gray", alpha=0.2, zorder=0)
    ax.set_yticks(np.arange(len(names)), names)
    ax.set(xlabel="wrong test images", xlim=(0, None))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.invert_yaxis()
    if len(errors) > 1:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False)
    describe(ax, f"Bars of wrong test images by original class. {'; '.join(parts)}.")
    return ax


def _make_axes(width, height):
    """Make a figure of one panel, sizes in inches."""
    return plt.subplots(figsize=(width, height), layout="constrained")[1]
