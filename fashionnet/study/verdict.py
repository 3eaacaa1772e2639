"""The verdict of Part 3: its rule and its words."""

import numpy as np
import pandas as pd

from fashionnet.study.stats import (
    detectable_difference,
    equivalence_p,
    margin_probabilities,
    mean_interval,
    sign_flip_p,
)
from fashionnet.study.words import (
    NAMES,
    format_share,
    phrase_count,
    phrase_difference,
    phrase_interval,
)

# From how many of 10,000 images on a difference is relevant.
MARGIN = 10
# How a network of ten classes is binarized, for readers who have not met the names.
SAID_BY = {
    "multiclass_argmax": "by the likeliest class",
    "multiclass_sum": "by summed probabilities",
}
# The answer, by the outcome of `decide`, if both ways to binarize agree; what follows
# the first sentence is not in bold.
ANSWERS: dict[str, str] = {
    "better": "The {ahead} network is better.",
    "detectable, not relevant": (
        "The {ahead} network makes fewer errors, but not enough to matter."
    ),
    "equally good": (
        "No difference has been shown on the test images: out of 10,000, binary "
        "networks misclassify {binary} on average, ten-class networks {ten}; such a "
        "difference could be due to chance. The 90% intervals of the two comparisons "
        "reach, between them, {interval} errors with ten classes. We decided that "
        f"fewer than {MARGIN} do not matter, so we call both kinds equally good."
        "{joint} If you need only the two groups, train for them, which is simpler; "
        "if you need all ten classes, binarize them."
    ),
    "undecided": "Which is better stays open.",
}
VERDICTS: dict[str, str] = {
    "better": "{ahead} is better",
    "detectable, not relevant": (
        "{ahead} makes fewer errors, but the difference is too small to matter"
    ),
    "equally good": "equally good within the margin",
    "undecided": "undecided",
}


def decide(estimate, margin=MARGIN):
    """Apply the verdict rule.

    Returns:
        "better" if the 95% interval excludes 0 and the estimate reaches the margin;
        otherwise, if the 90% interval lies within the margin, "detectable, not
        relevant" or, with 0 in the 95% interval, "equally good"; else "undecided".
    """
    is_clear = estimate.excludes_zero()
    if is_clear and abs(estimate.value) >= margin:
        return "better"
    low, high = estimate.interval(0.9)
    if max(-low, high) >= margin:
        return "undecided"
    return "detectable, not relevant" if is_clear else "equally good"


def state_answer(contrasts, errors, joint):
    """Answer which is better, if both ways agree on it, first in a bold sentence.

    Args:
        contrasts: What `contrasts.compare` returns.
        errors: What `contrasts.count_errors` returns.
        joint: What `contrasts.join_validation` returns.
    """
    means = {name: np.mean(counts) for name, counts in errors.items()}
    ends = [contrast.estimate.interval(0.9) for contrast in contrasts.values()]
    said = {
        "binary": f"{means['binary']:.1f}",
        "ten": " or ".join(f"{means[way]:.1f} ({SAID_BY[way]})" for way in contrasts),
        "interval": phrase_interval(np.min(ends), np.max(ends)),
        "joint": _state_joint(joint),
    }
    answers = set()
    for contrast in contrasts.values():
        ahead = "ten-class" if contrast.estimate.value > 0 else "binary"
        answer = ANSWERS[decide(contrast.estimate)]
        answers.add(answer.format(ahead=ahead, **said))
    if len(answers) > 1:
        return "**The two ways to binarize come out differently.**"
    first, stop, rest = answers.pop().partition(". ")
    return f"**{first}.** {rest}" if stop else f"**{first}**"


def _state_joint(joint):
    """Say, with a blank before, what validation images add, if they point somewhere."""
    leads, unclear = [], []
    for way, estimate in joint.items():
        lead, (low, high) = abs(estimate.value), estimate.interval(0.9)
        if low <= 0 <= high:
            unclear.append(f"{SAID_BY[way]}, no lead is shown")
            continue
        names = ["binary networks", f"ten-class ones ({SAID_BY[way]})"]
        ahead, behind = names if estimate.value < 0 else reversed(names)
        size = "less" if lead < MARGIN else "no less"
        limit = "" if estimate.excludes_zero() else " (0 is inside the 95% interval)"
        leads.append(
            f"{ahead} probably make about {lead:.0f} fewer errors than {behind}, "
            f"{size} than our margin{limit}"
        )
    said = "; ".join([*leads, *unclear])
    return f" If validation images are counted, too, {said}." if leads else ""


def state_verdict(contrast):
    """Say which is better, as far as the verdict rule allows, and by how much."""
    way, estimate, n = NAMES[contrast.way], contrast.estimate, len(contrast.ahead)
    lead = f"*{way.capitalize()}* against *{NAMES[contrast.against]}*"
    if not estimate.is_bounded():
        return (
            f"{lead}: undecided. {phrase_count(n, 'stored pair{}')} of runs cannot "
            "tell a better way of training from a luckier one; that takes at least 2."
        )
    outcome = decide(estimate)
    answer = VERDICTS[outcome].format(ahead=way if estimate.value > 0 else "binary")
    intervals = ", ".join(
        f"{level:.0%} interval {phrase_interval(*estimate.interval(level))}"
        for level in (0.95, 0.9)
    )
    said = (
        f"{lead}: {answer}. The ten-class network makes "
        f"{phrase_difference(estimate.value)} errors in 10,000 images ({intervals})."
    )
    if outcome == "undecided":
        least = detectable_difference(*estimate[1:])
        return (
            f"{said} Such a study finds a difference of {least:.1f} images four times "
            "in five, and smaller ones less often."
        )
    if outcome != "equally good" and contrast.p_adjusted >= 0.05:
        return (
            f"{said} Two ways to binarize were compared, and allowing for that, even "
            f"the direction may be chance (adjusted p = {contrast.p_adjusted:.2f})."
        )
    return said


def measure(estimate, margin=MARGIN):
    """List everything that an estimate says, by name."""
    outcomes = ("binary_better", "within_margin", "multiclass_better")
    chances = margin_probabilities(estimate, margin)
    return {
        **estimate._asdict(),
        "interval_95": estimate.interval(),
        "interval_90": estimate.interval(0.9),
        "p_value": estimate.p_value(),
        "p_equivalence": equivalence_p(estimate, margin),
        "probability": dict(zip(outcomes, chances, strict=True)),
        "detectable_difference": detectable_difference(*estimate[1:]),
    }


def measure_fixed_images(ahead):
    """List what two or more seeds say about new trainings, on these images only.

    The test of all patterns of signs is `None` with more than 20 seeds.
    """
    mean, *interval = mean_interval(ahead)
    return {
        "value": mean,
        "interval_95": interval,
        "sign_flip_p": sign_flip_p(ahead) if len(ahead) <= 20 else None,
        "wins": measure_wins(ahead),
    }


def measure_wins(ahead):
    """Estimate how often a new pair of trainings would have fewer errors on its side.

    Draws count by half. The interval is of pairs drawn anew from those at hand.

    Source: Bouthillier et al. (2021), arXiv:2103.03098.
    """
    won = (np.sign(ahead) + 1) / 2
    drawn = np.random.default_rng(0).choice(won, (10_000, len(won))).mean(axis=1)
    return {"share": won.mean(), "interval_95": np.quantile(drawn, [0.025, 0.975])}


def table_contrasts(contrasts):
    """Tabulate what all pairs say about each way to binarize."""
    return pd.DataFrame({NAMES[k]: _list_facts(c) for k, c in contrasts.items()})


def _list_facts(contrast):
    verdict = decide(contrast.estimate)
    if not contrast.estimate.is_bounded():
        return {"verdict": verdict}
    facts = measure(contrast.estimate)
    chance = facts["probability"]
    return {
        "errors compared with binary": phrase_difference(facts["value"]),
        "95% interval": phrase_interval(*facts["interval_95"]),
        "90% interval": phrase_interval(*facts["interval_90"]),
        "p-value of no difference": format_share(facts["p_value"]),
        "… adjusted for two contrasts": format_share(contrast.p_adjusted),
        f"p-value of {MARGIN} or more": format_share(facts["p_equivalence"]),
        f"probability of over {MARGIN} fewer": format_share(
            chance["multiclass_better"]
        ),
        f"probability of {MARGIN} at most": format_share(chance["within_margin"]),
        f"probability of over {MARGIN} more": format_share(chance["binary_better"]),
        "verdict": verdict,
    }
