"""What came of the stored trainings of the table: `results/further.json`."""

import json
from functools import cache
from typing import NamedTuple

import numpy as np

from fashionnet.data import load_test_set, load_training_set, split_train_val
from fashionnet.storing import home, write_file
from fashionnet.study.contrasts import estimate_images
from fashionnet.study.summary import shorten
from fashionnet.study.trainings import load_runs
from fashionnet.zoo.committees import decide, measure_gain
from fashionnet.zoo.stored import find_training
from fashionnet.zoo.table import NETWORKS, SEEDS

NOTEBOOK_1 = "multiclass"


class Committee(NamedTuple):
    """Some networks that decide together.

    Attributes:
        name: What its row is called.
        members: Names of networks of the table, or `NOTEBOOK_1`.
        rule: "average", "vote" or "stacked".
        seeds: Seeds of the members.
        joins_seeds: Whether there is one committee of all seeds, or one for each seed.
        wanted: Test accuracy wanted.
        why: Why it is out of reach, where it is.
    """

    name: str
    members: tuple[str, ...]
    rule: str
    seeds: tuple[int, ...] = SEEDS
    joins_seeds: bool = False
    wanted: float | None = None
    why: str = ""


EACH_KIND: tuple[str, ...] = tuple(
    n.name for n in NETWORKS if n.wanted and n.seeds == SEEDS
)
COMMITTEES: tuple[Committee, ...] = (
    Committee("ten-of-notebook-1", (NOTEBOOK_1,), "average", tuple(range(10)), True),
    Committee("ten-of-notebook-1-vote", (NOTEBOOK_1,), "vote", tuple(range(10)), True),
    Committee(
        "three-small-resnets",
        ("small-resnet",),
        "average",
        joins_seeds=True,
        wanted=0.95,
        why="three members of one kind err on many of the same images",
    ),
    Committee("each-kind", EACH_KIND, "average"),
    Committee("each-kind-vote", EACH_KIND, "vote"),
    Committee("each-kind-stacked", EACH_KIND, "stacked"),
    Committee(
        "all-trainings",
        EACH_KIND,
        "average",
        joins_seeds=True,
        wanted=0.95,
        why="an average counts the many weaker members as much as small-resnet",
    ),
)


def load_trainings(network):
    """Read the published trainings of a network with the table's seeds, by seed."""
    found = {s: find_training(network, s, bases=[home()]) for s in network.seeds}
    return {seed: training for seed, training in found.items() if training}


def collect_further():
    """Summarize the stored trainings: rows of networks, then rows of committees.

    Accuracies are counted anew from the stored probabilities. `spread` is the standard
    deviation over seeds. `ahead_of_notebook_1` compares with the network of notebook 1,
    on the same seeds and test images: how many more of 10,000 images are right, with
    the 95% interval for new trainings and new images. A committee's `gains` compare
    with the member that is best on its validation images.
    """
    found = {network.name: load_trainings(network) for network in NETWORKS}
    if not any(found.values()):
        return []
    labels = load_test_set()[1]
    # Every row is compared with these.
    seeds = {seed for one in (*NETWORKS, *COMMITTEES) for seed in one.seeds}
    usual = load_runs(NOTEBOOK_1, sorted(seeds))
    rows = [
        summarize(network, found[network.name], labels, usual)
        for network in NETWORKS
        if found[network.name]
    ]
    for committee in COMMITTEES:
        if members := gather_members(committee, found | {NOTEBOOK_1: usual}):
            rows.append(summarize_committee(committee, members, labels, usual))
    return [{name: shorten(value) for name, value in row.items()} for row in rows]


def summarize(network, trainings, labels, usual):
    """Summarize the trainings of one network as plain numbers.

    `usual` are the runs of notebook 1, by seed.
    """
    right = find_right(trainings, labels)
    manifests = [training.manifest for training in trainings.values()]
    return {
        "network": network.name,
        "source": network.document,
        "source_accuracy": network.reported,
        "parameters": network.parameters,
        "frozen": network.frozen,
        "seeds": list(trainings),
        "epochs": [manifest["epochs_run"] for manifest in manifests],
        "seconds_per_epoch": [manifest["seconds_per_epoch"] for manifest in manifests],
        "views": network.views,
        **count_right(right),
        "wanted": network.wanted,
        **judge(right.mean(axis=1), network.wanted, len(network.seeds), network.why),
        "ahead_of_notebook_1": compare_with(usual, list(trainings), right, labels),
    }


def count_right(right):
    """Count right labels: mean accuracy, spread over seeds, and all counts."""
    accuracies = right.mean(axis=1)
    return {
        "test_accuracy": accuracies.mean(),
        "spread": accuracies.std(ddof=1) if len(accuracies) > 1 else None,
        "n_correct": right.sum(axis=1).tolist(),
    }


def judge(accuracies, wanted, n_wanted, why=""):
    """Say whether the mean of so many accuracies meets the one wanted, and why not."""
    if wanted is None:
        return {"met": None}
    if (n := len(accuracies)) < n_wanted:
        return {"met": False, "why": f"{n} of {n_wanted} trainings are stored"}
    if round(accuracies.mean(), 8) < wanted:
        return {"met": False, "why": why or "not said yet"}
    return {"met": True}


def compare_with(usual, seeds, right, labels):
    """Estimate how many more of 10,000 images are right, or return `None`.

    The rows of `right` are those of `seeds`; each is compared with the same seed.
    """
    others = {seed: usual[seed] for seed in seeds if seed in usual}
    chosen = [i for i, seed in enumerate(seeds) if seed in others]
    if not chosen:
        return None
    table = right[chosen].astype(int) - find_right(others, labels)
    estimate = estimate_images(table)
    interval = estimate.interval() if estimate.is_bounded() else None
    return {"seeds": list(others), "images": estimate.value, "interval": interval}


def find_right(trainings, labels):
    """Say which test images each training labels right; shape `(seeds, images)`."""
    y_pred = [training.y_prob_test.argmax(axis=1) for training in trainings.values()]
    return np.array(y_pred) == labels


def gather_members(committee, found):
    """Gather the members of a committee, as `find_right` takes them, by seed.

    `found` are all trainings, by name and seed. Returns a dictionary of seed to a
    dictionary of `(name, seed)` to training; one entry, under `None`, if the committee
    joins its seeds. A committee that lacks members is left out.
    """
    by_seed = {
        seed: {(n, seed): found[n][seed] for n in committee.members if seed in found[n]}
        for seed in committee.seeds
    }
    whole = {s: m for s, m in by_seed.items() if len(m) == len(committee.members)}
    if not committee.joins_seeds:
        return whole
    if len(whole) < len(committee.seeds):
        return {}
    return {
        None: {key: one for members in whole.values() for key, one in members.items()}
    }


def summarize_committee(committee, members, labels, usual):
    """Summarize a committee as plain numbers, as `summarize` does."""
    right, gains = [], []
    for group in members.values():
        y_pred = ask_committee(committee.rule, group)
        best = max(
            group, key=lambda key: group[key].manifest["metrics"]["val_accuracy"]
        )
        y_pred_best = group[best].y_prob_test.argmax(axis=1)
        gain = measure_gain(y_pred, y_pred_best, labels)
        name, seed = best
        gains.append({"best_member": name, "seed": seed, **gain._asdict()})
        right.append(y_pred == labels)
    right = np.array(right)
    return {
        "network": committee.name,
        "source": "004",
        "source_accuracy": None,
        "parameters": sum(
            training.manifest["parameters"]
            for training in next(iter(members.values())).values()
        ),
        "members": list(committee.members),
        "rule": committee.rule,
        "seeds": list(committee.seeds) if committee.joins_seeds else list(members),
        **count_right(right),
        "wanted": committee.wanted,
        **judge(right.mean(axis=1), committee.wanted, 1, committee.why),
        "ahead_of_notebook_1": None
        if committee.joins_seeds
        else compare_with(usual, list(members), right, labels),
        "gains": gains,
    }


def ask_committee(rule, group):
    """Return the labels of a committee for the test images.

    A stacked one learns from the validation images, which are the same for all members
    only where these have the same seed.
    """
    tested = [training.y_prob_test for training in group.values()]
    if rule != "stacked":
        return decide(rule, tested)
    [seed] = {seed for _, seed in group}
    validated = [training.y_prob_val for training in group.values()]
    return decide(rule, tested, validated, find_validation_labels(seed))


@cache
def find_validation_labels(seed):
    """Return the labels of the images that a seed holds out."""
    return split_train_val(*load_training_set(), val_fraction=0.1, seed=seed).y_val


def write_further(folder):
    """Write `results/further.json`, if any training is stored."""
    if rows := collect_further():
        write_file(folder / "results/further.json", json.dumps(rows, indent=1) + "\n")
