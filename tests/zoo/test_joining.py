"""What joining networks brings, against small cases worked out by hand."""

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from fashionnet.zoo import joining
from fashionnet.zoo.committees import average, vote
from fashionnet.zoo.stored import Training
from fashionnet.zoo.table import find_network

TRUTH = np.repeat(np.arange(10), 100)


def make_training(skill, seed, val_accuracy=0.5):
    """Make a training whose answers lean towards the truth by `skill`."""
    rng = np.random.default_rng(seed)
    answers = []
    for _ in range(2):
        scores = rng.normal(size=(1000, 10))
        scores[np.arange(1000), TRUTH] += skill
        answers.append(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))
    manifest = {"metrics": {"val_accuracy": val_accuracy}}
    return Training(manifest, {}, *answers)


def count_right(y_prob):
    return np.sum(y_prob.argmax(axis=1) == TRUTH)


def test_seeds_are_those_that_all_have_in_order():
    found = {"a": {2: 0, 0: 0, 1: 0}, "b": {1: 0, 0: 0, 7: 0}, "c": {}}
    assert joining.list_seeds(found, ["a", "b"]) == [0, 1]
    assert joining.list_seeds(found, ["a", "c"]) == []


def test_pair_is_compared_image_by_image():
    one = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.6, 0.4]])
    other = np.array([[0.4, 0.6], [0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    pair = joining.compare_pair(one, other, np.zeros(4, int))
    assert pair.together == 0.5  # the first and the second
    assert pair.apart == 0.5 and pair.gain == -0.25
    assert pair.correlation == pytest.approx(1 / 3)


def test_pairs_are_means_over_the_seeds_that_both_have_with_labels():
    found = {
        "a": {seed: make_training(1, seed) for seed in (0, 1, 5)},
        "b": {seed: make_training(2, 10 + seed) for seed in (0, 1, 5)},
        "c": {3: make_training(2, 20)},
    }
    pairs = joining.compare_pairs(found, "val", {0: TRUTH, 1: TRUTH})
    assert list(pairs.index) == [("a", "b")]
    by_hand = [
        count_right(found["a"][seed].y_prob_val + found["b"][seed].y_prob_val) / 1000
        for seed in (0, 1)
    ]
    assert pairs.loc[("a", "b"), "together"] == pytest.approx(np.mean(by_hand))
    on_test = joining.compare_pairs(found, "test", {0: TRUTH})
    one, other = (found[name][0].y_prob_test for name in "ab")
    assert tuple(on_test.iloc[0]) == pytest.approx(
        joining.compare_pair(one, other, TRUTH)
    )


def test_rules_are_asked_and_nothing_is_chosen_by_test_images():
    members = [make_training(skill, seed) for seed, skill in enumerate((1, 2, 1.5))]
    rights = joining.ask_rules(members, TRUTH, TRUTH)
    test = [member.y_prob_test for member in members]
    assert np.array_equal(rights["best alone"], test[1].argmax(axis=1) == TRUTH)
    assert np.array_equal(rights["average"], average(test).argmax(axis=1) == TRUTH)
    assert np.array_equal(rights["vote"], vote(test) == TRUTH)
    assert rights["stacked"].mean() > rights["best alone"].mean()
    [alone] = {tuple(joining.ask_rules(members[1:2], TRUTH, TRUTH)["stacked"])}
    assert tuple(rights["best refitted"]) == alone
    flipped = joining.ask_rules(members, TRUTH, (TRUTH + 1) % 10)
    changed = flipped["best alone"] | rights["best alone"]
    assert np.array_equal(changed, (test[1].argmax(axis=1) - TRUTH) % 10 <= 1)


def test_best_network_is_that_of_the_validation_images():
    found = {
        "a": {0: make_training(1, 0, 0.6), 1: make_training(1, 1, 0.8)},
        "b": {0: make_training(9, 2, 0.65)},
        "c": {},
    }
    assert joining.find_best(found) == "a"


def test_multiplications_are_counted_by_hand():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(4, 3),  # 4×4 places
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    assert joining.count_multiplications(model) == 4 * 4 * 9 * 4 + 16 * 3


def test_multiplications_of_a_network_within_a_network_count_too():
    images = keras.Input((6, 6, 1))
    maps = keras.layers.Flatten()(keras.layers.Conv2D(4, 3)(images))
    head = keras.Sequential([keras.Input((64,)), keras.layers.Dense(3)])
    model = keras.Model(images, head(maps))
    assert joining.count_multiplications(model) == 4 * 4 * 9 * 4 + 64 * 3


def test_cost_is_that_of_all_views():
    images = np.zeros((2, 28, 28), np.uint8)
    costs = joining.measure_cost("Part 1", images)
    n_weights = 784 * 256 + 256 * 256 + 256 * 10
    assert costs["views"] == 1 and costs["ms"] > 0
    assert costs["million steps"] == costs["million steps, one view"] == n_weights / 1e6
    assert costs["million parameters"] == pytest.approx(0.269322)


def test_steps_are_those_of_all_views(monkeypatch):
    views = find_network("softmax-regression")._replace(views=18)
    monkeypatch.setattr(joining, "find_network", lambda _: views)
    images = np.zeros((2, 28, 28), np.uint8)
    costs = joining.measure_cost("softmax-regression", images)
    assert (costs["views"], costs["million steps, one view"]) == (18, 0.00784)
    assert costs["million steps"] == pytest.approx(18 * 0.00784)


def test_sizes_have_a_dot_for_each_committee_and_a_line_of_means():
    fig, (left, right) = plt.subplots(1, 2)
    accuracies = {1: [0.8, 0.9], 2: [0.9]}
    ax = joining.plot_sizes(accuracies, ax=right)
    assert ax is right and not left.has_data()
    one, two, means = ax.lines
    assert list(one.get_ydata()) == [80, 90] and list(two.get_xdata()) == [2]
    assert means.get_ydata() == pytest.approx([85, 90])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "one committee",
        "mean",
    ]
    assert "members 1: 2, 80.00 to 90.00, mean 85.00" in fig.description


def test_pairs_are_told_apart_without_color():
    names = ("mlp-2x256", "mlp-3x256", "cnn-sgd", "cnn-adam-dropout")
    index = pd.MultiIndex.from_tuples([names[:2], names[1:3], names[2:], names[::3]])
    rows = [(0.7, 0.01, 0.001, 0), (0.5, 0.01, 0.01, 0),
            (0.6, 0.01, 0, 0), (0.4, 0.05, -0.01, 0)]  # fmt: skip
    pairs = pd.DataFrame(rows, index, joining.Pair._fields)
    ax = joining.plot_pairs(pairs)
    zero, *marks, near, far = ax.lines
    assert set(zero.get_ydata()) == {0}
    assert near.get_markerfacecolor() != far.get_markerfacecolor() == "white"
    shown = {
        (line.get_marker(), line.get_markerfacecolor() == "white"): (
            line.get_xdata()[0],
            line.get_ydata()[0],
        )
        for line in marks
    }
    assert shown == {
        ("s", False): (0.7, pytest.approx(0.1)),
        ("^", False): (0.5, 1),
        ("o", False): (0.6, 0),
        ("^", True): (0.4, -1),
    }
    described = "1 pairs, one dense, further apart: correlation 0.40 to 0.40, gain -1.0"
    assert described in ax.figure.description


def test_pairs_of_one_network_are_ringed_and_the_legend_says_what_marks_mean():
    names = ("mlp-2x256", "mlp-3x256", "cnn-sgd")
    index = pd.MultiIndex.from_tuples([names[:2], names[1:]])
    rows = [(0.7, 0.01, 0.001, 0), (0.5, 0.03, 0.01, 0)]
    pairs = pd.DataFrame(rows, index, joining.Pair._fields)
    ax = joining.plot_pairs(pairs, ringed="cnn-sgd")
    ring = ax.lines[-1]
    assert (list(ring.get_xdata()), list(ring.get_ydata())) == ([0.5], [1])
    assert ring.get_markersize() > ax.lines[1].get_markersize()
    said = {text.get_text() for text in ax.get_legend().get_texts()}
    assert {"about equally good", "further apart", "with cnn-sgd"} <= said
    assert "1 pairs with cnn-sgd have a ring: gain +1.0" in ax.figure.description
