"""Document 001's grid: what it reports, and what our trainings of it gave.

Reading it needs no Keras.
"""

import numpy as np
import pandas as pd

from fashionnet.recipes import PLAIN_WITH_SCHEDULE, STEPS, load_search
from fashionnet.study.trainings import load_runs
from fashionnet.zoo.summary import NOTEBOOK_1, find_right, load_trainings
from fashionnet.zoo.table import (
    GRID_001,
    NETWORKS,
    WINNERS,
    find_network,
    list_grid,
    list_settings,
)

LEVELS = ["layers", "optimizer", "batch"]
# Of 6,000 validation images, those that document 001 reports as right, as `GRID_001`.
RIGHT_001: dict[int, tuple[int, ...]] = {
    2: (5385, 5364, 5383, 5377, 5369, 5374, 5361, 5309, 5363, 5311, 5260, 5197),
    3: (5363, 5346, 5363, 5387, 5365, 5360, 5358, 5348, 5324, 5342, 5288, 5222),
}
# The networks that document 001 chose from its grid, by their number of layers.
WINNERS_001 = {2: "mlp-2x256", 3: "mlp-3x256"}
# Clearly worse than the others, in every column of the document's grid.
WORST = "SGD 0.01"


def name_settings(network):
    """Return a network's number of hidden layers, optimizer with rate, batch size."""
    optimizer, layers = network.optimizer, len(network.settings["hidden_units"])
    name = f"{optimizer['name']} {optimizer['learning_rate']}"
    return layers, name, network.batch_size


def load_reported():
    """Return what document 001 reports: "validation" and "test" by settings."""
    keys = pd.MultiIndex.from_tuples(map(name_settings, list_grid()), names=LEVELS)
    validation = np.concatenate([RIGHT_001[layers] for layers in (2, 3)]) / 6000
    test = np.concatenate([GRID_001[layers] for layers in (2, 3)])
    return pd.DataFrame({"validation": validation, "test": test}, keys)


def load_grid():
    """Load the stored trainings of the grid's 24 settings, whatever they are called.

    Returns:
        A dictionary of `(layers, optimizer, batch, seed)` to `Training`.
    """
    found = {}
    for network in list_grid():
        settings = list_settings(network)
        for same in NETWORKS:
            if list_settings(same) == settings:
                for seed, training in load_trainings(same).items():
                    found[*name_settings(network), seed] = training
    return found


def table_grid(stored):
    """Tabulate stored trainings of the grid: accuracies, epochs kept and trained."""
    rows = {
        key: {
            "validation": training.manifest["metrics"]["val_accuracy"],
            "test": training.manifest["metrics"]["test_accuracy"],
            "kept": training.manifest["best_epoch"],
            "epochs": training.manifest["epochs_run"],
        }
        for key, training in stored.items()
    }
    return pd.DataFrame(rows).T.rename_axis([*LEVELS, "seed"]).sort_index()


def choose(settings):
    """Choose the best settings of each depth by validation and by test accuracy.

    Args:
        settings: "validation" and "test" by layers, optimizer and batch.

    Returns:
        A table by layers and by what chose.
    """
    chosen, measures = {}, ["validation", "test"]
    for layers, part in settings.groupby("layers"):
        for by in measures:
            best = part[by].idxmax()
            chosen[layers, by] = f"{best[1]}, {best[2]}", *part.loc[best, measures]
    table = pd.DataFrame(chosen, ["settings", *measures]).T.infer_objects()
    return table.rename_axis(["layers", "chosen by"])


def train_again(rows):
    """Compare the winners of seed 0 with other seeds of the same settings.

    Args:
        rows: What `table_grid` returns.

    Returns:
        A table by layers and by what chose; the mean is missing without other seeds.
    """
    table, first = choose(rows.xs(0, level="seed")), rows["test"].xs(0, level="seed")
    for layers, by in table.index:
        part = rows.xs(layers, level="layers")
        best = part[by].xs(0, level="seed").idxmax()
        new = part["test"].loc[best].drop(index=0)
        table.loc[(layers, by), "new seeds"] = len(new)
        table.loc[(layers, by), "their mean"] = new.mean()
        table.loc[(layers, by), "change"] = new.mean() - first[layers, *best]
    return table.drop(columns="validation").astype({"new seeds": int})


def find_right_by_seed(labels):
    """Say which test images are right in each seed of settings that have several.

    Seed 0 of our own winners is left out: it was chosen because it came out well.

    Returns:
        By name, an array of shape `(seeds, images)`; last, the network of Part 1.
    """
    found = {}
    for name in (*WINNERS_001.values(), *WINNERS):
        network = find_network(name)
        layers, optimizer, batch = name_settings(network)
        runs = load_trainings(network)
        if name in WINNERS:
            runs.pop(0, None)
        found[f"{layers} layers, {optimizer},\nbatch {batch}"] = runs
    found["Part 1"] = load_runs(NOTEBOOK_1, range(10))
    return {name: find_right(runs, labels) for name, runs in found.items() if runs}


def find_stop(losses, patience):
    """Return the epochs, from 1 on, at which early stopping stops, and that it keeps.

    It stops when so many epochs were no better than the best one before them.
    """
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return epoch + 1, best + 1


def try_patience(stored, choices):
    """Tabulate what other patience would have given: means over stored trainings."""
    rows = []
    for patience in choices:
        for training in stored.values():
            losses = training.history["val_loss"]
            epochs, kept = find_stop(losses, patience)
            accuracy = training.history["val_accuracy"][kept - 1]
            rows.append((patience, epochs, losses[kept - 1], 100 * accuracy))
    heads = ["patience", "epochs", "validation loss", "accuracy, %"]
    return pd.DataFrame(rows, columns=heads).groupby("patience").mean()


def list_leads():
    """List how far each change of notebook 1's recipe is ahead of it, seed by seed.

    Returns:
        Percentage points of validation accuracy, a column for each candidate, sorted.
    """
    tried = pd.DataFrame(load_search()).query("task == 'multiclass'")
    scores = tried.pivot(index="seed", columns="candidate", values="val_accuracy")
    recipe = scores.pop("the recipe")
    leads = scores.drop(columns=[*STEPS, *PLAIN_WITH_SCHEDULE])
    leads = 100 * leads.sub(recipe, axis=0)
    return leads[leads.mean().sort_values(ascending=False).index]
