"""Differences, intervals and shares in words and digits."""

import matplotlib.colors
import numpy as np
import pytest
from study_samples import read_numbers

from fashionnet.study.stats import Estimate
from fashionnet.study.words import (
    CLASSIFIERS,
    NAMES,
    STYLES,
    format_percent,
    format_share,
    format_spread,
    phrase_count,
    phrase_difference,
    phrase_estimate,
    phrase_interval,
)


@pytest.mark.parametrize(
    ("n", "words"), [(3.21, "3.2 fewer"), (-3.21, "3.2 more"), (0.04, "equally many")]
)
def test_difference_is_put_in_words(n, words):
    assert phrase_difference(n) == words


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((-3.12, 8.24), "from 8.2 fewer to 3.1 more"),
        ((1.5, 8.24), "from 1.5 to 8.2 fewer"),
        ((-8.24, -1.5), "from 1.5 to 8.2 more"),
        ((-8.24, 0.0), "from 0.0 to 8.2 more"),
        ((0.0, 8.24), "from 0.0 to 8.2 fewer"),
    ],
)
def test_interval_is_put_in_words_without_signs(ends, words):
    assert phrase_interval(*ends) == words


def test_difference_of_a_score_has_words_and_digits_of_its_own():
    options = {"words": ("lower", "higher"), "digits": 3}
    assert phrase_difference(0.0124, **options) == "0.012 lower"
    assert phrase_difference(-0.0004, **options) == "equal"
    interval = phrase_interval(-0.001, 0.02, **options)
    assert interval == "from 0.020 lower to 0.001 higher"


def test_estimate_is_put_in_words_with_its_intervals_if_there_are_any():
    both = phrase_estimate(Estimate(3, 1, 1e6), levels=(0.95, 0.9))
    assert read_numbers(both) == [3, 95, 1, 5, 90, 1.4, 4.6]
    assert read_numbers(phrase_estimate(Estimate(3, 1, 1e6))) == [3, 95, 1, 5]
    assert read_numbers(phrase_estimate(Estimate(-2, np.inf, 1))) == [2]
    assert phrase_interval(-np.inf, np.inf) == "–"


def test_count_takes_the_plural_where_it_belongs():
    said = [phrase_count(n, "pair{} of runs") for n in (0, 1, 1200)]
    assert said == ["0 pairs of runs", "1 pair of runs", "1,200 pairs of runs"]


def test_probability_is_never_rounded_to_certainty():
    numbers = (0, 1e-9, 0.0004, 0.0006, 0.25, 0.9999, 1)
    written = [format_share(p) for p in numbers]
    assert written == ["< 0.001"] * 3 + ["0.001", "0.250", "> 0.999", "1.000"]


def test_spread_takes_two_values():
    assert format_spread([1.0, 3.0], 1) == "2.0 ± 1.4"
    assert format_spread([1.0], 2) == "1.00"


def test_every_classifier_has_a_name_and_a_style_of_its_own():
    assert set(CLASSIFIERS) < set(NAMES) == set(STYLES)
    assert len(set(NAMES.values())) == len(NAMES)
    assert len({style.marker for style in STYLES.values()}) == len(STYLES)
    colors = {matplotlib.colors.to_hex(style.color) for style in STYLES.values()}
    assert len(colors) == len(STYLES)


@pytest.mark.parametrize(
    ("p", "said"),
    [(0, "under 0.1%"), (0.0004, "under 0.1%"), (0.0005, "0.1%"), (0.5, "50.0%"),
     (0.9994, "99.9%"), (0.9996, "over 99.9%"), (1, "over 99.9%")],
)  # fmt: skip
def test_percent_is_never_none_or_all(p, said):
    assert format_percent(p) == said
