"""What the answer depends on, against counting image by image."""

from types import SimpleNamespace

import numpy as np
import pytest
from study_samples import LABELS, draw_pairs, draw_runs, make_compact

from fashionnet.data import CLOTHING
from fashionnet.side_views import (
    CONTROL_CONTRASTS,
    N_TRAIN,
    compare_controls,
    compare_rules,
    compare_sizes,
    measure_costs,
    right_by_control,
    share_seeds,
)
from fashionnet.study import CLASSIFIERS, compare, right_by_seed

PAIRS = draw_pairs(60, 40, n_seeds=4)
CONTROLS = {
    "grouped": draw_runs("binary", 90, (1, 3, 2), 10),
    "three_groups": draw_runs("binary", 50, (0, 1, 2), 11),
}


# Controls.


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


def test_controls_on_other_seeds_than_the_pairs_have_nothing_to_compare():
    right = right_by_control({"grouped": draw_runs("binary", 9, [8], 0)}, PAIRS, LABELS)
    assert right["grouped"].shape == (0, len(LABELS))
    assert compare_controls(right)["grouped", "binary"].estimate is None


# Learning curve.


def draw_curve(seeds=(0, 1)):
    pairs = {500: draw_pairs(300, 400, start=5), 5000: draw_pairs(90, 80, start=7)}
    return {
        n: {s: (make_compact(ten), two) for s, (ten, two) in p.items() if s in seeds}
        for n, p in pairs.items()
    }


def test_sizes_come_in_order_with_the_full_one_at_last():
    curve = draw_curve()
    sizes = compare_sizes(dict(reversed(curve.items())), PAIRS, LABELS)
    assert list(sizes) == [500, 5000, N_TRAIN]
    for n_train, pairs in curve.items():
        right = right_by_seed(pairs, LABELS)
        size = sizes[n_train]
        for name in CLASSIFIERS:
            counts = (~right[name]).sum(axis=1)
            assert size.errors[name].tolist() == counts.tolist()
            assert size.rates[name].value == pytest.approx(counts.mean())
        for way, contrast in compare(right).items():
            assert size.contrasts[way].estimate == contrast.estimate


def test_full_size_has_no_more_seeds_than_the_others():
    full = compare_sizes(draw_curve(), PAIRS, LABELS)[N_TRAIN]
    assert {len(counts) for counts in full.errors.values()} == {2}
    alone = compare_sizes({}, PAIRS, LABELS)
    assert list(alone) == [N_TRAIN]
    assert {len(counts) for counts in alone[N_TRAIN].errors.values()} == {4}


def test_sizes_that_are_not_stored_are_left_out():
    assert list(compare_sizes({500: {}}, PAIRS, LABELS)) == [N_TRAIN]
    assert compare_sizes({}, {}, LABELS) == {}


def test_size_of_one_seed_has_errors_but_no_estimates():
    sizes = compare_sizes(draw_curve(seeds=(1,)), PAIRS, LABELS)
    for size in sizes.values():
        assert [len(counts) for counts in size.errors.values()] == [1, 1, 1]
        assert set(size.rates.values()) == {None}


# Rules.


def make_row(**chances):
    names = {"bag": 8, "shirt": 6, "coat": 4, "boot": 9}
    row = np.zeros(10, np.float32)
    row[[names[name] for name in chances]] = list(chances.values())
    return row


def test_rules_are_compared_where_they_differ():
    labels = np.array([8, 6, 4, 9])
    sure = make_row(bag=1), make_row(shirt=1), make_row(coat=1), make_row(boot=1)
    # By its likeliest class a bag, by the sum clothing; the other way around.
    unsure = make_row(bag=0.4, shirt=0.35, coat=0.25)
    opposite = make_row(coat=0.45, bag=0.3, boot=0.25)
    rows = {0: (unsure, unsure, *sure[2:]), 1: (*sure[:2], opposite, opposite), 2: sure}
    binary = SimpleNamespace(y_prob_test=np.zeros(4))
    pairs = {
        seed: (SimpleNamespace(y_prob_test=np.array(table)), binary)
        for seed, table in rows.items()
    }
    rules = compare_rules(pairs, labels)
    assert rules.won.tolist() == [1, 1, 0]
    assert rules.lost.tolist() == [1, 1, 0]
    assert rules.largest == pytest.approx([0.4, 0.4, 0.45, 0.45])
    contrast = rules.contrast
    assert (contrast.way, contrast.against) == ("multiclass_sum", "multiclass_argmax")
    assert contrast.ahead.tolist() == [0, 0, 0]


def test_rules_that_agree_differ_nowhere():
    rules = compare_rules(PAIRS, LABELS)
    assert rules.won.sum() == rules.lost.sum() == len(rules.largest) == 0
    assert len(compare_rules({}, LABELS).won) == 0


# Costs.


def test_costs_are_counted_from_the_layers():
    costs = measure_costs(PAIRS)
    dense = 784 * 256 + 256 * 256
    assert costs["multiclass"]["mflop_per_image"] == 2 * (dense + 256 * 10) / 1e6
    assert costs["binary"]["mflop_per_image"] == 2 * (dense + 256) / 1e6
    assert costs["binary"]["weights_kb"] == 4.0
    assert costs["binary"]["best_epoch"] == [17] * 4
    assert costs["multiclass"]["train_seconds"] == [40.5] * 4


def test_without_pairs_there_are_no_costs():
    assert measure_costs({}) == {}
