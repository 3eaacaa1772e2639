"""What the further networks reach is recomputed from stored probabilities."""

import json
from pathlib import Path

import numpy as np
import pytest
from study_samples import store_sample as store_of_notebook_1
from zoo_samples import store_sample

from fashionnet.data import load_test_set
from fashionnet.runs import find_run
from fashionnet.zoo import summary
from fashionnet.zoo.summary import Committee, collect_further, judge, write_further
from fashionnet.zoo.table import NETWORKS, find_network

ROOT = Path(__file__).parents[2]
LEAKY, GRID = find_network("leaky-mlp"), find_network("grid-2x256-sgd-0.1-256")


def test_without_any_training_there_is_nothing_to_say(scratch_home):
    assert collect_further() == []
    write_further(scratch_home)
    assert not scratch_home.exists()


def test_row_has_mean_and_spread_of_the_stored_probabilities():
    for seed, n_wrong in enumerate((1000, 1100, 1200)):
        store_sample(LEAKY, seed, n_wrong)
    [row] = collect_further()
    assert row["network"] == "leaky-mlp"
    assert row["source_accuracy"] == 0.8906
    assert row["parameters"] == 535_818
    assert row["seeds"] == [0, 1, 2]
    assert row["n_correct"] == [9000, 8900, 8800]
    assert row["test_accuracy"] == pytest.approx(0.89)
    assert row["spread"] == pytest.approx(0.01)
    assert row["epochs"] == [3, 3, 3]
    assert row["met"] is False
    assert row["ahead_of_notebook_1"] is None
    assert json.loads(json.dumps(row)) == row


def test_difference_to_notebook_1_is_paired_by_seed_and_image():
    for seed in range(3):
        store_of_notebook_1("multiclass", seed, n_wrong=500)
        store_sample(LEAKY, seed, n_wrong=900, start=100 * seed)
    ahead = collect_further()[0]["ahead_of_notebook_1"]
    labels = load_test_set()[1]
    counts = [
        (find_run("multiclass", seed).y_prob_test.argmax(axis=1) == labels).sum()
        for seed in range(3)
    ]
    assert ahead["seeds"] == [0, 1, 2]
    assert ahead["images"] == pytest.approx(9100 - np.mean(counts))
    low, high = ahead["interval"]
    assert low < ahead["images"] < high


def test_one_seed_has_neither_spread_nor_interval():
    store_of_notebook_1("multiclass", 0)
    store_sample(GRID, 0)
    [row] = collect_further()
    assert row["spread"] is None
    assert row["ahead_of_notebook_1"]["interval"] is None
    assert row["wanted"] is row["met"] is None


@pytest.mark.parametrize(
    ("accuracies", "met", "why"),
    [
        ([0.90, 0.89], False, "2 of 3"),
        ([0.8929, 0.8929, 0.8929], False, "too small"),
        ([0.89, 0.8930, 0.8960], True, None),
    ],
)
def test_figure_wanted_is_met_by_the_mean_of_all_seeds(accuracies, met, why):
    judged = judge(np.array(accuracies), 0.893, 3, "too small")
    assert judged["met"] is met
    assert (why or "") in judged.get("why", "")
    assert ("why" in judged) is not met


COMMITTEE = Committee("both", ("leaky-mlp", "leaky-cnn"), "average")


@pytest.fixture
def two_kinds(monkeypatch):
    """Store two networks for two seeds, which err on different images."""
    for seed in (0, 1):
        store_sample(LEAKY, seed, n_wrong=1000, start=0)
        store_sample(find_network("leaky-cnn"), seed, n_wrong=800, start=500 * seed)

    def summarize(**changes):
        monkeypatch.setattr(summary, "COMMITTEES", (COMMITTEE._replace(**changes),))
        return [row for row in collect_further() if row["network"] == "both"]

    return summarize


def test_committee_has_a_row_with_a_gain_for_each_seed(two_kinds):
    [row] = two_kinds()
    assert row["seeds"] == [0, 1]
    assert row["parameters"] == 535_818 + 241_546
    assert row["members"] == ["leaky-mlp", "leaky-cnn"]
    # Where both are as sure, the class with the lower number is named.
    assert all(9000 <= n <= 10_000 for n in row["n_correct"])
    for gain, n_correct in zip(row["gains"], row["n_correct"], strict=True):
        assert gain["n_committee"] == n_correct
        gained = gain["only_committee"] - gain["only_member"]
        assert n_correct - gain["n_member"] == gained
    assert json.loads(json.dumps(row)) == row


def test_committee_may_join_its_seeds(two_kinds):
    [row] = two_kinds(joins_seeds=True, seeds=(0, 1), rule="vote")
    assert row["parameters"] == 2 * (535_818 + 241_546)
    assert len(row["gains"]) == len(row["n_correct"]) == 1
    assert two_kinds(joins_seeds=True, rule="vote") == []  # seed 2 is missing


def test_stacked_committee_learns_from_validation_images(two_kinds):
    [row] = two_kinds(rule="stacked")
    assert len(row["n_correct"]) == 2
    with pytest.raises(ValueError, match="too many values"):
        two_kinds(rule="stacked", joins_seeds=True, seeds=(0, 1))


def test_gain_is_over_the_member_that_is_best_on_validation_images(two_kinds):
    [row] = two_kinds()
    assert {gain["best_member"] for gain in row["gains"]} == {"leaky-cnn"}
    assert {gain["n_member"] for gain in row["gains"]} == {9200}


def test_published_means_are_those_of_the_stored_probabilities(monkeypatch):
    monkeypatch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))
    path, labels = ROOT / "reports/results/further.json", load_test_set()[1]
    rows = json.loads(path.read_text()) if path.is_file() else []
    committees = {committee.name for committee in summary.COMMITTEES}
    rows = [row for row in rows if row["network"] not in committees]
    stored = [n.name for n in NETWORKS if summary.load_trainings(n)]
    assert [row["network"] for row in rows] == stored
    for row in rows:
        folder = ROOT / "reports/runs/further" / row["network"]
        accuracies = []
        for seed in row["seeds"]:
            with np.load(folder / f"seed-{seed}" / "predictions.npz") as arrays:
                y_pred = arrays["y_prob_test"].argmax(axis=1)
            accuracies.append((y_pred == labels).mean())
        assert row["test_accuracy"] == pytest.approx(np.mean(accuracies), abs=1e-7)
