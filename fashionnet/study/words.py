"""The vocabulary of Part 3: how each classifier is called and drawn, and phrases."""

from typing import NamedTuple

import numpy as np

from fashionnet.plots import BLUE, GREEN, ORANGE, RED

CLASSIFIERS: tuple[str, ...] = ("multiclass_argmax", "multiclass_sum", "binary")
NAMES: dict[str, str] = {
    "multiclass_argmax": "ten classes, top class",
    "multiclass_sum": "ten classes, summed",
    "binary": "binary",
    "grouped": "ten outputs, binary loss",
    "three_groups": "three groups",
    "best_for_ten": "ten classes, batches of 128",
}
# Where an answer "Clothing: yes" comes from, in words of the command line.
SOURCES: dict[str, str] = {
    "multiclass_argmax": "by the likeliest of the ten classes",
    "multiclass_sum": "by the sum of the six classes of Clothing",
    "binary": "by the network of notebook 2",
}


class Style(NamedTuple):
    """How a classifier is drawn in every figure."""

    marker: str
    color: str
    line: str


STYLES: dict[str, Style] = {
    "multiclass_argmax": Style("o", BLUE, "-"),
    "multiclass_sum": Style("D", GREEN, "--"),
    "binary": Style("s", ORANGE, "-."),
    "grouped": Style("^", "#56B4E9", ":"),
    "three_groups": Style("v", "#CC79A7", ":"),
    "best_for_ten": Style("P", RED, ":"),
}


def phrase_count(n, words):
    """Put a number before words, in which `{}` takes the plural's s: "pair{} of"."""
    return f"{n:,} {words.format('s' * (n != 1))}"


def phrase_difference(n, words=("fewer", "more"), digits=1):
    """Put in words how many fewer errors the way named first makes."""
    if abs(n) < 0.5 * 10**-digits:
        return "equally many" if words[0] == "fewer" else "equal"
    return f"{abs(n):.{digits}f} {words[0] if n > 0 else words[1]}"


def phrase_interval(low, high, words=("fewer", "more"), digits=1):
    """Put an interval of such differences in words, which need no signs."""
    first, second = words
    if np.isinf(low):
        return "–"
    if low < 0 < high:
        return f"from {high:.{digits}f} {first} to {-low:.{digits}f} {second}"
    nearer, farther = sorted((abs(low), abs(high)))
    word = first if high > 0 else second
    return f"from {nearer:.{digits}f} to {farther:.{digits}f} {word}"


def phrase_estimate(estimate, levels=(0.95,), **options):
    """Put an `Estimate` and its intervals in words; options as in `phrase_interval`."""
    value = phrase_difference(estimate.value, **options)
    if not estimate.is_bounded():
        return f"{value} (no interval from one seed)"
    intervals = [
        f"{level:.0%} interval {phrase_interval(*estimate.interval(level), **options)}"
        for level in levels
    ]
    return f"{value} ({', '.join(intervals)})"


def format_share(p):
    """Write a probability with three decimals, but never as exactly 0 or 1."""
    if p < 0.0005:
        return "< 0.001"
    return "> 0.999" if 0.9995 < p < 1 else f"{p:.3f}"


def format_percent(p):
    """Write a probability in percent, but never as exactly 0 or 100."""
    if p >= 0.9995:
        return "over 99.9%"
    return "under 0.1%" if p < 0.0005 else f"{p:.1%}"


def format_spread(values, digits):
    """Write mean and standard deviation, which takes two values."""
    mean = f"{np.mean(values):.{digits}f}"
    return f"{mean} ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else mean
