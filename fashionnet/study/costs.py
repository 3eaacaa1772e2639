"""What the networks of the two tasks cost: parameters, arithmetic, epochs, seconds."""

from itertools import pairwise
from statistics import median

import pandas as pd

from fashionnet.study.words import format_spread

OUTPUTS: dict[str, int] = {"multiclass": 10, "binary": 1}


def measure_costs(pairs):
    """List what the trainings of each task cost: a dictionary of facts by task.

    `mflop_per_image` counts a multiplication and an addition per weight of a dense
    layer, in millions; `weights_kb` is 4 bytes per parameter. `best_epoch`,
    `epochs_run` and `train_seconds` are lists by seed.
    """
    runs = zip(*pairs.values(), strict=True)
    return {
        task: _list_costs([run.manifest for run in column], n_outputs)
        for (task, n_outputs), column in zip(OUTPUTS.items(), runs, strict=True)
    }


def _list_costs(manifests, n_outputs):
    first = manifests[0]
    widths = [28 * 28, *first["recipe"]["hidden_units"], n_outputs]
    n_weights = sum(a * b for a, b in pairwise(widths))
    by_seed = ("best_epoch", "epochs_run", "train_seconds")
    return {
        "parameters": first["parameters"],
        "mflop_per_image": 2 * n_weights / 1e6,
        "weights_kb": 4 * first["parameters"] / 1000,
        **{name: [manifest[name] for manifest in manifests] for name in by_seed},
    }


def table_costs(costs):
    """Tabulate parameters, best epoch (mean, deviation) and median seconds by task."""
    rows = {}
    for task, facts in costs.items():
        rows["ten classes" if task == "multiclass" else task] = {
            "parameters": f"{facts['parameters']:,}",
            "best epoch": format_spread(facts["best_epoch"], 1),
            "seconds per run": f"{median(facts['train_seconds']):.0f}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")
