"""Everything that the stored runs say, as plain numbers for `results/*.json`."""

import numpy as np

from fashionnet.data import CLASS_NAMES, binary_labels, load_test_set, load_training_set
from fashionnet.evaluation import count_confusions, predict_labels, wilson_interval
from fashionnet.runs import find_run, stored_seeds
from fashionnet.study.calibration import calibrate
from fashionnet.study.contrasts import CONTRASTS, compare, count_errors
from fashionnet.study.controls import compare_controls, right_by_control, share_seeds
from fashionnet.study.costs import measure_costs
from fashionnet.study.images import count_by_class, pick_galleries
from fashionnet.study.pairs import (
    cross_tabulate,
    find_pairs,
    predict_three_ways,
    right_by_seed,
)
from fashionnet.study.scores import collect_probabilities, compare_scores, list_held_out
from fashionnet.study.sizes import compare_sizes
from fashionnet.study.stats import mcnemar_exact
from fashionnet.study.tasks import MAIN_TASKS, task_labels
from fashionnet.study.trainings import load_controls, load_curve
from fashionnet.study.two_ways import compare_rules
from fashionnet.study.verdict import MARGIN, decide, measure, measure_fixed_images
from fashionnet.study.words import NAMES


def collect_results():
    """Collect from the stored runs the contents of the result files, by name."""
    labels, pairs = load_test_set()[1], find_pairs()
    held_out = list_held_out(*load_training_set(), pairs)
    runs = {task: find_run(task, 0) for task in MAIN_TASKS}
    study = summarize_study(pairs, labels, held_out, load_controls(), load_curve())
    return {
        **{task: summarize_run(run, labels) for task, run in runs.items()},
        "comparison": {**compare_pair(**runs, labels=labels), **study},
        "seeds": summarize_seeds(labels),
    }


def summarize_run(run, labels):
    """Collect what a finished run says of the test images with these class ids."""
    task = run.manifest["task"]
    n_classes = 2 if task == "binary" else 10
    y_pred = predict_labels(run.y_prob_test)
    return {
        **_describe_training(run),
        **_score(task_labels(task, labels), y_pred, n_classes),
    }


def _describe_training(run):
    names = ("seed", "recipe", "data_sha256", "versions", "parameters")
    costs = ("epochs_run", "best_epoch", "train_seconds")
    return {name: run.manifest[name] for name in (*names, *costs)}


def _score(y_true, y_pred, n_classes):
    n_correct = int((y_pred == y_true).sum())
    share, low, high = wilson_interval(n_correct, len(y_true))
    return {
        "n_correct": n_correct,
        "n_test": len(y_true),
        "test_accuracy": share,
        "test_accuracy_interval": [shorten(low), shorten(high)],
        "confusion_matrix": count_confusions(y_true, y_pred, n_classes).tolist(),
    }


def compare_pair(multiclass, binary, labels):
    """Compare one multiclass and one binary run on the same test images.

    Scores and costs are keyed by classifier; `discordant` and `mcnemar_exact` by way of
    binarizing, each against the binary network.
    """
    y_true = binary_labels(labels)
    predictions = predict_three_ways(multiclass, binary)
    classifiers = {}
    for name, y_pred in predictions.items():
        run = binary if name == "binary" else multiclass
        classifiers[name] = {**_describe_training(run), **_score(y_true, y_pred, 2)}
    result = {
        field: {name: values[field] for name, values in classifiers.items()}
        for field in classifiers["binary"]
    }
    right = {name: y_pred == y_true for name, y_pred in predictions.items()}
    result["errors"] = {name: int((~row).sum()) for name, row in right.items()}
    result["discordant"], result["mcnemar_exact"] = {}, {}
    for way in CONTRASTS:
        table = cross_tabulate(right[way], right["binary"])
        a, b = int(table[0, 1]), int(table[1, 0])
        counts = {"only_multiclass_right": a, "only_binary_right": b}
        result["discordant"][way] = counts
        result["mcnemar_exact"][way] = shorten(mcnemar_exact(a, b))
    return result


def summarize_seeds(labels):
    """Count the right test images of every stored run, by task and seed."""
    counts = {}
    for task in MAIN_TASKS:
        y_true = task_labels(task, labels)
        runs = {seed: find_run(task, seed) for seed in stored_seeds(task)}
        counts[task] = {
            str(seed): int((predict_labels(run.y_prob_test) == y_true).sum())
            for seed, run in runs.items()
            if run
        }
    return {"n_test": len(labels), "n_correct": counts}


def summarize_study(pairs, labels, held_out, controls, curve):
    """Compare the ways of training over all pairs.

    `held_out` is what `list_held_out` returns; of controls and sizes nothing is said
    where none is stored.
    """
    right = right_by_seed(pairs, labels)
    known = {
        "margin": MARGIN,
        "seeds": list(pairs),
        "errors_by_seed": count_errors(right),
        "contrasts": {k: summarize_contrast(c) for k, c in compare(right).items()},
        **_summarize_images(right, pairs, labels),
        "costs": measure_costs(pairs),
        "probabilities": summarize_probabilities(pairs, held_out, labels),
    }
    if any(controls.values()):
        known["controls"] = summarize_controls(controls, pairs, labels)
    if any(curve.values()):
        known["learning_curve"] = summarize_sizes(compare_sizes(curve, pairs, labels))
    return shorten(known)


def summarize_contrast(contrast):
    """Collect what is known of a `Contrast`."""
    known = {
        "verdict": decide(contrast.estimate),
        "fewer_errors_by_seed": contrast.ahead,
        "signed_mcnemar_exact_by_seed": contrast.signed_p,
    }
    if contrast.estimate.is_bounded():
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
        "errors_by_seed": count_errors(right),
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
    """Collect scores and calibration, by seed."""
    probabilities = collect_probabilities(pairs, held_out, labels)
    found = {
        name: {
            "means_by_seed": means,
            "multiclass_lower_by": _summarize_estimate(lower),
        }
        for name, (means, lower) in compare_scores(probabilities).items()
    }
    for name, table in probabilities.items():
        calibration = calibrate(table)
        found[name] = {
            "temperature_by_seed": calibration.temperature,
            "calibration_error_by_seed": calibration.error_before,
            "calibration_error_scaled_by_seed": calibration.error_after,
        }
    return found


def _summarize_images(right, pairs, labels):
    """Collect which images, classes and rules the errors depend on."""
    rules = compare_rules(pairs, labels)
    galleries = pick_galleries(right).values()
    kinds = ("wrong_in_every_run", "multiclass_right", "binary_right")
    return {
        "rules": {
            "only_sum_right_by_seed": rules.won,
            "only_likeliest_class_right_by_seed": rules.lost,
            "largest_probabilities": np.sort(rules.largest),
            "contrast": _summarize_side(rules.contrast),
        },
        "errors_by_class": {
            NAMES[name]: dict(zip(CLASS_NAMES, table.mean(axis=0), strict=True))
            for name, table in count_by_class(right, labels).items()
        },
        "galleries": {k: g.indices for k, g in zip(kinds, galleries, strict=True)},
    }


def _summarize_side(contrast):
    return {
        "fewer_errors_by_seed": contrast.ahead,
        "new_trainings_and_new_images": _summarize_estimate(contrast.estimate),
    }


def _summarize_estimate(estimate):
    if not estimate.is_bounded():
        return None
    intervals = {f"interval_{n}": estimate.interval(n / 100) for n in (95, 90)}
    return {**estimate._asdict(), **intervals}


def shorten(value):
    """Keep eight significant digits: beyond them, releases of SciPy differ."""
    if isinstance(value, dict):
        return {name: shorten(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [shorten(entry) for entry in np.asarray(value).tolist()]
    return float(f"{value:.8g}") if isinstance(value, float) else value
