"""Two warnings: how often they are wrong, and what becomes of the answers."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.stats import binomtest

from fashionnet.study.unlike import load_measured
from fashionnet.zoo.warned import (
    phrase_share,
    plot_distances,
    table_rates,
    table_warnings,
)


def test_false_alarms_and_misses_are_those_that_were_measured():
    measured = load_measured()
    table = table_rates(measured)
    assert table["n"].tolist() == [10_000, 1_000, 523, 500]
    called = measured["distance"]["called"]
    alarms = called["test scenes"]["unlike"] / called["test scenes"]["n"]
    misses = 1 - called["stamps"]["unlike"] / called["stamps"]["n"]
    found = table["distance"]
    assert found["false alarms, test scenes"].startswith(f"{alarms:.1%} (")
    assert found["misses, stamps"].startswith(f"{misses:.1%} (")


def test_each_answer_is_counted_with_its_warnings():
    measured = {"distance": {"threshold": 50}, "probability": {"threshold": 0.1}}
    is_right = np.array([True, False, True, True])
    distances, doubts = np.array([60, 60, 10, 10]), np.array([0, 0.5, 0.5, 0])
    table = table_warnings(is_right, distances, doubts, measured)
    counts = table[["right", "of"]].astype(int).values.tolist()
    assert counts == [[1, 2], [2, 2], [1, 2], [2, 2], [1, 1]]
    assert table.index[2] == "below 90%"
    assert table.loc["neither", "share"].startswith("100% (")


@pytest.mark.parametrize(("n_chosen", "n"), [(0, 5), (3, 8), (17, 29), (500, 500)])
def test_share_has_the_interval_of_wilson(n_chosen, n):
    found = binomtest(n_chosen, n).proportion_ci(method="wilson")
    share, low, high = n_chosen / n, found.low, found.high
    assert phrase_share(n_chosen, n) == f"{share:.0%} ({low:.0%} to {high:.0%})"


def test_share_of_nothing_is_a_dash():
    assert phrase_share(0, 0) == "–"


def test_distances_are_drawn_by_group_beside_the_threshold():
    _, ax = plt.subplots()
    assert plot_distances({"ours": [10, 60, 70], "noise": [80]}, 51, ax=ax) is ax
    threshold, *groups = ax.get_lines()
    assert set(threshold.get_xdata()) == {51}
    assert [len(line.get_xdata()) for line in groups] == [3, 1]
    assert "ours: 2 of 3 are above 51" in ax.figure.description
