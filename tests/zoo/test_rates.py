"""The range test: one step for each learning rate."""

import keras
import numpy as np
import pytest

from fashionnet.zoo import rates
from fashionnet.zoo.table import build, find_network

NETWORK = find_network("mlp-2x256")
SMALL = NETWORK._replace(settings={"hidden_units": (4,), "dropout": 0.0})


def draw_images(n):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, 28, 28), np.uint8), rng.integers(0, 10, n)


def test_rates_grow_as_told_and_the_first_loss_is_that_before_training():
    images, labels = draw_images(4 * rates.BATCH_SIZE)
    keras.utils.set_random_seed(0)
    model = build(SMALL)
    first = images[: rates.BATCH_SIZE], labels[: rates.BATCH_SIZE]
    y_prob = model.predict(first[0], verbose=0)
    by_hand = -np.log(y_prob[np.arange(len(first[1])), first[1]]).mean()
    tried = np.geomspace(1e-3, 1, 4)
    losses = rates.try_rates(model, "SGD", images, labels, tried)
    assert losses.shape == (4,)
    assert losses[0] == pytest.approx(by_hand, rel=1e-4)
    grown = [float(model.optimizer._learning_rate(step)) for step in range(4)]
    assert grown == pytest.approx(tried.tolist(), rel=1e-4)
    assert model.optimizer.iterations == 4


def test_rates_are_tried_with_every_optimizer_and_seed():
    images, labels = draw_images(10 * rates.BATCH_SIZE)
    tried = np.geomspace(1e-4, 1e-3, 10)
    curves = rates.try_seeds(SMALL, images, labels, tried)
    assert [name for name, *_ in curves] == ["Adam", "Adam", "SGD", "SGD"]
    for _, x, losses in curves:
        assert x.tolist() == tried[4:6].tolist()
        assert losses.shape == (2,)
    assert curves[0][2][0] != curves[1][2][0]
