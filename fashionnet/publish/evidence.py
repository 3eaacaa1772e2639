"""What each step of the assignment has to show, worked out from the stored runs.

Numbers are computed anew from the run, and figures drawn anew by the functions that the
notebooks call.
"""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import classification_report

from fashionnet import plots
from fashionnet.data import BINARY_NAMES, CLASS_NAMES, binary_labels, load_test_set
from fashionnet.evaluation import (
    count_confusions,
    count_errors_by_class,
    predict_labels,
    wilson_interval,
)
from fashionnet.publish.needs import (
    Need,
    need_code,
    need_few_epochs,
    need_figure,
    need_said,
    need_table,
    need_text,
)
from fashionnet.publish.published import NOTEBOOKS
from fashionnet.publish.results import collect_all, table_results
from fashionnet.runs import find_run, run_folder
from fashionnet.storing import RunError
from fashionnet.study.contrasts import (
    compare,
    count_errors,
    join_validation,
    plot_contrasts,
    plot_seeds,
)
from fashionnet.study.images import plot_by_class
from fashionnet.study.pairs import (
    find_pairs,
    find_validation_excess,
    predict_three_ways,
    right_by_seed,
)
from fashionnet.study.stats import mcnemar_exact
from fashionnet.study.tasks import MAIN_TASKS, find_task
from fashionnet.study.verdict import state_answer, state_verdict
from fashionnet.study.words import NAMES

# Of accuracies in percent.
DIGITS = {"multiclass": 1, "binary": 2}
# T-shirt/top, Pullover, Coat and Shirt; then what else stands side by side.
TOPS = [0, 2, 4, 6]
GROUPS = [TOPS, [1], [3], [5, 7, 9], [8]]


class Truth(NamedTuple):
    """What the stored runs say: the contents of `results/*.json`, and needs.

    `needs` has for each notebook and step of it a list of `Need`.
    """

    results: dict
    needs: dict[str, dict[str, list[Need]]]


def read_truth():
    """Work out from the stored runs what has to be published.

    Raises:
        RunError: If a run is damaged, or one with seed 0 is not there.
    """
    labels, runs = load_test_set()[1], {}
    for task in MAIN_TASKS:
        runs[task] = find_run(task, 0)
        if runs[task] is None:
            folder, cure = run_folder(task, 0), "`python -m fashionnet reports` adds it"
            raise RunError(f"{folder} has no run of the usual recipe; {cure}")
    results = collect_all()
    needs = [list_steps(run, labels) for run in runs.values()]
    needs.append(list_comparison(find_pairs(), labels, table_results(results)))
    return Truth(results, dict(zip(NOTEBOOKS, needs, strict=True)))


def list_steps(run, labels):
    """List what the steps a to g have to show of a run: lists of `Need` by step."""
    task = run.manifest["task"]
    y_true = binary_labels(labels) if task == "binary" else labels
    return {
        "a": _list_data(task),
        "b": _list_network(run),
        "c": [
            need_text(40, "**Loss"),
            need_text(40, "AdamW"),
            need_code(".compile(", f'loss="{find_task(task).loss}"', "optimizer="),
        ],
        "d": _list_training(run),
        "e": [
            need_text(30, "validation"),
            need_figure("loss and accuracy", plots.plot_history(run.history)),
        ],
        "f": _list_test(run, y_true),
        "g": [need_text(30, "*confusion matrix*"), *_list_errors(run, labels, y_true)],
    }


def _list_data(task):
    needs = [
        need_code("load_training_set()"),
        need_text(60, "validation", "test set"),
        need_code("train_test_split(", "stratify="),
        need_table("a table of the sets", "training", "validation"),
    ]
    if task == "binary":
        groups = need_table("a table of the groups", *CLASS_NAMES, *BINARY_NAMES)
        needs.insert(1, groups)
    return needs


def _list_network(run):
    return [
        need_text(60, "Flatten", "hidden"),
        need_code(".Sequential("),
        need_said("the layer Flatten", "Flatten"),
        need_said("dense layers", "Dense"),
        need_said("the number of parameters", f"{run.manifest['parameters']:,}"),
    ]


def _list_training(run):
    best, loss = run.manifest["best_epoch"], run.manifest["metrics"]["val_loss"]
    return [
        need_few_epochs(),
        need_text(30, "ModelCheckpoint", "EarlyStopping"),
        need_code("Checkpoint(", "EarlyStopping(", "patience=PATIENCE"),
        need_code(".fit(", "validation_data=", "epochs=EPOCHS", "callbacks="),
        need_said("the best epoch", f"validation loss: {loss:.4f} in epoch {best}"),
        need_code(".load_weights("),
        need_said("that its weights are kept", f"with the weights kept:  {loss:.4f}"),
    ]


def _list_test(run, y_true):
    digits = DIGITS[run.manifest["task"]]
    n, n_right = len(y_true), int((predict_labels(run.y_prob_test) == y_true).sum())
    share, low, high = wilson_interval(n_right, n)
    right = f"{n_right:,} of {n:,} test images correct: accuracy {share:.{digits}%}"
    interval = f"95% interval: {low:.{digits}%} to {high:.{digits}%}"
    difference = 100 * (run.manifest["metrics"]["val_accuracy"] - share)
    against = f"validation minus test: {difference:.2f} percentage points"
    return [
        need_text(30, "10,000"),
        need_code("load_test_set()"),
        need_code(".evaluate(x_test, y_test"),
        need_said("the accuracy", right),
        need_said("its interval", interval),
        need_said("the difference to the validation images", against),
    ]


def _list_errors(run, labels, y_true):
    y_pred = predict_labels(run.y_prob_test)
    is_binary = run.manifest["task"] == "binary"
    names = BINARY_NAMES if is_binary else CLASS_NAMES
    matrix = count_confusions(y_true, y_pred, len(names))
    options = {"labels": range(len(names)), "target_names": names, "zero_division": 0}
    report = classification_report(y_true, y_pred, digits=3, **options)
    list_more = _list_binary_errors if is_binary else _list_class_errors
    return [
        *list_more(matrix, count_errors_by_class(y_true, y_pred, labels)),
        need_said("precision and recall of all classes", report),
    ]


def _list_class_errors(matrix, _):
    n_wrong, both_ways = matrix.sum() - np.trace(matrix), matrix + matrix.T
    among_tops = matrix[np.ix_(TOPS, TOPS)].sum() - matrix[TOPS, TOPS].sum()
    share = f"{among_tops} of {n_wrong} errors are among the tops: "
    commonest = np.sort(both_ways[np.triu_indices(len(matrix), 1)])[::-1][:3]
    figure = plots.plot_confusion(matrix, CLASS_NAMES, groups=GROUPS)
    return [
        need_figure("the confusion matrix", figure),
        need_said("the share of the tops", f"{share}{among_tops / n_wrong:.0%}"),
        need_table("the commonest confusions, both ways", *map(str, commonest)),
    ]


def _list_binary_errors(matrix, errors):
    return [
        need_table("the confusion matrix", *(f"{n:,}" for n in matrix.ravel())),
        need_table("errors by class", *CLASS_NAMES, *map(str, errors)),
    ]


def list_comparison(pairs, labels, rows):
    """List what Part 3 has to show of the stored pairs.

    Args:
        pairs: What `find_pairs` returns, with seed 0 among them.
        labels: Class ids of the test images.
        rows: What `table_results` returns.

    Returns:
        A dictionary from the only step, "3", to a list of `Need`.
    """
    right, y_true = right_by_seed(pairs, labels), binary_labels(labels)
    contrasts, y_pred = compare(right), predict_three_ways(*pairs[0])
    ten, two = y_pred["multiclass_argmax"] == y_true, y_pred["binary"] == y_true
    only_ten, only_two = int((ten & ~two).sum()), int((two & ~ten).sum())
    p = f"p-value of McNemar's test: {mcnemar_exact(only_ten, only_two):.3f}"
    counts = f"only ten classes right: {only_ten}; only binary right: {only_two}"
    accuracies = [value for row in rows[1:] for value in row[1:-1]]
    joint = join_validation(contrasts, find_validation_excess(pairs))
    answer = state_answer(contrasts, count_errors(right), joint)
    needs = [
        need_text(60, "**The margin**"),
        need_figure("the intervals", plot_contrasts(contrasts)),
        need_said("the answer", answer),
        *(
            need_said(f"the verdict on {NAMES[way]}", state_verdict(contrast))
            for way, contrast in contrasts.items()
        ),
        need_table("a table of accuracies", *accuracies),
        need_table("who is right on which images", str(only_ten), str(only_two)),
        need_said("who alone is right", counts),
        need_said("the paired test", p),
        need_figure("the figure of seeds", plot_seeds(count_errors(right), pairs)),
        need_figure("errors by class", plot_by_class(right, labels)),
        need_text(30, "cost"),
    ]
    return {"3": needs}
