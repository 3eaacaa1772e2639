"""How far can dense layers go? A committee of eleven small networks in one.

    python benchmarks/all_out.py [SEED ...]     # seeds 0 to 2 unless named

Eleven networks of the notebooks' recipe, side by side between one input and one
average of their probabilities, are one classical network: no convolution, just under
three million parameters, trained for as many epochs as one of them. Each branch has a
loss of its own, so the branches can be trained one after another, or at once.

Every branch of a seed trains on the same 54,000 images; validation images decide which
epoch of a branch is kept. Writes `benchmarks/all_out.json`, a row per seed.
"""

import argparse
import json
import math
import os
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from fashionnet.data import load_test_set, load_training_set, split_train_val
from fashionnet.recipes import RECIPE

RESULTS = Path(__file__).parent / "all_out.json"
N_BRANCHES = 11


def train_branch(seed, branch, recipe=RECIPE):
    """Train one branch on one thread, and return its weights as arrays."""
    import tensorflow as tf

    from fashionnet.study.networks import train_split

    tf.config.threading.set_intra_op_parallelism_threads(1)
    split = split_train_val(*load_training_set(), seed=seed)
    branch_seed = 1000 * (seed + 1) + branch
    model, _ = train_split("multiclass", split, seed=branch_seed, recipe=recipe)
    return model.get_weights()


def join_branches(branches):
    """Make one network of several: all take the image, their probabilities average."""
    import keras

    images = keras.Input((28, 28), dtype="uint8")
    for number, branch in enumerate(branches):
        branch.name = f"branch_{number}"  # names in a network have to differ
    outputs = [branch(images) for branch in branches]
    return keras.Model(images, keras.layers.Average()(outputs), name="committee")


def measure(seed, weights):
    """Join the trained branches; return accuracies and size of the committee."""
    from fashionnet.evaluation import predict_labels, predict_probabilities
    from fashionnet.models import build_mlp

    branches = []
    for arrays in weights:
        branches.append(build_mlp(10, hidden_units=RECIPE.hidden_units))
        branches[-1].set_weights(arrays)
    committee = join_branches(branches)
    split = split_train_val(*load_training_set(), seed=seed)
    x_test, y_test = load_test_set()

    def accuracy(network, x, y):
        return float((predict_labels(predict_probabilities(network, x)) == y).mean())

    return {
        "seed": seed,
        "branches": len(branches),
        "recipe": RECIPE._asdict(),
        "parameters": sum(math.prod(w.shape) for w in committee.trainable_weights),
        "branch_val_accuracy": float(
            np.mean([accuracy(b, split.x_val, split.y_val) for b in branches])
        ),
        "val_accuracy": accuracy(committee, split.x_val, split.y_val),
        "test_accuracy": accuracy(committee, x_test, y_test),
    }


def main():
    """Train and measure a committee per seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time")
    options = parser.parse_args()
    jobs = [(seed, branch) for seed in options.seeds for branch in range(N_BRANCHES)]
    trained = Parallel(n_jobs=options.jobs, return_as="generator")(
        delayed(train_branch)(*job) for job in jobs
    )
    rows, weights = [], []
    for (seed, branch), arrays in zip(
        jobs, tqdm(trained, total=len(jobs)), strict=True
    ):
        weights.append(arrays)
        if branch == N_BRANCHES - 1:
            rows.append(measure(seed, weights))
            weights = []
            print(rows[-1], flush=True)
            part = RESULTS.with_name(RESULTS.name + ".part")
            part.write_text(json.dumps(rows, indent=1) + "\n")
            os.replace(part, RESULTS)


if __name__ == "__main__":
    main()
