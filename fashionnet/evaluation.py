"""From a network to probabilities, labels and counts of errors."""

import numpy as np
from scipy.stats import binomtest, t
from sklearn.metrics import confusion_matrix

from fashionnet.data import CLASS_NAMES, check_images


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


def confidence(y_prob):
    """Return the probability of the label that `predict_labels` gives, shape `(n,)`."""
    return y_prob.max(axis=1) if y_prob.ndim == 2 else np.maximum(y_prob, 1 - y_prob)


def count_confusions(y_true, y_pred, n_classes):
    """Count images by true class (rows) and predicted class (columns)."""
    return confusion_matrix(y_true, y_pred, labels=range(n_classes))


def rank_confusions(matrix, k=5):
    """List up to `k` confusions as `(true, predicted, count)`, the commonest first."""
    off_diagonal = matrix - np.diag(np.diag(matrix))
    pairs = np.argwhere(off_diagonal > 0).tolist()
    ranked = sorted(((t, p, int(matrix[t, p])) for t, p in pairs), key=lambda x: -x[2])
    return ranked[:k]


def count_errors_by_class(y_true, y_pred, labels):
    """Count wrong binary labels by the original class (`labels`, ids 0 to 9)."""
    return np.bincount(labels[y_true != y_pred], minlength=len(CLASS_NAMES))


def add_intervals(table, name="mean"):
    """Add to each row its mean, and the mean's 95% interval by Student's t.

    Args:
        table: A `pandas.DataFrame` with a column for each seed, two or more.
        name: What the mean is called. The ends of its interval are "from" and "to".

    Returns:
        The `DataFrame` with three more columns.

    Source: Student (1908), Biometrika 6, 1-25.
    """
    n_seeds, mean = table.shape[1], table.mean(axis=1)
    reach = t.ppf(0.975, n_seeds - 1) * table.std(axis=1) / n_seeds**0.5
    return table.assign(**{name: mean, "from": mean - reach, "to": mean + reach})


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
        raise ValueError(f"{n_correct} of {n_total} is not a share")
    share = binomtest(int(n_correct), int(n_total))
    low, high = share.proportion_ci(level, method="wilson")
    return share.statistic, low, high
