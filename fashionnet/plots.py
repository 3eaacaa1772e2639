"""Draw the figures of a network; each carries a description of what it shows.

A `plot_` function draws computed data, returns its Axes (one panel) or Figure, and
leaves there, for readers who cannot see it, what `describe` was told. All figures are
as narrow as a phone, so that their text can be read there.
"""

from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.patches import Rectangle
from matplotlib.ticker import (
    LogLocator,
    MaxNLocator,
    NullFormatter,
    PercentFormatter,
    StrMethodFormatter,
)
from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

from fashionnet.evaluation import rank_confusions

# Okabe and Ito's palette: told apart with every kind of color vision.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
WIDTH = 4.2  # of a figure, in inches


def describe(panel, text):
    """Add a sentence to the description of the figure that a panel belongs to.

    Args:
        panel: The Axes, or the Figure itself.
        text: What the panel shows. It can be read back from `figure.description`.
    """
    figure = panel.figure
    figure.description = f"{getattr(figure, 'description', '')} {text}".strip()


def plot_images(images, captions, *, right=None, n_columns=3, titles=None, fontsize=10):
    """Show images in a grid, each with its caption.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`; none make one empty row.
        captions: One text per image.
        right: One bool per image, or None. Images classified correctly get a
            check mark and one color, others a cross and another.
        n_columns: Images in a row.
        titles: One text per row, above it, or None.
        fontsize: Size of the captions in points.

    Returns:
        The Figure.
    """
    n_rows = max(1, -(-len(images) // n_columns))
    n_lines = max((caption.count("\n") + 1 for caption in captions), default=1)
    height = 0.72 * WIDTH / n_columns + 0.2 * n_lines + 0.3 * bool(titles)
    fig = plt.figure(figsize=(WIDTH, height * n_rows), layout="constrained")
    rows = fig.subfigures(n_rows, 1, squeeze=False)[:, 0]
    axes = np.array([row.subplots(1, n_columns, squeeze=False)[0] for row in rows])
    for ax in axes.flat:
        ax.axis("off")
    parts = []
    for row, title in zip(rows, titles or (), strict=False):
        row.suptitle(title, x=0.01, ha="left", fontsize=11, weight="bold")
    for i, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        mark, color, said = "", "black", ""
        if right is not None:
            mark, color = ("✓ ", BLUE) if right[i] else ("✗ ", RED)
            said = " (right)" if right[i] else " (wrong)"
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        ax.set_title(mark + captions[i], color=color, fontsize=fontsize)
        parts.append(captions[i].replace("\n", ", ") + said)
    describe(fig, f"{len(images)} images in a grid: {'; '.join(parts)}.")
    return fig


def plot_history(history):
    """Plot loss and accuracy against the epoch, for training and validation.

    The epoch with the lowest validation loss, whose weights are kept, is marked.
    Returns the Figure.
    """
    size = {"figsize": (WIDTH, 5), "sharex": True, "layout": "constrained"}
    fig, axes = plt.subplots(2, 1, **size)
    best = int(np.argmin(history["val_loss"]))
    for ax, metric in zip(axes, ("loss", "accuracy"), strict=True):
        train, val = history[metric], history[f"val_{metric}"]
        epochs = np.arange(1, len(train) + 1)
        # A mean over the epoch belongs to its middle; validation comes at its end.
        ax.plot(epochs - 0.5, train, color=BLUE, linestyle="--", label="training")
        ax.plot(epochs, val, color=RED, marker="o", markersize=3, label="validation")
        ax.axvline(
            best + 1, color="gray", linestyle=":", label=f"epoch {best + 1} kept"
        )
        ax.set(ylabel=metric)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    describe_history(fig, history)
    lines = axes[0].get_legend_handles_labels()
    fig.legend(*lines, loc="outside upper right", ncols=3, frameon=False)
    axes[0].set_yscale("log")
    low, high = axes[0].get_ylim()
    ticks = (1, 3) if high > 10 * low else (1, 1.5, 2, 3, 5, 7)
    axes[0].yaxis.set_major_locator(LogLocator(subs=ticks))
    axes[0].yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes[0].yaxis.set_minor_formatter(NullFormatter())
    # The first training value starts at random weights, and would squeeze the rest.
    lowest = min([*history["val_accuracy"], *history["accuracy"][1:]])
    axes[1].set_ylim(bottom=lowest - 0.1 * (1 - lowest))
    most = 1 + 0.02 * (1 - lowest)  # so that a line at 100% is seen whole
    axes[1].set_ylim(top=min(most, axes[1].get_ylim()[1]))
    axes[1].set_xlabel("epoch")
    axes[1].yaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
    axes[1].yaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g}%")
    return fig


def describe_history(figure, history):
    """Describe a figure with the lines of `plot_history`, whoever drew them."""
    best = int(np.argmin(history["val_loss"]))
    for metric in ("loss", "accuracy"):
        train, val = history[metric], history[f"val_{metric}"]
        describe(
            figure,
            f"Lines of {metric} against epochs 1 to {len(val)}. Training: from "
            f"{train[0]:.3f} to {train[-1]:.3f}. Validation: from {val[0]:.3f} to "
            f"{val[-1]:.3f}, {val[best]:.3f} in epoch {best + 1}, whose weights are "
            "kept.",
        )


def plot_probabilities(images, y_prob, y_true, names, *, colored=None):
    """Show images, each beside a network's probabilities of all classes.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`.
        y_prob: Probabilities, shape `(n, n_classes)`.
        y_true: The true class ids; their names are bold. The class predicted, which
            has the highest probability, is marked by an arrow.
        names: Names of the classes.
        colored: The ids of the classes with colored bars, instead of the true one.

    Returns:
        The Figure.
    """
    size = {"figsize": (WIDTH, 1.9 * len(images)), "layout": "constrained"}
    fig, rows = plt.subplots(len(images), 2, width_ratios=(2, 3), squeeze=False, **size)
    for (left, right), image, shares, true in zip(
        rows, images, y_prob, y_true, strict=True
    ):
        left.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        left.set_title(f"true class:\n{names[true]}", fontsize=10)
        left.axis("off")
        bars = right.barh(names, shares, color="0.7")
        for k in [true] if colored is None else colored:
            bars[k].set_color(BLUE)
        right.get_yticklabels()[true].set_weight("bold")
        said = [f"{share:.0%}" for share in shares]
        said[np.argmax(shares)] += " ←"
        right.bar_label(bars, said, padding=2)
        right.set(xlim=(0, 1.25), xticks=[])
        right.invert_yaxis()
        right.spines[["top", "right", "bottom"]].set_visible(False)
        top = np.argsort(-shares)[:3]
        listed = ", ".join(f"{names[c]} {shares[c]:.0%}" for c in top)
        describe(fig, f"An image of the class {names[true]}; bars: {listed}.")
    return fig


def plot_confusion(matrix, names, *, groups=(), ax=None):
    """Plot a confusion matrix: counts as text, shares of the true class as color.

    Args:
        matrix: Counts by true class (rows) and predicted class (columns).
        names: One name per class.
        groups: Lists of classes that are drawn side by side, each with an outline. They
            name each class once; if there are none, the order is that of `names`.
        ax: Where to draw.

    Returns:
        The Axes.
    """
    ax = ax or make_axes(4.3)
    matrix, n = np.asarray(matrix), len(names)
    order = np.concatenate(groups) if groups else np.arange(n)
    shares = matrix / matrix.sum(axis=1, keepdims=True).clip(1)
    # Above a fifth, the color stays the same: the small shares matter.
    shades = shares[np.ix_(order, order)].clip(max=0.2)
    counts = matrix[np.ix_(order, order)]
    labels = [names[i] for i in order]
    sns.heatmap(
        shades,
        ax=ax,
        cmap="Blues",
        vmin=0,
        vmax=0.4,
        cbar=False,
        annot=np.where(counts, np.char.mod("%d", counts), ""),
        fmt="",
        annot_kws={"fontsize": 9, "color": "black"},
        xticklabels=labels,
        yticklabels=labels,
    )
    start = 0
    for group in groups:
        frame = {"fill": False, "edgecolor": RED, "linewidth": 2, "clip_on": False}
        ax.add_patch(Rectangle((start, start), len(group), len(group), **frame))
        start += len(group)
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.tick_params(axis="y", rotation=0)
    ax.tick_params(axis="x", rotation=90)
    right = np.diag(shares)
    best, worst = int(right.argmax()), int(right.argmin())
    describe(
        ax,
        f"Matrix of {n} true classes by {n} predicted classes. {names[best]} is "
        f"classified correctly most often ({right[best]:.1%}), {names[worst]} least "
        f"often ({right[worst]:.1%}).",
    )
    for true, pred, count in rank_confusions(matrix, 1):
        mistake = f"{names[true]} labeled {names[pred]} ({count:,})"
        describe(ax, f"No mistake is more common than {mistake}.")
    return ax


def plot_roc(y_true, y_score, *, thresholds=("0.1", "0.5", "0.9"), ax=None):
    """Plot the corner of the ROC curve where good networks live.

    Args:
        y_true: Labels 0 and 1, shape `(n,)`.
        y_score: Probability of class 1, shape `(n,)`; not labels.
        thresholds: Those that are marked, as they are written: "0.5" or "1/11".
        ax: Where to draw.

    Returns:
        The Axes.
    """
    ax = ax or make_axes(3.6)
    false_rate, true_rate, _ = roc_curve(y_true, y_score)
    area = roc_auc_score(y_true, y_score)
    ax.plot(false_rate, true_rate, color=BLUE, label=f"area {area:.4f}")
    parts, zoom = [], 0.02
    for threshold, marker in zip(thresholds, "s^Dovp", strict=False):
        false, true = _rates(y_true, y_score > float(Fraction(threshold)))
        style = {"color": RED, "linestyle": "", "marker": marker}
        ax.plot(false, true, label=f"threshold {threshold}", **style)
        parts.append(f"at {threshold} {false:.2%} false and {true:.2%} true positives")
        zoom = max(zoom, 1.5 * false, 1.5 * (1 - true))
    ax.set(xlim=(-zoom / 20, zoom), ylim=(1 - zoom, 1 + zoom / 20))
    ax.set(xlabel="false positive rate", ylabel="true positive rate")
    ax.legend(loc="lower right")
    describe(ax, f"ROC curve, zoomed to its ideal corner: area {area:.5f}; ")
    describe(ax, f"{'; '.join(parts)}.")
    return ax


def plot_chance(drawn, measured, half, *, ax=None):
    """Plot how randomly drawn accuracies scatter.

    Args:
        drawn: Accuracies, shape `(n,)`.
        measured: The accuracy in their middle.
        half: Half the width of the band that is marked.
        ax: Where to draw.

    Returns:
        The Axes.
    """
    ax = ax or make_axes(2.6)
    low, high = measured - half, measured + half
    # Bin edges lie between the four-digit numbers that can be drawn.
    edges = np.floor(1000 * drawn.min()) / 1000 - 5e-5, drawn.max() + 0.001
    ax.axvspan(low, high, color="0.9", label=f"{low:.1%} to {high:.1%}")
    sns.histplot(x=drawn, binwidth=0.001, binrange=edges, color=BLUE, ax=ax)
    ax.axvline(measured, color=RED, ls=":", lw=2, label=f"assumed true: {measured:.1%}")
    ax.set(xlabel="accuracy", ylabel="number of draws")
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    share = np.mean(np.abs(drawn - measured) < half)
    describe(
        ax,
        f"Histogram of {len(drawn):,} accuracies, a bell around {measured:.2%}; "
        f"{share:.1%} of them are within the band from {low:.2%} to {high:.2%}.",
    )
    return ax


def _rates(y_true, y_pred):
    """Return false and true positive rate."""
    (true_negatives, false_alarms), (misses, hits) = confusion_matrix(
        y_true, y_pred, labels=(0, 1)
    )
    return false_alarms / (true_negatives + false_alarms), hits / (misses + hits)


def make_axes(height):
    """Make a one-panel figure of this height in inches."""
    return plt.subplots(figsize=(WIDTH, height), layout="constrained")[1]
