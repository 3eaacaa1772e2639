"""Runs as if they had been trained: which images they get wrong is drawn, or given."""

import re

import numpy as np

from fashionnet.data import CLASS_NAMES, CLOTHING
from fashionnet.recipes import RECIPE, run_key
from fashionnet.runs import Run, store_run
from fashionnet.study.contrasts import Contrast
from fashionnet.study.stats import Estimate

LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 1000))
VAL_LABELS = LABELS[:600]
BAG, SHIRT = CLASS_NAMES.index("Bag"), CLASS_NAMES.index("Shirt")
MANIFEST = {
    "parameters": 1000,
    "recipe": {"hidden_units": [256, 256]},
    "epochs_run": 20,
    "best_epoch": 17,
    "train_seconds": 40.5,
}


def read_numbers(text):
    """List the numbers that a sentence carries, in their order."""
    found = re.findall(r"(?<!\w)-?\d+(?:,\d{3})*(?:\.\d+)?", text)
    return [float(number.replace(",", "")) for number in found]


def say_clothing(wrong, labels):
    """Give the truth 90% or more where an answer is right, else 10% to 40%."""
    is_clothing = np.isin(labels, CLOTHING)
    image = np.random.default_rng(1).random(len(labels))
    of_truth = np.where(wrong, 0.1 + 0.3 * image, 0.9 + 0.1 * image)
    return np.where(is_clothing, of_truth, 1 - of_truth)


def spread_over_classes(y_prob, labels):
    """Make ten probabilities: one class of either group has all that this group has."""
    is_clothing = np.isin(labels, CLOTHING)
    table = np.zeros((len(labels), 10))
    rows = np.arange(len(labels))
    table[rows, np.where(is_clothing, labels, SHIRT)] = y_prob
    table[rows, np.where(is_clothing, BAG, labels)] = 1 - y_prob
    return table


def make_run(task, wrong_test, wrong_val, seed=0):
    """Make a run of either task that errs where it is told."""
    pairs = ((wrong_test, LABELS[: len(wrong_test)]), (wrong_val, VAL_LABELS))
    y_prob = [say_clothing(*pair) for pair in pairs]
    if task == "multiclass":
        labels = [known for _, known in pairs]
        y_prob = map(spread_over_classes, y_prob, labels)
    test, val = (np.asarray(table, np.float32) for table in y_prob)
    manifest = {**MANIFEST, "task": task, "seed": seed}
    return Run(manifest, {}, y_prob_val=val, y_prob_test=test)


def store_sample(task, seed, n_wrong=5, *, recipe=RECIPE, differences=(), place=None):
    """Store a run that errs on the first test images."""
    run = make_run(task, np.arange(10_000) < n_wrong, np.arange(600) < 3, seed)
    about = {
        "recipe": recipe._asdict(),
        "differences": dict(differences),
        "key": run_key(task, seed, recipe, dict(differences)),
    }
    store_run(run._replace(manifest=run.manifest | about), place=place)


def draw_runs(task, n_wrong, seeds, start):
    """Draw runs that err on about so many of 10,000 images, by seed.

    Hard are twice as many images, half of them for all runs, half for those of one
    `start`. Every run errs on each of them as often as not.
    """
    rng, hard = np.random.default_rng(start), np.zeros(10_000, bool)
    for order in (np.random.default_rng(99), np.random.default_rng(start)):
        hard[order.permutation(10_000)[:n_wrong]] = True
    return {
        seed: make_run(
            task,
            hard & (rng.random(10_000) < 0.5),
            rng.random(600) < n_wrong / 10_000,
            seed,
        )
        for seed in seeds
    }


def draw_pairs(n_ten, n_two, n_seeds=10, start=0):
    """Draw pairs of runs, as `find_pairs` returns them."""
    seeds = range(n_seeds)
    ten = draw_runs("multiclass", n_ten, seeds, start)
    two = draw_runs("binary", n_two, seeds, start + 1)
    return {seed: (ten[seed], two[seed]) for seed in seeds}


def make_compact(run):
    """Keep what runs of controls and of the learning curve keep of a run."""
    clothing = run.y_prob_test[:, CLOTHING].sum(axis=1).astype(np.float32)
    likeliest = run.y_prob_test.argmax(axis=1).astype(np.uint8)
    return run._replace(y_prob_test=clothing, y_pred_test=likeliest)


def make_contrast(value, error, *, way="multiclass_sum", against="binary", n_seeds=5):
    """Make a contrast with 1.96 standard errors to both sides for 95%."""
    estimate = Estimate(value, error, 1e6)
    ahead = np.full(n_seeds, float(value))
    return Contrast(way, ahead, np.ones(n_seeds), estimate, against=against)
