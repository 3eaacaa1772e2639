"""From a network to probabilities, labels and counts of errors."""

import numpy as np
from sklearn.metrics import confusion_matrix

from fashionnet.data import CLASS_NAMES, CLOTHING, binary_labels, check_images


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
    """Add up the probabilities of the six clothing classes, in `float64`."""
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
