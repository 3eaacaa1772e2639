"""Train both networks with several seeds, and say how much the seed matters.

    python benchmarks/seeds.py [SEED ...]     # seeds 0 to 9 unless named

Finished runs are reused; new ones are stored in `reports/runs/` like the others. The
next `make reports` writes what they show into the README.
"""

import argparse

from joblib import Parallel, delayed
from tqdm import tqdm

from fashionnet.course.results import state_spread, summarize_seeds
from fashionnet.data import load_fashion_mnist
from fashionnet.runs import find_run


def train_alone(task, seed):
    """Train one network on one thread: two at once get more done than two in turn."""
    import tensorflow as tf

    from fashionnet.training import train_run

    tf.config.threading.set_intra_op_parallelism_threads(1)
    train_run(task, seed)


def main():
    """Train what is missing, and print mean and spread over the stored runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seeds", nargs="*", type=int, default=list(range(10)))
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time")
    options = parser.parse_args()
    pairs = [(t, s) for s in options.seeds for t in ("multiclass", "binary")]
    missing = [pair for pair in pairs if find_run(*pair) is None]
    print(f"{len(pairs) - len(missing)} of {len(pairs)} runs are stored")
    trained = Parallel(n_jobs=options.jobs, return_as="generator_unordered")(
        delayed(train_alone)(*pair) for pair in missing
    )
    for _ in tqdm(trained, total=len(missing), unit="run"):
        pass
    print(state_spread(summarize_seeds(load_fashion_mnist()[3])))


if __name__ == "__main__":
    main()
