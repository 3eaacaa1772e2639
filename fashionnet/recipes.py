"""What decides how a network is trained: the recipe, what it may hold, and its key."""

import hashlib
import json
import math
import sys
from importlib.resources import files
from numbers import Integral, Real
from typing import NamedTuple

from fashionnet.download import DATA_SHA256


class Recipe(NamedTuple):
    """Everything that decides how a network is trained, apart from task and seed.

    `n_train` is the number of training images, `None` for all that are not held out;
    `normalize` tells whether hidden layers have batch normalization; `schedule` is
    "cosine" if the learning rate warms up and falls, or "constant".
    """

    hidden_units: tuple[int, ...] = (256, 256)
    input_dropout: float = 0.2
    dropout: float = 0.0
    batch_size: int = 512
    epochs: int = 20
    patience: int = 10
    learning_rate: float = 6e-3
    weight_decay: float = 0.1
    n_train: int | None = None
    normalize: bool = True
    schedule: str = "cosine"


RECIPE = Recipe()
SCHEDULES = ("cosine", "constant")
# Beside this module, and so in the Colab edition; `make search` writes it.
SEARCH = files("fashionnet") / "search.json"
# The candidates there that lead up to the recipe; all others change it in one respect.
STEPS = (
    "no hidden layer",
    "plain",
    "plain + normalization",
    "plain + normalization + dropout",
    "plain + normalization + dropout, rate 0.006",
)
# The plain network with the recipe's schedule, which rises and falls, and nothing else.
PLAIN_WITH_SCHEDULE = tuple(
    f"plain + schedule, rate {r}" for r in (0.001, 0.003, 0.006)
)
# In the key of every run. A field added to `Recipe` later counts where it differs from
# its default, so that the runs stored before it are still found.
KEY_FIELDS = (
    "hidden_units", "input_dropout", "dropout", "batch_size", "epochs", "patience",
    "learning_rate", "weight_decay", "n_train",
)  # fmt: skip


def load_search():
    """Load training runs with other settings, made to check the recipe on validation.

    Returns:
        A list of dictionaries with "candidate" (a name), "task", "seed", "recipe",
        "parameters", and of the best epoch "val_accuracy" and "val_loss".
    """
    return json.loads(SEARCH.read_text(encoding="utf-8"))


def check_settings(recipe, *, seed=0):
    """Refuse settings that no training can have, before anything takes long.

    Returns:
        The recipe, with its hidden units as a tuple.

    Raises:
        ValueError: Names the setting, its value, and what it may be.
    """
    for name in ("input_dropout", "dropout"):
        check_share(name, getattr(recipe, name))
    for name in ("batch_size", "epochs", "patience"):
        check_count(name, getattr(recipe, name))
    if not isinstance(recipe.normalize, bool):
        raise ValueError(f"normalize is {recipe.normalize!r}; it must be True or False")
    if recipe.schedule not in SCHEDULES:
        wanted = " or ".join(map(repr, SCHEDULES))
        raise ValueError(f"schedule is {recipe.schedule!r}; it must be {wanted}")
    if recipe.n_train is not None:
        check_count("n_train", recipe.n_train)
    check_rate("learning_rate", recipe.learning_rate)
    check_rate("weight_decay", recipe.weight_decay, lowest=0)
    _check("seed", seed, Integral, lambda s: 0 <= s < 2**32, "a whole number from 0 up")
    return recipe._replace(
        hidden_units=check_units("hidden_units", recipe.hidden_units, fewest=0)
    )


def check_units(name, numbers, *, fewest=1):
    """Return the sizes of layers as a tuple, or refuse them, or fewer than `fewest`."""
    is_list = isinstance(numbers, (tuple, list)) and len(numbers) >= fewest
    for units in numbers if is_list else [None]:
        if isinstance(units, bool) or not isinstance(units, Integral) or units < 1:
            wanted = "whole numbers from 1 up in parentheses, as in (256, 256) or (64,)"
            raise ValueError(f"{name} is {numbers!r}; it must be {wanted}")
    return tuple(int(units) for units in numbers)


def check_count(name, value, lowest=1):
    """Refuse all but a whole number from `lowest` up."""
    wanted = f"a whole number from {lowest} up"
    _check(name, value, Integral, lambda count: count >= lowest, wanted)


def check_share(name, value):
    """Refuse all but a share from 0 to below 1."""
    _check(name, value, Real, lambda share: 0 <= share < 1, "a number in [0, 1)")


def check_rate(name, value, lowest=sys.float_info.min):
    """Refuse all but a finite number above 0; with `lowest=0`, it may be 0."""
    wanted = "a finite number from 0 up" if lowest == 0 else "a finite number above 0"
    _check(name, value, Real, lambda rate: lowest <= rate < math.inf, wanted)


def _check(name, value, kind, is_allowed, wanted):
    if isinstance(value, bool) or not isinstance(value, kind) or not is_allowed(value):
        raise ValueError(f"{name} is {value!r}; it must be {wanted}")


def run_key(task, seed, recipe=RECIPE, differences=None):
    """Hash what a run depends on: another recipe, data set or seed has another key.

    `differences` are those of `find_differences`; without any, the training is the one
    that its recipe names.
    """
    defaults = recipe._field_defaults
    settings = {
        name: value
        for name, value in recipe._asdict().items()
        if name in KEY_FIELDS or value != defaults[name]
    }
    parts = [task, seed, settings, DATA_SHA256]
    if differences:
        parts.append(differences)
    text = json.dumps(parts, sort_keys=bool(differences), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
