"""What a network is trained for: the labels, the loss, and how many images it gets."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fashionnet.data import CLOTHING, binary_labels, check_labels, split_train_val
from fashionnet.recipes import RECIPE

GROUP_NAMES: tuple[str, ...] = ("Clothing", "Footwear", "Bag")
GROUP_OF_CLASS: tuple[int, ...] = (0, 0, 0, 0, 0, 1, 0, 1, 2, 1)


def group_labels(labels):
    """Map class ids 0 to 9 to places in `GROUP_NAMES`, as `uint8`."""
    check_labels(labels)
    return np.array(GROUP_OF_CLASS, np.uint8)[labels]


class Task(NamedTuple):
    """One way to train for Clothing against Footwear and Bags.

    `make_labels` turns class ids into the labels of the task, `n_classes` is what
    `build_mlp` takes, and `clothing` lists the outputs that mean Clothing; with
    `None`, the only output does.
    """

    make_labels: Callable
    loss: str
    n_classes: int
    clothing: tuple[int, ...] | None


TASKS: dict[str, Task] = {
    # The two of the assignment.
    "multiclass": Task(np.asarray, "sparse_categorical_crossentropy", 10, CLOTHING),
    "binary": Task(binary_labels, "binary_crossentropy", 2, None),
    # Two controls: ten outputs that never see the ten labels, and three labels.
    "grouped": Task(binary_labels, "binary_crossentropy", 10, None),
    "three_groups": Task(group_labels, "sparse_categorical_crossentropy", 3, (0,)),
}
MAIN_TASKS: tuple[str, ...] = ("multiclass", "binary")
CONTROLS: tuple[str, ...] = tuple(name for name in TASKS if name not in MAIN_TASKS)
# A third control: for ten classes this was the best recipe on validation images.
BEST_FOR_TEN = RECIPE._replace(batch_size=128)


def find_task(name):
    """Look up one of `TASKS`, or raise a `ValueError` that names what there is."""
    if name not in TASKS:
        raise ValueError(f"task is {name!r}; it must be one of {sorted(TASKS)}")
    return TASKS[name]


def task_labels(name, labels):
    """Return the labels that a task trains on, from class ids 0 to 9."""
    return find_task(name).make_labels(labels)


def take_subset(split, n_train):
    """Keep `n_train` of the training images, with equal shares of every class.

    A smaller subset of a split lies inside each larger one, so that sizes compare the
    same images and more of them. Validation images stay as they are.

    Raises:
        ValueError: If `n_train` is no whole number from the number of classes to the
            number of training images.
    """
    classes, n_images = np.unique(split.y_train), len(split.y_train)
    if not isinstance(n_train, int) or not len(classes) <= n_train <= n_images:
        expected = f"a whole number from {len(classes)} to {n_images:,}"
        raise ValueError(f"n_train is {n_train!r}; it must be {expected}")
    turn = np.empty(n_images)
    for label in classes:
        members = split.y_train == label
        turn[members] = (np.arange(members.sum()) + 0.5) / members.sum()
    # All classes take turns; the split has already shuffled each of them.
    chosen = np.sort(np.argsort(turn, kind="stable")[:n_train])
    return split._replace(x_train=split.x_train[chosen], y_train=split.y_train[chosen])


def split_task(name, images, labels, *, seed, n_train=None):
    """Split the training images as every training does, with the labels of a task.

    Equal seeds hold out equal images in every task. `n_train` training images are kept,
    or all that are not held out.
    """
    split = split_train_val(images, labels, seed=seed)
    if n_train is not None:
        split = take_subset(split, n_train)
    return split._replace(
        y_train=task_labels(name, split.y_train), y_val=task_labels(name, split.y_val)
    )
