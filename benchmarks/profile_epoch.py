"""Where an epoch's time goes: change one thing at a time, and time the rest.

    python benchmarks/profile_epoch.py      # some three minutes

The variants train one epoch each in turn, several times. The processor's seconds tell
work from waiting: two busy cores give two of them per second.
"""

import os
import resource
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from keras import layers

from fashionnet.data import load_training_set, split_train_val
from fashionnet.models import build_mlp
from fashionnet.recipes import RECIPE
from fashionnet.training import STEPS_PER_EXECUTION, make_batches, make_optimizer

ROUNDS = 8
N_STEPS = 106
VARIANTS = {
    "as in the notebooks": {},
    "arrays given to fit": {"batches": False},
    "one step per execution": {"steps_per_execution": 1},
    "the epoch in one execution": {"steps_per_execution": N_STEPS},
    "compiled by XLA": {"jit_compile": True},
    "no input dropout": {"input_dropout": 0.0},
    "a mask for each image": {"mask_per_image": True},
    "hidden dropout 0.1": {"dropout": 0.1},
    "no batch normalization": {"normalize": False},
    "plain gradient descent": {"optimizer": "sgd"},
}


def build(mask_per_image=False, normalize=True, **settings):
    """Build the network of the recipe with one thing changed."""
    network = build_mlp(10, input_dropout=RECIPE.input_dropout, **settings)
    if normalize and not mask_per_image:
        return network
    changed = keras.Sequential([keras.Input((28, 28), dtype="uint8")])
    for layer in network.layers:
        if mask_per_image and isinstance(layer, layers.Dropout):
            layer = layers.Dropout(layer.rate)
        if normalize or not isinstance(layer, layers.BatchNormalization):
            changed.add(layer)
    return changed


def make_variant(split, batches=True, optimizer=None, **settings):
    """Compile a variant and return the function that trains it for one epoch."""
    names = ("steps_per_execution", "jit_compile")
    options = {name: settings.pop(name) for name in names if name in settings}
    if "input_dropout" in settings:
        network = build_mlp(10, **settings)
    else:
        network = build(**settings)
    usual = make_optimizer(
        learning_rate=RECIPE.learning_rate,
        weight_decay=RECIPE.weight_decay,
        n_steps=RECIPE.epochs * N_STEPS,
    )
    network.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=optimizer or usual,
        metrics=["accuracy"],
        **{"steps_per_execution": STEPS_PER_EXECUTION} | options,
    )
    size = RECIPE.batch_size
    if not batches:
        x, y = split.x_train, split.y_train
        return lambda: network.fit(x, y, batch_size=size, verbose=0)
    fed = make_batches(split.x_train, split.y_train, batch_size=size, seed=0)
    return lambda: network.fit(fed, shuffle=False, verbose=0)


def processor_seconds():
    """Return the seconds that all cores have spent on this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    """Train the variants by turns and print a table."""
    split = split_train_val(*load_training_set(), seed=0)
    trainers = {n: make_variant(split, **kinds) for n, kinds in VARIANTS.items()}
    wall = {name: [] for name in trainers}
    work = {name: [] for name in trainers}
    for turn in range(ROUNDS + 1):
        for name, train in trainers.items():
            start, busy = time.perf_counter(), processor_seconds()
            train()
            if turn:  # the first epoch compiles
                wall[name].append(time.perf_counter() - start)
                work[name].append(processor_seconds() - busy)
    usual = statistics.median(wall["as in the notebooks"])
    print("| variant | seconds per epoch (slowest) | ratio | processor seconds |")
    print("| --- | ---: | ---: | ---: |")
    for name in trainers:
        median, slowest = statistics.median(wall[name]), max(wall[name])
        busy = statistics.median(work[name])
        print(
            f"| {name} | {median:.2f} ({slowest:.2f}) | {median / usual:.2f} "
            f"| {busy:.2f} |"
        )


if __name__ == "__main__":
    main()
