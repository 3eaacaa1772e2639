"""The controls, against counting image by image; and what is said of them."""

import numpy as np
import pytest
from study_samples import LABELS, draw_pairs, draw_runs, read_numbers

from fashionnet.data import CLOTHING
from fashionnet.study.contrasts import compare
from fashionnet.study.controls import (
    CONTROL_CONTRASTS,
    compare_controls,
    right_by_control,
    share_seeds,
    table_differences,
)
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.words import CLASSIFIERS, NAMES, format_share

PAIRS = draw_pairs(60, 40, n_seeds=4)
CONTROLS = {
    "grouped": draw_runs("binary", 90, (1, 3, 2), 10),
    "three_groups": draw_runs("binary", 50, (0, 1, 2), 11),
    "best_for_ten": draw_runs("binary", 70, (0, 1, 2), 12),
}


def test_controls_are_compared_on_the_seeds_that_all_have():
    assert share_seeds(CONTROLS, PAIRS) == [1, 2]
    right = right_by_control(CONTROLS, PAIRS, LABELS)
    assert list(right) == [*CLASSIFIERS, *CONTROLS]
    is_clothing = np.isin(LABELS, CLOTHING)
    for name, runs in CONTROLS.items():
        said = [runs[seed].y_prob_test > 0.5 for seed in (1, 2)]
        np.testing.assert_array_equal(right[name], np.array(said) == is_clothing)
    both = right_by_seed({seed: PAIRS[seed] for seed in (1, 2)}, LABELS)
    np.testing.assert_array_equal(right["binary"], both["binary"])


def test_every_contrast_of_a_control_counts_fewer_errors_as_above_zero():
    right = right_by_control(CONTROLS, PAIRS, LABELS)
    errors = {name: (~table).sum(axis=1) for name, table in right.items()}
    contrasts = compare_controls(right)
    assert list(contrasts) == list(CONTROL_CONTRASTS)
    for (way, against), contrast in contrasts.items():
        assert (contrast.way, contrast.against) == (way, against)
        ahead = errors[against] - errors[way]
        assert contrast.ahead.tolist() == ahead.tolist()
        assert contrast.estimate.value == pytest.approx(ahead.mean())


def test_control_that_is_not_stored_is_left_out():
    stored = {"grouped": CONTROLS["grouped"], "three_groups": {}}
    assert share_seeds(stored, PAIRS) == [1, 2, 3]
    right = right_by_control(stored, PAIRS, LABELS)
    pairs = [("grouped", "binary"), ("multiclass_sum", "grouped")]
    assert list(compare_controls(right)) == pairs
    assert compare_controls(right_by_control({}, PAIRS, LABELS)) == {}
    elsewhere = {"grouped": draw_runs("binary", 9, [8], 0)}
    assert right_by_control(elsewhere, PAIRS, LABELS) == compare_controls({}) == {}


def test_difference_table_names_both_sides():
    compared = compare(right_by_seed(PAIRS, LABELS))
    table = table_differences(compared)
    assert table.index.tolist() == [
        f"{NAMES[name]} against binary" for name in CLASSIFIERS[:2]
    ]
    estimate = compared["multiclass_sum"].estimate
    row = table.loc["ten classes, summed against binary"]
    assert row["errors"] == f"{-estimate.value:.1f} more"
    for level in (0.95, 0.9):
        ends = sorted(map(abs, estimate.interval(level)))
        said = read_numbers(row[f"{level:.0%} interval"])
        assert sorted(said) == pytest.approx(ends, abs=0.051)
    assert row["p-value, not adjusted"] == format_share(estimate.p_value())
    one = compare(right_by_seed({0: PAIRS[0]}, LABELS))
    assert set(table_differences(one)["95% interval"]) == {"–"}
