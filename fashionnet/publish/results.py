"""Write `results/*.json` and the README's figure and table from the stored runs."""

import json

import matplotlib.pyplot as plt
import numpy as np

from fashionnet.data import CLASS_NAMES
from fashionnet.evaluation import wilson_interval
from fashionnet.plots import plot_confusion
from fashionnet.reporting import save_figure
from fashionnet.study.summary import collect_results
from fashionnet.study.words import NAMES
from fashionnet.zoo.summary import collect_further

COLUMNS = ("errors", "accuracy", "95% interval", "errors, mean of all seeds")


def collect_all():
    """Collect the contents of the result files, those of further networks if any."""
    further = collect_further()
    return collect_results() | ({"further": further} if further else {})


def write_results(folder):
    """Write `results/*.json` and the README's figure from the stored runs.

    Returns:
        The contents of the JSON files, by name.
    """
    results = collect_all()
    (folder / "results").mkdir()
    for name, content in results.items():
        text = json.dumps(content, indent=1) + "\n"
        (folder / "results" / f"{name}.json").write_text(text)
    matrix = results["multiclass"]["confusion_matrix"]
    save_figure(plot_confusion(matrix, CLASS_NAMES), folder / "confusion.png")
    return results


def state_spread(summary):
    """Say how accuracy varies over the seeds that are stored."""
    parts = []
    for task, counts in summary["n_correct"].items():
        shares = 100 * np.array(list(counts.values())) / summary["n_test"]
        spread = f" ± {shares.std(ddof=1):.2f}" if len(shares) > 1 else ""
        seeds = f"{len(shares)} seeds" if len(shares) > 1 else "one seed"
        name = "ten classes" if task == "multiclass" else task
        parts.append(f"{name}: {shares.mean():.2f}%{spread} ({seeds})")
    return f"Mean test accuracy and standard deviation over seeds: {'; '.join(parts)}."


def table_results(results):
    """List the name of every classifier and its values for `COLUMNS`, as text.

    All but the last value are those of the networks with seed 0.
    """
    n_test, comparison = results["multiclass"]["n_test"], results["comparison"]
    counts = {"ten classes": results["multiclass"]["n_correct"]}
    of_seeds = results["seeds"]["n_correct"]["multiclass"].values()
    means = {"ten classes": n_test - np.mean(list(of_seeds))}
    for name, n_correct in comparison["n_correct"].items():
        shown = f"Clothing or not: {NAMES[name]}"
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
    ax = plot_confusion(results["multiclass"]["confusion_matrix"], CLASS_NAMES)
    plt.close(ax.figure)
    lines = [
        f"![{ax.figure.description}](reports/confusion.png)",
        "",
        f"| on the {results['multiclass']['n_test']:,} test images | "
        f"{' | '.join(COLUMNS)} |",
        "| --- | ---: | ---: | --- | ---: |",
        *(f"| {' | '.join(row)} |" for row in table_results(results)),
        "",
        state_spread(results["seeds"]),
        "",
    ]
    return "\n".join(lines)
