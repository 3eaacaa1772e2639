"""All trainings of the table: make the missing ones, and say what came of them."""

import json
from typing import NamedTuple

import numpy as np

from fashionnet.data import load_test_set
from fashionnet.storing import home, write_file
from fashionnet.study.contrasts import estimate_images
from fashionnet.study.summary import shorten
from fashionnet.study.trainings import load_runs, train_missing
from fashionnet.zoo.stored import find_training, store_training
from fashionnet.zoo.table import NETWORKS, find_network


class Job(NamedTuple):
    """One training of the table; the methods are those `train_missing` asks for."""

    network: str
    seed: int

    def find(self):
        """Read the published training, or return `None`."""
        return find_training(find_network(self.network), self.seed, bases=[home()])

    def train(self):
        """Train the network, and store nothing."""
        from fashionnet.zoo.trainings import train

        network = find_network(self.network)
        keep_weights = network.keeps_weights and self.seed == 0
        return train(network, self.seed, keep_weights=keep_weights)

    def store(self, training):
        """Store a finished training among the published ones."""
        return store_training(training, base=home())

    def work(self):
        """Estimate the seconds that it takes on two cores, at most."""
        network = find_network(self.network)
        return network.epochs * estimate_seconds(network)


def estimate_seconds(network):
    """Return the seconds of an epoch: as stored runs measured them, or the table's."""
    trainings = load_trainings(network).values()
    measured = [t.manifest["seconds_per_epoch"] for t in trainings]
    return float(np.mean(measured)) if measured else network.seconds


def list_jobs(networks=None):
    """List the trainings of some networks, or of all, the longest first."""
    jobs = [
        Job(network.name, seed)
        for network in networks or NETWORKS
        for seed in network.seeds
    ]
    return sorted(jobs, key=Job.work, reverse=True)


def train_further(networks=None, *, n_jobs=1, backend=None):
    """Train what is missing, and write `results/further.json`.

    Args:
        networks: Some `Network`s of the table, or `None` for all.
        n_jobs: Number of trainings at a time.
        backend: Name of joblib's backend: processes of this machine if `None`.

    Returns:
        A list of the new `Training`s.
    """
    jobs = list_jobs(networks)
    missing = [job for job in jobs if job.find() is None]
    for name in dict.fromkeys(job.network for job in missing):
        seconds = sum(job.work() for job in missing if job.network == name)
        n = sum(job.network == name for job in missing)
        print(f"{name}: {n} missing, at most {phrase_time(seconds)} on two cores")
    trainings = train_missing(jobs, n_jobs=n_jobs, backend=backend)
    write_further(home())
    return trainings


def phrase_time(seconds):
    """Put seconds in words: minutes, or hours if there are many."""
    if seconds < 5400:
        return f"{max(1, round(seconds / 60))} minutes"
    return f"{seconds / 3600:.1f} hours"


def load_trainings(network):
    """Read the published trainings of a network with the table's seeds, by seed."""
    found = {seed: Job(network.name, seed).find() for seed in network.seeds}
    return {seed: training for seed, training in found.items() if training}


def collect_further():
    """Summarize the stored trainings: one row for each network that has any.

    Accuracies are counted anew from the stored probabilities. `spread` is the standard
    deviation over seeds. `ahead_of_notebook_1` compares with the network of notebook 1,
    on the same seeds and test images: how many more of 10,000 images are right, with
    the 95% interval for new trainings and new images.
    """
    found = [(network, load_trainings(network)) for network in NETWORKS]
    found = [(network, trainings) for network, trainings in found if trainings]
    if not found:
        return []
    labels = load_test_set()[1]
    return [summarize(*pair, labels) for pair in found]


def summarize(network, trainings, labels):
    """Summarize the trainings of one network as plain numbers."""
    right = find_right(trainings, labels)
    n_correct = right.sum(axis=1)
    accuracies = n_correct / len(labels)
    manifests = [training.manifest for training in trainings.values()]
    row = {
        "network": network.name,
        "source": network.document,
        "source_accuracy": network.reported,
        "parameters": network.parameters,
        "seeds": list(trainings),
        "epochs": [manifest["epochs_run"] for manifest in manifests],
        "seconds_per_epoch": [manifest["seconds_per_epoch"] for manifest in manifests],
        "views": network.views,
        "test_accuracy": accuracies.mean(),
        "spread": accuracies.std(ddof=1) if len(accuracies) > 1 else None,
        "n_correct": n_correct.tolist(),
        "wanted": network.wanted,
        **judge(network, accuracies),
        "ahead_of_notebook_1": compare_with_notebook_1(trainings, right, labels),
    }
    return {name: shorten(value) for name, value in row.items()}


def judge(network, accuracies):
    """Say whether the figure wanted is met, and why not."""
    if network.wanted is None:
        return {"met": None}
    n, n_wanted = len(accuracies), len(network.seeds)
    if n < n_wanted:
        return {"met": False, "why": f"{n} of {n_wanted} trainings are stored"}
    if round(accuracies.mean(), 8) < network.wanted:
        return {"met": False, "why": network.why or "not said yet"}
    return {"met": True}


def compare_with_notebook_1(trainings, right, labels):
    """Estimate how many more of 10,000 images are right, or return `None`."""
    others = load_runs("multiclass", trainings)
    chosen = [i for i, seed in enumerate(trainings) if seed in others]
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


def write_further(folder):
    """Write `results/further.json`, if any training is stored."""
    if rows := collect_further():
        write_file(folder / "results/further.json", json.dumps(rows, indent=1) + "\n")


def list_networks():
    """Return a table as text: a line for each network."""
    head = ("network", "document", "parameters", "reported", "reached", "seeds")
    rows = [head, *(_describe(network) for network in NETWORKS)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
        for row in rows
    )


def _describe(network):
    found = load_trainings(network).values()
    reached = [training.manifest["metrics"]["test_accuracy"] for training in found]
    return (
        network.name,
        network.document,
        f"{network.parameters:,}",
        f"{network.reported:.4f}" if network.reported else "–",
        f"{np.mean(reached):.4f}" if reached else "–",
        f"{len(reached)} of {len(network.seeds)}",
    )
