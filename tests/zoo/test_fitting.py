import json
from functools import partial

import numpy as np
import pytest
from zoo_samples import make_squeezenet_weights

from fashionnet.data import split_train_val
from fashionnet.evaluation import predict_probabilities
from fashionnet.zoo import transfer
from fashionnet.zoo.fitting import compile_network, fit_network, make_optimizer
from fashionnet.zoo.table import NETWORKS, build, find_network
from fashionnet.zoo.transfer import build_head

# Small stand-ins for the settings of each builder.
SMALL = {
    "build_biased_mlp": {"hidden_units": (4,)},
    "build_mlp": {"hidden_units": (4,)},
    "build_unpadded_cnn": {"filters": (2, 2, 2), "dense_units": 4},
    "build_block_cnn": {"filters": (2, 2), "dense_units": 4},
    "build_resnet": {"depth": 8, "filters": (2, 2, 2)},
    "build_small_resnet": {"layout": (2, "pool", "residual")},
    "build_permuted": {"hidden_units": (4,)},
    "build_fine_tuned": {},
}
# One or two networks for each builder: the others differ in numbers only. Deep ones
# take long to compile.
TRAINED = (
    "leaky-mlp", "cnn-sgd-dropout", "taught-mlp",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in (
            "mlp-2x256", "mlp-2x256-permuted", "large-mlp", "leaky-cnn", "four-blocks",
            "small-resnet", "resnet", "resnet-8-without-shortcuts",
        )
    ),
)  # fmt: skip
CHOSEN = [network for network in NETWORKS if not network.name.startswith("grid")]


def shrink(network):
    small = SMALL[network.builder.split(":")[1]]
    return network._replace(settings=network.settings | small, batch_size=64)


@pytest.mark.integration
@pytest.mark.parametrize("name", TRAINED)
def test_network_of_each_kind_trains_an_epoch(name, noise):
    split, network = split_train_val(*noise, seed=0), shrink(find_network(name))
    teacher = build(find_network("mlp-2x256")) if network.teacher else None
    model, history = fit_network(network, split, seed=0, epochs=1, teacher=teacher)
    assert len(history["val_loss"]) == 1
    y_prob = predict_probabilities(model, split.x_val)
    np.testing.assert_allclose(y_prob.sum(axis=1), 1, atol=1e-5)


@pytest.mark.integration
def test_equal_seeds_train_equal_networks_with_augmentation(noise):
    split, network = split_train_val(*noise, seed=0), shrink(find_network("leaky-cnn"))
    weights = [
        fit_network(network, split, seed=seed, epochs=1)[0].get_weights()
        for seed in (3, 3, 4)
    ]
    assert all(map(np.array_equal, weights[0], weights[1]))
    assert not all(map(np.array_equal, weights[0], weights[2]))


@pytest.mark.integration
def test_rate_falls_where_validation_no_longer_improves(noise):
    split, network = split_train_val(*noise, seed=0), shrink(find_network("leaky-mlp"))
    network = network._replace(schedule=network.schedule | {"patience": 1})
    _, history = fit_network(network, split, seed=0, epochs=12)
    rates = json.loads(json.dumps(history))["learning_rate"]
    assert rates[0] == pytest.approx(1e-3)
    assert rates[-1] == pytest.approx(1e-3 / 2 ** (len(set(rates)) - 1))
    assert len(set(rates)) > 1


def test_cosine_is_made_for_the_epochs_that_are_trained():
    network = find_network("small-resnet")
    model = compile_network(network, n_images=54_000, epochs=10)
    rate = model.optimizer._learning_rate
    steps = 211 * 10
    assert float(rate(steps)) == pytest.approx(0, abs=1e-8)
    assert float(rate(steps // 5)) == pytest.approx(4e-3)


@pytest.mark.parametrize("network", CHOSEN, ids=lambda network: network.name)
def test_optimizer_has_the_settings_of_the_table(network):
    optimizer = make_optimizer(network, n_steps=100)
    settings = optimizer.get_config()
    for name, value in network.optimizer.items():
        if name == "name":
            assert type(optimizer).__name__ == value
        elif name != "learning_rate":
            assert settings[name] == value
        elif network.schedule["name"] != "cosine":
            assert settings[name] == pytest.approx(value)


def test_no_epoch_is_refused(noise):
    split = split_train_val(*noise, seed=0)
    with pytest.raises(ValueError, match="epochs is 0"):
        fit_network(find_network("mlp-2x256"), split, seed=0, epochs=0)


@pytest.mark.slow
@pytest.mark.integration
def test_head_learns_on_features_before_the_last_blocks_learn(noise, monkeypatch):
    weights = make_squeezenet_weights()
    monkeypatch.setattr(transfer, "load_squeezenet_weights", lambda: weights)
    monkeypatch.setattr(transfer, "build_head", partial(build_head, dense_units=4))
    split = split_train_val(*noise, seed=0)
    features = find_network("squeezenet-features")._replace(epochs=2)
    monkeypatch.setattr("fashionnet.zoo.fitting.find_network", lambda name: features)
    first, history = fit_network(features, split, seed=0)
    assert history["last_step"] == [2, 4]  # 270 images in batches of 256
    best = min(history["val_loss"])
    assert loss_of(first, split) == pytest.approx(best, rel=1e-4)
    still = {"name": "SGD", "learning_rate": 0.0}
    tuned = find_network("squeezenet-fine-tuned")._replace(
        optimizer=still, schedule={"name": "constant"}, augmentation={}
    )
    second, _ = fit_network(tuned, split, seed=0, epochs=1)
    for before, after in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def loss_of(model, split):
    """Return the mean negative log-probability of the validation labels."""
    y_prob = predict_probabilities(model, split.x_val)
    return -np.log(y_prob[np.arange(len(split.y_val)), split.y_val]).mean()
