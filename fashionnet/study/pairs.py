"""What a multiclass and a binary network say of the same test images."""

import numpy as np
from sklearn.model_selection import train_test_split

from fashionnet.data import CLOTHING, binary_labels, load_training_set
from fashionnet.evaluation import count_confusions, predict_labels
from fashionnet.recipes import RECIPE
from fashionnet.runs import find_run, list_own_runs, recipe_of, stored_seeds
from fashionnet.study.words import CLASSIFIERS, NAMES


def find_pairs():
    """Find the seeds with a finished run of both tasks. Returns `pairs`."""
    tasks, seeds = ("multiclass", "binary"), stored_seeds("multiclass")
    return pair_runs(*({s: find_run(task, s) for s in seeds} for task in tasks))


def find_own_pairs():
    """Find your own runs of both tasks with the same settings.

    Returns:
        A list of `(multiclass, binary)`.
    """
    multiclass, binary = (list_own_runs(task) for task in ("multiclass", "binary"))
    return [(a, b) for a in multiclass for b in binary if _settings(a) == _settings(b)]


def _settings(run):
    return run.manifest["seed"], recipe_of(run), sorted(run.manifest["differences"])


def pair_runs(multiclass, binary):
    """Pair the runs of two dictionaries (seed to `Run`) by the seeds that both have."""
    pairs = {seed: (run, binary.get(seed)) for seed, run in multiclass.items()}
    return {seed: pair for seed, pair in pairs.items() if all(pair)}


def likeliest_classes(multiclass):
    """Return the likeliest class of each test image, ids 0 to 9.

    A run that stores only p(clothing) stores these labels with it.
    """
    if multiclass.y_prob_test.ndim == 1:
        return multiclass.y_pred_test
    return multiclass.y_prob_test.argmax(axis=1)


def clothing_probability(y_prob):
    """Add up the probabilities of the six clothing classes, in `float64`.

    Probabilities of shape `(n,)` are those of clothing already.
    """
    if y_prob.ndim == 1:
        return y_prob.astype(np.float64)
    return y_prob[:, CLOTHING].sum(axis=1, dtype=np.float64)


def binarize_argmax(y_prob):
    """Take the likeliest of the ten classes, then its group: 1 for Clothing."""
    return binary_labels(y_prob.argmax(axis=1))


def binarize_sum(y_prob):
    """Add up the probabilities of each group, and take the likelier group.

    For the number of wrong labels this is the best rule if the probabilities are right
    (Bayes). Where one class has more than one half, `binarize_argmax` says the same.
    """
    return (clothing_probability(y_prob) > 0.5).astype(np.uint8)


def predict_three_ways(multiclass, binary):
    """Return the binary test labels of both networks, `uint8` arrays by classifier."""
    return {
        "multiclass_argmax": binary_labels(likeliest_classes(multiclass)),
        "multiclass_sum": binarize_sum(multiclass.y_prob_test),
        "binary": predict_labels(binary.y_prob_test).astype(np.uint8),
    }


def right_by_seed(pairs, labels):
    """Say which test images each classifier labels right, seed by seed.

    Returns:
        A dictionary of bool arrays of shape `(seeds, images)`, by classifier.

    Raises:
        ValueError: If there is no pair.
    """
    if not pairs:
        raise ValueError("no pair of runs is stored: train one with train_run")
    y_true = binary_labels(labels)
    answers = [predict_three_ways(*pair) for pair in pairs.values()]
    return {
        name: np.array([y_pred[name] == y_true for y_pred in answers])
        for name in CLASSIFIERS
    }


def find_validation_excess(pairs):
    """Say which network of a pair errs alone on the validation images of that pair.

    Returns:
        By way to binarize, an array of shape `(pairs, 60000)`: 1 where only the
        ten-class network errs, -1 where only the binary one does, 0 where both or
        neither do, and NaN for images that the pair was trained on.
    """
    _, labels = load_training_set()
    y_true, places = binary_labels(labels), np.arange(len(labels))
    ways = {"multiclass_argmax": binarize_argmax, "multiclass_sum": binarize_sum}
    excess = {way: np.full((len(pairs), len(labels)), np.nan) for way in ways}
    for row, (seed, (ten, two)) in enumerate(pairs.items()):
        # The places of the images that `split_train_val` holds out.
        split = {"test_size": 0.1, "stratify": labels, "random_state": seed}
        _, held_out = train_test_split(places, **split)
        truth = y_true[held_out]
        binary_errs = (predict_labels(two.y_prob_val) != truth).astype(int)
        for way, binarize in ways.items():
            errs = binarize(ten.y_prob_val) != truth
            excess[way][row, held_out] = errs - binary_errs
    return excess


def cross_tabulate(right_first, right_second):
    """Count images by who is right: `[[both, only first], [only second, neither]]`."""
    return count_confusions(~right_first, ~right_second, 2)


def state_own_pairs(pairs, y_true):
    """State how many errors your own networks make; they count nowhere else."""
    sentences = []
    for multiclass, binary in pairs:
        answers = predict_three_ways(multiclass, binary)
        n_wrong = {name: int((answers[name] != y_true).sum()) for name in CLASSIFIERS}
        listed = ", ".join(f"{NAMES[name]} {n:,}" for name, n in n_wrong.items())
        settings = multiclass.manifest["differences"] | _changed(recipe_of(multiclass))
        unlike = f", with other {', '.join(settings)}" if settings else ""
        seed = multiclass.manifest["seed"]
        sentences.append(f"**Your own pair**, seed {seed}{unlike}: errors {listed}.")
    return " ".join(sentences)


def _changed(recipe):
    usual = RECIPE._asdict()
    return {k: v for k, v in recipe._asdict().items() if v != usual[k]}
