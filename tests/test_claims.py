"""What the prose of notebooks 1 and 2 claims is true of every stored training."""

import numpy as np
import pandas as pd
import pytest

from fashionnet.data import (
    CLASS_NAMES,
    binary_labels,
    load_test_set,
    load_training_set,
)
from fashionnet.evaluation import (
    count_confusions,
    count_errors_by_class,
    predict_labels,
)
from fashionnet.publish.published import ROOT
from fashionnet.recipes import load_search
from fashionnet.runs import find_run

SEEDS = range(10)
TOPS = [0, 2, 4, 6]
SHIRT, BAG = CLASS_NAMES.index("Shirt"), CLASS_NAMES.index("Bag")
LABELS = load_test_set()[1]


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """Read the published trainings."""
    monkeypatch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))


@pytest.fixture(params=SEEDS)
def ten(request):
    return find_run("multiclass", request.param)


@pytest.fixture(params=SEEDS)
def two(request):
    return find_run("binary", request.param)


def jumps(values):
    """Return the mean change from one epoch to the next, at first and at the end."""
    changes = np.abs(np.diff(values))
    return changes[: len(changes) // 2].mean(), changes[-5:].mean()


def confusions(run):
    return count_confusions(LABELS, predict_labels(run.y_prob_test), 10)


def test_ten_classes_validation_starts_above_training_and_calms_down(ten):
    accuracy, val_accuracy = ten.history["accuracy"], ten.history["val_accuracy"]
    assert val_accuracy[0] > accuracy[0]
    early, late = jumps(val_accuracy)
    assert early > 1.5 * late


def test_ten_classes_training_was_not_stopped_too_late(ten):
    losses = ten.history["val_loss"]
    assert min(losses[-3:]) == min(losses)


def test_ten_classes_validation_images_are_labeled_better_than_test_images(ten):
    metrics = ten.manifest["metrics"]
    assert metrics["val_accuracy"] > metrics["test_accuracy"]
    assert 0.89 < metrics["test_accuracy"] < 0.91  # about nine times out of ten


def test_most_errors_are_among_the_tops_and_the_shirt_is_hardest(ten):
    matrix = confusions(ten)
    n_wrong = matrix.sum() - np.trace(matrix)
    among = matrix[np.ix_(TOPS, TOPS)].sum() - matrix[TOPS, TOPS].sum()
    assert among > n_wrong / 2
    assert np.diag(matrix).argmin() == SHIRT
    assert (matrix[0, SHIRT] + matrix[SHIRT, 0]) / n_wrong == pytest.approx(
        0.2, abs=0.03
    )


def test_classes_with_closer_mean_images_are_confused_more(ten):
    images, labels = load_training_set()
    means = [images[labels == c].mean(axis=0) for c in range(10)]
    upper, matrix = np.triu_indices(10, 1), confusions(ten)
    apart = [np.abs(means[a] - means[b]).mean() for a, b in zip(*upper, strict=True)]
    table = pd.DataFrame({"apart": apart, "errors": (matrix + matrix.T)[upper]})
    assert table.corr(method="spearman").iloc[0, 1] < -0.6


def test_two_classes_validation_starts_above_training_and_flattens(two):
    assert two.history["val_accuracy"][0] > two.history["accuracy"][0]
    losses = two.history["val_loss"]
    assert np.ptp(losses[-5:]) < np.ptp(losses) / 4
    assert two.history["accuracy"][two.manifest["best_epoch"] - 1] > 0.997


def test_bags_make_up_the_largest_part_of_the_binary_errors(two):
    y_true = binary_labels(LABELS)
    errors = count_errors_by_class(y_true, predict_labels(two.y_prob_test), LABELS)
    assert errors.argmax() == BAG
    assert errors[BAG] > errors.sum() / 3


def list_leads(task):
    """List by candidate how far it is ahead of the recipe, for each seed."""
    tried = pd.DataFrame(load_search()).query(f"task == '{task}'")
    table = tried.pivot(index="seed", columns="candidate", values="val_accuracy")
    return table.sub(table["the recipe"], axis=0)


def test_every_part_of_the_recipe_earns_its_place_for_ten_classes():
    leads = list_leads("multiclass")
    for candidate in ("smaller: 64, 64", "no batch normalization", "no input dropout"):
        assert (leads[candidate] < 0).all()
    for candidate in ("larger: 512, 512", "deeper: 256, 256, 256"):
        assert (leads[candidate] < 0).any()
        assert (leads[candidate] > 0).any()
    tried = pd.DataFrame(load_search()).query("task == 'multiclass'")
    losses = tried.groupby("candidate")["val_loss"].mean()
    assert losses["no input dropout"] > losses["the recipe"]


def test_for_two_classes_the_settings_hardly_matter():
    leads = list_leads("binary")
    for candidate in ("larger: 512, 512", "deeper: 256, 256, 256"):
        assert (leads[candidate] <= 0).all()
    assert (leads["smaller: 64, 64"] > -5 / 6000).all()
    parameters = pd.DataFrame(load_search()).groupby(["task", "candidate"])[
        "parameters"
    ]
    sizes = parameters.first()["binary"]
    assert sizes["smaller: 64, 64"] / sizes["the recipe"] == pytest.approx(
        0.2, abs=0.01
    )
