"""What results/comparison.json says of the study, against counting image by image."""

import json

import numpy as np
import pytest
from study_samples import (
    LABELS,
    VAL_LABELS,
    draw_pairs,
    draw_runs,
    make_compact,
    make_run,
)

from fashionnet.runs import RECIPE, run_key, store_run
from fashionnet.study.calibration import calibrate
from fashionnet.study.controls import right_by_control
from fashionnet.study.scores import collect_probabilities
from fashionnet.study.summary import compare_pair, summarize_seeds, summarize_study

DRAWN = draw_pairs(400, 300, n_seeds=8)
PAIRS = {seed: DRAWN[seed] for seed in (0, 4, 7)}
CLASSIFIERS = ["multiclass_argmax", "multiclass_sum", "binary"]
HELD_OUT = dict.fromkeys(PAIRS, VAL_LABELS)
CONTROLS = {"grouped": draw_runs("binary", 350, (0, 4), 20), "three_groups": {}}
CURVE = {500: {4: (make_compact(PAIRS[0][0]), PAIRS[0][1]), 7: PAIRS[7]}}


@pytest.fixture(scope="module")
def study():
    return summarize_study(
        PAIRS, LABELS, held_out=HELD_OUT, controls=CONTROLS, curve=CURVE
    )


def test_study_survives_json(study):
    assert json.loads(json.dumps(study)) == study


def test_study_counts_the_errors_of_every_pair(study):
    training = dict.fromkeys(("data_sha256", "versions"), "of no weight here")
    runs = (
        run._replace(manifest=run.manifest | training)
        for run in sum(PAIRS.values(), ())
    )
    pairs = [compare_pair(*pair, LABELS) for pair in zip(runs, runs, strict=True)]
    for name in CLASSIFIERS:
        assert study["errors_by_seed"][name] == [pair["errors"][name] for pair in pairs]
    for way in CLASSIFIERS[:2]:
        contrast = study["contrasts"][way]
        lead = [pair["errors"]["binary"] - pair["errors"][way] for pair in pairs]
        assert contrast["fewer_errors_by_seed"] == lead
        midp = [pair["mcnemar_midp"][way] for pair in pairs]
        assert np.abs(contrast["signed_mcnemar_midp_by_seed"]).tolist() == midp
    assert study["seeds"] == [0, 4, 7]
    assert study["margin"] == 10


def test_study_tells_new_images_from_these_images(study):
    for contrast in study["contrasts"].values():
        lead = np.mean(contrast["fewer_errors_by_seed"])
        new = contrast["new_trainings_and_new_images"]
        fixed = contrast["new_trainings_on_these_images"]
        assert new["value"] == pytest.approx(lead, rel=1e-7)
        assert fixed["value"] == pytest.approx(lead, rel=1e-7)
        assert new["interval_95"] != fixed["interval_95"]


def test_percentage_points_are_hundredths_of_images(study):
    for contrast in study["contrasts"].values():
        new = contrast["new_trainings_and_new_images"]
        points = new["percentage_points"]
        assert set(points) >= {"value", "standard_error", "interval_95", "interval_90"}
        for name, value in points.items():
            np.testing.assert_allclose(np.multiply(value, 100), new[name], rtol=1e-7)


def numbers_in(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for entry in value for number in numbers_in(entry)]
    return [value] if isinstance(value, float) else []


def test_study_keeps_eight_significant_digits(study):
    numbers = numbers_in(study)
    assert len(numbers) > 30
    assert [x for x in numbers if x != float(f"{x:.8g}")] == []


def test_study_of_one_pair_is_undecided_and_promises_nothing():
    study = summarize_study({0: PAIRS[0]}, LABELS, HELD_OUT, {}, {})
    assert study["probabilities"]["log-loss"]["multiclass_lower_by"] is None
    for contrast in study["contrasts"].values():
        assert contrast["verdict"] == "undecided"
        assert not [name for name in contrast if name.startswith("new_trainings")]


INTERVALS = {"value", "standard_error", "df", "interval_95", "interval_90"}


def test_study_has_every_promised_field(study):
    promised = {"p_value_holm", "probability", "percentage_points", *INTERVALS}
    for contrast in study["contrasts"].values():
        assert contrast["new_trainings_and_new_images"].keys() >= promised
        assert contrast["verdict"]
        assert len(contrast["signed_mcnemar_midp_by_seed"]) == 3
        assert "wins" in contrast["new_trainings_on_these_images"]
    parts = {"rules", "errors_by_class", "bag_errors", "galleries", "costs"}
    assert study.keys() >= parts | {"probabilities", "controls", "learning_curve"}


def test_study_counts_the_controls_on_shared_seeds(study):
    controls = study["controls"]
    assert controls["seeds"] == [0, 4]
    right = right_by_control(CONTROLS, PAIRS, LABELS)
    counts = (~right["grouped"]).sum(axis=1).tolist()
    assert controls["errors_by_seed"]["grouped"] == counts
    stored = ["grouped_against_binary", "multiclass_sum_against_grouped"]
    assert list(controls["contrasts"]) == stored
    for contrast in controls["contrasts"].values():
        estimate = contrast["new_trainings_and_new_images"]
        assert set(estimate) == INTERVALS
        mean = np.mean(contrast["fewer_errors_by_seed"])
        assert estimate["value"] == pytest.approx(mean)


def test_study_has_the_learning_curve_by_size(study):
    curve = study["learning_curve"]
    assert list(curve) == ["500", "54000"]
    full = curve["54000"]["errors_by_seed"]["binary"]
    assert full == study["errors_by_seed"]["binary"][1:]
    for size in curve.values():
        for name, counts in size["errors_by_seed"].items():
            rate = size["new_trainings_and_new_images"][name]
            assert rate["value"] == pytest.approx(np.mean(counts))
        assert set(size["contrasts"]) == set(CLASSIFIERS[:2])


def test_study_has_what_probabilities_say_by_seed(study):
    found = study["probabilities"]
    scaled = calibrate(collect_probabilities(PAIRS, HELD_OUT, LABELS)["binary"])
    assert found["binary"]["temperature_by_seed"] == scaled.temperature.tolist()
    assert found["log-loss"]["multiclass_lower_by"].keys() == INTERVALS
    assert len(found["Brier score"]["means_by_seed"]["multiclass_sum"]) == 3


def test_study_says_nothing_of_what_is_not_stored():
    bare = summarize_study(PAIRS, LABELS, HELD_OUT, {"grouped": {}}, {500: {}})
    assert not {"controls", "learning_curve"} & bare.keys()


def test_right_images_are_counted_for_every_stored_run():
    n_wrong = {"multiclass": {0: 30, 3: 41}, "binary": {3: 25}}
    for task, seeds in n_wrong.items():
        for seed, n in seeds.items():
            run = make_run(task, np.arange(10_000) < n, np.arange(600) < 3, seed)
            about = {"recipe": RECIPE._asdict(), "key": run_key(task, seed)}
            store_run(run._replace(manifest=run.manifest | about))
    counted = summarize_seeds(LABELS)
    assert counted == {
        "n_test": 10_000,
        "n_correct": {
            task: {str(seed): 10_000 - n for seed, n in seeds.items()}
            for task, seeds in n_wrong.items()
        },
    }
    assert json.loads(json.dumps(counted)) == counted
