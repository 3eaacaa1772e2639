"""Part 3: compare two ways to a binary label, on the same test images.

Differences are numbers of images out of 10,000. Above 0, the multiclass network makes
fewer errors than the binary one.
"""

from typing import NamedTuple

import numpy as np

from fashionnet.data import binary_labels
from fashionnet.evaluation import (
    binarize_sum,
    count_confusions,
    predict_labels,
)
from fashionnet.runs import find_run, stored_seeds
from fashionnet.stats import (
    Estimate,
    crossed_estimate,
    detectable_difference,
    equivalence_p,
    holm,
    margin_probabilities,
    mcnemar_midp,
    mean_interval,
    sign_flip_p,
)

CLASSIFIERS: dict[str, str] = {
    "multiclass_argmax": "multiclass (likeliest class)",
    "multiclass_sum": "multiclass (sum)",
    "binary": "binary",
}
# All fixed before any result was seen: what is compared with the binary network, from
# how many of 10,000 images on a difference is relevant, how many were expected at most.
CONTRASTS = ("multiclass_argmax", "multiclass_sum")
MARGIN = 10
EXPECTED = 15


def find_pairs():
    """Find the seeds with a finished run of both tasks.

    Returns:
        A dictionary from seed to `(multiclass, binary)`, each a `Run`.
    """
    tasks, seeds = ("multiclass", "binary"), stored_seeds("multiclass")
    return pair_runs(*({s: find_run(task, s) for s in seeds} for task in tasks))


def pair_runs(multiclass, binary):
    """Pair the runs of two dictionaries from seed to `Run` by the seeds of both."""
    pairs = {seed: (run, binary.get(seed)) for seed, run in multiclass.items()}
    return {seed: pair for seed, pair in pairs.items() if all(pair)}


def likeliest_classes(multiclass):
    """Return the likeliest class of each test image, ids 0 to 9.

    A run that stores p(clothing) only stores these labels beside it.
    """
    if multiclass.y_prob_test.ndim == 1:
        return multiclass.y_pred_test
    return multiclass.y_prob_test.argmax(axis=1)


def predict_three_ways(multiclass, binary):
    """Return the binary test labels of both networks, by the name of the classifier.

    Returns:
        A dictionary of `uint8` arrays: the ten-class network by its likeliest class
        and by the sum of its clothing probabilities, and the binary network.
    """
    return {
        "multiclass_argmax": binary_labels(likeliest_classes(multiclass)),
        "multiclass_sum": binarize_sum(multiclass.y_prob_test),
        "binary": predict_labels(binary.y_prob_test).astype(np.uint8),
    }


def cross_tabulate(right_first, right_second):
    """Count images by who is right: `[[both, only first], [only second, neither]]`."""
    return count_confusions(~right_first, ~right_second, 2)


def right_by_seed(pairs, labels):
    """Say which test images each classifier labels right, seed by seed.

    Args:
        pairs: What `find_pairs` returns.
        labels: Class ids of the test images, 0 to 9.

    Returns:
        A dictionary of bool arrays of shape `(seeds, images)`, by classifier.
    """
    answers = [predict_three_ways(*pair) for pair in pairs.values()]
    y_true, shape = binary_labels(labels), (len(pairs), len(labels))
    return {
        name: np.array([y[name] == y_true for y in answers], bool).reshape(shape)
        for name in CLASSIFIERS
    }


class Contrast(NamedTuple):
    """What all pairs of trainings say about one way against another.

    `ahead` counts for each seed how many fewer errors `way` makes than `against`.
    `signed_midp` has the p-value of each pair, with a minus where `against` makes fewer
    errors. `estimate` is for new trainings and new images, or `None` with fewer than
    two pairs. `p_adjusted` is its p-value, adjusted for the number of contrasts; it is
    `None` for those that are exploratory.
    """

    way: str
    ahead: np.ndarray
    signed_midp: np.ndarray
    estimate: Estimate | None
    p_adjusted: float | None
    against: str = "binary"

    @property
    def verdict(self):
        """Return what `decide` says of the estimate."""
        return decide(self.estimate)


def compare(right):
    """Compare each way to binarize with the binary network, over all pairs.

    Args:
        right: What `right_by_seed` returns.

    Returns:
        A dictionary of one `Contrast` for each of `CONTRASTS`.
    """
    found = [make_contrast(right, way) for way in CONTRASTS]
    if all(contrast.estimate for contrast in found):
        adjusted = holm([contrast.estimate.p_value() for contrast in found]).tolist()
        pairs = zip(found, adjusted, strict=True)
        found = [contrast._replace(p_adjusted=p) for contrast, p in pairs]
    return {contrast.way: contrast for contrast in found}


def make_contrast(right, way, against="binary"):
    """Compare any two classifiers of `right_by_seed`. Returns the `Contrast`."""
    table = right[way].astype(int) - right[against]
    ahead, estimate = table.sum(axis=1), estimate_images(table)
    return Contrast(way, ahead, _signed_midp(table), estimate, None, against)


def decide(estimate, margin=MARGIN):
    """Apply the verdict rule, fixed before any result was seen.

    Returns:
        "better" if the 95% interval excludes 0 and the estimate reaches the margin,
        "detectable, not relevant" if it excludes 0 and lies within the margin,
        "equivalent" if the 90% interval lies within the margin, else "undecided".
    """
    if estimate is None:
        return "undecided"
    low, high = estimate.interval()
    excludes_0 = low > 0 or high < 0
    if excludes_0 and abs(estimate.value) >= margin:
        return "better"
    if excludes_0 and max(-low, high) < margin:
        return "detectable, not relevant"
    low, high = estimate.interval(0.9)
    return "equivalent" if max(-low, high) < margin else "undecided"


def measure(estimate, margin=MARGIN):
    """List everything that an estimate says, by name."""
    outcomes = ("binary_better", "within_margin", "multiclass_better")
    chances = margin_probabilities(estimate, margin)
    return {
        **estimate._asdict(),
        "interval_95": estimate.interval(),
        "interval_90": estimate.interval(0.9),
        "p_value": estimate.p_value(),
        "p_equivalence": equivalence_p(estimate, margin),
        "probability": dict(zip(outcomes, chances, strict=True)),
        "detectable_difference": detectable_difference(*estimate[1:]),
    }


def measure_fixed_images(ahead):
    """List what two or more seeds say about new trainings, on these images only.

    The test of all patterns of signs is `None` with more than 20 seeds.
    """
    mean, *interval = mean_interval(ahead)
    return {
        "value": mean,
        "interval_95": interval,
        "sign_flip_p": sign_flip_p(ahead) if len(ahead) <= 20 else None,
        "wins": measure_wins(ahead),
    }


def measure_wins(ahead):
    """Estimate how often a new pair of trainings would have fewer errors on its side.

    Draws count by half. The interval is of pairs drawn anew from those at hand.

    Source: Bouthillier et al. (2021), arXiv:2103.03098.
    """
    won = (np.sign(ahead) + 1) / 2
    drawn = np.random.default_rng(0).choice(won, (10_000, len(won))).mean(axis=1)
    return {"share": won.mean(), "interval_95": np.quantile(drawn, [0.025, 0.975])}


def estimate_images(table):
    """Estimate a mean in 10,000 images from a table as in `crossed_estimate`.

    Returns:
        The `Estimate`, or `None` with fewer than two seeds.
    """
    if len(table) < 2:
        return None
    share, error, df = crossed_estimate(table)
    return Estimate(10_000 * share, 10_000 * error, df)


def _signed_midp(table):
    """Test each pair by itself; equally many errors count as a p-value above 0."""
    counts = [((row > 0).sum(), (row < 0).sum()) for row in table]
    return np.array([np.copysign(mcnemar_midp(a, b), a - b) for a, b in counts])
