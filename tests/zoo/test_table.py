import json

import numpy as np
import pytest
from zoo_samples import make_squeezenet_weights

from fashionnet.zoo import transfer
from fashionnet.zoo.augment import Augmentation, check_augmentation
from fashionnet.zoo.table import (
    NETWORKS,
    build,
    find_network,
    list_grid,
    list_settings,
    phrase_parameters,
)
from fashionnet.zoo.views import VIEWS

# Trained weights, counted by hand: in `test_dense.py` and its neighbors, or here.
BY_HAND = {
    "softmax-regression": (784 + 1) * 10,
    "mlp-2x256": 269_322,
    "mlp-3x256": 335_114,
    "cnn-sgd": 241_546,
    "cnn-adam-dropout": 241_546,
    "leaky-mlp": 535_818,
    "leaky-cnn": 241_546,
    # Means and variances of normalizations are not trained.
    "four-blocks": 423_466 - 2 * (32 + 64 + 128 + 256),
    "resnet": 176_090 - 2 * (5 * 16 + 5 * 32 + 5 * 64),
    # The head; then with the last two of the blocks.
    "squeezenet-features": 512 * 1024 + 1024 + 1024 * 10 + 10,
    "squeezenet-fine-tuned": 535_562
    + (384 * 64 + 64)
    + 2 * 256
    + 10 * 64 * 256
    + (512 * 64 + 64)
    + 2 * 256
    + 10 * 64 * 256,
    "small-resnet": 288_650 - 2 * (32 + 5 * 56 + 3 * 80),
    "large-mlp": (784 + 1) * 1024 + 2 * (1024 + 1) * 1024 + (1024 + 1) * 10,
}
OF_EACH_KIND = [network for network in NETWORKS if network not in list_grid()[1:]]


def test_names_are_unique():
    assert len({network.name for network in NETWORKS}) == len(NETWORKS)


def test_numbers_of_parameters_are_those_counted_by_hand():
    assert {name: find_network(name).parameters for name in BY_HAND} == BY_HAND


@pytest.mark.parametrize("network", OF_EACH_KIND, ids=lambda network: network.name)
def test_network_has_the_parameters_that_its_row_names(network, monkeypatch):
    monkeypatch.setattr(transfer, "load_squeezenet_weights", make_squeezenet_weights)
    built = build(network)
    trained = built.trainable_weights
    assert sum(int(np.prod(w.shape)) for w in trained) == network.parameters
    if network.frozen:  # in others, only batch normalization has weights beside these
        assert built.count_params() == network.parameters + network.frozen


def test_frozen_parts_are_told_beside_what_learns():
    assert phrase_parameters(7_850, 0) == "7,850"
    row = find_network("squeezenet-features")
    said = phrase_parameters(row.parameters, row.frozen)
    assert said == "1,258,058 (535,562 trained)"
    fine_tuned = find_network("squeezenet-fine-tuned")
    assert fine_tuned.parameters + fine_tuned.frozen == row.parameters + row.frozen


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_row_is_complete_and_possible(network):
    check_augmentation(Augmentation(**network.augmentation))
    assert network.schedule["name"] in ("constant", "cosine", "plateau")
    assert 1 <= network.patience <= network.epochs
    assert network.batch_size >= 1
    assert network.seeds in ((0,), (0, 1, 2), (0, 1, 2, 3))
    assert network.views in VIEWS
    for other in (network.after, (network.teacher or {}).get("name")):
        assert not other or set(network.seeds) <= set(find_network(other).seeds)
    assert network.document in ("001", "002", "004", "ours")
    for figure in (network.reported, network.wanted):
        assert figure is None or 0.8 < figure < 1
    # A figure is wanted as a mean of three seeds, and not below the one reported.
    if network.wanted:
        assert len(network.seeds) == 3 or network.why
        assert network.wanted >= (network.reported or 0)


def test_settings_are_the_same_after_json_and_say_nothing_of_results():
    for network in NETWORKS:
        settings = list_settings(network)
        assert json.loads(json.dumps(settings)) == settings
        assert not {"reported", "wanted", "name", "seeds"} & set(settings)


def test_settings_tell_networks_apart():
    written = [json.dumps(list_settings(network)) for network in NETWORKS]
    twins = {
        (a.name, b.name)
        for i, a in enumerate(NETWORKS)
        for j, b in enumerate(NETWORKS[:i])
        if written[i] == written[j]
    }
    # The winners of document 001 stand in its grid, too.
    assert twins == {
        ("grid-2x256-adam-0.001-512", "mlp-2x256"),
        ("grid-3x256-adam-0.0001-128", "mlp-3x256"),
    }


def test_grid_has_two_depths_with_twelve_settings_each():
    grid = list_grid()
    settings = {
        (
            len(n.settings["hidden_units"]),
            n.optimizer["name"],
            n.optimizer["learning_rate"],
            n.batch_size,
        )
        for n in grid
    }
    assert len(grid) == len(settings) == 24


@pytest.mark.parametrize(
    ("name", "reported"),
    [
        ("grid-2x256-adam-0.001-512", 0.8951),
        ("grid-2x256-sgd-0.1-512", 0.8896),
        ("grid-2x256-sgd-0.01-512", 0.8577),
        ("grid-3x256-adam-0.0001-128", 0.8966),
        ("grid-3x256-adam-0.001-256", 0.8893),
        ("grid-3x256-sgd-0.01-128", 0.8861),
    ],
)
def test_grid_has_the_figures_of_the_document(name, reported):
    assert find_network(name).reported == reported


def test_figure_of_document_004_is_that_of_plain_images():
    assert find_network("resnet-plain-images").reported == 0.9099
    assert find_network("resnet").reported is None


def test_unknown_network_is_refused_with_names_that_look_alike():
    with pytest.raises(ValueError, match=r"'small-resnt'.*small-resnet"):
        find_network("small-resnt")
    with pytest.raises(ValueError, match=r"mlp-2x256, .*mlp-3x256"):
        find_network("xyz")
