"""What the notebook on backpropagation claims is true of other seeds as well."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from fashionnet.publish.published import ROOT
from fashionnet.recipes import load_search

NOTEBOOK = ROOT / "notebooks/further/11_backpropagation.ipynb"
# The cells that train, by something that they contain.
LOAD, SCALE, WEIGHTS, TRAIN, DEPTH = (
    "load_training_set()", "one_hot = ", "W1 = np.float32", "for epoch in range",
    "curves = {",
)  # fmt: skip
HEADER = "from itertools import pairwise\nimport numpy as np\n"
HEADER += "from sklearn.model_selection import train_test_split\n"
HEADER += "from fashionnet import data\n"


def find_code(*marks):
    """Return the source of the cells that contain a mark, in the order of the marks."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    found = [[source for source in code if mark in source] for mark in marks]
    assert [len(sources) for sources in found] == [1] * len(marks)
    return [sources[0] for sources in found]


@pytest.fixture(scope="module")
def loaded():
    """Load and split the images as the notebook does."""
    names = {}
    exec("\n".join((HEADER, *find_code(LOAD, SCALE))), names)
    return names


def train(loaded, seed, *changes, begin=""):
    """Train as the notebook does, with changes of its code. Returns the last accuracy.

    `begin` runs between the drawing of the weights and the training.
    """
    weights, training = find_code(WEIGHTS, TRAIN)
    for old, new in changes:
        assert old in training
        training = training.replace(old, new)
    printed = []
    names = loaded | {"SEED": seed, "print": printed.append}
    with np.errstate(all="ignore"):
        exec("\n".join((weights, begin, training)), names)
    return float(re.search(r"(\d+\.\d)%", printed[-1])[1])


def rate(value):
    return ("0.1 * h.T", f"{value} * h.T"), ("0.1 * d.sum", f"{value} * d.sum")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_training_by_hand_comes_within_a_few_points_of_part_1(loaded, seed):
    assert 86 < train(loaded, seed) < 88.5


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    ("value", "low", "high"), [(0.01, 82, 84.5), (0.3, 87, 89), (1, 9, 20)]
)
def test_solution_says_what_other_learning_rates_do(loaded, seed, value, low, high):
    assert low < train(loaded, seed, *rate(value)) < high


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_solution_says_what_is_left_without_relu(loaded, seed):
    linear = (
        ("np.maximum(X @ W1 + b1, 0)", "X @ W1 + b1"),
        ("np.maximum(H1 @ W2 + b2, 0)", "H1 @ W2 + b2"),
        (" * (H2 > 0)", ""),
        (" * (H1 > 0)", ""),
        ("np.maximum(np.maximum(x_val @ W1 + b1, 0) @ W2 + b2, 0)",
         "((x_val @ W1 + b1) @ W2 + b2)"),
    )  # fmt: skip
    assert 82 < train(loaded, seed, *linear, *rate(0.02)) < 86
    searched = pd.DataFrame(load_search()).query("task == 'multiclass'")
    without = searched.query("candidate == 'no hidden layer'")["val_accuracy"]
    assert 82 < 100 * without.mean() < 86


def test_solution_says_what_a_network_of_zeros_learns(loaded):
    zeros = "W1[:] = W2[:] = W3[:] = 0"
    # What has no slope has none after a tenth of an epoch either.
    little = ("range(1, 6)", "range(1, 2)"), ("54_000), 422", "5_400), 42")
    assert train(loaded, 0, *little, begin=zeros) == 10


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_slopes_fade_with_the_sigmoid_and_hardly_with_relu(loaded, seed):
    [code] = find_code(DEPTH)
    names = loaded | {"SEED": seed}
    exec(code, names)
    relu, sigmoid = (np.array(names["curves"][k]) for k in ("ReLU", "sigmoid"))
    assert max(relu[:8]) < 3 * min(relu[:8])
    shrinks = sigmoid[1:8] / sigmoid[:7]
    assert np.exp(np.log(shrinks).mean()) == pytest.approx(4.25, abs=0.6)
