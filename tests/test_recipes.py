"""Impossible settings are refused by name, and the key tells trainings apart."""

import json
import re
import sys
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashionnet import recipes
from fashionnet.recipes import RECIPE, Recipe, check_settings, run_key

REFUSED = {
    "hidden_units": [64, {}, "", "256", (8, 0), (8, 2.5), (8, "8"), None, {8}, (True,)],
    "input_dropout": [1.0, -0.1, "0.2", float("nan"), None, True],
    "dropout": [1.0, -0.1, "0.2", float("nan"), None, True],
    "batch_size": [0, -1, 2.5, "512", None, True],
    "epochs": [0, -1, 2.5, "3", None, True],
    "patience": [0, -1, 2.5, "3", None, True],
    "learning_rate": [0, -0.1, "0.1", float("nan"), float("inf"), None],
    "weight_decay": [-0.1, "0.1", float("nan"), float("inf"), None],
    "n_train": [0, 2.5, "500"],
    "normalize": [1, None, "True"],
    "schedule": ["linear", "Cosine", 1, None],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, v) for name, values in REFUSED.items() for v in values]
)
def test_impossible_setting_is_refused_by_name_and_value(name, value):
    with pytest.raises(ValueError, match=rf"{name} is .*{re.escape(str(value))}"):
        check_settings(RECIPE._replace(**{name: value}))


WAYS_OUT = {
    "hidden_units": "from 1 up in parentheses, as in (256, 256) or (64,)",
    "dropout": "in [0, 1)",
    "epochs": "from 1 up",
    "learning_rate": "above 0",
    "weight_decay": "from 0 up",
    "schedule": "'cosine' or 'constant'",
}


@pytest.mark.parametrize("name", WAYS_OUT)
def test_refusal_says_what_the_setting_may_be(name):
    with pytest.raises(ValueError, match=f"must be .*{re.escape(WAYS_OUT[name])}$"):
        check_settings(RECIPE._replace(**{name: None}))


SMALLEST = Recipe(
    hidden_units=(), input_dropout=0, dropout=0, batch_size=1, epochs=1, patience=1,
    learning_rate=sys.float_info.min, weight_decay=0, n_train=1,
)  # fmt: skip


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_settings_at_their_limits_are_possible(seed):
    assert check_settings(SMALLEST, seed=seed) == SMALLEST


@pytest.mark.parametrize("seed", ["0", -1, 2**32, 1.5, None, True])
def test_impossible_seed_is_refused(seed):
    with pytest.raises(ValueError, match=f"seed is .*{seed}"):
        check_settings(RECIPE, seed=seed)


def test_possible_settings_come_back_with_a_tuple_of_units():
    numbers = [np.int64(8), 4]
    checked = check_settings(RECIPE._replace(hidden_units=numbers), seed=np.int64(7))
    assert checked == RECIPE._replace(hidden_units=(8, 4))
    assert json.dumps(checked.hidden_units) == "[8, 4]"


def test_key_depends_on_task_seed_recipe_data_and_differences(monkeypatch):
    keys = {
        run_key("binary", 0),
        run_key("multiclass", 0),
        run_key("binary", 1),
        run_key("binary", 0, Recipe(epochs=1)),
        run_key("binary", 0, Recipe(n_train=500)),
        run_key("binary", 0, differences={"first_step": 106}),
        run_key("binary", 0, differences={"first_step": 212}),
    }
    monkeypatch.setattr(recipes, "DATA_SHA256", "other data")
    keys.add(run_key("binary", 0))
    assert len(keys) == 8


def test_number_that_is_none_has_no_key():
    with pytest.raises(ValueError, match="JSON"):
        run_key("binary", 0, Recipe(dropout=float("nan")))


@given(st.dictionaries(st.text(max_size=5), st.integers(), min_size=1, max_size=4))
def test_key_does_not_depend_on_the_order_of_differences(differences):
    backwards = dict(reversed(differences.items()))
    assert run_key("binary", 0, differences=differences) == run_key(
        "binary", 0, differences=backwards
    )


# The recipe as it may look one day: with one more field.
LaterRecipe = namedtuple(
    "LaterRecipe",
    (*Recipe._fields, "label_smoothing"),
    defaults=(*Recipe._field_defaults.values(), 0.0),
)


def test_field_that_is_added_changes_the_key_only_by_its_value():
    assert run_key("binary", 0, LaterRecipe()) == run_key("binary", 0)
    smooth = LaterRecipe(label_smoothing=0.1)
    assert run_key("binary", 0, smooth) != run_key("binary", 0)
