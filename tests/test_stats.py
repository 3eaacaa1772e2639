"""Intervals against the published formula, p-values against brute force."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm, ttest_1samp

from fashionnet.stats import mcnemar_midp, mean_interval, wilson_interval

COUNTS = st.integers(0, 500)


def toss_all_coins(only_first, only_second):
    """Compute the mid-p value from all sequences of coin tosses, one by one.

    Sequences more lopsided than the one seen count in full, equally lopsided by half.
    """
    n = only_first + only_second
    heads = np.array([toss.bit_count() for toss in range(2**n)])
    lopsided, seen = abs(2 * heads - n), abs(only_first - only_second)
    return np.mean(lopsided > seen) + np.mean(lopsided == seen) / 2


def widths(intervals):
    return [high - low for _, low, high in intervals]


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0.5, 0.999))
def test_wilson_interval_equals_the_closed_formula(n, share, level):
    k = round(share * n)
    p, z = k / n, norm.ppf((1 + level) / 2)
    center = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    expected = (p, center - half, center + half)
    assert wilson_interval(k, n, level) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_equals_published_ones(k, n, low, high):
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
    assert wilson_interval(k, n)[1:] == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000))
@settings(deadline=None, max_examples=30)
def test_interval_of_none_and_of_all_ends_exactly_there(n):
    assert wilson_interval(0, n)[:2] == (0, 0)
    assert wilson_interval(n, n)[::2] == (1, 1)


@given(COUNTS, COUNTS.map(lambda n: n + 1))
@settings(deadline=None, max_examples=30)
def test_intervals_of_right_and_wrong_mirror_each_other(n_right, n_wrong):
    share, low, high = wilson_interval(n_right, n_right + n_wrong)
    mirrored = wilson_interval(n_wrong, n_right + n_wrong)
    assert mirrored == pytest.approx((1 - share, 1 - high, 1 - low))
    assert 0 <= low <= share <= high <= 1


def test_interval_narrows_with_more_images_and_less_certainty():
    by_size = widths(wilson_interval(n * 9 // 10, n) for n in (10, 100, 1000))
    by_level = widths(wilson_interval(90, 100, level) for level in (0.99, 0.95, 0.8))
    assert by_size == sorted(by_size, reverse=True)
    assert by_level == sorted(by_level, reverse=True)


@pytest.mark.parametrize("truth", [0.5, 0.9, 0.99])
def test_interval_holds_the_truth_as_often_as_it_says(truth):
    rng = np.random.default_rng(0)
    seen, times = np.unique(rng.binomial(1000, truth, 20_000), return_counts=True)
    ends = np.array([wilson_interval(k, 1000)[1:] for k in seen])
    holds = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    assert np.average(holds, weights=times) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [((11, 10), "11 of 10"), ((-1, 10), "-1"), ((0, 0), "0"), ((5, 10, 1.5), r"1\.5")],
)
def test_wilson_interval_refuses_the_impossible(arguments, found):
    with pytest.raises(ValueError, match=found):
        wilson_interval(*arguments)


@pytest.mark.parametrize("n", range(1, 13))
def test_mcnemar_equals_brute_force(n):
    for only_first in range(n + 1):
        expected = toss_all_coins(only_first, n - only_first)
        assert mcnemar_midp(only_first, n - only_first) == pytest.approx(expected)


def test_mcnemar_equals_the_published_example():
    # Fagerland, Lydersen and Laake (2013), airway responsiveness of children.
    assert mcnemar_midp(1, 7) == pytest.approx(0.039, abs=5e-4)


@settings(deadline=None, max_examples=30)
@given(COUNTS, COUNTS)
def test_mcnemar_takes_off_half_of_what_is_equally_extreme(first, second):
    n = first + second
    equally_extreme = sum(comb(n, k) for k in {first, second}) / 2**n
    expected = binomtest(first, n).pvalue - equally_extreme / 2 if n else 1
    assert mcnemar_midp(first, second) == pytest.approx(expected, abs=1e-9)


@given(COUNTS, COUNTS)
@settings(deadline=None, max_examples=30)
def test_mcnemar_does_not_depend_on_the_order(first, second):
    assert mcnemar_midp(first, second) == mcnemar_midp(second, first)
    assert 0 <= mcnemar_midp(first, second) <= 1


@given(st.integers(2, 200), st.data())
@settings(deadline=None, max_examples=30)
def test_mcnemar_falls_as_the_counts_move_apart(n, data):
    fewer = data.draw(st.integers(1, n // 2))
    assert mcnemar_midp(fewer - 1, n - fewer + 1) < mcnemar_midp(fewer, n - fewer)


def test_mcnemar_of_no_difference_is_one():
    assert mcnemar_midp(0, 0) == 1


def test_mcnemar_rejects_true_equality_about_as_often_as_it_says():
    # The exact test would reject in about 3.5% of such cases: that is what mid-p mends.
    rng = np.random.default_rng(0)
    only_first = rng.binomial(100, 0.5, 20_000)
    p = np.array([mcnemar_midp(k, 100 - k) for k in range(101)])
    assert np.mean(p[only_first] < 0.05) == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize("counts", [(-1, 3), (3, -1)])
def test_mcnemar_refuses_negative_counts(counts):
    with pytest.raises(ValueError, match=f"{counts[0]}, {counts[1]}"):
        mcnemar_midp(*counts)


def test_mean_interval_equals_that_of_scipy():
    values = np.random.default_rng(0).normal(3, 2, 12)
    expected = ttest_1samp(values, 0).confidence_interval(0.9)
    mean, low, high = mean_interval(values, level=0.9)
    assert mean == pytest.approx(values.mean())
    assert (low, high) == pytest.approx((expected.low, expected.high))


def test_mean_interval_of_one_value_is_refused():
    with pytest.raises(ValueError, match="1 value"):
        mean_interval([4.0])
