"""Two controls: is it the finer labels that make the difference, or the ten outputs?

All of this is exploratory: nothing here decides the verdict.
"""

import numpy as np
import pandas as pd

from fashionnet.data import binary_labels
from fashionnet.evaluation import predict_labels
from fashionnet.study.contrasts import make_contrast
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.verdict import phrase_reading
from fashionnet.study.words import (
    NAMES,
    format_share,
    phrase_count,
    phrase_difference,
    phrase_estimate,
    phrase_interval,
)

# Who is compared with whom, and what that tells apart.
CONTROL_CONTRASTS: dict[tuple[str, str], str] = {
    ("grouped", "binary"): "ten outputs instead of one",
    ("three_groups", "binary"): "labels of three groups instead of two",
    ("multiclass_sum", "grouped"): "labels of ten classes instead of two groups",
}


def share_seeds(controls, pairs):
    """List the seeds of `pairs` that every stored control has too."""
    stored = [runs for runs in controls.values() if runs]
    return [seed for seed in pairs if all(seed in runs for runs in stored)]


def right_by_control(controls, pairs, labels):
    """Say who labels which test images right, on the seeds of `share_seeds`.

    Returns:
        What `right_by_seed` returns, with the stored controls added; empty if no seed
        is shared.
    """
    shared, y_true = share_seeds(controls, pairs), binary_labels(labels)
    if not shared:
        return {}
    right = right_by_seed({seed: pairs[seed] for seed in shared}, labels)
    for name, runs in controls.items():
        if runs:
            answers = [predict_labels(runs[seed].y_prob_test) for seed in shared]
            right[name] = np.array(answers) == y_true
    return right


def compare_controls(right):
    """List a `Contrast` for each of `CONTROL_CONTRASTS` whose control is stored."""
    stored = [pair for pair in CONTROL_CONTRASTS if set(pair) <= set(right)]
    return {pair: make_contrast(right, *pair) for pair in stored}


def state_controls(contrasts):
    """Say what the exploratory contrasts of `compare_controls` show, one by one."""
    if not contrasts:
        return "No control is stored with the seeds of a pair of trainings."
    parts = []
    for pair, contrast in contrasts.items():
        way, against = (NAMES[name] for name in pair)
        parts.append(
            f"*{CONTROL_CONTRASTS[pair].capitalize()}* ({way} against {against}): "
            f"{phrase_estimate(contrast.estimate)}; "
            f"{phrase_reading(contrast.estimate, way, against)}."
        )
    n_seeds = len(contrast.ahead)
    said = (
        f"Exploratory, from {phrase_count(n_seeds, 'seed{}')}, not adjusted for being "
        f"several; errors in 10,000 images. {' '.join(parts)}"
    )
    if not any(contrast.estimate.excludes_zero() for contrast in contrasts.values()):
        said += " None of these shows who is ahead."
    return said


def table_differences(contrasts):
    """Tabulate exploratory contrasts: how many fewer errors, and how sure that is."""
    rows = {}
    for contrast in contrasts.values():
        estimate = contrast.estimate
        rows[f"{NAMES[contrast.way]} against {NAMES[contrast.against]}"] = (
            phrase_difference(estimate.value),
            phrase_interval(*estimate.interval()),
            phrase_interval(*estimate.interval(0.9)),
            format_share(estimate.p_value()),
        )
    columns = ["errors", "95% interval", "90% interval", "p-value, not adjusted"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)
