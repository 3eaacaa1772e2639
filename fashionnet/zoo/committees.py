"""Several networks decide together: average, vote, or a network of networks.

`members` are the probabilities of the networks for the same images in the same order,
a sequence of arrays of shape `(n, n_classes)`.

Source: document 004, which proposes the three; Dietterich (2000), "Ensemble Methods in
Machine Learning".
"""

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from fashionnet.study.stats import mcnemar_exact

# Stored probabilities below are 0.
SMALLEST = 1e-3
STRENGTHS: tuple[float, ...] = (0.001, 0.01, 0.1, 1.0)


def average(members):
    """Average the members' probabilities; shape `(n, n_classes)`.

    Raises:
        ValueError: If there is no member, or they differ in shape.
    """
    return _stack(members).mean(axis=0)


def vote(members):
    """Return the label that most members name, shape `(n,)`.

    Among labels with equally many votes, the one with the highest mean probability.

    Raises:
        ValueError: If there is no member, or they differ in shape.
    """
    y_prob = _stack(members)
    n_classes = y_prob.shape[2]
    votes = np.eye(n_classes)[y_prob.argmax(axis=2)].sum(axis=0)
    # Half a probability is less than a vote, so it only decides between equals.
    return (votes + y_prob.mean(axis=0) / 2).argmax(axis=1)


def fit_stacker(members_val, y_val, *, strength=0.01):
    """Fit logistic regression to the members' answers to *validation* images.

    To the images they were trained with, members give better answers than to others, so
    these would teach it too much trust. All members must have held out the same images.

    Args:
        members_val: The members' probabilities for the validation images.
        y_val: The true labels of these images.
        strength: Inverse strength of the penalty on large weights, above 0.

    Returns:
        A fitted model for `predict_stacked`.

    Raises:
        ValueError: If there is no member, or shapes do not fit.

    Source: Wolpert (1992), Neural Networks 5, 241-259 (stacking).
    """
    features = _side_by_side(members_val)
    if len(y_val) != len(features):
        raise ValueError(f"{len(features)} images but {len(y_val)} labels")
    # Its matrices are small: several threads would mostly wait for each other.
    with threadpool_limits(1):
        return _make_stacker(strength).fit(features, y_val)


def choose_strength(members_val, y_val, strengths=STRENGTHS):
    """Choose the `strength` of a stacker by validation images alone.

    It is fitted on every second one, and judged by the others.

    Returns:
        The one of `strengths` with the most right labels; of several, the lowest.
    """
    n = np.arange(len(y_val))
    tried = {"logisticregression__C": sorted(strengths)}
    halves = [(n[::2], n[1::2])]
    search = GridSearchCV(_make_stacker(), tried, cv=halves, refit=False)
    with threadpool_limits(1):
        search.fit(_side_by_side(members_val), y_val)
    return search.best_params_["logisticregression__C"]


def predict_stacked(stacker, members):
    """Return a stacker's probabilities; the members are those it was fitted with."""
    return stacker.predict_proba(_side_by_side(members))


def decide(rule, members, members_val=(), y_val=()):
    """Return a committee's labels, shape `(n,)`.

    Args:
        rule: "average", "vote" or "stacked".
        members: The members' probabilities.
        members_val: Those for the validation images, which a stacker is fitted on.
        y_val: The true labels of these.

    Raises:
        ValueError: If there is no such rule, or no member, or shapes do not fit.
    """
    if rule == "average":
        return average(members).argmax(axis=1)
    if rule == "vote":
        return vote(members)
    if rule == "stacked":
        stacker = fit_stacker(members_val, y_val)
        return predict_stacked(stacker, members).argmax(axis=1)
    raise ValueError(f"rule is {rule!r}; it must be average, vote or stacked")


class Gain(NamedTuple):
    """What a committee gains over one of its members, on the same images.

    `n_committee` and `n_member` count right images. `only_committee` and `only_member`
    count those that exactly one of the two has right; `p` is McNemar's exact p-value.
    """

    n_committee: int
    n_member: int
    only_committee: int
    only_member: int
    p: float


def measure_gain(y_pred, y_pred_member, y_true):
    """Compare a committee's labels with those of a member, image by image.

    To be fair, the member is the best one on *validation* images.

    Returns:
        A `Gain`.
    """
    right, right_member = np.equal(y_pred, y_true), np.equal(y_pred_member, y_true)
    only_committee = int((right & ~right_member).sum())
    only_member = int((right_member & ~right).sum())
    p = mcnemar_exact(only_committee, only_member)
    return Gain(
        int(right.sum()), int(right_member.sum()), only_committee, only_member, float(p)
    )


def _make_stacker(strength=1.0):
    return make_pipeline(
        StandardScaler(), LogisticRegression(C=strength, max_iter=1000)
    )


def _stack(members):
    shapes = sorted({np.shape(y_prob) for y_prob in members})
    if len(shapes) != 1 or len(shapes[0]) != 2:
        raise ValueError(f"members have shapes {shapes}; expected one (n, n_classes)")
    return np.stack([np.asarray(y_prob, np.float64) for y_prob in members])


def _side_by_side(members):
    """Line up the logs of the probabilities; shape `(n, members × n_classes)`."""
    return np.log(np.clip(np.concatenate(_stack(members), axis=1), SMALLEST, 1))
