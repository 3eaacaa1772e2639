"""Train stored runs of the study once more: do the same predictions come out?

    python benchmarks/reproduce.py [TASK:SEED ...]     # two at random unless named

Each is trained in a process of its own, with as many threads as its manifest says, and
compared with what is stored. Nothing is stored. On the machine that made the runs no
probability changes; on others the last digits do.
"""

import argparse
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from fashionnet.evaluation import predict_labels
from fashionnet.runs import find_run
from fashionnet.study.trainings import Job, list_parts
from fashionnet.study.workers import train_alone


def parse_job(text):
    """Read `TASK:SEED`."""
    task, _, seed = text.partition(":")
    return Job(task, int(seed))


def retrain(job, threads):
    """Train in a fresh process, so that nothing before it can matter."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(train_alone, job, threads=threads).result()[1]


def compare(stored, again):
    """Say how far two trainings of one network differ on the test images."""
    largest = np.abs(stored.y_prob_test - again.y_prob_test).max()
    before, after = (predict_labels(run.y_prob_test) for run in (stored, again))
    n_changed = int((before != after).sum())
    return f"largest difference {largest:.2g}, {n_changed} labels changed"


def main():
    """Retrain and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jobs", nargs="*", type=parse_job, metavar="TASK:SEED")
    named = parser.parse_args().jobs
    stored = {job: find_run(*job) for job in named or list_parts()["main"]}
    stored = {job: run for job, run in stored.items() if run}
    if missing := [f"{job.task}:{job.seed}" for job in named if job not in stored]:
        sys.exit(f"not stored: {', '.join(missing)}; make study trains the study")
    for job in named or random.sample(sorted(stored), min(2, len(stored))):
        run = stored[job]
        threads = run.manifest["threads"]
        result = compare(run, retrain(job, threads))
        print(f"{job.task}, seed {job.seed}, threads {threads}: {result}", flush=True)


if __name__ == "__main__":
    main()
