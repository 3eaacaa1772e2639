"""The study of Part 3, against counting image by image."""

import itertools
from math import comb
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats as scipy_stats
from study_samples import LABELS, draw_pairs, make_compact

from fashionnet.stats import Estimate, crossed_estimate
from fashionnet.study import (
    CLASSIFIERS,
    CONTRASTS,
    compare,
    cross_tabulate,
    decide,
    estimate_images,
    likeliest_classes,
    make_contrast,
    measure,
    measure_fixed_images,
    measure_wins,
    pair_runs,
    predict_three_ways,
    right_by_seed,
)


def test_cross_table_counts_who_is_right():
    first = np.array([True, True, True, False, False, False, False])
    second = np.array([True, False, False, True, False, False, False])
    assert cross_tabulate(first, second).tolist() == [[1, 2], [1, 3]]


def test_cross_table_of_one_classifier_with_itself_has_no_disagreement():
    right = np.array([True, False, True])
    assert cross_tabulate(right, right).tolist() == [[2, 0], [0, 1]]


def test_three_ways_differ_where_the_likeliest_class_is_in_the_smaller_group():
    # A bag by its likeliest class, clothing by the sum, and the binary network says no.
    ten = np.zeros((1, 10))
    ten[0, [8, 2, 4]] = 0.4, 0.3, 0.3
    runs = (
        SimpleNamespace(y_prob_test=ten),
        SimpleNamespace(y_prob_test=np.array([0.2])),
    )
    labels = {name: y.tolist() for name, y in predict_three_ways(*runs).items()}
    assert labels == {"multiclass_argmax": [0], "multiclass_sum": [1], "binary": [0]}


def test_runs_are_paired_by_the_seeds_of_both():
    pairs = pair_runs({0: "m0", 2: "m2", 5: "m5"}, {5: "b5", 0: "b0", 1: "b1"})
    assert pairs == {0: ("m0", "b0"), 5: ("m5", "b5")}


def test_compact_runs_are_right_where_the_whole_ones_are():
    pairs = draw_pairs(900, 700, n_seeds=2)
    compact = {seed: (make_compact(ten), two) for seed, (ten, two) in pairs.items()}
    whole, kept = right_by_seed(pairs, LABELS), right_by_seed(compact, LABELS)
    for name in CLASSIFIERS:
        np.testing.assert_array_equal(kept[name], whole[name])
    (ten, _), (small, _) = pairs[1], compact[1]
    np.testing.assert_array_equal(likeliest_classes(small), likeliest_classes(ten))


# All pairs.


def draw_right(n_wrong, *, n_seeds=10, seed=0):
    """Draw which of 10,000 images each classifier gets right, by its mean errors."""
    rng = np.random.default_rng(seed)
    drawn = rng.random((len(CLASSIFIERS), n_seeds, 10_000))
    chances = np.reshape(n_wrong, (-1, 1, 1)) / 10_000
    return dict(zip(CLASSIFIERS, drawn >= chances, strict=True))


def swap(right):
    """Let the binary network and both ways of the multiclass network trade places."""
    argmax, _, binary = right.values()
    return dict(zip(CLASSIFIERS, (binary, binary, argmax), strict=True))


RIGHT = draw_right((60, 50, 40))


def make_pair(*answers):
    """Make runs that put all probability on one class, and on clothing or not."""
    classes, clothing = zip(*answers, strict=True)
    return (
        SimpleNamespace(y_prob_test=np.eye(10)[list(classes)]),
        SimpleNamespace(y_prob_test=np.array(clothing, float)),
    )


def test_right_answers_are_told_seed_by_seed_and_image_by_image():
    # Shirt (6) and coat (4) are clothing, bag (8) and sneaker (7) are not.
    pairs = {
        3: make_pair((6, 1), (4, 0), (8, 0), (2, 0)),
        5: make_pair((7, 1), (0, 1), (1, 1), (9, 0)),
    }
    right = right_by_seed(pairs, np.array([6, 4, 8, 7]))
    multiclass = [[True, True, True, False], [False, True, False, True]]
    assert list(right) == list(CLASSIFIERS)
    assert right["multiclass_argmax"].tolist() == multiclass
    assert right["multiclass_sum"].tolist() == multiclass
    binary = [[True, False, True, True], [True, True, False, True]]
    assert right["binary"].tolist() == binary


def test_contrasts_count_fewer_errors_as_above_zero():
    for way, contrast in compare(RIGHT).items():
        wrong = [
            [row.tolist().count(False) for row in RIGHT[k]] for k in (way, "binary")
        ]
        ahead = [theirs - ours for ours, theirs in zip(*wrong, strict=True)]
        assert contrast.ahead.tolist() == ahead
        assert contrast.estimate.value == pytest.approx(sum(ahead) / 10)
        assert contrast.estimate.value < 0


def test_contrasts_are_in_images_whatever_their_number():
    right = {name: table[:, :400] for name, table in draw_right((900, 0, 100)).items()}
    contrast = compare(right)["multiclass_argmax"]
    table = right["multiclass_argmax"].astype(int) - right["binary"]
    value, error, df = crossed_estimate(table)
    assert contrast.estimate == Estimate(1e4 * value, 1e4 * error, df)
    assert contrast.ahead.sum() == pytest.approx(contrast.estimate.value / 10_000 * 4e3)


def test_p_values_are_adjusted_for_two_contrasts():
    contrasts = compare(RIGHT)
    raw = {way: c.estimate.p_value() for way, c in contrasts.items()}
    first, second = sorted(raw, key=raw.get)
    smaller = contrasts[first].p_adjusted
    assert smaller == pytest.approx(2 * raw[first])
    assert contrasts[second].p_adjusted == pytest.approx(max(smaller, raw[second]))


def test_swapping_the_networks_swaps_every_sign_and_no_verdict():
    before, after = compare(RIGHT), compare(swap(RIGHT))
    for way in CONTRASTS:
        ours, theirs = before["multiclass_argmax"], after[way]
        assert theirs.estimate.value == pytest.approx(-ours.estimate.value)
        assert theirs.estimate[1:] == pytest.approx(ours.estimate[1:])
        assert theirs.ahead.tolist() == (-ours.ahead).tolist()
        untied = ours.ahead != 0
        np.testing.assert_allclose(
            theirs.signed_midp[untied], -ours.signed_midp[untied]
        )
        assert theirs.verdict == ours.verdict


def toss_coins(won, lost):
    """Add up the chances of counts as uneven as these, half for the same ones."""
    n = won + lost
    chances = {k: comb(n, k) / 2**n for k in range(n + 1)}
    as_uneven = sum(p for k, p in chances.items() if abs(2 * k - n) == abs(won - lost))
    more = sum(p for k, p in chances.items() if abs(2 * k - n) > abs(won - lost))
    return more + as_uneven / 2


def test_each_pair_has_its_own_signed_p_value():
    won, lost = [5, 0, 3, 12], [0, 5, 3, 4]
    ours, theirs = np.zeros((2, 4, 20), bool)
    for row, (a, b) in enumerate(zip(won, lost, strict=True)):
        ours[row, :a] = theirs[row, a : a + b] = True
    right = dict(zip(CLASSIFIERS, (ours, ours, theirs), strict=True))
    signs = [1, -1, 1, 1]
    expected = [s * toss_coins(*n) for s, *n in zip(signs, won, lost, strict=True)]
    for contrast in compare(right).values():
        np.testing.assert_allclose(contrast.signed_midp, expected)


def test_any_two_classifiers_can_be_compared():
    first, second = ("multiclass_sum", "multiclass_argmax")
    contrast = make_contrast(RIGHT, first, second)
    assert (contrast.way, contrast.against) == (first, second)
    more = (~RIGHT[second]).sum(axis=1) - (~RIGHT[first]).sum(axis=1)
    assert contrast.ahead.tolist() == more.tolist()
    assert contrast.estimate.value == pytest.approx(more.mean())
    assert contrast.p_adjusted is None


def test_estimate_in_images_takes_two_seeds():
    assert estimate_images(RIGHT["binary"][:1]) is None
    estimate = estimate_images(~RIGHT["binary"])
    assert estimate.value == pytest.approx((~RIGHT["binary"]).sum() / 10)


@pytest.mark.parametrize("n_seeds", [0, 1])
def test_fewer_than_two_pairs_decide_nothing(n_seeds):
    right = {name: table[:n_seeds] for name, table in RIGHT.items()}
    for contrast in compare(right).values():
        assert len(contrast.ahead) == len(contrast.signed_midp) == n_seeds
        assert contrast.estimate is contrast.p_adjusted is None
        assert contrast.verdict == "undecided"


def test_no_pairs_make_tables_without_rows():
    right = right_by_seed({}, np.array([6, 4, 8]))
    assert {table.shape for table in right.values()} == {(0, 3)}


# The verdict rule.


def test_verdict_follows_who_is_better_in_drawn_pairs():
    verdicts = {
        errors: compare(draw_right(errors))["multiclass_argmax"].verdict
        for errors in ((40, 40, 90), (90, 90, 40), (40, 40, 40))
    }
    assert list(verdicts.values()) == ["better", "better", "equivalent"]
    few = draw_right((900, 900, 900), n_seeds=2)
    assert compare(few)["multiclass_argmax"].verdict == "undecided"


# With so many degrees of freedom, the 95% interval reaches 1.96 standard errors to both
# sides, the 90% interval 1.645.
OUTCOMES = {
    "better": [(12, 3), (10, 1), (40, 20)],
    "detectable, not relevant": [(5, 1), (1, 0.1), (9.5, 0.2)],
    "equivalent": [(0, 5), (3, 4), (-2, 4.8), (0, 0), (5.4, 2.7)],
    "undecided": [(0, 6.5), (12, 8), (8, 3), (3, 4.5), (9, 5)],
}


@pytest.mark.parametrize(
    ("verdict", "value", "error"),
    [(verdict, *pair) for verdict, pairs in OUTCOMES.items() for pair in pairs],
)
def test_rule_reaches_each_verdict_on_both_sides(verdict, value, error):
    assert decide(Estimate(value, error, 1e6)) == verdict
    assert decide(Estimate(-value, error, 1e6)) == verdict


def test_rule_is_the_one_fixed_beforehand():
    for value, error, df in itertools.product(
        np.linspace(-15, 15, 31), (0.3, 1, 2, 3, 5, 8), (1, 9, 200)
    ):
        low, high = scipy_stats.t.interval(0.95, df, value, error)
        lower, upper = scipy_stats.t.interval(0.9, df, value, error)
        if not low <= 0 <= high and abs(value) >= 10:
            expected = "better"
        elif not low <= 0 <= high and -10 < low < high < 10:
            expected = "detectable, not relevant"
        elif -10 < lower < upper < 10:
            expected = "equivalent"
        else:
            expected = "undecided"
        assert decide(Estimate(value, error, df)) == expected


def test_wider_margin_makes_the_same_difference_irrelevant():
    estimate = Estimate(12, 3, 1e6)
    assert decide(estimate, margin=10) == "better"
    assert decide(estimate, margin=20) == "detectable, not relevant"


# What is listed.


def test_measures_of_an_estimate_are_those_of_students_t():
    facts = measure(Estimate(3.0, 2.0, 9))
    t = scipy_stats.t(9, 3, 2)
    assert facts["interval_95"] == pytest.approx(t.interval(0.95))
    assert facts["interval_90"] == pytest.approx(t.interval(0.9))
    assert facts["p_value"] == pytest.approx(2 * t.cdf(0))
    assert facts["p_equivalence"] == pytest.approx(t.sf(10))
    expected = [t.cdf(-10), t.cdf(10) - t.cdf(-10), t.sf(10)]
    assert list(facts["probability"].values()) == pytest.approx(expected)
    reach = t.interval(0.95)[1] - 3 + 2 * scipy_stats.t.ppf(0.8, 9)
    assert facts["detectable_difference"] == pytest.approx(reach)


def test_probabilities_name_the_better_network():
    chances = measure(Estimate(-14, 1, 50))["probability"]
    assert chances["binary_better"] > 0.99
    chances = measure(Estimate(14, 1, 50))["probability"]
    assert chances["multiclass_better"] > 0.99


def test_fixed_images_leave_the_chance_of_seeds_only():
    ahead = np.array([3, -1, 4, 2, 6])
    facts = measure_fixed_images(ahead)
    test = scipy_stats.ttest_1samp(ahead, 0)
    assert facts["value"] == pytest.approx(2.8)
    assert facts["interval_95"] == pytest.approx(list(test.confidence_interval()))
    signs = list(itertools.product((1, -1), repeat=5))
    extreme = sum(abs(np.dot(sign, ahead)) >= 14 for sign in signs)
    assert facts["sign_flip_p"] == pytest.approx(extreme / 32)


def test_more_seeds_than_all_patterns_of_signs_allow_are_no_error():
    facts = measure_fixed_images(np.arange(21))
    assert facts["sign_flip_p"] is None
    assert facts["value"] == pytest.approx(10)


def test_pairs_won_are_counted_with_draws_by_half():
    assert measure_wins(np.array([3, -1, 0, 2]))["share"] == 2.5 / 4
    mirrored = measure_wins(np.array([-3, 1, 0, -2]))
    assert mirrored["share"] == 1.5 / 4


def test_interval_of_pairs_won_is_that_of_pairs_drawn_anew():
    # Of all 6**6 ways to draw six pairs from these, by counting.
    ahead = np.array([5, 1, 2, -4, -1, 3])
    chances = [comb(6, k) * (2 / 3) ** k * (1 / 3) ** (6 - k) for k in range(7)]
    below = np.cumsum(chances)
    expected = [np.flatnonzero(below >= q)[0] / 6 for q in (0.025, 0.975)]
    assert measure_wins(ahead)["interval_95"] == pytest.approx(expected)


def test_one_sided_pairs_leave_no_doubt_on_who_wins():
    wins = measure_wins(np.array([3, 1, 2]))
    assert (wins["share"], *wins["interval_95"]) == (1, 1, 1)
