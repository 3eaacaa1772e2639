"""The trainings behind Part 3: which there are, and how the missing ones are made.

What is stored is read without TensorFlow; only the processes that train import it.
"""

import os
import warnings
from typing import NamedTuple

from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from fashionnet.recipes import RECIPE, Recipe
from fashionnet.runs import find_run, store_run
from fashionnet.storing import home, own_home
from fashionnet.study.pairs import pair_runs
from fashionnet.study.tasks import BEST_FOR_TEN, CONTROLS, MAIN_TASKS, find_task
from fashionnet.study.words import phrase_count
from fashionnet.study.workers import (
    deafen_others,
    end_with,
    train_alone,
    train_apart,
)

SEEDS = range(10)
FEW_SEEDS = range(5)
N_TRAIN, N_VAL = 54_000, 6_000
# Beside its epochs a training takes the time of about as many images as this: to load
# the data, to build and to compile, to predict.
N_ELSE = 300_000
# Few images make few batches: smaller ones keep the number of steps from shrinking as
# much. They are noisier guides, so the rate shrinks with the root of their size.
BATCH_AND_RATE: dict[int, tuple[int, float]] = {
    500: (16, 1.0e-3),
    1_500: (32, 1.5e-3),
    5_000: (64, 2.0e-3),
    15_000: (128, 3.0e-3),
}
SIZES: tuple[int, ...] = tuple(BATCH_AND_RATE)
BAR = "{desc} {percentage:3.0f}%|{bar:30}| {elapsed} passed, {remaining} left"


class Job(NamedTuple):
    """One training of the study: what `train_task` and `find_run` take.

    The methods are those that `train_missing` asks of any job.
    """

    task: str
    seed: int
    recipe: Recipe = RECIPE

    def find(self):
        """Read the finished run, or return `None`."""
        return find_run(*self)

    def train(self):
        """Train the network, and store nothing."""
        from fashionnet.study.networks import train_task

        return train_task(*self)

    def store(self, run):
        """Store a finished run."""
        return store_run(run)

    def work(self):
        """Estimate how long it takes, in some unit."""
        return estimate_work(self)


def recipe_for(n_train):
    """Return the recipe of the learning curve for so many training images.

    Raises:
        ValueError: If the learning curve has no such size.
    """
    if n_train == N_TRAIN:
        return RECIPE
    if n_train not in BATCH_AND_RATE:
        raise ValueError(f"n_train is {n_train}; it must be in {[*SIZES, N_TRAIN]}")
    batch_size, rate = BATCH_AND_RATE[n_train]
    return RECIPE._replace(n_train=n_train, batch_size=batch_size, learning_rate=rate)


def list_parts():
    """List the trainings of the study by what they are for, as lists of `Job`.

    "main" has both networks of the assignment, "controls" three other ways to train,
    "curve" fewer training images.
    """
    return {
        "main": [Job(task, seed) for seed in SEEDS for task in MAIN_TASKS],
        "controls": [
            *(Job(task, seed) for seed in FEW_SEEDS for task in CONTROLS),
            *(Job("multiclass", seed, BEST_FOR_TEN) for seed in FEW_SEEDS),
        ],
        "curve": [
            Job(task, seed, recipe_for(n_train))
            for n_train in SIZES
            for seed in FEW_SEEDS
            for task in MAIN_TASKS
        ],
    }


def list_jobs(part=None):
    """List the trainings of one part of the study, or of all, the longest first."""
    parts = list_parts()
    jobs = parts[part] if part else [job for jobs in parts.values() for job in jobs]
    return sorted(jobs, key=estimate_work, reverse=True)


def estimate_work(job):
    """Estimate how long a training takes, in images to look at, all epochs together."""
    return job.recipe.epochs * ((job.recipe.n_train or N_TRAIN) + N_VAL) + N_ELSE


def load_runs(task, seeds, recipe=RECIPE):
    """Read the stored runs of a task, by seed; seeds that have none are left out."""
    runs = {seed: find_run(task, seed, recipe) for seed in seeds}
    return {seed: run for seed, run in runs.items() if run}


def load_controls():
    """Read the stored runs of the controls: a dictionary of seed to `Run` by name."""
    controls = {task: load_runs(task, FEW_SEEDS) for task in CONTROLS}
    best = load_runs("multiclass", FEW_SEEDS, BEST_FOR_TEN)
    return controls | {"best_for_ten": best}


def load_curve():
    """Read the stored pairs by number of training images, but for the full number."""
    return {
        size: pair_runs(
            *(load_runs(t, FEW_SEEDS, recipe_for(size)) for t in MAIN_TASKS)
        )
        for size in SIZES
    }


def state_stored(pairs, controls, curve):
    """Say how much of the study is stored; the rest is trained by `make study`."""
    counts = {
        "pair{} of runs with all images": len(pairs),
        "control run{}": sum(map(len, controls.values())),
        "pair{} with fewer training images": sum(map(len, curve.values())),
    }
    listed = ", ".join(phrase_count(n, words) for words, n in counts.items())
    missing = "" if all(counts.values()) else " What is missing, `make study` trains."
    return f"Stored here: {listed}.{missing}"


def train_run(task, seed, recipe=RECIPE):
    """Return the finished run of a task and a seed, training it if there is none.

    Runs trained here are your own and change nothing that is published.

    Raises:
        RunError: If the run on disk is damaged.
        ValueError: If there is no such task, or there are too few images.
    """
    find_task(task)
    for place in (home(), own_home()):
        if run := find_run(task, seed, recipe, place=place):
            where = run.folder.relative_to(home())
            print(f"{task}, seed {seed}: finished run reused from {where}")
            return run
    from fashionnet.study.networks import train_task

    print(f"{task}, seed {seed}: training, {recipe.epochs} epochs at most", flush=True)
    return store_run(train_task(task, seed, recipe), place=own_home())


def train_missing(jobs, *, n_jobs=2, backend=None):
    """Train what has no finished run, several at a time; store each when it is done.

    A training has one thread to itself: two at once on two cores get more done than one
    after another on both. The caller stores everything, on the caller's disk.

    Args:
        jobs: A list of `Job`s, or of others with its methods.
        n_jobs: Number of trainings at a time; a Dask cluster decides that by itself.
        backend: Name of joblib's backend: processes of this machine if `None`.

    Returns:
        A list of the new `Run`s.

    Raises:
        RunError: Before any training, if a stored run is damaged.
    """
    missing = [job for job in jobs if job.find() is None]
    print(f"{len(jobs) - len(missing)} of {len(jobs)} runs are stored", flush=True)
    if not missing:
        return []
    # After Ctrl-C, loky's tracker cleans up: what it says then is no fault of anybody.
    quiet = "ignore::UserWarning:joblib.externals.loky.backend.resource_tracker"
    os.environ["PYTHONWARNINGS"] = os.environ.get("PYTHONWARNINGS", quiet)
    ways = {"n_jobs": n_jobs}
    if backend is None:  # a worker that still waits for work ends with its caller, too
        ways |= {"initializer": end_with, "initargs": (os.getpid(),)}
    with parallel_config(backend or "loky", **ways):
        parallel = Parallel(batch_size=1, return_as="generator_unordered")
    # A Dask worker is a process with threads that draw random numbers of their own.
    train = train_apart if backend == "dask" else train_alone
    with deafen_others():
        trained = parallel(delayed(train)(job, os.getpid()) for job in missing)
    # Noted before any training, because what is stored may change the estimates.
    runs, work = [], {job: job.work() for job in missing}
    start = f"0 of {len(missing)} runs"
    # TensorFlow's processes grow; joblib replaces one that has grown by 300 MB, with a
    # warning, and loses nothing.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
    with tqdm(desc=start, total=sum(work.values()), bar_format=BAR, smoothing=0) as bar:
        for job, run in trained:
            runs.append(job.store(run))
            bar.set_description_str(f"{len(runs)} of {len(missing)} runs", False)
            bar.update(work[job])
    return runs
