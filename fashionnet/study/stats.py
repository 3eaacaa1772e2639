"""Intervals and tests: how far chance alone could have made the difference.

Plain NumPy and SciPy, nothing of Keras and nothing of ours.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest, permutation_test, sem, t


def mcnemar_exact(only_first, only_second):
    """Test exactly whether two classifiers err equally often on the same images.

    Only the images that exactly one of them gets right carry information: how many
    the first, and how many the second. If both are equally good, each is a fair coin
    toss. Without any, the p-value is 1.

    Source: McNemar (1947), Psychometrika 12, 153-157.
    """
    fewer, more = sorted((int(only_first), int(only_second)))
    if fewer < 0:
        raise ValueError(f"counts are {only_first}, {only_second}; none may be below 0")
    return binomtest(fewer, fewer + more).pvalue if more else 1.0


class Estimate(NamedTuple):
    """An estimate whose error, over its standard error, follows Student's t.

    Where nothing tells how far it may be off, the standard error is infinite: then all
    intervals are, and no test rejects anything.
    """

    value: float
    standard_error: float
    df: float

    def interval(self, level=0.95):
        """Return `low, high`, which hold the truth in a share `level` of studies."""
        _check_share("level", level)
        reach = t.ppf((1 + level) / 2, self.df) * self.standard_error
        return self.value - reach, self.value + reach

    def is_bounded(self):
        """Tell whether it is known how far the estimate may be off."""
        return bool(np.isfinite(self.standard_error))

    def excludes_zero(self):
        """Tell whether the 95% interval leaves out 0."""
        low, high = self.interval()
        return low > 0 or high < 0

    def p_value(self):
        """Return the two-sided p-value of a true value of 0."""
        return 2 * self.tail(abs(self.value))

    def tail(self, distance):
        """Return the probability of an error above `distance`, which has a sign."""
        if self.standard_error == 0:  # The limit of ever smaller ones.
            return (1 - np.sign(distance)) / 2
        return t.sf(distance / self.standard_error, self.df)


def estimate_mean(values):
    """Estimate the mean of a population from independent values of it.

    Returns:
        An `Estimate`.

    Raises:
        ValueError: If there are fewer than two values.

    Source: Student (1908), Biometrika 6, 1-25.
    """
    if len(values) < 2:
        raise ValueError(f"{len(values)} value: a spread needs at least 2")
    return Estimate(float(np.mean(values)), float(sem(values)), len(values) - 1)


def mean_interval(values, level=0.95):
    """Return `mean, low, high` of `estimate_mean`."""
    estimate = estimate_mean(values)
    return estimate.value, *estimate.interval(level)


def crossed_estimate(differences):
    """Estimate a mean difference for new trainings and new images alike.

    Both are samples, and every seed meets every image: the variance adds up what seeds,
    images, and seeds on single images contribute. A t test over seeds lacks the images.

    Args:
        differences: Array of shape `(seeds, images)`: whether the first classifier is
            right minus whether the second is, or of any score.

    Returns:
        An `Estimate`, which is not bounded if there is only one seed.

    Raises:
        ValueError: If there is no seed, or fewer than two images.

    Source: Gallas et al. (2007), JOSA A 24, B70; df by Satterthwaite (1946).
    """
    d = _check_table(differences)
    (s, n), mean = d.shape, d.mean()
    if s == 1:
        return Estimate(float(mean), np.inf, 1.0)
    if np.ptp(d) == 0:  # Rounding would leave a variance above 0.
        return Estimate(float(d[0, 0]), 0.0, float(s - 1))
    by_seed, by_image = d.mean(axis=1, keepdims=True), d.mean(axis=0)
    # Mean squares between seeds, between images, and of seeds on single images.
    rest_df = (s - 1) * (n - 1)
    seed, image = n * by_seed.var(ddof=1), s * by_image.var(ddof=1)
    rest = ((d - by_seed - by_image + mean) ** 2).sum() / rest_df
    total, df = seed + image - rest, n - 1
    if total < image:  # Seeds differ less than by chance on single images.
        total = image
    else:
        df = total**2 / (seed**2 / (s - 1) + image**2 / (n - 1) + rest**2 / rest_df)
    return Estimate(float(mean), float((total / d.size) ** 0.5), float(max(df, s - 1)))


def overlapping_estimate(differences):
    """Estimate a mean difference where each seed meets some of the images only.

    As in `crossed_estimate`, seeds and images are samples. An image that several seeds
    meet is one image: what they find on it is added up before it is squared.

    Args:
        differences: Array of shape `(seeds, images)`, NaN where a seed does not meet an
            image.

    Returns:
        An `Estimate`, with the degrees of freedom of many images.

    Raises:
        ValueError: If there are fewer than two seeds, or one meets no image.

    Source: Cameron, Gelbach and Miller (2011), J. Bus. Econ. Stat. 29, 238-249.
    """
    d = np.asarray(differences, dtype=float)
    has_met = ~np.isnan(d)
    if len(d) < 2 or not has_met.any(axis=1).all():
        raise ValueError(f"shape {d.shape}: at least 2 seeds are needed, with images")
    off = np.where(has_met, d - d[has_met].mean(), 0)
    images = (off.sum(axis=0) ** 2).sum()
    seeds = (off.sum(axis=1) ** 2).sum() * len(d) / (len(d) - 1)
    single = (off**2).sum()  # is in both of them
    error = max(images, images + seeds - single) ** 0.5 / has_met.sum()
    return Estimate(float(d[has_met].mean()), float(error), np.inf)


def combine(estimates):
    """Average independent estimates of the same, weighted by their precision.

    Raises:
        ValueError: If a standard error is 0 or infinite, so that none can be weighed.
    """
    for one in estimates:
        if not 0 < one.standard_error < np.inf:
            wrong = one.standard_error
            raise ValueError(f"standard error {wrong}: it must be finite, and above 0")
    weights = [one.standard_error**-2 for one in estimates]
    mean = np.average([one.value for one in estimates], weights=weights)
    return Estimate(float(mean), sum(weights) ** -0.5, np.inf)


def margin_probabilities(estimate, margin):
    """Return the probabilities of a true difference below `±margin`, within, and above.

    Nothing else is known about it (a flat prior).
    """
    if not margin > 0:
        raise ValueError(f"margin {margin} is not above 0")
    below = estimate.tail(margin + estimate.value)
    above = estimate.tail(margin - estimate.value)
    return below, max(0.0, 1 - below - above), above


def equivalence_p(estimate, margin):
    """Test by two one-sided t tests whether a difference is within `±margin`.

    Both have to reject, so the larger p-value counts. It is below 0.05 exactly if the
    90% interval lies within the margin.

    Source: Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    below, _, above = margin_probabilities(estimate, margin)
    return max(below, above)


def detectable_difference(standard_error, df, *, power=0.8, level=0.95):
    """Compute the smallest true difference whose interval excludes 0 this often.

    Source: Bloom (1995), Evaluation Review 19, 547-556.
    """
    _check_share("power or level", (power, level))
    return (t.ppf((1 + level) / 2, df) + t.ppf(power, df)) * standard_error


def holm(p_values):
    """Adjust several p-values for multiplicity, and return them in the order given.

    Source: Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    p = _check_share("p-value", p_values)
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return np.minimum(stepped, 1)[np.argsort(order)]


def sign_flip_p(values):
    """Test whether 2 to 20 independent values scatter symmetrically around 0.

    The two-sided p-value is the share of all `2**n` patterns of signs that put the mean
    at least as far from 0 as it is.

    Source: Fisher (1935), The Design of Experiments, section 21.
    """
    if not 2 <= len(values) <= 20:
        raise ValueError(f"{len(values)} values: all patterns of signs need 2 to 20")

    def total(values, axis):
        """Add up, without the last digits: in them, equal sums may differ."""
        return np.round(np.sum(values, axis=axis), 9)

    options = {"permutation_type": "samples", "n_resamples": np.inf, "batch": 2**12}
    values = np.asarray(values, float)
    return permutation_test((values,), total, **options).pvalue


def _check_share(name, values):
    values = np.asarray(values, dtype=float)
    for wrong in values[~((values >= 0) & (values <= 1))]:
        raise ValueError(f"{name} {wrong} is not between 0 and 1")
    return values


def _check_table(differences):
    table = np.asarray(differences, dtype=float)
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2:
        raise ValueError(f"shape {table.shape}: it must be at least 1 seed by 2 images")
    for wrong in table[~np.isfinite(table)]:
        raise ValueError(f"a difference is {wrong}; it must be finite")
    return table
