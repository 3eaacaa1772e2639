"""All trainings of the table: which there are, and how the missing ones are made."""

from typing import NamedTuple

import numpy as np

from fashionnet.storing import home
from fashionnet.study.trainings import train_missing
from fashionnet.zoo.stored import find_training, store_training
from fashionnet.zoo.summary import load_trainings, write_further
from fashionnet.zoo.table import NETWORKS, find_network, phrase_parameters


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
        phrase_parameters(network.parameters, network.frozen),
        f"{network.reported:.4f}" if network.reported else "–",
        f"{np.mean(reached):.4f}" if reached else "–",
        f"{len(reached)} of {len(network.seeds)}",
    )
