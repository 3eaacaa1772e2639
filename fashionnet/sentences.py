"""Write results as sentences.

Every measured number in the prose of a notebook is written here, from the same arrays
that the figures are drawn from, so that text and figure cannot disagree.
"""

import platform

import numpy as np

from fashionnet.data import BINARY_NAMES, CLASS_NAMES, CLOTHING, DATA_SHA256
from fashionnet.evaluation import rank_confusions
from fashionnet.runs import versions
from fashionnet.stats import mcnemar_midp, mean_interval, wilson_interval
from fashionnet.study import CLASSIFIERS, cross_tabulate


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
    table = cross_tabulate(y_pred_first == y_true, y_pred_second == y_true)
    a, b = int(table[0, 1]), int(table[1, 0])
    p = mcnemar_midp(a, b)
    ahead, behind = (first, second) if a > b else (second, first)
    fewer = f"{abs(a - b)} fewer error{'s' * (abs(a - b) != 1)}"
    lead = f"**{ahead}** makes {fewer} than **{behind}**."
    if a == b:
        lead = f"**{first}** and **{second}** make equally many errors."
    verdict = (
        f"That is evidence that {ahead} is the better one of these two networks; "
        "whether its *recipe* is better, one pair cannot say."
        if p < 0.05
        else "So this pair does not show which is better; nor that they are equal."
    )
    return (
        f"{lead} Exactly one of the two is right on {a + b} images: {first} on {a}, "
        f"{second} on {b}. Two equally good networks would differ this much in about "
        f"{p:.0%} of such comparisons (McNemar mid-p = {p:.3f}). {verdict}"
    )


def state_seeds(errors, way):
    """Say how one way to binarize compares with the binary network over seeds.

    `errors` maps seeds to a dictionary of numbers of errors by classifier.
    """
    counts = [(row[way], row["binary"]) for row in errors.values()]
    ours, theirs = np.mean(counts, axis=0)
    text = (
        f"Over {len(counts)} pair{'s' * (len(counts) != 1)}, **{CLASSIFIERS[way]}** "
        f"makes {ours:.1f} errors on average, **binary** {theirs:.1f}."
    )
    if len(counts) > 1:
        mean, low, high = mean_interval(np.subtract(*np.transpose(counts)))
        text += f" Difference: {mean:+.1f} (95% interval {low:+.1f} to {high:+.1f})."
    return text


def state_verdict(errors, way="multiclass_argmax"):
    """Answer which way of training is better, as far as the stored pairs allow."""
    if len(errors) < 3:
        return (
            f"**Undecided.** {len(errors)} stored pair of trainings cannot tell a "
            "better way of training from a luckier one."
        )
    differences = [row[way] - row["binary"] for row in errors.values()]
    mean, low, high = mean_interval(differences)
    numbers = (
        f"Over {len(errors)} pairs of trainings, {CLASSIFIERS[way]} makes "
        f"{abs(mean):.1f} errors {'fewer' if mean < 0 else 'more'} than binary, of "
        f"10,000 test images (95% interval of the difference {low:+.1f} to {high:+.1f})"
    )
    if low <= 0 <= high:
        return f"**Neither way is measurably better.** {numbers}: it may well be none."
    better = CLASSIFIERS[way if mean < 0 else "binary"]
    return f"**On these test images, {better} is better.** {numbers}."
