"""Turn stored results into sentences, tables and figures with alt text.

Every measured number that a reader meets in the prose is written here, from the same
arrays that the figures are drawn from, so that text and figure cannot disagree.
"""

import io
import platform

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image, Markdown, display

from fashionnet.data import BINARY_NAMES, CLASS_NAMES, CLOTHING, DATA_SHA256
from fashionnet.evaluation import rank_confusions, score_classes
from fashionnet.runs import versions
from fashionnet.stats import mcnemar_midp, wilson_interval

DOTS_PER_INCH = 96


def show_figure(figure, alt):
    """Display a figure once, with its alt text, and close it.

    Args:
        figure: A Figure, or an Axes that fills one.
        alt: What the figure shows, for readers who cannot see it.

    Raises:
        ValueError: If `alt` is empty.
    """
    if not alt.strip():
        raise ValueError(
            "alt is empty: describe the figure for those who cannot see it"
        )
    figure = getattr(figure, "figure", figure)
    buffer = io.BytesIO()
    # Twice the pixels of the size on the page, for sharp text on every screen. The
    # picture does not depend on matplotlib's backend, which the environment may set.
    figure.savefig(buffer, format="png", dpi=2 * DOTS_PER_INCH, facecolor="white")
    width = round(figure.get_figwidth() * DOTS_PER_INCH)
    display(Image(buffer.getvalue(), format="png", width=width, alt=alt))
    plt.close(figure)


def say(*sentences):
    """Display generated sentences as one paragraph of text."""
    display(Markdown(" ".join(sentences)))


def state_environment():
    """Say in one line what this runs on."""
    import tensorflow as tf

    v = versions()
    devices = tf.config.list_logical_devices()
    kind = "GPU" if any(d.device_type == "GPU" for d in devices) else "CPU"
    return (
        f"Python {v['python']} · Keras {v['keras']} · TensorFlow {v['tensorflow']} · "
        f"{platform.machine()} {kind} · data {DATA_SHA256[:12]}"
    )


def state_training(history, max_epochs):
    """Say how long a training took and how it ended."""
    n_epochs, best = len(history["val_loss"]), int(np.argmin(history["val_loss"]))
    gap = 100 * (history["accuracy"][best] - history["val_accuracy"][best])
    ended = "used all epochs allowed" if n_epochs == max_epochs else "was stopped early"
    return (
        f"The training {ended}: {n_epochs} of {max_epochs} epochs in "
        f"{sum(history['seconds']):.0f} seconds. The weights kept are those of epoch "
        f"{best + 1}, where the validation loss is lowest "
        f"({history['val_loss'][best]:.4f}). There, training accuracy is {abs(gap):.2f} "
        f"percentage points {'above' if gap > 0 else 'below'} validation accuracy."
    )


def state_accuracy(name, n_correct, n_total):
    """Say how accurate a network is on the test set, with an interval."""
    share, low, high = wilson_interval(n_correct, n_total)
    digits = 1 if share < 0.98 else 2
    return (
        f"**{name}** labels {n_correct:,} of {n_total:,} test images correctly: "
        f"accuracy {share:.{digits}%} "
        f"(95% interval {low:.{digits}%} to {high:.{digits}%})."
    )


def state_constant_answer(y_true):
    """Say what a network would reach that always gives the commoner label."""
    counts = np.bincount(y_true, minlength=2)
    common, n_right = BINARY_NAMES[counts.argmax()], counts.max()
    return (
        f"Always answering “{common}” would be right for {n_right:,} of "
        f"{len(y_true):,} images ({n_right / len(y_true):.0%})."
    )


def state_confusions(matrix, names, k=3):
    """Say which classes are confused most, and how much of all errors that is."""
    pairs = rank_confusions(matrix, k)
    n_wrong = int(matrix.sum() - np.trace(matrix))
    listed = "; ".join(f"{names[t]} labeled {names[p]} ({n:,})" for t, p, n in pairs)
    share = sum(n for *_, n in pairs) / max(1, n_wrong)
    recall = np.diag(matrix) / matrix.sum(axis=1).clip(1)
    hardest, easiest = int(recall.argmin()), int(recall.argmax())
    return (
        f"The commonest confusions are {listed}: together {share:.0%} of the "
        f"{n_wrong:,} errors. {names[hardest]} is the hardest class ({recall[hardest]:.1%} found), "
        f"{names[easiest]} the easiest ({recall[easiest]:.1%})."
    )


def state_groups(merged):
    """Say how many errors leave a group of classes, from a merged 2×2 matrix."""
    leave, n_total = int(merged[0, 1] + merged[1, 0]), int(merged.sum())
    return (
        f"Counted as {BINARY_NAMES[1]} against {BINARY_NAMES[0]} only, {leave:,} of the "
        f"{n_total:,} images end up in the wrong group ({leave / n_total:.2%})."
    )


def state_error_classes(errors, k=2):
    """Say from which original classes the binary errors come."""
    order = np.argsort(-errors, kind="stable")[:k]
    listed = " and ".join(f"{CLASS_NAMES[i]} ({errors[i]})" for i in order)
    share = errors[order].sum() / max(1, errors.sum())
    clothing = errors[list(CLOTHING)].sum()
    return (
        f"Of the {errors.sum()} errors, {listed} make up {share:.0%}. {clothing} are "
        f"clothing taken for footwear or a bag, {errors.sum() - clothing} the reverse."
    )


def state_rules(argmax, summed, y_true):
    """Say where the two ways to binarize a multiclass network differ."""
    differ = argmax != summed
    won = int((differ & (summed == y_true)).sum())
    n = int(differ.sum())
    if not n:
        return "The two rules give the same label for every image."
    return (
        f"The two rules differ on {n} of {len(y_true):,} images; the sum is right on "
        f"{won} of them, the likeliest class on {n - won}."
    )


def state_pair(first, second, y_pred_first, y_pred_second, y_true):
    """Say what one pair of networks shows about who is better, and what it cannot."""
    right_first, right_second = y_pred_first == y_true, y_pred_second == y_true
    a = int((right_first & ~right_second).sum())
    b = int((~right_first & right_second).sum())
    p = mcnemar_midp(a, b)
    if a == b:
        lead = "The two networks make equally many errors."
    else:
        ahead = first if a > b else second
        lead = f"{ahead} makes {abs(a - b)} fewer errors on these images."
    if p < 0.05:
        verdict = (
            "Two equally good networks would seldom differ by this much, so on images "
            "like these this network is probably the better one. Whether its *recipe* "
            "is better, one pair cannot say."
        )
    else:
        verdict = (
            "Two equally good networks would often differ by this much, so this pair "
            "does not show which is better; nor does it show that they are equal."
        )
    return (
        f"{lead} {a + b} images are labeled right by exactly one of them: {a} by "
        f"{first}, {b} by {second} (McNemar mid-p = {p:.3f}). {verdict}"
    )


def table_split(**label_sets):
    """Tabulate the number of images of each class in each set, with totals."""
    counts = {name: np.bincount(y, minlength=10) for name, y in label_sets.items()}
    table = pd.DataFrame(counts, index=pd.Index(CLASS_NAMES, name="class"))
    table.loc["all"] = table.sum()
    return table


def table_classes(y_true, y_pred, names):
    """Tabulate precision, recall, F1 and number of images of each class."""
    scores = score_classes(y_true, y_pred, len(names))
    columns = ["precision", "recall", "F1", "images"]
    table = pd.DataFrame(scores, index=pd.Index(names, name="class"), columns=columns)
    return table.round(3).astype({"images": int})


def table_confusions(matrix, names, k=5):
    """Tabulate the commonest confusions with their share of the true class."""
    rows = [
        (names[t], names[p], n, f"{n / matrix[t].sum():.1%}")
        for t, p, n in rank_confusions(matrix, k)
    ]
    columns = ["true class", "labeled as", "images", "share of the true class"]
    return pd.DataFrame(rows, columns=columns, index=range(1, len(rows) + 1))


def table_costs(runs):
    """Tabulate what each finished run cost, by name."""
    rows = {
        name: {
            "parameters": f"{run.manifest['parameters']:,}",
            "epochs run": run.manifest["epochs_run"],
            "epoch kept": run.manifest["best_epoch"],
            "training, seconds": f"{run.manifest['train_seconds']:.1f}",
        }
        for name, run in runs.items()
    }
    return pd.DataFrame(rows).T
