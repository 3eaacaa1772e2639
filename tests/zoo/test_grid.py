"""The grid of document 001: what is loaded, chosen, and drawn of it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from zoo_samples import make_training, store_sample

from fashionnet.storing import home
from fashionnet.zoo import grid, tuning
from fashionnet.zoo.table import GRID_001, find_network, list_grid


@pytest.fixture(autouse=True)
def own(monkeypatch, tmp_path):
    """Store in a folder of the test's own."""
    monkeypatch.setenv("FASHIONNET_HOME", str(tmp_path))


@pytest.fixture
def rows():
    """Two settings of a depth; the first has two more seeds."""
    first, second = (2, "Adam 0.001", 128), (2, "SGD 0.1", 256)
    facts = {
        (*first, 0): (0.91, 0.89),
        (*first, 1): (0.92, 0.87),
        (*first, 2): (0.90, 0.86),
        (*second, 0): (0.90, 0.90),
    }
    table = pd.DataFrame(facts, ["validation", "test"]).T
    return table.rename_axis([*grid.LEVELS, "seed"]).sort_index()


def test_reported_grid_has_all_settings_with_the_accuracies_of_the_table():
    reported = grid.load_reported()
    assert len(reported) == 24 and reported.index.is_unique
    for network in list_grid():
        key = grid.name_settings(network)
        assert reported["test"][key] == network.reported
    assert reported["test"][2, "Adam 0.001", 512] == max(GRID_001[2])
    assert reported["validation"][3, "Adam 0.0001", 128] == pytest.approx(
        0.897833, 1e-6
    )
    assert len(grid.leave_out_worst(reported)) == 18


def test_grid_is_found_under_every_name_of_its_settings():
    assert grid.load_grid() == {}
    for network, seed in ((list_grid()[3], 0), (find_network("mlp-2x256"), 2)):
        store_sample(network, seed, base=home())
    stored = grid.load_grid()
    assert set(stored) == {(2, "Adam 0.0001", 128, 0), (2, "Adam 0.001", 512, 2)}
    table = grid.table_grid(stored)
    assert table.loc[2, "Adam 0.0001", 128, 0].tolist() == [0.9, 0.9, 2, 3]


def test_validation_and_test_choose_their_own_best(rows):
    chosen = grid.choose(rows.xs(0, level="seed"))
    assert chosen["settings"].tolist() == ["Adam 0.001, 128", "SGD 0.1, 256"]
    assert chosen["test"].tolist() == [0.89, 0.90]


def test_winners_are_compared_with_seeds_that_did_not_choose(rows):
    again = grid.train_again(rows)
    assert again["new seeds"].tolist() == [2, 0]
    assert again["their mean"].iloc[0] == pytest.approx(0.865)
    assert again["change"].iloc[0] == pytest.approx(-0.025)
    assert np.isnan(again["change"].iloc[1])


@pytest.mark.parametrize(
    ("patience", "expected"), [(1, (3, 2)), (2, (6, 4)), (3, (8, 7)), (9, (8, 7))]
)
def test_training_stops_after_so_many_epochs_without_a_better_one(patience, expected):
    losses = [5.0, 3.0, 3.0, 2.0, 2.5, 2.0, 1.0, 4.0]
    assert grid.find_stop(losses, patience) == expected


def test_patience_is_tried_on_every_stored_training():
    training = make_training(list_grid()[0], 0)
    history = {"val_loss": [2.0, 3.0, 1.0], "val_accuracy": [0.5, 0.6, 0.7]}
    stored = {"a": training._replace(history=history)}
    table = grid.try_patience(stored, (1, 2))
    assert table["epochs"].tolist() == [2, 3]
    assert table["accuracy, %"].tolist() == pytest.approx([50, 70])


def test_heat_map_has_both_depths_and_marks_what_is_missing():
    shares = grid.load_reported()["validation"].drop((2, "SGD 0.1", 128))
    fig = tuning.plot_grid(shares)
    words = [[text.get_text() for text in ax.texts] for ax in fig.axes]
    assert [len(panel) for panel in words] == [12, 12]
    assert words[0][6] == "–" and words[1][3] == "89.78"
    assert "Adam 0.0001, 128: 89.78" in fig.description


def test_agreement_draws_every_setting_and_the_best_of_each():
    reported = grid.leave_out_worst(grid.load_reported())
    fig = tuning.plot_agreement({"one": reported, "other": reported.iloc[:5]})
    scales = set()
    for ax, n in zip(fig.axes, (18, 5), strict=True):
        *marks, across, along = ax.lines
        assert sum(len(line.get_xdata()) for line in marks) == n
        part = reported.iloc[:n] * 100
        faces = [line.get_markerfacecolor() for line in marks]
        three = part.index.get_level_values("layers") == 3
        drawn = [len(m.get_xdata()) for m, f in zip(marks, faces, strict=True)
                 if f != "white"]  # fmt: skip
        assert sum(drawn) == three.sum()
        assert across.get_xdata()[0] == part["validation"].max()
        assert along.get_ydata()[0] == part["test"].max()
        for limits, values in ((ax.get_xlim(), "validation"), (ax.get_ylim(), "test")):
            assert limits[0] < part[values].min() and part[values].max() < limits[1]
        scales.add((round(np.ptp(ax.get_xlim()), 6), round(np.ptp(ax.get_ylim()), 6)))
    assert len(scales) == 1
    assert "the best of each is the same setting" in fig.description
    names = [text.get_text() for text in fig.legends[0].get_texts()]
    assert names == ["Adam 0.001", "Adam 0.0001", "SGD 0.1"]


def test_bounds_of_leads_are_those_of_student():
    leads = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [5.0, 5.0, 5.0]})
    table = grid.bound_leads(leads)
    found = stats.ttest_1samp(leads["a"], 0).confidence_interval()
    assert table.loc["a"].tolist() == pytest.approx([2, found.low, found.high])
    assert table.loc["b"].tolist() == [5, 5, 5]


def test_seeds_that_chose_a_winner_are_left_out():
    winner, other = find_network("grid-2x256-adam-0.001-128"), find_network("mlp-2x256")
    for network in (winner, other):
        for seed in (0, 1):
            store_sample(network, seed, base=home())
    found = grid.find_right_by_seed(np.zeros(10_000, int))
    assert {name: len(right) for name, right in found.items()} == {
        "2 layers, Adam 0.001,\nbatch 512": 2,
        "2 layers, Adam 0.001,\nbatch 128": 1,
    }


def test_curves_of_one_name_look_alike_and_are_named_once():
    x = np.array([1.0, 10.0, 100.0])
    curves = [("a", x, x / 100), ("a", x, x / 50), ("b", x, [3, np.nan, 2000])]
    fig, (left, right) = plt.subplots(1, 2)
    ax = tuning.plot_curves(curves, "tries", "loss", ceiling=3, ax=right)
    assert ax is right and not left.has_data()
    first, second, third = ax.lines
    assert first.get_color() == second.get_color() != third.get_color()
    assert first.get_linestyle() != third.get_linestyle()
    assert ax.get_legend_handles_labels()[1] == ["a", "b"]
    assert "beyond the axis at 100" in fig.description


def test_strips_show_every_value_and_the_mean():
    ax = tuning.plot_strips({"a": [1, 2, 6], "b": [4]}, "points", line=0)
    values, mean = ax.lines[1:3]
    assert values.get_xdata().tolist() == [1, 2, 6]
    assert mean.get_xdata() == [3]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    assert "a, 3 values from 1.00 to 6.00, mean 3.00" in ax.figure.description
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    assert len(tuning.plot_strips(frame, "points").lines) == 4
