"""Formulas against SciPy and brute force, what they promise against simulation."""

import re
from functools import cache
from itertools import combinations, product
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.stats import (
    binomtest,
    nct,
    t,
    ttest_1samp,
)

from fashionnet.study import stats
from fashionnet.study.stats import (
    Estimate,
    combine,
    crossed_estimate,
    detectable_difference,
    equivalence_p,
    holm,
    margin_probabilities,
    mcnemar_exact,
    mean_interval,
    overlapping_estimate,
    sign_flip_p,
)

some = settings(deadline=None, max_examples=40)
TENTHS = st.lists(st.integers(-30, 30), min_size=3, max_size=12, unique=True).map(
    lambda values: np.array(values) / 10
)
ESTIMATES = st.builds(
    Estimate, st.floats(-5, 5), st.floats(0.01, 10), st.floats(1, 10_000)
)
TABLES = arrays(
    float,
    array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6),
    elements=st.integers(-3, 3),
)


# Two classifiers on the same images.


def test_mcnemar_equals_all_sequences_of_coin_tosses():
    for n in range(1, 13):
        heads = np.array([toss.bit_count() for toss in range(2**n)])
        lopsided = abs(2 * heads - n)
        for first in range(n + 1):
            uneven = np.mean(lopsided >= abs(2 * first - n))
            assert mcnemar_exact(first, n - first) == pytest.approx(uneven)
    assert mcnemar_exact(0, 0) == 1
    assert mcnemar_exact(180, 240) == pytest.approx(binomtest(180, 420).pvalue)


# Estimates and their intervals.


def test_mean_interval_equals_that_of_scipy():
    values = np.random.default_rng(0).normal(3, 2, 12)
    expected = ttest_1samp(values, 0).confidence_interval(0.9)
    assert mean_interval(values, level=0.9) == pytest.approx((values.mean(), *expected))
    assert mean_interval([4.0, 4.0]) == (4, 4, 4)


@some
@given(ESTIMATES, st.floats(0.5, 0.999))
def test_estimate_reads_as_students_t_does(estimate, level):
    value, error, df = estimate
    ends = t.interval(level, df, value, error)
    assert estimate.interval(level) == pytest.approx(ends, abs=1e-9)
    assert estimate.interval() == estimate.interval(0.95)
    two_sided = t.cdf(-abs(value) / error, df) + t.sf(abs(value) / error, df)
    assert estimate.p_value() == pytest.approx(two_sided)
    assume(abs(two_sided - 0.05) > 1e-9)
    assert estimate.excludes_zero() == (two_sided < 0.05)


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        (Estimate(1.0, 2.0, 8).interval, 95.0),
        (Estimate(1.0, 2.0, 8).interval, -0.1),
        (lambda power: detectable_difference(1, 9, power=power), 80.0),
        (lambda level: detectable_difference(1, 9, level=level), float("nan")),
        (lambda p_value: holm([0.5, p_value]), 1.5),
        (lambda p_value: holm([p_value, 0.5]), float("nan")),
        (lambda margin: margin_probabilities(Estimate(0.0, 1.0, 9), margin), -1),
        (lambda margin: equivalence_p(Estimate(0.0, 1.0, 9), margin), 0),
        (lambda margin: equivalence_p(Estimate(0.0, 1.0, 9), margin), float("nan")),
        (lambda count: mcnemar_exact(count, 3), -1),
        (lambda difference: crossed_estimate([[0, 1], [1, difference]]), np.nan),
        (lambda difference: crossed_estimate([[0, 1], [1, difference]]), np.inf),
        (lambda n: mean_interval(np.ones(n)), 1),
        (lambda n: sign_flip_p(np.ones(n)), 1),
        (lambda n: sign_flip_p(np.ones(n)), 21),
    ],
)
def test_impossible_number_is_refused_and_named(call, wrong):
    with pytest.raises(ValueError, match=str(wrong)):
        call(wrong)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (Estimate(1.0, 2.0, 8).interval, "level"),
        (lambda power: detectable_difference(1, 9, power=power), "power or level"),
        (lambda p_value: holm([p_value]), "p-value"),
    ],
)
def test_number_that_is_no_share_is_refused_by_name(call, name):
    with pytest.raises(ValueError, match=f"^{name} 2.0 "):
        call(2)


# New trainings and new images.


def random_table(n_seeds=4, n_images=7, seed=0):
    """Add effects of the seed, of the image, and of both together."""
    rng = np.random.default_rng(seed)
    by_seed, by_image = rng.normal(size=(n_seeds, 1)), rng.normal(size=n_images)
    return by_seed + by_image + rng.normal(1, 1, (n_seeds, n_images))


def mean_squares(table):
    """Compute the mean squares of seeds, images and the rest with projections."""

    def average(n):
        return np.full((n, n), 1 / n)

    def center(n):
        return np.eye(n) - average(n)

    (s, n), d = table.shape, table.ravel()
    parts = [
        (np.kron(center(s), average(n)), s - 1),
        (np.kron(average(s), center(n)), n - 1),
        (np.kron(center(s), center(n)), (s - 1) * (n - 1)),
    ]
    return [(d @ projection @ d / df, df) for projection, df in parts]


@pytest.mark.parametrize("seed", range(5))
def test_crossed_estimate_equals_brute_force_and_satterthwaite(seed):
    # Products of values that share neither seed nor image estimate the squared mean
    # without bias; by how much the square of the mean is larger is its variance.
    table = random_table(seed=seed)
    cells = list(np.ndindex(table.shape))
    pairs = [(a, b) for a, b in product(cells, cells) if a[0] != b[0] and a[1] != b[1]]
    unbiased = np.mean([table[a] * table[b] for a, b in pairs])
    value, error, df = crossed_estimate(table)
    assert value == pytest.approx(table.mean())
    assert error**2 == pytest.approx(table.mean() ** 2 - unbiased)
    (ms_seed, df_seed), (ms_image, df_image), (ms_rest, df_rest) = mean_squares(table)
    spread = ms_seed**2 / df_seed + ms_image**2 / df_image + ms_rest**2 / df_rest
    expected = (ms_seed + ms_image - ms_rest) ** 2 / spread
    assert df == pytest.approx(expected)
    assert df > df_seed


def test_crossed_degrees_of_freedom_are_at_least_those_of_the_seeds():
    table = random_table(8, 5)
    table -= table.mean(axis=0)
    (ms_seed, _), (ms_image, _), (ms_rest, _) = mean_squares(table)
    assert ms_image < ms_rest < ms_seed
    assert crossed_estimate(table).df == 7


def test_crossed_estimate_of_one_source_of_chance_is_a_t_test():
    by_seed = np.random.default_rng(0).normal(1, 1, (10, 1))
    # Equal means of all seeds are less spread than chance on single images makes.
    by_image = random_table(5, 40)
    by_image -= by_image.mean(axis=1, keepdims=True) - 0.3
    for table, values in (
        (np.tile(by_seed, 30), by_seed[:, 0]),
        (by_image, by_image.mean(axis=0)),
    ):
        estimate = crossed_estimate(table)
        expected = mean_interval(values)
        assert (estimate.value, *estimate.interval()) == pytest.approx(expected)


@pytest.mark.parametrize("value", [0, 1, -1, 0.1, 1e-300])
def test_crossed_estimate_of_equal_differences_has_no_error(value):
    estimate = crossed_estimate(np.full((3, 1000), value))
    assert estimate == (value, 0, 2)
    assert estimate.interval() == (value, value)
    assert estimate.p_value() == (value == 0)
    assert estimate.excludes_zero() == (value != 0)


def make_overlapping(n_seeds, n_images, share, rng):
    """Draw differences that depend on the image and on luck, NaN where unseen."""
    table = rng.normal(0, 1, n_images) + rng.normal(0, 1, (n_seeds, n_images))
    table[rng.random(table.shape) > share] = np.nan
    return table


@pytest.mark.parametrize("seed", range(5))
def test_overlapping_estimate_adds_up_what_cells_share(seed):
    table = make_overlapping(4, 6, 0.6, np.random.default_rng(seed))
    cells = [cell for cell in np.ndindex(table.shape) if not np.isnan(table[cell])]
    mean = np.mean([table[cell] for cell in cells])
    images = seeds = single = 0
    for a, b in product(cells, cells):
        both = (table[a] - mean) * (table[b] - mean)
        images += both * (a[1] == b[1])
        seeds += both * (a[0] == b[0]) * 4 / 3  # of four, three are free
        single += both * (a == b)
    value, error, df = overlapping_estimate(table)
    assert (value, df) == (pytest.approx(mean), np.inf)
    variance = max(images, images + seeds - single)
    assert error == pytest.approx(variance**0.5 / len(cells))


def test_overlapping_interval_holds_the_truth_as_often_as_it_says():
    rng, held, by_seed = np.random.default_rng(0), [], []
    for _ in range(600):
        table = make_overlapping(5, 200, 0.7, rng)
        low, high = overlapping_estimate(table).interval()
        held.append(low <= 0 <= high)
        _, low, high = mean_interval(np.nanmean(table, axis=1))
        by_seed.append(low <= 0 <= high)
    assert 0.93 <= np.mean(held) <= 0.98
    assert np.mean(by_seed) < 0.9  # the means of seeds that share images are too close


@pytest.mark.parametrize(
    "table", [np.zeros((1, 3)), np.zeros((2, 0)), [[0, 1], [np.nan, np.nan]]]
)
def test_overlapping_estimate_needs_two_seeds_that_meet_images(table):
    with pytest.raises(ValueError, match=re.escape(f"{np.shape(table)}")):
        overlapping_estimate(table)


def test_combined_estimate_is_that_of_all_values_at_once():
    values = np.random.default_rng(0).normal(1, 2, 40)
    parts = [
        Estimate(some.mean(), 2 / len(some) ** 0.5, np.inf)
        for some in np.split(values, [10])
    ]
    whole = combine(parts)
    assert whole.value == pytest.approx(values.mean())
    assert whole.standard_error == pytest.approx(2 / 40**0.5)


@pytest.mark.parametrize("error", [0.0, np.inf, np.nan])
def test_combined_estimates_need_errors_to_weigh_them_by(error):
    with pytest.raises(ValueError, match=f"standard error {error}"):
        combine([Estimate(1.0, 2.0, np.inf), Estimate(1.0, error, np.inf)])


@some
@given(TABLES, st.sampled_from([-1, 4, -0.5]), st.randoms(use_true_random=False))
def test_crossed_estimate_follows_sign_and_unit_but_no_order(table, factor, random):
    value, error, df = crossed_estimate(table)
    expected = (factor * value, abs(factor) * error, df)
    assert crossed_estimate(factor * table) == pytest.approx(expected)
    seeds, images = list(range(table.shape[0])), list(range(table.shape[1]))
    random.shuffle(seeds)
    random.shuffle(images)
    shuffled = crossed_estimate(table[seeds][:, images].tolist())
    assert shuffled[:2] == pytest.approx((value, error), abs=1e-7)


@pytest.mark.parametrize("shape", [(0, 5), (5, 1), (5,), (2, 2, 2)])
def test_crossed_estimate_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=re.escape(str(shape))):
        crossed_estimate(np.ones(shape))


def test_one_seed_bounds_nothing():
    estimate = crossed_estimate([[1, 0, 1, 1]])
    assert estimate.value == 0.75
    assert estimate.interval() == estimate.interval(0.9) == (-np.inf, np.inf)
    assert estimate.p_value() == 1
    assert not estimate.is_bounded()
    assert not estimate.excludes_zero()
    assert crossed_estimate([[1, 0, 1, 1]] * 2).is_bounded()


def simulate_study(rng, images_ahead):
    """Draw test images and ten trainings of two recipes, first less second right.

    Of 10,000 images, 88 in the mean are harder for one recipe than for the other: one
    errs on them in two of three trainings, the other in one of three. 4 more are hard
    for both. More of the 88 are harder for the second, so that the first recipe is
    better by exactly `images_ahead` in the mean. Trainings differ in skill by up to 5%.
    """
    expected = np.array([44 - 1.5 * images_ahead, 44 + 1.5 * images_ahead, 4])
    hard = rng.multinomial(10_000, [*expected / 1e4, 1 - expected.sum() / 1e4])[:3]
    share = np.repeat([[2 / 3, 1 / 3, 0.9], [1 / 3, 2 / 3, 0.9]], hard, axis=1)
    skill = rng.uniform(0.95, 1.05, (2, 10, 1))
    wrong = rng.random((2, 10, hard.sum())) < skill * share[:, None]
    table = np.zeros((10, 10_000), dtype=np.int8)
    table[:, : hard.sum()] = wrong[1].astype(np.int8) - wrong[0]
    return table


@cache
def simulate_studies(images_ahead, n_studies=1000):
    """Return the estimate of each study, and its mean difference by seed."""
    rng = np.random.default_rng(0)
    tables = (simulate_study(rng, images_ahead) for _ in range(n_studies))
    results = [(crossed_estimate(table), table.mean(axis=1)) for table in tables]
    estimates, by_seed = zip(*results, strict=True)
    return estimates, np.array(by_seed)


@pytest.mark.parametrize("images_ahead", [0, 10])
def test_crossed_estimate_is_as_far_off_as_it_says(images_ahead):
    estimates, truth = simulate_studies(images_ahead)[0], images_ahead / 1e4
    values, errors, _ = np.transpose(estimates)
    assert np.mean(values) == pytest.approx(truth, abs=3e-5)
    # Spreads of 1,000 values are themselves off by 2.2%.
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(np.std(values), rel=0.07)
    # 0.02 is three standard deviations of a share of 0.95 in 1,000 studies.
    low, high = np.transpose([e.interval() for e in estimates])
    holds = np.mean((low <= truth) & (truth <= high))
    assert holds == pytest.approx(0.95, abs=0.02)


def test_only_the_crossed_test_keeps_its_level_for_new_images():
    # The paired t test over seeds takes for sure what holds on these images only.
    estimates, by_seed = simulate_studies(0)
    assert np.mean([e.p_value() < 0.05 for e in estimates]) < 0.06
    assert np.mean(ttest_1samp(by_seed, 0, axis=1).pvalue < 0.05) > 0.15


def test_ten_seeds_find_ten_images_in_about_three_of_four_studies():
    estimates = simulate_studies(10)[0]
    power = np.mean([e.p_value() < 0.05 for e in estimates])
    error, df = np.median(np.array(estimates)[:, 1:], axis=0)
    # The study was planned with 0.78.
    assert power == pytest.approx(0.78, abs=0.05)
    assert detectable_difference(error, df, power=power) == pytest.approx(1e-3, rel=0.1)


@pytest.mark.parametrize("df", [9, 1000])
@pytest.mark.parametrize(
    "options", [{}, {"power": 0.9}, {"level": 0.9}, {"power": 0.9, "level": 0.9}]
)
def test_detectable_difference_is_found_with_its_power(df, options):
    expected = {"power": 0.8, "level": 0.95, **options}
    truth = detectable_difference(2.5, df, **options) / 2.5
    critical = t.ppf((1 + expected["level"]) / 2, df)
    found = nct.sf(critical, df, truth) + nct.cdf(-critical, df, truth)
    # The difference shifts the t distribution; exactly, it skews it a little too.
    assert found == pytest.approx(expected["power"], abs=0.01)


# Within a margin, or not.


@some
@given(ESTIMATES, st.floats(0.01, 10))
def test_margin_probabilities_are_those_of_the_t_distribution(estimate, margin):
    belief = t(estimate.df, estimate.value, estimate.standard_error)
    within = belief.cdf(margin) - belief.cdf(-margin)
    expected = (belief.cdf(-margin), within, belief.sf(margin))
    found = margin_probabilities(estimate, margin)
    assert found == pytest.approx(expected, abs=1e-9)
    assert min(found) >= 0
    swapped = estimate._replace(value=-estimate.value)
    assert margin_probabilities(swapped, margin)[::2] == found[::-2]
    assert equivalence_p(swapped, margin) == equivalence_p(estimate, margin)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-2, (1, 0, 0)), (-1, (0.5, 0.5, 0)), (0, (0, 1, 0)), (1, (0, 0.5, 0.5))],
)
def test_no_error_is_the_limit_of_ever_smaller_ones(value, expected):
    almost = margin_probabilities(Estimate(value, 1e-9, 9), 1)
    assert margin_probabilities(Estimate(value, 0, 9), 1) == expected
    assert almost == pytest.approx(expected)
    assert equivalence_p(Estimate(value, 0, 9), 1) == max(expected[::2])


@some
@given(TENTHS)
def test_equivalence_is_the_weaker_of_two_one_sided_tests(values):
    error = np.std(values, ddof=1) / len(values) ** 0.5
    estimate = Estimate(np.mean(values), error, len(values) - 1)
    above_low = ttest_1samp(values, -0.8, alternative="greater").pvalue
    below_high = ttest_1samp(values, 0.8, alternative="less").pvalue
    expected = max(above_low, below_high)
    assert equivalence_p(estimate, 0.8) == pytest.approx(expected, rel=1e-6)


# Several p-values.


@some
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
@example([0.01, 0.04, 0.03, 0.005])
@example([0.0, 1.0])
def test_holm_equals_closed_testing(p_values):
    # A hypothesis falls with every group of hypotheses it is part of.
    n = len(p_values)
    groups = [g for size in range(1, n + 1) for g in combinations(range(n), size)]
    group_p = {g: min(1, len(g) * min(p_values[i] for i in g)) for g in groups}
    expected = [max(p for g, p in group_p.items() if i in g) for i in range(n)]
    assert holm(p_values).tolist() == pytest.approx(expected, abs=1e-15)


# All patterns of signs.


@some
@given(st.lists(st.integers(-9, 9), min_size=2, max_size=8))
@example([5, 6, -5, -6])
def test_sign_flips_equal_brute_force(values):
    patterns = product([-1, 1], repeat=len(values))
    sums = [np.dot(signs, values) for signs in patterns]
    expected = np.mean([abs(total) >= abs(sum(values)) for total in sums])
    assert sign_flip_p(values) == expected
    # Sums of tenths cannot be told apart by their last digits either.
    assert sign_flip_p([v / 10 for v in values]) == expected
    assert sign_flip_p([-v for v in values]) == expected


def test_sign_flips_of_values_on_one_side_leave_two_patterns(monkeypatch):
    for n in (2, 14):
        assert sign_flip_p(np.linspace(1, 2, n)) == 2 / 2**n
    found = SimpleNamespace(pvalue=0.5)  # for 20, all patterns take seconds
    monkeypatch.setattr(stats, "permutation_test", lambda *args, **options: found)
    assert sign_flip_p(np.ones(20)) == 0.5
