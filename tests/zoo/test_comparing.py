"""One network against another: what is counted, and on which seeds."""

import numpy as np
import pandas as pd
import pytest
from zoo_samples import store_sample

from fashionnet.data import load_test_set
from fashionnet.study.contrasts import estimate_images
from fashionnet.zoo import comparing
from fashionnet.zoo.table import find_network

LEAKY = find_network("leaky-mlp")


def test_lead_of_one_training_is_that_of_its_images():
    right, other = np.array([1, 1, 1, 0] * 100), np.array([0, 1, 1, 1] * 100)
    lead, low, high = comparing.measure_lead(right, 0 * other)
    assert lead == 7500
    error = 10_000 * np.sqrt(0.75 * 0.25 / 400)
    assert (lead - low) / error == pytest.approx(1.96)
    assert high - lead == pytest.approx(lead - low)
    assert comparing.measure_lead(right, other)[0] == 0


def test_lead_of_several_trainings_is_for_new_ones_too():
    rng = np.random.default_rng(0)
    right, other = rng.random((2, 3, 500)) < 0.8
    estimate = estimate_images(right.astype(int) - other)
    lead, *ends = comparing.measure_lead(right, other)
    assert lead == pytest.approx(estimate.value)
    assert ends == pytest.approx(estimate.interval())


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


def test_leads_have_a_row_a_name_and_a_mark_for_the_side_of_their_interval():
    rows = {"more": (3, 1, 5), "fewer": (-3, -5, -1), "unclear": (1, -1, 3)}
    leads = pd.DataFrame.from_dict(rows, orient="index")
    ax = comparing.plot_leads(leads, "images ahead")
    zero, *bars = ax.collections
    pieces, points = np.array(zero.get_segments()), ax.lines
    assert (pieces[..., 0] == 0).all()
    # Below its own name, and above the next one.
    assert [sorted(piece) for piece in pieces[..., 1]] == [
        pytest.approx([row - 0.15, row + 0.3]) for row in range(3)
    ]
    assert [point.get_xdata()[0] for point in points] == [3, -3, 1]
    assert [point.get_marker() for point in points] == [">", "<", "o"]
    assert len({point.get_color() for point in points}) == 3
    assert [text.get_text() for text in ax.texts] == list(rows)
    ends = [bar.get_segments()[0][:, 0].tolist() for bar in bars]
    assert ends == [[1, 5], [-5, -1], [-1, 3]]
    low, high = sorted(ax.get_ylim())
    assert low < 0 and high > 2
    assert "fewer: -3.0, from -5.0 to -1.0" in ax.figure.description


def test_leads_may_be_none():
    ax = comparing.plot_leads(pd.DataFrame(), "images ahead")
    assert "no pair is stored yet" in ax.figure.description
