"""The verdict of Part 3: the rule, fixed before any result was seen, and its words."""

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

# Fixed beforehand: from how many of 10,000 images on a difference is relevant, and how
# many were expected at most.
MARGIN = 10
EXPECTED = 15
# The answer and what it means for a choice, by the outcome of `decide`.
VERDICTS: dict[str, tuple[str, str]] = {
    "better": (
        "{ahead} is better",
        "The mean difference reaches the margin of {margin} images. The interval says "
        "how small or large the lead may be.",
    ),
    "detectable, not relevant": (
        "{ahead} makes fewer errors, but the difference is too small to matter",
        "The difference is not chance alone, but its 95% interval lies within the "
        "margin of {margin} images. So cost and use decide.",
    ),
    "equivalent": (
        "equally good within the margin",
        "The 90% interval lies within the margin of {margin} images. There may still "
        "be a smaller difference. So cost and use decide.",
    ),
    "undecided": (
        "undecided",
        "It stays open whether the difference reaches the margin of {margin} images. "
        "Such a study finds a difference of {least:.1f} images four times in five, "
        "and smaller ones less often. Until more is known, cost and use decide.",
    ),
}


def decide(estimate, margin=MARGIN):
    """Apply the verdict rule.

    Returns:
        "better" if the 95% interval excludes 0 and the estimate reaches the margin,
        "detectable, not relevant" if it excludes 0 and lies within the margin,
        "equivalent" if the 90% interval lies within the margin, else "undecided".
    """
    low, high = estimate.interval()
    if estimate.excludes_zero() and abs(estimate.value) >= margin:
        return "better"
    if estimate.excludes_zero() and max(-low, high) < margin:
        return "detectable, not relevant"
    low, high = estimate.interval(0.9)
    return "equivalent" if max(-low, high) < margin else "undecided"


def state_estimate(contrast):
    """Say how many fewer errors to expect in new trainings and on new images."""
    estimate, n = contrast.estimate, len(contrast.ahead)
    if not estimate.is_bounded():
        return (
            f"{phrase_count(n, 'stored pair{}')} of trainings cannot tell a better way "
            "of training from a luckier one; that takes at least 2."
        )
    return (
        f"Over {n} pairs of trainings, **{NAMES[contrast.way]}** makes "
        f"{phrase_difference(estimate.value)} errors in 10,000 images, compared with "
        f"**{NAMES[contrast.against]}**. For new trainings and new images, the 95% "
        f"interval is {phrase_interval(*estimate.interval())}, the 90% interval "
        f"{phrase_interval(*estimate.interval(0.9))}."
    )


def state_verdict(contrast):
    """Answer which is better, as far as the verdict rule allows, and what to do."""
    way, estimate = NAMES[contrast.way], contrast.estimate
    lead = f"**{way.capitalize()} against binary"
    if not estimate.is_bounded():
        return f"{lead}: undecided.** {state_estimate(contrast)}"
    answer, advice = VERDICTS[decide(estimate)]
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
    estimates = [contrast.estimate for contrast in contrasts.values()]
    reach = max(abs(end) for estimate in estimates for end in estimate.interval())
    if np.isinf(reach):
        return "Whether it is as expected beforehand, one pair cannot tell."
    listed = " and ".join(
        f"{phrase_difference(contrast.estimate.value)} by {NAMES[way]}"
        for way, contrast in contrasts.items()
    )
    outcome = "and so are the ends of their 95% intervals"
    if reach > expected:
        outcome = f"though their 95% intervals allow up to {reach:.1f}"
    if all(abs(estimate.value) <= expected for estimate in estimates):
        return (
            f"Expected beforehand were at most {expected} images. The estimates are "
            f"within that ({listed}), {outcome}."
        )
    return (
        f"Expected beforehand were at most {expected} images. That was wrong: the "
        f"estimates are {listed}."
    )


def phrase_reading(estimate, first, second):
    """Say what an exploratory estimate shows about who makes fewer errors, no more."""
    ahead, verdict = first if estimate.value > 0 else second, decide(estimate)
    if verdict == "equivalent":
        return f"neither is ahead by as much as the margin of {MARGIN} images"
    if not estimate.excludes_zero():
        return "who is ahead stays open"
    by = {
        "better": f"by an estimate that reaches the margin of {MARGIN} images",
        "detectable, not relevant": f"by less than the margin of {MARGIN} images",
        "undecided": "by how much stays open",
    }
    return f"{ahead} is ahead, {by[verdict]}"


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
    facts, fixed = measure(contrast.estimate), measure_fixed_images(contrast.ahead)
    chance, flip, wins = facts["probability"], fixed["sign_flip_p"], fixed["wins"]
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
        "found four times in five, from": f"{facts['detectable_difference']:.1f}",
        "verdict": verdict,
        "these images only: 95% interval": phrase_interval(*fixed["interval_95"]),
        "these images only: p-value": "–" if flip is None else format_share(flip),
        "these images only: share of pairs won": "{:.0%} ({:.0%} to {:.0%})".format(
            wins["share"], *wins["interval_95"]
        ),
    }
