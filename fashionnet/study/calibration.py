"""How honest the probabilities of clothing are, as trained and after scaling.

A temperature is fitted on the validation images of the same training, never on test
images. All of this is exploratory: nothing here decides the verdict.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve

from fashionnet.evaluation import confidence, predict_labels
from fashionnet.study.scores import limit_doubt, log_losses


class Calibration(NamedTuple):
    """Temperatures, and expected calibration errors before and after scaling by them.

    Each has one value per seed.
    """

    temperature: np.ndarray
    error_before: np.ndarray
    error_after: np.ndarray


def calibrate(probabilities):
    """Scale one kind of `Probabilities` by temperatures. Returns the `Calibration`."""
    y_prob_val, y_val, before, y_test = probabilities
    pairs = zip(y_prob_val, y_val, strict=True)
    temperature = np.array([fit_temperature(*pair) for pair in pairs])
    after = scale_temperature(before, temperature[:, None])
    errors = [
        [calibration_error(confidence(p), predict_labels(p) == y_test) for p in rows]
        for rows in (before, after)
    ]
    return Calibration(temperature, *np.array(errors))


def fit_temperature(y_prob_val, y_val):
    """Find the temperature with the lowest mean logarithmic loss on validation images.

    Returns:
        A temperature from 0.05 to 20, to three decimals: more is not in the data.

    Source: Guo et al. (2017), arXiv:1706.04599.
    """

    def mean_loss(log_temperature):
        """Return the loss to minimize."""
        scaled = scale_temperature(y_prob_val, np.exp(log_temperature))
        return log_losses(y_val, scaled).mean()

    limits, fine = np.log([0.05, 20]), {"xatol": 1e-8}
    found = minimize_scalar(mean_loss, bounds=limits, method="bounded", options=fine)
    return round(float(np.exp(found.x)), 3)


def scale_temperature(y_prob, temperature):
    """Make probabilities of class 1 less sure (temperature above 1) or surer (below).

    Their logits are divided by it, which moves none across one half.
    """
    return expit(logit(limit_doubt(y_prob)) / temperature)


def calibration_error(y_prob, is_right, n_bins=15):
    """Compute the expected calibration error of the probabilities of given labels.

    It is the gap between mean probability and accuracy, averaged over bins by size.
    Bins have equal width, each with its upper end.

    Source: Guo et al. (2017), arXiv:1706.04599.
    """
    came, said = calibration_curve(is_right, y_prob, n_bins=n_bins)
    # The curve leaves out empty bins, and does not tell how full the others are.
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    _, sizes = np.unique(np.searchsorted(inner_edges, y_prob), return_counts=True)
    return (sizes * np.abs(came - said)).sum() / len(y_prob)
