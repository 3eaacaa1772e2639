"""Turn the stored runs into `results/*.json` and the README's figure and table."""

import json

import numpy as np

from fashionnet import plots
from fashionnet.course.study_results import read_study, shorten, summarize_study
from fashionnet.data import CLASS_NAMES, binary_labels, load_fashion_mnist
from fashionnet.evaluation import count_confusions, predict_labels
from fashionnet.reporting import save_figure
from fashionnet.runs import find_run, stored_seeds
from fashionnet.stats import mcnemar_midp, wilson_interval
from fashionnet.study import CLASSIFIERS, cross_tabulate, predict_three_ways


def collect_results():
    """Collect from the stored runs what belongs into `results/*.json`.

    Returns:
        The contents of the JSON files, by name.
    """
    labels = load_fashion_mnist()[3]
    runs = {task: find_run(task, 0) for task in ("multiclass", "binary")}
    return {
        **{task: summarize_run(run, labels) for task, run in runs.items()},
        "comparison": {
            **compare_pair(**runs, labels=labels),
            **summarize_study(**read_study()),
        },
        "seeds": summarize_seeds(labels),
    }


def write_results(folder):
    """Write `results/*.json` and the README's figure from the stored runs.

    Returns:
        The contents of the JSON files, by name.
    """
    results = collect_results()
    (folder / "results").mkdir()
    for name, content in results.items():
        text = json.dumps(content, indent=1) + "\n"
        (folder / "results" / f"{name}.json").write_text(text)
    matrix = results["multiclass"]["confusion_matrix"]
    save_figure(plots.plot_confusion(matrix, CLASS_NAMES), folder / "confusion.png")
    return results


def summarize_seeds(labels):
    """Count the right test images of every stored run, by task and seed."""
    counts = {}
    for task, y_true in (("multiclass", labels), ("binary", binary_labels(labels))):
        runs = {seed: find_run(task, seed) for seed in stored_seeds(task)}
        counts[task] = {
            str(seed): int((predict_labels(run.y_prob_test) == y_true).sum())
            for seed, run in runs.items()
            if run
        }
    return {"n_test": len(labels), "n_correct": counts}


def state_spread(summary):
    """Say how accuracy varies over the seeds that are stored."""
    parts = []
    for task, counts in summary["n_correct"].items():
        shares = 100 * np.array(list(counts.values())) / summary["n_test"]
        spread = f" ± {shares.std(ddof=1):.2f}" if len(shares) > 1 else ""
        seeds = f"{len(shares)} seeds" if len(shares) > 1 else "one seed"
        parts.append(f"{task}: {shares.mean():.2f}%{spread} ({seeds})")
    return f"Mean test accuracy and standard deviation over seeds: {'; '.join(parts)}."


COLUMNS = ("errors", "accuracy", "95% interval", "errors, mean of all seeds")


def tabulate_results(results):
    """List the name of every classifier and its values for `COLUMNS`, as text.

    All but the last value are those of the networks with seed 0.
    """
    n_test, comparison = results["multiclass"]["n_test"], results["comparison"]
    counts = {"ten classes": results["multiclass"]["n_correct"]}
    of_seeds = results["seeds"]["n_correct"]["multiclass"].values()
    means = {"ten classes": n_test - np.mean(list(of_seeds))}
    for name, n_correct in comparison["n_correct"].items():
        shown = f"Clothing or not: {CLASSIFIERS[name]}"
        counts[shown] = n_correct
        means[shown] = np.mean(comparison["errors_by_seed"][name])
    rows = []
    for name, n_correct in counts.items():
        share, low, high = wilson_interval(n_correct, n_test)
        n_wrong, interval = f"{n_test - n_correct:,}", f"{low:.2%} to {high:.2%}"
        rows.append((name, n_wrong, f"{share:.2%}", interval, f"{means[name]:,.1f}"))
    return rows


def write_readme_block(results):
    """Write the figure and results table of the README from the JSON contents."""
    alt = plots.describe_confusion(
        results["multiclass"]["confusion_matrix"], CLASS_NAMES
    )
    n_test = results["multiclass"]["n_test"]
    lines = [
        f"![{alt}](reports/confusion.png)",
        "",
        f"| on the {n_test:,} test images | {' | '.join(COLUMNS)} |",
        "| --- | ---: | ---: | --- | ---: |",
        *(f"| {' | '.join(row)} |" for row in tabulate_results(results)),
        "",
        state_spread(results["seeds"]),
        "",
    ]
    return "\n".join(lines)


def summarize_run(run, labels):
    """Collect what a finished run has to say, ready for JSON.

    Args:
        run: A `Run`.
        labels: Class ids of the 10,000 test images.

    Returns:
        A dictionary of plain numbers, strings and lists.
    """
    n_classes = 2 if run.manifest["task"] == "binary" else 10
    y_true = binary_labels(labels) if n_classes == 2 else labels
    return {
        **_describe_training(run),
        **_score(y_true, predict_labels(run.y_prob_test), n_classes),
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

    Args:
        multiclass: A `Run` of the ten-class task.
        binary: A `Run` of the binary task.
        labels: Class ids of the 10,000 test images.

    Returns:
        A dictionary for JSON. Scores and costs are keyed by classifier;
        `discordant` and `mcnemar_midp` by way of binarizing, each against the binary
        network.
    """
    y_true = binary_labels(labels)
    predictions = predict_three_ways(multiclass, binary)
    classifiers = {
        name: {
            **_describe_training(binary if name == "binary" else multiclass),
            **_score(y_true, y_pred, 2),
        }
        for name, y_pred in predictions.items()
    }
    result = {
        field: {name: values[field] for name, values in classifiers.items()}
        for field in classifiers["binary"]
    }
    result["errors"] = {k: int((p != y_true).sum()) for k, p in predictions.items()}
    result["discordant"], result["mcnemar_midp"] = {}, {}
    for name in ("multiclass_argmax", "multiclass_sum"):
        right = predictions[name] == y_true
        table = cross_tabulate(right, predictions["binary"] == y_true)
        counts = {
            "only_multiclass_right": int(table[0, 1]),
            "only_binary_right": int(table[1, 0]),
        }
        result["discordant"][name] = counts
        result["mcnemar_midp"][name] = shorten(mcnemar_midp(*counts.values()))
    return result
