"""The controls, against counting image by image; and what is said of them."""

import numpy as np
import pytest
from study_samples import LABELS, draw_pairs, draw_runs, make_contrast

from fashionnet.data import CLOTHING
from fashionnet.study.contrasts import compare
from fashionnet.study.controls import (
    CONTROL_CONTRASTS,
    compare_controls,
    right_by_control,
    share_seeds,
    state_controls,
    table_differences,
)
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.words import CLASSIFIERS, NAMES, format_share

PAIRS = draw_pairs(60, 40, n_seeds=4)
RIGHT = right_by_seed(PAIRS, LABELS)
CONTROLS = {
    "grouped": draw_runs("binary", 90, (1, 3, 2), 10),
    "three_groups": draw_runs("binary", 50, (0, 1, 2), 11),
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


def test_controls_on_other_seeds_than_the_pairs_have_nothing_to_compare():
    right = right_by_control({"grouped": draw_runs("binary", 9, [8], 0)}, PAIRS, LABELS)
    assert right == compare_controls(right) == {}


# What is said.


def make_controls(value, error, n_seeds=5):
    return {
        (way, against): make_contrast(
            value, error, way=way, against=against, n_seeds=n_seeds
        )
        for way, against in CONTROL_CONTRASTS
    }


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (5, 1, "{} is ahead, by less"),
        (2, 3, "neither is ahead"),
        (2, 9, "who is ahead"),
    ],
)
def test_control_sentence_names_both_sides_and_reads_each_interval(value, error, said):
    text = state_controls(make_controls(-value, error))
    assert text.startswith("Exploratory, from 5 seeds, not adjusted for being several")
    for winner, named in (
        ("binary", "(ten outputs, binary loss against binary): "),
        ("binary", "(three groups against binary): "),
        ("ten outputs, binary loss", "(multiclass (sum) against ten outputs, "),
    ):
        found = text.split(named)[1]
        assert f"{value:.1f} more (95% interval" in found.split("; ")[0]
        assert found.split("; ")[1].startswith(said.format(winner))
    for meaning in CONTROL_CONTRASTS.values():
        assert f"*{meaning.capitalize()}*" in text


def test_control_sentence_without_controls_says_so():
    assert state_controls({}).startswith("No control is stored")


def test_control_sentence_of_one_seed_leaves_all_open():
    text = state_controls(make_controls(2, np.inf, n_seeds=1))
    assert "from 1 seed," in text
    assert text.count("who is ahead stays open") == 3


def test_difference_table_names_both_sides():
    compared = compare(RIGHT)
    table = table_differences(compared)
    assert table.index.tolist() == [
        f"{name} against binary" for name in list(NAMES.values())[:2]
    ]
    estimate = compared["multiclass_sum"].estimate
    row = table.loc["multiclass (sum) against binary"]
    assert row["errors"] == f"{-estimate.value:.1f} more"
    assert row["95% interval"] != row["90% interval"]
    assert row["p-value, not adjusted"] == format_share(estimate.p_value())


def test_difference_table_of_one_seed_has_no_intervals():
    one = compare({name: table[:1] for name, table in RIGHT.items()})
    assert set(table_differences(one)["95% interval"]) == {"–"}
