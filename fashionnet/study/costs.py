"""What the networks of the two tasks cost: parameters, arithmetic, epochs, seconds."""

from itertools import pairwise

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
