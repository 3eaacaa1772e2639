"""What the result files say of the runs, against counting image by image."""

import json

import numpy as np
import pytest
from study_samples import (
    LABELS,
    VAL_LABELS,
    draw_pairs,
    draw_runs,
    make_compact,
    store_sample,
)

from fashionnet.data import CLASS_NAMES
from fashionnet.runs import Run
from fashionnet.study.calibration import calibrate
from fashionnet.study.contrasts import compare
from fashionnet.study.controls import right_by_control
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.scores import collect_probabilities
from fashionnet.study.stats import mcnemar_exact
from fashionnet.study.summary import (
    compare_pair,
    summarize_run,
    summarize_seeds,
    summarize_study,
)
from fashionnet.study.words import CLASSIFIERS

WAYS = CLASSIFIERS[:2]
CLOTHES = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Shirt"}
IS_CLOTHING = [CLASS_NAMES[label] in CLOTHES for label in LABELS]
TRAINING = {
    "recipe": {"hidden_units": [256, 256], "epochs": 15},
    "data_sha256": "0" * 64,
    "versions": {"python": "3.12.1"},
    "epochs_run": 9,
    "best_epoch": 7,
}
REPEATED = {*TRAINING, "seed", "parameters", "train_seconds"}


def make_run(task, y_prob, **manifest):
    manifest = {"task": task, "seed": 0, **TRAINING, **manifest}
    return Run(manifest, {}, y_prob[:0], y_prob.astype(np.float32))


def make_multiclass():
    """Make a run that is unsure enough for both ways to binarize to differ."""
    scores = np.random.default_rng(0).gumbel(size=(10_000, 10))
    scores[np.arange(10_000), LABELS] += 3
    y_prob = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return make_run("multiclass", y_prob, parameters=1, train_seconds=3.5)


def make_binary():
    noise = np.random.default_rng(0).normal(size=10_000)
    y_prob = 1 / (1 + np.exp(noise - 2 * np.where(IS_CLOTHING, 1, -1)))
    return make_run("binary", y_prob, parameters=2, train_seconds=2.25)


MULTICLASS, BINARY = make_multiclass(), make_binary()


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


# One run, and a pair of runs.


def test_summary_counts_by_class_or_group_and_repeats_the_manifest(right):
    pairs = zip(LABELS.tolist(), MULTICLASS.y_prob_test.tolist(), strict=True)
    n_right = sum(row[y] == max(row) for y, row in pairs)
    for run, n_correct, sizes in (
        (MULTICLASS, n_right, [1000] * 10),
        (BINARY, sum(right["binary"]), [4000, 6000]),
    ):
        summary = summarize_run(run, LABELS)
        assert json.loads(json.dumps(summary)) == summary
        assert {name: summary[name] for name in REPEATED} == {
            name: run.manifest[name] for name in REPEATED
        }
        assert (summary["n_correct"], summary["n_test"]) == (n_correct, 10_000)
        matrix = np.array(summary["confusion_matrix"])
        assert matrix.sum(axis=1).tolist() == sizes
        assert matrix.trace() == n_correct
        low, high = summary["test_accuracy_interval"]
        assert low < summary["test_accuracy"] == n_correct / 10_000 < high < low + 0.03


def test_pair_is_counted_image_by_image(right):
    pair = compare_pair(MULTICLASS, BINARY, LABELS)
    assert json.loads(json.dumps(pair)) == pair
    for field in (*REPEATED, "n_test", "n_correct", "test_accuracy"):
        assert list(pair[field]) == list(CLASSIFIERS)
    assert list(pair["parameters"].values()) == [1, 1, 2]
    assert list(pair["train_seconds"].values()) == [3.5, 3.5, 2.25]
    counted = {name: flags.count(False) for name, flags in right.items()}
    assert pair["errors"] == counted
    # Otherwise nothing here could tell one way to binarize from the other.
    assert len(set(counted.values())) == 3
    for name, n_wrong in counted.items():
        [[_, false_clothing], [missed, _]] = pair["confusion_matrix"][name]
        assert false_clothing + missed == n_wrong
        assert pair["n_correct"][name] == 10_000 - n_wrong
        assert pair["test_accuracy"][name] == (10_000 - n_wrong) / 10_000
    for way in WAYS:
        both = list(zip(right[way], right["binary"], strict=True))
        won, lost = both.count((True, False)), both.count((False, True))
        found = {"only_multiclass_right": won, "only_binary_right": lost}
        assert pair["discordant"][way] == found
        p_exact = mcnemar_exact(won, lost)  # very small, so that only its ratio tells
        assert pair["mcnemar_exact"][way] == pytest.approx(p_exact, rel=1e-7, abs=0)


# The study.


DRAWN = draw_pairs(400, 300, n_seeds=8)
PAIRS = {seed: DRAWN[seed] for seed in (0, 4, 7)}
HELD_OUT = dict.fromkeys(PAIRS, VAL_LABELS)
CONTROLS = {"grouped": draw_runs("binary", 350, (0, 4), 20), "three_groups": {}}
CURVE = {500: {4: (make_compact(PAIRS[0][0]), PAIRS[0][1]), 7: PAIRS[7]}}
INTERVALS = {"value", "standard_error", "df", "interval_95", "interval_90"}


@pytest.fixture(scope="module")
def study():
    return summarize_study(
        PAIRS, LABELS, held_out=HELD_OUT, controls=CONTROLS, curve=CURVE
    )


def test_study_has_every_promised_field_with_eight_digits(study):
    numbers = []
    json.loads(json.dumps(study), parse_float=lambda text: numbers.append(float(text)))
    assert len(numbers) > 30
    assert numbers == [float(f"{x:.8g}") for x in numbers]
    assert json.loads(json.dumps(study)) == study
    parts = {"rules", "errors_by_class", "galleries", "costs"}
    assert study.keys() >= parts | {"probabilities", "controls", "learning_curve"}
    assert (study["seeds"], study["margin"]) == ([0, 4, 7], 10)
    promised = {"p_value_holm", "probability", "percentage_points", *INTERVALS}
    for contrast in study["contrasts"].values():
        assert contrast["new_trainings_and_new_images"].keys() >= promised
        assert contrast["verdict"]
        assert "wins" in contrast["new_trainings_on_these_images"]
    found = study["probabilities"]
    scaled = calibrate(collect_probabilities(PAIRS, HELD_OUT, LABELS)["binary"])
    assert found["binary"]["temperature_by_seed"] == scaled.temperature.tolist()
    assert found["log-loss"]["multiclass_lower_by"].keys() == INTERVALS


def test_study_counts_the_errors_of_every_pair(study):
    of_pairs = right_by_seed(PAIRS, LABELS)
    for name, table in of_pairs.items():
        assert study["errors_by_seed"][name] == (~table).sum(axis=1).tolist()
    for way, expected in compare(of_pairs).items():
        contrast = study["contrasts"][way]
        assert contrast["fewer_errors_by_seed"] == expected.ahead.tolist()
        signed = contrast["signed_mcnemar_exact_by_seed"]
        assert signed == pytest.approx(expected.signed_p, rel=1e-7)


def test_study_tells_new_images_from_these_images(study):
    for contrast in study["contrasts"].values():
        lead = np.mean(contrast["fewer_errors_by_seed"])
        new = contrast["new_trainings_and_new_images"]
        fixed = contrast["new_trainings_on_these_images"]
        assert new["value"] == pytest.approx(lead, rel=1e-7)
        assert fixed["value"] == pytest.approx(lead, rel=1e-7)
        assert new["interval_95"] != fixed["interval_95"]
        # Percentage points are hundredths of images.
        points = new["percentage_points"]
        assert set(points) >= INTERVALS - {"df"}
        for name, value in points.items():
            np.testing.assert_allclose(np.multiply(value, 100), new[name], rtol=1e-7)


def test_study_of_one_pair_is_undecided_and_promises_nothing():
    study = summarize_study({0: PAIRS[0]}, LABELS, HELD_OUT, {"grouped": {}}, {500: {}})
    assert not {"controls", "learning_curve"} & study.keys()
    assert study["probabilities"]["log-loss"]["multiclass_lower_by"] is None
    for contrast in study["contrasts"].values():
        assert contrast["verdict"] == "undecided"
        assert not [name for name in contrast if name.startswith("new_trainings")]


def test_study_counts_the_controls_on_shared_seeds(study):
    controls, right = study["controls"], right_by_control(CONTROLS, PAIRS, LABELS)
    assert controls["seeds"] == [0, 4]
    counts = (~right["grouped"]).sum(axis=1).tolist()
    assert controls["errors_by_seed"]["grouped"] == counts
    stored = ["grouped_against_binary", "multiclass_sum_against_grouped"]
    assert list(controls["contrasts"]) == stored
    for contrast in controls["contrasts"].values():
        mean = np.mean(contrast["fewer_errors_by_seed"])
        assert contrast["new_trainings_and_new_images"].keys() == INTERVALS
        assert contrast["new_trainings_and_new_images"]["value"] == pytest.approx(mean)


def test_study_has_the_learning_curve_by_size(study):
    curve = study["learning_curve"]
    assert list(curve) == ["500", "54000"]
    full = curve["54000"]["errors_by_seed"]["binary"]
    assert full == study["errors_by_seed"]["binary"][1:]
    for size in curve.values():
        for name, counts in size["errors_by_seed"].items():
            rate = size["new_trainings_and_new_images"][name]
            assert rate["value"] == pytest.approx(np.mean(counts))
        assert set(size["contrasts"]) == set(WAYS)


def test_right_images_are_counted_for_every_stored_run():
    n_wrong = {"multiclass": {0: 30, 3: 41}, "binary": {3: 25}}
    for task, seeds in n_wrong.items():
        for seed, n in seeds.items():
            store_sample(task, seed, n)
    counted = summarize_seeds(LABELS)
    assert json.loads(json.dumps(counted)) == counted
    assert counted["n_test"] == 10_000
    for task, seeds in n_wrong.items():
        expected = {str(seed): 10_000 - n for seed, n in seeds.items()}
        assert counted["n_correct"][task] == expected
