"""Two trainings at once, a thread each, or one after another on all threads?

    python benchmarks/throughput.py [--epochs N] [--rounds N]     # some four minutes

Both ways train the same two networks, by turns, so that a slow minute of the machine
hits both alike. Nothing is stored. The first round starts processes and is not counted.
"""

import argparse
import contextlib
import io
import os
import statistics
import time

from joblib import Parallel, delayed

from fashionnet.recipes import RECIPE
from fashionnet.study.trainings import Job
from fashionnet.study.workers import train_alone


def train_in_turn(jobs):
    """Train one after another in this process, as the notebooks do."""
    from fashionnet.study.networks import train_task

    for job in jobs:
        with contextlib.redirect_stdout(io.StringIO()):
            train_task(*job)


def train_at_once(jobs):
    """Train in as many processes as there are jobs, as the study does."""
    Parallel(n_jobs=len(jobs), batch_size=1)(delayed(train_alone)(job) for job in jobs)


def measure(ways, jobs, rounds):
    """Time each way by turns.

    Returns:
        A dictionary of lists of seconds, one for each round but the first.
    """
    seconds = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, train in ways.items():
            start = time.perf_counter()
            train(jobs)
            if number:
                seconds[name].append(time.perf_counter() - start)
                print(f"round {number}: {name} {seconds[name][-1]:.1f} s", flush=True)
    return seconds


def main():
    """Print the seconds of both ways and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=RECIPE.epochs)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    recipe = RECIPE._replace(epochs=options.epochs)
    jobs = [Job("multiclass", 0, recipe), Job("binary", 0, recipe)]
    ways = {"one after another": train_in_turn, "two at once": train_at_once}
    seconds = measure(ways, jobs, options.rounds)
    in_turn, at_once = (statistics.median(seconds[name]) for name in ways)
    print(f"one after another {in_turn:.1f} s, two at once {at_once:.1f} s (medians)")
    print(f"two at once get {in_turn / at_once:.2f} times as much done")


if __name__ == "__main__":
    main()
