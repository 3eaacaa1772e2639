"""Show results in a notebook: sentences, tables, and figures with their alt text."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image, Markdown, display
from sklearn.metrics import classification_report

from fashionnet.data import CLASS_NAMES
from fashionnet.evaluation import rank_confusions
from fashionnet.side_views import NAMES
from fashionnet.stats import wilson_interval
from fashionnet.study import (
    CLASSIFIERS,
    CONTRASTS,
    MARGIN,
    measure,
    measure_fixed_images,
)
from fashionnet.study_sentences import (
    phrase_difference,
    phrase_interval,
)

DOTS_PER_INCH = 96


def show_figure(figure, alt):
    """Display a figure once, with its alt text, and close it.

    Args:
        figure: A Figure, or an Axes that fills one.
        alt: What the figure shows, for readers who cannot see it.

    Raises:
        ValueError: If `alt` is empty.
    """
    if not alt.strip():
        raise ValueError(
            "alt is empty: describe the figure for those who cannot see it"
        )
    buffer = io.BytesIO()
    width = save_figure(figure, buffer)
    # A finished picture, because figures that IPython draws vanish where MPLBACKEND is
    # set, and it drops their alt text.
    display(Image(buffer.getvalue(), width=width, metadata={"alt": alt}))


def save_figure(figure, target):
    """Save a figure (or the one of an Axes) as PNG to a path or file, and close it.

    Returns:
        Its width on a page in CSS pixels: half the picture's, for sharp dense screens.
    """
    figure = getattr(figure, "figure", figure)
    figure.savefig(target, format="png", dpi=2 * DOTS_PER_INCH, facecolor="white")
    plt.close(figure)
    return round(figure.get_figwidth() * DOTS_PER_INCH)


def say(*sentences):
    """Display generated sentences as one paragraph of text."""
    display(Markdown(" ".join(sentences)))


def table_split(**label_sets):
    """Tabulate the number of images of each class in each set, with totals."""
    counts = {name: np.bincount(y, minlength=10) for name, y in label_sets.items()}
    table = pd.DataFrame(counts, index=CLASS_NAMES)
    table.loc["all"] = table.sum()
    return table


def table_classes(y_true, y_pred, names):
    """Tabulate precision, recall, F1 and number of images of each class."""
    options = {"labels": range(len(names)), "target_names": names, "zero_division": 0}
    report = classification_report(y_true, y_pred, output_dict=True, **options)
    table = pd.DataFrame(report).T.loc[list(names)].round(3)
    return table.astype({"support": int}).rename(columns={"support": "images"})


def table_confusions(matrix, names, k=5):
    """Tabulate the commonest confusions with their share of the true class."""
    rows = [
        (names[t], names[p], n, f"{n / matrix[t].sum():.1%}")
        for t, p, n in rank_confusions(matrix, k)
    ]
    columns = ["true class", "labeled as", "images", "share of the true class"]
    return pd.DataFrame(rows, columns=columns, index=range(1, len(rows) + 1))


def table_accuracies(errors, n_total):
    """Tabulate errors and accuracy with its 95% interval, by classifier."""
    rows = {}
    for name, n_wrong in errors.items():
        share, low, high = wilson_interval(n_total - n_wrong, n_total)
        interval = f"{low:.2%} to {high:.2%}"
        rows[CLASSIFIERS[name]] = (n_wrong, f"{share:.2%}", interval)
    columns = ["errors", "accuracy", "95% interval"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def table_agreement(table):
    """Tabulate who is right, from `cross_tabulate` of both networks."""
    rows, columns = (
        [f"{name} {word}" for word in ("right", "wrong")]
        for name in ("multiclass", "binary")
    )
    return pd.DataFrame(table, rows, columns)


def table_contrasts(contrasts):
    """Tabulate what all pairs say about each way to binarize."""
    return pd.DataFrame({CLASSIFIERS[k]: _list_facts(c) for k, c in contrasts.items()})


def _list_facts(contrast):
    if contrast.estimate is None:
        return {"verdict": contrast.verdict}
    facts, fixed = measure(contrast.estimate), measure_fixed_images(contrast.ahead)
    chance, flip = facts["probability"], fixed["sign_flip_p"]
    return {
        "errors compared with binary": phrase_difference(facts["value"]),
        "95% interval": phrase_interval(*facts["interval_95"]),
        "90% interval": phrase_interval(*facts["interval_90"]),
        "p-value of no difference": _format_share(facts["p_value"]),
        "… adjusted for two contrasts": _format_share(contrast.p_adjusted),
        f"p-value of {MARGIN} or more": _format_share(facts["p_equivalence"]),
        f"probability of over {MARGIN} fewer": _format_share(
            chance["multiclass_better"]
        ),
        f"probability of {MARGIN} at most": _format_share(chance["within_margin"]),
        f"probability of over {MARGIN} more": _format_share(chance["binary_better"]),
        "found four times in five, from": f"{facts['detectable_difference']:.1f}",
        "verdict": contrast.verdict,
        "these images only: 95% interval": phrase_interval(*fixed["interval_95"]),
        "these images only: p-value": "–" if flip is None else _format_share(flip),
        "these images only: share of pairs won": _format_wins(**fixed["wins"]),
    }


def _format_wins(share, interval_95):
    return "{:.0%} ({:.0%} to {:.0%})".format(share, *interval_95)


def _format_share(p):
    """Write a probability with three decimals, but never as exactly 0 or 1."""
    if p < 0.0005:
        return "< 0.001"
    return "> 0.999" if 0.9995 < p < 1 else f"{p:.3f}"


def table_errors(right, seeds):
    """Tabulate errors by seed and classifier; `right` maps these to `(seeds, n)`."""
    counts = {NAMES[name]: (~table).sum(axis=1) for name, table in right.items()}
    return pd.DataFrame(counts, index=list(seeds)).rename_axis(columns="seed")


def table_seeds(right, pairs):
    """Tabulate what came of every pair: errors, who makes fewer, epochs and seconds.

    Epochs and seconds are those of the multiclass and of the binary network.
    """
    table = table_errors(right, pairs)
    for way in CONTRASTS:
        leads = table[NAMES["binary"]] - table[NAMES[way]]
        words = [phrase_difference(n, digits=0) for n in leads]
        table[f"{NAMES[way]} against binary"] = words
    for fact, name in (("epochs_run", "epochs"), ("train_seconds", "seconds")):
        facts = [[run.manifest[fact] for run in pair] for pair in pairs.values()]
        table[name] = [f"{ten:.0f}, {two:.0f}" for ten, two in facts]
    return table


def table_differences(contrasts):
    """Tabulate exploratory contrasts: how many fewer errors, and how sure that is."""
    rows = {}
    for contrast in contrasts.values():
        said = [phrase_difference(contrast.ahead.mean()), "–", "–", "–"]
        if estimate := contrast.estimate:
            said[1] = phrase_interval(*estimate.interval())
            said[2] = phrase_interval(*estimate.interval(0.9))
            said[3] = _format_share(estimate.p_value())
        rows[f"{NAMES[contrast.way]} against {NAMES[contrast.against]}"] = said
    columns = ["errors", "95% interval", "90% interval", "p-value, not adjusted"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def table_sizes(sizes):
    """Tabulate mean errors and differences by number of training images."""
    columns = ["network", "errors", "of binary", "compared", "95% interval"]
    index, rows = [], []
    for n_train, size in sizes.items():
        means = {name: f"{n.mean():.1f}" for name, n in size.errors.items()}
        for way, contrast in size.contrasts.items():
            lead, interval = phrase_difference(contrast.ahead.mean()), "–"
            if estimate := contrast.estimate:
                interval = phrase_interval(*estimate.interval())
            index.append(f"{n_train:,}")
            rows.append((NAMES[way], means[way], means["binary"], lead, interval))
    table = pd.DataFrame(rows, index, columns)
    return table.rename_axis(columns="training images")


def table_probabilities(scores, calibrations):
    """Tabulate scores and calibration: mean and standard deviation over seeds."""
    rows = {}
    for name, found in calibrations.items():
        rows[CLASSIFIERS[name]] = {
            **{k: _spread(score.means[name], 4) for k, score in scores.items()},
            "calibration error": _spread(found.error_before, 4),
            "… after scaling": _spread(found.error_after, 4),
            "temperature": _spread(found.temperature, 2),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def table_costs(costs):
    """Tabulate what `measure_costs` returns: mean and standard deviation over seeds."""
    rows = {}
    for task, facts in costs.items():
        rows[task] = {
            "parameters": f"{facts['parameters']:,}",
            "MFLOP per image": f"{facts['mflop_per_image']:.3f}",
            "weights in kB": f"{facts['weights_kb']:,.0f}",
            "epochs to the best": _spread(facts["best_epoch"], 1),
            "seconds per training": _spread(facts["train_seconds"], 1),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _spread(values, digits):
    """Write mean and standard deviation, which takes two values."""
    mean = f"{np.mean(values):.{digits}f}"
    return f"{mean} ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else mean
