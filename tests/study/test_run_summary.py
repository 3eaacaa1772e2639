"""What is said of runs and pairs of runs, against counting image by image."""

import json

import numpy as np
import pytest
from study_samples import LABELS

from fashionnet.data import CLASS_NAMES
from fashionnet.runs import Run
from fashionnet.study.pairs import predict_three_ways
from fashionnet.study.summary import compare_pair, summarize_run

CLOTHES = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Shirt"}
IS_CLOTHING = [CLASS_NAMES[label] in CLOTHES for label in LABELS]
CLASSIFIERS = ["multiclass_argmax", "multiclass_sum", "binary"]
TRAINING = {
    "recipe": {"hidden_units": [256, 256], "epochs": 15},
    "data_sha256": "0" * 64,
    "versions": {"python": "3.12.1"},
}
FIELDS = {
    *("test_accuracy", "n_correct", "n_test", "confusion_matrix", "parameters"),
    *("epochs_run", "best_epoch", "train_seconds", "seed", "recipe"),
    *("data_sha256", "versions"),
}


def make_run(task, y_prob, **manifest):
    costs = {"parameters": 1, "epochs_run": 9, "best_epoch": 7, "train_seconds": 3.5}
    manifest = {"task": task, "seed": 0, **TRAINING, **costs, **manifest}
    return Run(manifest, {}, y_prob[:0], y_prob.astype(np.float32))


def make_multiclass(seed=0):
    """Make a run that is unsure enough for both ways to binarize to differ."""
    scores = np.random.default_rng(seed).gumbel(size=(10_000, 10))
    scores[np.arange(10_000), LABELS] += 3
    y_prob = np.exp(scores)
    return make_run("multiclass", y_prob / y_prob.sum(axis=1, keepdims=True), seed=seed)


def make_binary(seed=0):
    noise = np.random.default_rng(seed).normal(size=10_000)
    y_prob = 1 / (1 + np.exp(noise - 2 * np.where(IS_CLOTHING, 1, -1)))
    return make_run("binary", y_prob, seed=seed, parameters=2, train_seconds=2.25)


MULTICLASS, BINARY = make_multiclass(), make_binary()


@pytest.fixture(params=[MULTICLASS, BINARY], ids=["multiclass", "binary"])
def run(request):
    return request.param


@pytest.fixture
def summary(run):
    return summarize_run(run, LABELS)


@pytest.fixture(scope="module")
def comparison():
    return compare_pair(MULTICLASS, BINARY, LABELS)


def binarize_one_by_one(row):
    """Label one image in the two ways, in plain Python."""
    by_name = dict(zip(CLASS_NAMES, row.tolist(), strict=True))
    likeliest = max(by_name, key=by_name.get)
    clothing = sum(by_name[name] for name in CLOTHES)
    return likeliest in CLOTHES, clothing > sum(by_name.values()) - clothing


@pytest.fixture(scope="module")
def right():
    """List for each classifier whether it is right, image by image."""
    both_ways = zip(*map(binarize_one_by_one, MULTICLASS.y_prob_test), strict=True)
    binary = [chance > 0.5 for chance in BINARY.y_prob_test.tolist()]
    return {
        name: [said == true for said, true in zip(labels, IS_CLOTHING, strict=True)]
        for name, labels in zip(CLASSIFIERS, (*both_ways, binary), strict=True)
    }


# One run.


def test_summary_has_every_promised_field(summary):
    assert summary.keys() >= FIELDS


def test_summary_repeats_the_manifest(run, summary):
    repeated = FIELDS & run.manifest.keys()
    assert len(repeated) == 8
    assert all(summary[name] == run.manifest[name] for name in repeated)


def test_summary_survives_json(summary):
    assert json.loads(json.dumps(summary)) == summary


def test_accuracy_is_a_whole_number_of_images(summary):
    n_correct = summary["test_accuracy"] * 10_000
    assert n_correct == pytest.approx(summary["n_correct"], abs=1e-9)
    assert isinstance(summary["n_correct"], int)


def test_interval_holds_the_accuracy(summary):
    low, high = summary["test_accuracy_interval"]
    assert low < summary["test_accuracy"] < high < low + 0.03


def test_confusions_add_up_to_the_test_images(summary):
    matrix = np.array(summary["confusion_matrix"])
    assert matrix.sum() == summary["n_test"] == 10_000
    assert matrix.trace() == summary["n_correct"]


def test_multiclass_summary_counts_by_class():
    summary = summarize_run(MULTICLASS, LABELS)
    matrix = np.array(summary["confusion_matrix"])
    pairs = zip(LABELS.tolist(), MULTICLASS.y_prob_test.tolist(), strict=True)
    assert summary["n_correct"] == sum(row[y] == max(row) for y, row in pairs)
    assert matrix.sum(axis=1).tolist() == [1000] * 10


def test_binary_summary_counts_by_group(right):
    summary = summarize_run(BINARY, LABELS)
    assert summary["n_correct"] == sum(right["binary"])
    assert np.sum(summary["confusion_matrix"], axis=1).tolist() == [4000, 6000]


# A pair of runs.


def test_three_ways_give_binary_labels(right):
    predictions = predict_three_ways(MULTICLASS, BINARY)
    assert list(predictions) == CLASSIFIERS
    assert {y_pred.dtype for y_pred in predictions.values()} == {np.dtype(np.uint8)}
    for name, y_pred in predictions.items():
        assert (y_pred == IS_CLOTHING).tolist() == right[name]


def test_pair_has_every_promised_field_by_classifier(comparison):
    assert comparison.keys() >= FIELDS | {"errors", "discordant", "mcnemar_midp"}
    assert all(list(comparison[name]) == CLASSIFIERS for name in FIELDS)


def test_pair_survives_json(comparison):
    assert json.loads(json.dumps(comparison)) == comparison


def test_costs_of_a_pair_are_those_of_the_right_network(comparison):
    assert list(comparison["parameters"].values()) == [1, 1, 2]
    assert list(comparison["train_seconds"].values()) == [3.5, 3.5, 2.25]


def test_errors_of_a_pair_are_counted_image_by_image(comparison, right):
    counted = {name: flags.count(False) for name, flags in right.items()}
    assert comparison["errors"] == counted


def test_errors_are_what_is_not_right(comparison):
    for name in CLASSIFIERS:
        n_wrong = comparison["n_test"][name] - comparison["n_correct"][name]
        [[_, false_clothing], [missed, _]] = comparison["confusion_matrix"][name]
        assert comparison["errors"][name] == n_wrong == false_clothing + missed


def test_accuracies_of_a_pair_are_whole_numbers_of_images(comparison):
    for name, accuracy in comparison["test_accuracy"].items():
        n_correct = comparison["n_correct"][name]
        assert accuracy * 10_000 == pytest.approx(n_correct, abs=1e-9)


@pytest.mark.parametrize("way", CLASSIFIERS[:2])
def test_discordant_images_are_counted_image_by_image(way, comparison, right):
    pairs = list(zip(right[way], right["binary"], strict=True))
    assert comparison["discordant"][way] == {
        "only_multiclass_right": pairs.count((True, False)),
        "only_binary_right": pairs.count((False, True)),
    }


@pytest.mark.parametrize("way", CLASSIFIERS[:2])
def test_discordant_images_make_the_difference_in_errors(way, comparison):
    only_multiclass, only_binary = comparison["discordant"][way].values()
    ahead = comparison["errors"]["binary"] - comparison["errors"][way]
    assert only_multiclass - only_binary == ahead


def test_two_ways_to_binarize_differ_here(comparison):
    # Otherwise the tests above could not tell one from the other.
    errors, discordant = comparison["errors"], comparison["discordant"]
    assert errors["multiclass_argmax"] != errors["multiclass_sum"]
    assert discordant["multiclass_argmax"] != discordant["multiclass_sum"]


def test_network_compared_with_its_own_labels_shows_no_difference():
    y_prob = np.where(IS_CLOTHING, 0.9, 0.1)
    ten = np.zeros((10_000, 10))
    ten[np.arange(10_000), LABELS] = 1
    pair = compare_pair(make_run("multiclass", ten), make_run("binary", y_prob), LABELS)
    assert set(pair["mcnemar_midp"].values()) == {1}
    assert set(pair["errors"].values()) == {0}
    assert set(pair["test_accuracy"].values()) == {1}


def test_p_value_of_a_pair_tells_chance_from_skill(comparison):
    twin = compare_pair(
        MULTICLASS, make_run("binary", np.where(IS_CLOTHING, 1, 0)), LABELS
    )
    assert twin["mcnemar_midp"]["multiclass_sum"] < 1e-6
    assert all(0 < p <= 1 for p in comparison["mcnemar_midp"].values())
