"""One network against another: what is counted, and on which seeds."""

import numpy as np
import pytest
from zoo_samples import store_sample

from fashionnet.data import load_test_set
from fashionnet.study.contrasts import estimate_images
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
    lead = np.zeros((2, 10_000), int)
    for row, start, n_wrong in zip(lead, (0, 100), (1000, 1010), strict=True):
        row[:n_wrong] += 1  # wrong in the other
        row[start : start + 900] -= 1
    ends = estimate_images(lead).interval()
    assert table[["from", "to"]].iloc[0].tolist() == pytest.approx(ends, abs=0.5)


def test_with_one_seed_the_interval_is_for_new_images():
    store_sample(LEAKY, 1, n_wrong=900)
    store_sample(find_network("mlp-2x256"), 1, n_wrong=1050)
    lead = comparing.compare("leaky-mlp", "mlp-2x256", load_test_set()[1])
    assert (lead.by_seed.tolist(), lead.mean) == ([150], 150)
    # Only one of the two is right about 150 images, so their sum has this deviation.
    half = 1.96 * np.sqrt(150 - 150**2 / 10_000)
    assert lead[2:] == pytest.approx((150 - half, 150 + half))


def test_settings_are_those_of_the_table():
    names = ["cnn-sgd", "cnn-adam-dropout"]
    table = comparing.table_settings(names)
    assert table.index.tolist() == names
    for name in names:
        row = find_network(name)
        found = table.loc[name]
        assert found["optimizer"] == row.optimizer["name"]
        assert found["learning_rate"] == row.optimizer["learning_rate"]
        assert found["epochs at most"] == row.epochs
    assert table.loc["cnn-adam-dropout", "momentum"] == "–"


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


def test_lead_is_worded_by_its_interval():
    store_sample(LEAKY, 0, n_wrong=900)
    store_sample(find_network("cnn-sgd"), 0, n_wrong=900, start=5000)
    store_sample(find_network("mlp-2x256"), 0, n_wrong=1000, start=200)
    labels = load_test_set()[1]
    ahead = comparing.state_lead("leaky-mlp", "mlp-2x256", labels)
    assert ahead.startswith("leaky-mlp is ahead of mlp-2x256: +100 of 10,000 (")
    behind = comparing.state_lead("mlp-2x256", "leaky-mlp", labels)
    assert behind.startswith("mlp-2x256 is behind leaky-mlp: -100 of 10,000 (")
    unclear = comparing.state_lead("leaky-mlp", "cnn-sgd", labels)
    assert unclear.startswith("no difference was detected")
    assert all("for new images)" in said for said in (ahead, behind, unclear))
    for seed in (1, 2):
        store_sample(LEAKY, seed, n_wrong=900)
        store_sample(find_network("mlp-2x256"), seed, n_wrong=1000, start=200)
    said = comparing.state_lead("leaky-mlp", "mlp-2x256", labels)
    assert "for new trainings and new images)" in said


def test_lead_that_lacks_runs_names_the_command_that_makes_them():
    labels = load_test_set()[1]
    start = "python -m fashionnet further --only "
    said = comparing.state_lead("leaky-mlp", "cnn-sgd", labels)
    assert said.endswith(f"{start}leaky-mlp cnn-sgd")
    store_sample(LEAKY, 0)
    said = comparing.state_lead("leaky-mlp", "cnn-sgd", labels)
    assert said.endswith(f"{start}cnn-sgd")
    store_sample(find_network("cnn-sgd"), 1)  # of another seed
    said = comparing.state_lead("leaky-mlp", "cnn-sgd", labels)
    assert said.endswith(f"{start}leaky-mlp cnn-sgd")


def test_networks_without_runs_are_left_out_of_the_list():
    for seed, n_wrong in enumerate((900, 1000)):
        store_sample(LEAKY, seed, n_wrong=n_wrong)
    table = comparing.table_networks(["cnn-sgd", "leaky-mlp"], load_test_set()[1])
    assert table.index.tolist() == ["leaky-mlp"]
    assert table.iloc[0].tolist() == [LEAKY.parameters, 2, "90.50%"]
    empty = comparing.table_networks(["cnn-sgd"], load_test_set()[1])
    assert empty.empty and list(empty) == list(table)
    assert list(table) == ["trained parameters", "seeds", "accuracy"]
