"""One network against another: what is counted, and on which seeds."""

import numpy as np
import pytest
from zoo_samples import store_sample

from fashionnet.data import load_test_set
from fashionnet.zoo import comparing
from fashionnet.zoo.table import find_network

LEAKY = find_network("leaky-mlp")


def test_networks_are_compared_on_their_common_seeds():
    for seed in range(3):
        store_sample(LEAKY, seed, n_wrong=900, start=100 * seed)
    for seed in range(2):
        store_sample(find_network("mlp-2x256"), seed, n_wrong=1000 + 10 * seed)
    labels = load_test_set()[1]
    pairs = [("leaky-mlp", "mlp-2x256"), ("cnn-sgd", "mlp-2x256")]
    table = comparing.compare_networks(pairs, labels)
    assert table.index.tolist() == ["leaky-mlp against mlp-2x256"]
    assert table["by seed"].iloc[0].tolist() == [100, 110]
    assert table["mean"].iloc[0] == 105
    low, high = table["95% interval"].iloc[0]
    assert low < 105 < high


def test_variant_with_one_training_is_compared_with_every_plain_one():
    store_sample(find_network("mlp-2x256-permuted"), 0, n_wrong=900)
    for seed in range(3):
        store_sample(find_network("mlp-2x256"), seed, n_wrong=1000, start=900)
    table = comparing.compare_seeds(["mlp-2x256"], "permuted", load_test_set()[1])
    assert table.index.tolist() == [("mlp-2x256", seed) for seed in range(3)]
    counts = table[["permuted", "plain", "difference"]].to_numpy().tolist()
    assert counts == 3 * [[9100, 9000, 100]]
    # 1,900 images are right in one of the two only.
    half = 1.96 * np.sqrt(1900 - 100**2 / 10_000)
    assert table["to"].iloc[0] == pytest.approx(100 + half, abs=1)
    assert table["from"].iloc[0] == pytest.approx(100 - half, abs=1)
