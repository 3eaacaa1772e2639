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
from sklearn.metrics import classification_report

from fashionnet.data import BINARY_NAMES, CLASS_NAMES, CLOTHING, DATA_SHA256
from fashionnet.evaluation import rank_confusions
from fashionnet.runs import versions
from fashionnet.stats import mcnemar_midp, wilson_interval

DOTS_PER_INCH = 96
CLASSIFIERS: dict[str, str] = {
    "multiclass_argmax": "multiclass (likeliest class)",
    "multiclass_sum": "multiclass (sum)",
    "binary": "binary",
}


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
    buffer = io.BytesIO()
    width = save_figure(figure, buffer)
    # A finished picture, because figures that IPython draws vanish where MPLBACKEND is
    # set, and it drops their alt text.
    display(Image(buffer.getvalue(), width=width, metadata={"alt": alt}))


def save_figure(figure, target):
    """Save a figure as PNG, close it, and return its width on a page, in CSS pixels.

    Args:
        figure: A Figure, or an Axes that fills one.
        target: Path or binary file.

    Returns:
        Half the width in pixels: the picture is sharp on dense screens too.
    """
    figure = getattr(figure, "figure", figure)
    figure.savefig(target, format="png", dpi=2 * DOTS_PER_INCH, facecolor="white")
    plt.close(figure)
    return round(figure.get_figwidth() * DOTS_PER_INCH)


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
    side = "above" if gap > 0 else "below"
    return (
        f"The training {ended}: {n_epochs} of {max_epochs} epochs in "
        f"{sum(history['seconds']):.0f} seconds. The weights kept are those of epoch "
        f"{best + 1}, where the validation loss is lowest "
        f"({history['val_loss'][best]:.4f}). There, training accuracy is "
        f"{abs(gap):.2f} percentage points {side} validation accuracy."
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
    ahead, behind = (first, second) if a > b else (second, first)
    lead = f"**{ahead}** makes {abs(a - b)} fewer errors than **{behind}**."
    if a == b:
        lead = f"**{first}** and **{second}** make equally many errors."
    verdict = (
        "Two equally good networks would often differ by this much, so this pair does "
        "not show which is better; nor does it show that they are equal."
    )
    if p < 0.05:
        verdict = (
            "Two equally good networks would seldom differ by this much, so on images "
            "like these this network is probably the better one. Whether its *recipe* "
            "is better, one pair cannot say."
        )
    return (
        f"{lead} Exactly one of the two is right on {a + b} images: {first} on {a}, "
        f"{second} on {b} (McNemar mid-p = {p:.3f}). {verdict}"
    )


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


def table_accuracies(errors, n_total):
    """Tabulate errors and accuracy with its 95% interval, by classifier."""
    rows = {}
    for name, n_wrong in errors.items():
        share, low, high = wilson_interval(n_total - n_wrong, n_total)
        interval = f"{low:.2%} to {high:.2%}"
        rows[CLASSIFIERS[name]] = (n_wrong, f"{share:.2%}", interval)
    columns = ["errors", "accuracy", "95% interval"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def caption_chances(y_prob, labels):
    """Write one caption per image: its true class, and the chance it was given."""
    return [
        f"{CLASS_NAMES[label]}\n{row[label]:.0%} given"
        for row, label in zip(y_prob, labels, strict=True)
    ]


def table_costs(runs):
    """Tabulate what each finished run cost, by name."""
    columns = ["parameters", "epochs_run", "best_epoch", "train_seconds"]
    rows = {name: [run.manifest[c] for c in columns] for name, run in runs.items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename(columns=lambda name: name.replace("_", " "))
