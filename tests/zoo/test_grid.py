"""The grid of document 001: what is loaded and chosen of it."""

import numpy as np
import pandas as pd
import pytest
from zoo_samples import make_training, store_sample

from fashionnet.storing import home
from fashionnet.zoo import grid
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
    assert len(reported.drop(grid.WORST, level="optimizer")) == 18


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
