"""Train both networks with several seeds, and say how much the seed matters.

    python benchmarks/seeds.py [SEED ...]     # seeds 0 to 4 unless named

Finished runs are reused; new ones are stored in `reports/runs/` like the others. The
next `make reports` writes what they show into the README.
"""

import sys

from fashionnet.course.results import state_spread, summarize_seeds
from fashionnet.data import load_fashion_mnist
from fashionnet.training import train_run


def main(seeds):
    """Train what is missing, and print mean and spread over the stored runs."""
    for seed in seeds:
        for task in ("multiclass", "binary"):
            train_run(task, seed)
    print(state_spread(summarize_seeds(load_fashion_mnist()[3])))


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or range(5))
