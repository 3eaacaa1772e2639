"""Write the results of Part 3 as sentences, none of which claims more than its data.

What is said of a difference depends on its interval: see `study.decide`.
"""

import numpy as np

from fashionnet.side_views import NAMES
from fashionnet.stats import detectable_difference, mcnemar_midp
from fashionnet.study import CLASSIFIERS, EXPECTED, MARGIN, cross_tabulate


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
        "Between equally good networks, so uneven a split is rare. That is evidence "
        f"that {ahead} is the better one of these two networks; whether its *recipe* "
        "is better, one pair cannot say."
        if p < 0.05
        else "Between equally good networks, so uneven a split is nothing unusual. So "
        "this pair does not show which is better; nor that they are equal."
    )
    return (
        f"{lead} Exactly one of the two is right on {a + b} images: {first} on {a}, "
        f"{second} on {b} (McNemar mid-p = {p:.3f}). {verdict}"
    )


def phrase_difference(n, words=("fewer", "more"), digits=1):
    """Put in words how many fewer errors the multiclass network makes."""
    if abs(n) < 0.5 * 10**-digits:
        return "equally many" if words[0] == "fewer" else "equal"
    return f"{abs(n):.{digits}f} {words[0] if n > 0 else words[1]}"


def phrase_interval(low, high, words=("fewer", "more"), digits=1):
    """Put an interval of such differences in words, which need no signs."""
    first, second = words
    if low < 0 < high:
        return f"from {high:.{digits}f} {first} to {-low:.{digits}f} {second}"
    nearer, farther = sorted((abs(low), abs(high)))
    word = first if high > 0 else second
    return f"from {nearer:.{digits}f} to {farther:.{digits}f} {word}"


def phrase_estimate(estimate, value, **options):
    """Put a difference and its 95% interval in words; `value` if there is no estimate.

    The options are those of `phrase_interval`.
    """
    if estimate is None:
        return f"{phrase_difference(value, **options)} (no interval from one seed)"
    return (
        f"{phrase_difference(estimate.value, **options)} (95% interval "
        f"{phrase_interval(*estimate.interval(), **options)})"
    )


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
        f"**{NAMES[contrast.against]}**. For new trainings and new images, the 95% "
        f"interval is {phrase_interval(*estimate.interval())}, the 90% interval "
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


def state_expectation(contrasts, expected=EXPECTED):
    """Say whether the differences are as small as was expected before the study."""
    found = {k: c.estimate for k, c in contrasts.items() if c.estimate}
    if not found:
        return "Whether it is as expected beforehand, one pair cannot tell."
    listed = " and ".join(
        f"{phrase_difference(estimate.value)} by {CLASSIFIERS[way]}"
        for way, estimate in found.items()
    )
    reach = max(max(map(abs, e.interval())) for e in found.values())
    outcome = "and so are the ends of their 95% intervals"
    if reach > expected:
        outcome = f"though their 95% intervals allow up to {reach:.1f}"
    if all(abs(e.value) <= expected for e in found.values()):
        return (
            f"Expected beforehand were at most {expected} images. The estimates are "
            f"within that ({listed}), {outcome}."
        )
    return (
        f"Expected beforehand were at most {expected} images. That was wrong: the "
        f"estimates are {listed}."
    )
