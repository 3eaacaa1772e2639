"""Train the study behind Part 3: whatever has no finished run yet.

    python -m fashionnet.course.run_study [--jobs N] [--only PART] [--cluster ADDRESS]

Finished runs are kept, so an interrupted study goes on where it stopped.
"""

import argparse
import contextlib
import sys
import time

from fashionnet.data import DataError
from fashionnet.experiment import list_jobs, list_parts, train_missing
from fashionnet.runs import RunError, home


def connect(address):
    """Connect to the scheduler of a Dask cluster.

    Returns:
        The client, which is a context manager.

    Raises:
        SystemExit: If Dask is missing, nobody answers, or a worker would train several
            networks in one process, where a seed counts for all of them.
    """
    try:
        from dask.distributed import Client
    except ImportError:
        sys.exit("--cluster needs Dask, which is missing: pip install '.[cluster]'")
    try:
        client = Client(address)
    except (OSError, ValueError) as error:
        sys.exit(f"no Dask scheduler answers at {address}: {error}")
    if shared := [name for name, n in client.nthreads().items() if n > 1]:
        client.close()
        sys.exit(f"start each worker with --nthreads 1; more have: {', '.join(shared)}")
    return client


def summarize_work(runs, seconds):
    """Say how much was trained, and how fast."""
    n_epochs = sum(run.manifest["epochs_run"] for run in runs)
    minutes = seconds / 60
    return (
        f"Trained {len(runs)} networks, {n_epochs:,} epochs, in {minutes:.1f} minutes: "
        f"{len(runs) / minutes:.1f} networks and {n_epochs / minutes:.0f} epochs a "
        "minute."
    )


def main(arguments=None):
    """Train what is missing, on this machine or on a cluster."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time")
    parser.add_argument("--only", choices=list_parts(), help="one part of the study")
    parser.add_argument("--cluster", metavar="ADDRESS", help="of a Dask scheduler")
    options = parser.parse_args(arguments)
    backend = "dask" if options.cluster else None
    client = connect(options.cluster) if options.cluster else contextlib.nullcontext()
    start = time.perf_counter()
    with client:
        jobs = list_jobs(options.only)
        runs = train_missing(jobs, n_jobs=options.jobs, backend=backend)
    if runs:
        print(summarize_work(runs, time.perf_counter() - start))
    print(f"All are in {home() / 'runs'}. Next: make reports")


if __name__ == "__main__":
    try:
        main()
    except (DataError, RunError, TimeoutError) as error:
        sys.exit(f"fashionnet: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Finished runs are kept; the same command goes on.")
