"""From a network to probabilities, labels and counts of errors."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.metrics import confusion_matrix

from fashionnet.data import CLASS_NAMES, CLOTHING, binary_labels, check_images

# Between 1 and the next number of float32, where outputs end: nothing is surer.
LEAST_DOUBT = 2.0**-24
THRESHOLDS = np.arange(1, 100) / 100


def predict_probabilities(model, images, *, batch_size=2000):
    """Predict the probability of each class.

    Args:
        model: A network of `build_mlp`.
        images: `uint8` array of shape `(n, 28, 28)`.
        batch_size: Images at a time; changes the speed only.

    Returns:
        `float32` probabilities: shape `(n, n_classes)` from softmax outputs, `(n,)`,
        the probability of class 1, from one sigmoid.

    Raises:
        ValueError: If `images` has another type or shape.
    """
    check_images(images)
    y_prob = model.predict(images, batch_size=batch_size, verbose=0)
    return y_prob[:, 0] if y_prob.shape[1] == 1 else y_prob


def predict_labels(y_prob):
    """Turn probabilities into labels: the likeliest class, or 1 above one half.

    Args:
        y_prob: Probabilities of shape `(n, n_classes)`, or `(n,)` of class 1.

    Returns:
        Integer array of shape `(n,)`.
    """
    return y_prob.argmax(axis=1) if y_prob.ndim == 2 else (y_prob > 0.5).astype(int)


def binarize_argmax(y_prob):
    """Take the likeliest of the ten classes, then its group: 1 for Clothing."""
    return binary_labels(y_prob.argmax(axis=1))


def clothing_probability(y_prob):
    """Add up the probabilities of the six clothing classes, in `float64`.

    Probabilities of shape `(n,)` are those of clothing already.
    """
    if y_prob.ndim == 1:
        return y_prob.astype(np.float64)
    return y_prob[:, CLOTHING].sum(axis=1, dtype=np.float64)


def binarize_sum(y_prob):
    """Add up the probabilities of each group, and take the likelier group.

    For the number of wrong labels this is the best rule if the probabilities are right
    (Bayes). Where one class has more than one half, `binarize_argmax` says the same.
    """
    return (clothing_probability(y_prob) > 0.5).astype(np.uint8)


def count_confusions(y_true, y_pred, n_classes):
    """Count images by true class (rows) and predicted class (columns)."""
    return confusion_matrix(y_true, y_pred, labels=range(n_classes))


def merge_groups(matrix):
    """Add up a 10×10 confusion matrix to the 2×2 one of the two groups."""
    group = binary_labels(np.arange(len(CLASS_NAMES)))
    member = np.eye(2, dtype=int)[group]
    return member.T @ matrix @ member


def rank_confusions(matrix, k=5):
    """List up to `k` confusions as `(true, predicted, count)`, the commonest first."""
    off_diagonal = matrix - np.diag(np.diag(matrix))
    pairs = np.argwhere(off_diagonal > 0).tolist()
    ranked = sorted(((t, p, int(matrix[t, p])) for t, p in pairs), key=lambda x: -x[2])
    return ranked[:k]


def count_errors_by_class(y_true, y_pred, labels):
    """Count wrong binary labels by the original class (`labels`, ids 0 to 9)."""
    return np.bincount(labels[y_true != y_pred], minlength=len(CLASS_NAMES))


def confidence(y_prob):
    """Return the probability of the label that `predict_labels` gives, shape `(n,)`."""
    return y_prob.max(axis=1) if y_prob.ndim == 2 else np.maximum(y_prob, 1 - y_prob)


def log_losses(y_true, y_prob):
    """Compute the logarithmic loss of each image, minus the log of the true label's.

    Args:
        y_true: Labels 0 and 1, shape `(n,)`.
        y_prob: Probabilities of class 1, shape `(n,)` or `(seeds, n)`. They count as no
            surer than `float32` outputs can say, which keeps the loss below 17.

    Returns:
        `float64` losses of the shape of `y_prob`.

    Source: Gneiting and Raftery (2007), JASA 102, 359-378, as for `brier_scores`.
    """
    of_truth = np.where(y_true == 1, y_prob, 1 - np.asarray(y_prob, np.float64))
    return -np.log(_limit_doubt(of_truth))


def brier_scores(y_true, y_prob):
    """Compute the squared distance from probability to label, as in `log_losses`."""
    return (np.asarray(y_prob, np.float64) - y_true) ** 2


def scale_temperature(y_prob, temperature):
    """Make probabilities of class 1 less sure (temperature above 1) or surer (below).

    Their logits are divided by it, which moves none across one half.
    """
    return expit(logit(_limit_doubt(y_prob)) / temperature)


def fit_temperature(y_prob_val, y_val):
    """Find the temperature with the lowest mean logarithmic loss on validation images.

    Args:
        y_prob_val: Probabilities of class 1, shape `(n,)`.
        y_val: Labels 0 and 1, shape `(n,)`.

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


def count_errors_by_threshold(y_true, y_prob):
    """Count wrong labels with each of `THRESHOLDS` in place of one half.

    `y_true` has labels 0 and 1, `y_prob` probabilities of class 1, both shape `(n,)`.
    """
    given = np.asarray(y_prob)[:, None] > THRESHOLDS
    return (given != (np.asarray(y_true) == 1)[:, None]).sum(axis=0)


def choose_threshold(y_val, y_prob_val):
    """Find the threshold with the fewest wrong labels; of several, nearest one half."""
    errors = count_errors_by_threshold(y_val, y_prob_val)
    best = THRESHOLDS[errors == errors.min()]
    return float(best[np.abs(best - 0.5).argmin()])


def _limit_doubt(y_prob):
    return np.clip(np.asarray(y_prob, np.float64), LEAST_DOUBT, 1 - LEAST_DOUBT)
