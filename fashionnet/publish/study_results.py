"""Turn the stored runs of Part 3 into what `results/comparison.json` says of them.

Differences and margins are numbers of images of 10,000: above 0, the way named first
makes fewer errors.
"""

import numpy as np

from fashionnet.data import CLASS_NAMES, load_fashion_mnist
from fashionnet.experiment import load_controls, load_curve
from fashionnet.side_views import (
    compare_controls,
    compare_rules,
    compare_sizes,
    measure_costs,
    right_by_control,
    share_seeds,
)
from fashionnet.study import (
    MARGIN,
    compare,
    find_pairs,
    measure,
    measure_fixed_images,
    right_by_seed,
)
from fashionnet.study_images import (
    count_bag_errors,
    count_by_class,
    pick_galleries,
    tabulate_runs_wrong,
)
from fashionnet.study_scores import (
    calibrate,
    collect_probabilities,
    compare_scores,
    list_held_out,
    sweep_thresholds,
)


def read_study():
    """Read the stored runs of Part 3, as the arguments of `summarize_study`."""
    images, train_labels, _, labels = load_fashion_mnist()
    pairs = find_pairs()
    held_out = list_held_out(images, train_labels, pairs)
    return {
        "pairs": pairs,
        "labels": labels,
        "held_out": held_out,
        "controls": load_controls(),
        "curve": load_curve(),
    }


def summarize_study(pairs, labels, *, held_out=None, controls=None, curve=None):
    """Compare the ways of training over all pairs, ready for JSON.

    Args:
        pairs: What `find_pairs` returns.
        labels: Class ids of the 10,000 test images.
        held_out: What `list_held_out` returns; without it, nothing is said of
            probabilities.
        controls: As for `right_by_control`; without any stored, nothing is said of
            them.
        curve: As for `compare_sizes`; so here.

    Returns:
        A dictionary for JSON.
    """
    right = right_by_seed(pairs, labels)
    known = {
        "margin": MARGIN,
        "seeds": list(pairs),
        "errors_by_seed": _count_errors(right),
        "contrasts": {k: summarize_contrast(c) for k, c in compare(right).items()},
    }
    if pairs:
        known |= _summarize_images(right, pairs, labels)
        known["costs"] = measure_costs(pairs)
    if pairs and held_out:
        known["probabilities"] = summarize_probabilities(pairs, held_out, labels)
    if controls and any(controls.values()):
        known["controls"] = summarize_controls(controls, pairs, labels)
    if curve and any(curve.values()):
        known["learning_curve"] = summarize_sizes(compare_sizes(curve, pairs, labels))
    return shorten(known)


def summarize_contrast(contrast):
    """Collect what is known of a `Contrast`."""
    known = {
        "verdict": contrast.verdict,
        "fewer_errors_by_seed": contrast.ahead,
        "signed_mcnemar_midp_by_seed": contrast.signed_midp,
    }
    if contrast.estimate is not None:
        facts = measure(contrast.estimate)
        lengths = ("value", "standard_error", "interval_95", "interval_90")
        known["new_trainings_and_new_images"] = {
            **facts,
            "p_value_holm": contrast.p_adjusted,
            # Points are 100 of 10,000 images.
            "percentage_points": {k: np.divide(facts[k], 100) for k in lengths},
        }
        known["new_trainings_on_these_images"] = measure_fixed_images(contrast.ahead)
    return shorten(known)


def summarize_controls(controls, pairs, labels):
    """Collect what the controls say: exploratory, so without an adjusted p-value."""
    right = right_by_control(controls, pairs, labels)
    return {
        "seeds": share_seeds(controls, pairs),
        "errors_by_seed": _count_errors(right),
        "contrasts": {
            "_against_".join(pair): _summarize_side(contrast)
            for pair, contrast in compare_controls(right).items()
        },
    }


def summarize_sizes(sizes):
    """Collect what the learning curve says, by number of training images."""
    return {
        str(n_train): {
            "errors_by_seed": size.errors,
            "new_trainings_and_new_images": {
                name: _summarize_estimate(rate) for name, rate in size.rates.items()
            },
            "contrasts": {k: _summarize_side(c) for k, c in size.contrasts.items()},
        }
        for n_train, size in sizes.items()
    }


def summarize_probabilities(pairs, held_out, labels):
    """Collect scores, calibration and chosen thresholds, by seed."""
    probabilities = collect_probabilities(pairs, held_out, labels)
    found = {
        name: {
            "means_by_seed": means,
            "multiclass_lower_by": _summarize_estimate(lower),
        }
        for name, (means, lower) in compare_scores(probabilities).items()
    }
    for name, table in probabilities.items():
        calibration, sweep = calibrate(table), sweep_thresholds(table)
        found[name] = {
            "temperature_by_seed": calibration.temperature,
            "calibration_error_by_seed": calibration.error_before,
            "calibration_error_scaled_by_seed": calibration.error_after,
            "threshold_by_seed": sweep.chosen,
            "errors_at_threshold_by_seed": sweep.at_chosen,
        }
    return found


def _summarize_images(right, pairs, labels):
    """Collect which images, classes and rules the errors depend on."""
    rules = compare_rules(pairs, labels)
    first, second = right["multiclass_argmax"], right["binary"]
    galleries = pick_galleries(first, second).values()
    kinds = ("wrong_in_every_run", "multiclass_right", "binary_right")
    classes = count_by_class(right, labels)
    return {
        "rules": {
            "only_sum_right_by_seed": rules.won,
            "only_likeliest_class_right_by_seed": rules.lost,
            "largest_probabilities": np.sort(rules.largest),
            "contrast": _summarize_side(rules.contrast),
        },
        "errors_by_class": {
            name: dict(zip(CLASS_NAMES, table.mean(axis=0), strict=True))
            for name, table in classes.items()
        },
        "bag_errors": {
            name: counts._asdict()
            for name, counts in count_bag_errors(right, pairs, labels).items()
        },
        "images_by_runs_wrong": tabulate_runs_wrong(first, second),
        "galleries": {k: g.indices for k, g in zip(kinds, galleries, strict=True)},
    }


def _summarize_side(contrast):
    return {
        "fewer_errors_by_seed": contrast.ahead,
        "new_trainings_and_new_images": _summarize_estimate(contrast.estimate),
    }


def _summarize_estimate(estimate):
    if estimate is None:
        return None
    intervals = {f"interval_{n}": estimate.interval(n / 100) for n in (95, 90)}
    return {**estimate._asdict(), **intervals}


def _count_errors(right):
    return {name: (~table).sum(axis=1) for name, table in right.items()}


def shorten(value):
    """Keep eight significant digits: beyond them, releases of SciPy differ."""
    if isinstance(value, dict):
        return {name: shorten(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [shorten(entry) for entry in np.asarray(value).tolist()]
    return float(f"{value:.8g}") if isinstance(value, float) else value
