"""Intervals and paired tests: how far chance alone could have made the difference.

Plain NumPy and SciPy, nothing of Keras and nothing of ours.
"""

import numpy as np
from scipy.stats import binom, binomtest, t


def wilson_interval(n_correct, n_total, level=0.95):
    """Compute the Wilson score interval of a share.

    Args:
        n_correct: Number of successes, 0 to `n_total`.
        n_total: Number of trials, at least 1.
        level: Share of intervals that are to hold the truth, in (0, 1).

    Returns:
        `share, low, high`, each between 0 and 1.

    Raises:
        ValueError: If a count is impossible.

    Source: Wilson (1927), JASA 22, 209-212.
    """
    if not 0 <= n_correct <= n_total or n_total < 1:
        raise ValueError(f"{n_correct} of {n_total} is no share")
    share = binomtest(int(n_correct), int(n_total))
    low, high = share.proportion_ci(level, method="wilson")
    return share.statistic, low, high


def mean_interval(values, level=0.95):
    """Compute Student's t interval of a mean.

    Args:
        values: At least two independent measurements.
        level: Share of intervals that are to hold the truth, in (0, 1).

    Returns:
        `mean, low, high` in the unit of the values.

    Raises:
        ValueError: If there are fewer than two values.

    Source: Student (1908), Biometrika 6, 1-25.
    """
    if len(values) < 2:
        raise ValueError(f"{len(values)} value: a spread needs at least 2")
    mean, error = np.mean(values), np.std(values, ddof=1) / len(values) ** 0.5
    margin = t.ppf((1 + level) / 2, len(values) - 1) * error
    return mean, mean - margin, mean + margin


def mcnemar_midp(only_first, only_second):
    """Test whether two classifiers err equally often on the same images.

    Only the images that exactly one of them gets right carry information. If both are
    equally good, each such image is a fair coin toss.

    Args:
        only_first: Number of images that only the first classifier gets right.
        only_second: Number of images that only the second gets right.

    Returns:
        The two-sided mid-p value: the exact binomial p-value less half of the
        probability of all counts as likely as these. 1.0 when there is no such image.

    Raises:
        ValueError: If a count is negative.

    Source: Fagerland, Lydersen and Laake (2013), doi:10.1186/1471-2288-13-91.
    """
    if min(only_first, only_second) < 0:
        raise ValueError(f"counts are {only_first}, {only_second}; they start at 0")
    n, fewer = only_first + only_second, min(only_first, only_second)
    if only_first == only_second:
        # Both tails meet in the middle term, which must not be counted twice.
        return 1.0 - 0.5 * binom.pmf(fewer, n, 0.5) if n else 1.0
    return 2.0 * binom.cdf(fewer, n, 0.5) - binom.pmf(fewer, n, 0.5)
