"""Write results as sentences.

Every measured number in the prose of a notebook is written here, from the same arrays
that the figures are drawn from, so that text and figure cannot disagree.
"""

import platform

import numpy as np

from fashionnet.data import BINARY_NAMES, CLASS_NAMES, CLOTHING, DATA_SHA256
from fashionnet.evaluation import rank_confusions
from fashionnet.outcomes import versions
from fashionnet.stats import detectable_difference, mcnemar_midp, wilson_interval
from fashionnet.study import CLASSIFIERS, MARGIN, cross_tabulate


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


def phrase_difference(n):
    """Put in words how many fewer errors the multiclass network makes."""
    if abs(n) < 0.05:
        return "equally many"
    return f"{abs(n):.1f} {'fewer' if n > 0 else 'more'}"


def phrase_interval(low, high):
    """Put an interval of such differences in words, which need no signs."""
    if low < 0 < high:
        return f"from {-low:.1f} more to {high:.1f} fewer"
    nearer, farther = sorted((abs(low), abs(high)))
    return f"from {nearer:.1f} to {farther:.1f} {'fewer' if high > 0 else 'more'}"


def state_seeds(errors):
    """Say how much is luck: `errors` maps classifiers to their counts by seed."""
    parts = [
        f"{name} from {np.min(counts)} to {np.max(counts)} (mean {np.mean(counts):.1f})"
        for name, counts in errors.items()
    ]
    n = len(next(iter(errors.values())))
    return f"Errors over {n} seed{'s' * (n != 1)}: {'; '.join(parts)}."


def state_students(contrast):
    """Say what students with one pair of runs each would have concluded."""
    ahead, clear = contrast.ahead, np.abs(contrast.signed_midp) < 0.05
    first = CLASSIFIERS[contrast.way]
    return (
        f"Of {len(ahead)} student{'s' * (len(ahead) != 1)} with one pair of runs each, "
        f"{(clear & (ahead > 0)).sum()} would have concluded that {first} is better, "
        f"{(clear & (ahead < 0)).sum()} that binary is, and {(~clear).sum()} that "
        "their pair does not show it (McNemar mid-p of 0.05 or more); by counting "
        f"alone, {(ahead > 0).sum()} would have said {first}, {(ahead < 0).sum()} "
        f"binary, and {(ahead == 0).sum()} a draw."
    )


def state_estimate(contrast):
    """Say how many fewer errors to expect in new trainings and on new images."""
    estimate, n = contrast.estimate, len(contrast.ahead)
    if estimate is None:
        return (
            f"{n} stored pair{'s' * (n != 1)} of trainings cannot tell a better way of "
            "training from a luckier one; that takes at least 2."
        )
    return (
        f"Over {n} pairs of trainings, **{CLASSIFIERS[contrast.way]}** makes "
        f"{phrase_difference(estimate.value)} errors in 10,000 images, compared with "
        "**binary**. For new trainings and new images, the 95% interval is "
        f"{phrase_interval(*estimate.interval())}, the 90% interval "
        f"{phrase_interval(*estimate.interval(0.9))}."
    )


# The answer and what it means for a choice, by the outcome of the verdict rule.
VERDICTS: dict[str, tuple[str, str]] = {
    "better": (
        "{ahead} is better",
        "The mean difference reaches the margin of {margin} images: whoever must "
        "choose by errors takes {ahead}. The interval says how small or large its "
        "lead may be.",
    ),
    "detectable, not relevant": (
        "{ahead} makes fewer errors, but too few to matter",
        "The difference is not chance alone, but all of its 95% interval stays within "
        "the margin of {margin} images: whoever must choose goes by cost and use.",
    ),
    "equivalent": (
        "neither is better by as much as matters",
        "The 90% interval stays within the margin of {margin} images, which does not "
        "mean that there is no difference: whoever must choose goes by cost and use.",
    ),
    "undecided": (
        "undecided",
        "That leaves open whether the difference reaches the margin of {margin} "
        "images. Such a study would find a difference of {least:.1f} images four "
        "times in five and overlook smaller ones more often: until more is known, "
        "whoever must choose goes by cost and use.",
    ),
}


def state_verdict(contrast):
    """Answer which is better, as far as the verdict rule allows, and what to do."""
    way, estimate = CLASSIFIERS[contrast.way], contrast.estimate
    lead = f"**{way.capitalize()} against binary"
    if estimate is None:
        return f"{lead}: undecided.** {state_estimate(contrast)}"
    answer, advice = VERDICTS[contrast.verdict]
    if "{ahead}" in answer and contrast.p_adjusted >= 0.05:
        advice += (
            " Two ways to binarize were compared, and allowing for that, even the "
            "direction may be chance (adjusted p = {p_adjusted:.2f})."
        )
    facts = {
        "ahead": way if estimate.value > 0 else "binary",
        "margin": MARGIN,
        "least": detectable_difference(*estimate[1:]),
        "p_adjusted": contrast.p_adjusted,
    }
    answer, advice = answer.format(**facts), advice.format(**facts)
    return f"{lead}: {answer}.** {state_estimate(contrast)} {advice}"
