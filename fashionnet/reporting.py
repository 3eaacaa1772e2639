"""Show results in a notebook: figures with their descriptions, tables and sentences.

A `state_` function writes a measured number from the same arrays that the figures are
drawn from, so that text and figure cannot disagree.
"""

import io
import platform

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image, Markdown, display
from sklearn.metrics import classification_report

from fashionnet.data import BINARY_NAMES, CLASS_NAMES, CLOTHING
from fashionnet.download import DATA_SHA256
from fashionnet.engine import describe_engine, versions
from fashionnet.evaluation import rank_confusions, wilson_interval

DOTS_PER_INCH = 96


def show_figure(figure):
    """Display a figure once, with its description as alt text, and close it.

    Args:
        figure: A Figure that `plots.describe` described, or the Axes that fills one.

    Raises:
        ValueError: If it has no description.
    """
    alt = getattr(figure.figure, "description", "")
    if not alt.strip():
        raise ValueError(
            "the figure has no description: call plots.describe(ax, what it shows) "
            "for those who cannot see it"
        )
    buffer = io.BytesIO()
    width = save_figure(figure, buffer)
    # A finished picture, because figures that IPython draws vanish where MPLBACKEND is
    # set, and it drops their alt text.
    display(Image(buffer.getvalue(), width=width, metadata={"alt": alt}))


def save_figure(figure, target):
    """Save a figure (or the one of an Axes) as PNG to a path or file, and close it.

    Returns:
        Its width on a page in CSS pixels: half the picture's, for sharp dense screens.
    """
    figure = figure.figure
    figure.savefig(target, format="png", dpi=2 * DOTS_PER_INCH, facecolor="white")
    plt.close(figure)
    return round(figure.get_figwidth() * DOTS_PER_INCH)


def say(*sentences):
    """Display generated sentences as one paragraph of text."""
    display(Markdown(" ".join(sentences)))


def table_split(**label_sets):
    """Tabulate the number of images of each class in each set, with totals."""
    counts = {name: np.bincount(y, minlength=10) for name, y in label_sets.items()}
    table = pd.DataFrame(counts, index=CLASS_NAMES)
    table.loc["all"] = table.sum()
    return table


def table_classes(y_true, y_pred, names):
    """Tabulate precision, recall, F1 and number of images of each class."""
    options = {"labels": range(len(names)), "target_names": names, "zero_division": 0}
    report = classification_report(y_true, y_pred, output_dict=True, **options)
    table = pd.DataFrame(report).T.loc[list(names)].round(3)
    return table.astype({"support": int}).rename(columns={"support": "images"})


def table_confusions(matrix, names, k=5):
    """Tabulate the commonest confusions with their share of the true class."""
    rows = [
        (names[t], names[p], n, f"{n / matrix[t].sum():.1%}")
        for t, p, n in rank_confusions(matrix, k)
    ]
    columns = ["true class", "labeled as", "images", "share of the true class"]
    return pd.DataFrame(rows, columns=columns, index=range(1, len(rows) + 1))


def state_environment():
    """Say in one line what this runs on."""
    import tensorflow as tf

    v, engine = versions(), describe_engine()
    devices = tf.config.list_logical_devices()
    kind = "GPU" if any(d.device_type == "GPU" for d in devices) else "CPU"
    return (
        f"Python {v['python']} · Keras {v['keras']} on {engine['backend']}, "
        f"{engine['precision']} · TensorFlow {v['tensorflow']} · "
        f"{platform.machine()} {kind} · data {DATA_SHA256[:12]}"
    )


def state_training(history, max_epochs):
    """Say how long a training took, how it ended, and whether it overfits."""
    n_epochs, best = len(history["val_loss"]), int(np.argmin(history["val_loss"]))
    gap = 100 * (history["accuracy"][best] - history["val_accuracy"][best])
    ended = "ran to its end" if n_epochs == max_epochs else "was stopped early"
    side = "above" if gap > 0 else "below"
    return (
        f"The training {ended}: {n_epochs} of {max_epochs} epochs in "
        f"{sum(history['seconds']):.0f} seconds. The weights kept are those of epoch "
        f"{best + 1}, where the validation loss is lowest "
        f"({history['val_loss'][best]:.4f}). There, training accuracy is "
        f"{abs(gap):.2f} percentage points {side} validation accuracy. "
        f"{_judge_overfitting(history, best)}"
    )


def _judge_overfitting(history, best):
    """Say what the losses did after the best epoch, and what that means."""
    loss, val_loss = history["loss"][-1], history["val_loss"][-1]
    if best == len(history["val_loss"]) - 1:
        return "The last epoch is the best, so that more of them did no harm."
    if loss < history["loss"][best]:
        return (
            f"Afterwards the training loss still fell, to {loss:.4f}, but the "
            f"validation loss ended at {val_loss:.4f}: what was learnt then did not "
            "help with other images, and going back to the best epoch undoes it."
        )
    return "Afterwards neither loss was lower at the end: more epochs did not help."


def state_validation(history):
    """Say how accurate the kept epoch is on the images that helped to choose it."""
    share = history["val_accuracy"][int(np.argmin(history["val_loss"]))]
    return (
        f"On the validation images it was {share:.1%}; but they helped to choose the "
        "epoch and the settings, and who is chosen by a set looks better on it."
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
    if not pairs:
        return "No two classes are confused: every image is labeled right."
    listed = "; ".join(f"{names[t]} labeled {names[p]} ({n:,})" for t, p, n in pairs)
    share = sum(n for *_, n in pairs) / max(1, n_wrong)
    recall = np.diag(matrix) / matrix.sum(axis=1).clip(1)
    hardest, easiest = int(recall.argmin()), int(recall.argmax())
    return (
        f"The commonest confusions are {listed}: together {share:.0%} of the "
        f"{n_wrong:,} errors. {names[hardest]} is the hardest class "
        f"({recall[hardest]:.1%} found), {names[easiest]} the easiest "
        f"({recall[easiest]:.1%})."
    )


def state_groups(merged):
    """Say how many errors leave a group of classes, from a merged 2×2 matrix."""
    leave, n_total = int(merged[0, 1] + merged[1, 0]), int(merged.sum())
    return (
        f"Counted as {BINARY_NAMES[1]} against {BINARY_NAMES[0]} only, {leave:,} of "
        f"the {n_total:,} images end up in the wrong group ({leave / n_total:.2%})."
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
