"""Controls: is it the finer labels, the ten outputs, or the recipe?

All of this is exploratory: nothing here decides the verdict.
"""

import numpy as np
import pandas as pd

from fashionnet.data import binary_labels
from fashionnet.evaluation import predict_labels
from fashionnet.study.contrasts import make_contrast
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.words import (
    NAMES,
    format_share,
    phrase_difference,
    phrase_interval,
)

# Who is compared with whom, and what that tells apart.
CONTROL_CONTRASTS: dict[tuple[str, str], str] = {
    ("grouped", "binary"): "ten outputs instead of one",
    ("three_groups", "binary"): "labels of three groups instead of two",
    ("multiclass_sum", "grouped"): "labels of ten classes instead of two groups",
    ("best_for_ten", "binary"): "ten classes with the recipe that was best for them",
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
