"""What each step of the assignment has to show, worked out from the stored runs.

A sentence is written anew from the run, and a figure drawn anew, by the functions that
the notebooks call.
"""

from typing import NamedTuple

from fashionnet import plots, reporting
from fashionnet.data import BINARY_NAMES, CLASS_NAMES, binary_labels, load_test_set
from fashionnet.evaluation import (
    count_confusions,
    count_errors_by_class,
    predict_labels,
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
from fashionnet.publish.results import collect_all, tabulate_results
from fashionnet.runs import find_run, run_folder
from fashionnet.storing import RunError
from fashionnet.study.contrasts import (
    CONTRASTS,
    compare,
    count_errors,
    plot_contrasts,
    plot_seeds,
)
from fashionnet.study.pairs import (
    find_pairs,
    predict_three_ways,
    right_by_seed,
    state_pair,
)
from fashionnet.study.tasks import MAIN_TASKS, find_task
from fashionnet.study.verdict import state_verdict
from fashionnet.study.words import NAMES

SUBJECTS = {"multiclass": "The ten-class network", "binary": "The binary network"}


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
    needs.append(list_comparison(find_pairs(), labels, tabulate_results(results)))
    return Truth(results, dict(zip(NOTEBOOKS, needs, strict=True)))


def list_steps(run, labels):
    """List what the steps a to g have to show of a run: lists of `Need` by step."""
    task = run.manifest["task"]
    y_true = binary_labels(labels) if task == "binary" else labels
    return {
        "a": _list_data(task),
        "b": _list_network(run),
        "c": [
            need_text(60, "**Loss", "**Optimizer"),
            need_code(".compile(", f'loss="{find_task(task).loss}"', "optimizer="),
        ],
        "d": _list_training(run),
        "e": [need_text(30, "validation"), *_list_history(run)],
        "f": _list_test(run, y_true),
        "g": [need_text(30, "*confusion matrix*"), *_list_errors(run, labels, y_true)],
    }


def _list_data(task):
    needs = [
        need_code("load_training_set()"),
        need_text(60, "validation", "test set"),
        need_code("split_train_val("),
        need_table("a table of the sets", "training", "validation"),
    ]
    if task == "binary":
        groups = need_table("a table of the groups", *CLASS_NAMES, *BINARY_NAMES)
        needs.insert(1, groups)
    return needs


def _list_network(run):
    return [
        need_text(60, "Flatten", "hidden"),
        need_code("build_mlp("),
        need_said("the layer Flatten", "Flatten"),
        need_said("dense layers", "Dense"),
        need_said("the number of parameters", f"{run.manifest['parameters']:,}"),
    ]


def _list_training(run):
    best, loss = run.manifest["best_epoch"], run.manifest["metrics"]["val_loss"]
    return [
        need_few_epochs(),
        need_text(30, "ModelCheckpoint", "EarlyStopping"),
        need_code("make_callbacks(", "patience="),
        need_code(".fit(", "validation_data=", "epochs=EPOCHS", "callbacks="),
        need_said("the best epoch", f"lowest val_loss {loss:.4f} in epoch {best}"),
        need_code(".load_weights("),
    ]


def _list_history(run):
    ended = reporting.state_training(run.history, run.manifest["recipe"]["epochs"])
    curves = {m: plots.plot_history(run.history, m) for m in ("loss", "accuracy")}
    return [
        *(need_figure(f"the figure of {m}", ax) for m, ax in curves.items()),
        need_said("how the training ended", ended),
    ]


def _list_test(run, y_true):
    n_correct = int((predict_labels(run.y_prob_test) == y_true).sum())
    subject = SUBJECTS[run.manifest["task"]]
    accuracy = reporting.state_accuracy(subject, n_correct, len(y_true))
    return [
        need_text(30, "10,000"),
        need_code("load_test_set()", ".evaluate("),
        need_said("the accuracy", accuracy),
    ]


def _list_errors(run, labels, y_true):
    y_pred = predict_labels(run.y_prob_test)
    is_binary = run.manifest["task"] == "binary"
    names = BINARY_NAMES if is_binary else CLASS_NAMES
    matrix = count_confusions(y_true, y_pred, len(names))
    worst = reporting.state_confusions(matrix, names)
    if is_binary:
        errors = count_errors_by_class(y_true, y_pred, labels)
        worst = reporting.state_error_classes(errors)
    return [
        need_figure("the confusion matrix", plots.plot_confusion(matrix, names)),
        need_said("what is confused most", worst),
        need_table("a table of all classes", *names, "precision", "recall"),
    ]


def list_comparison(pairs, labels, rows):
    """List what Part 3 has to show of the stored pairs.

    Args:
        pairs: What `find_pairs` returns, with seed 0 among them.
        labels: Class ids of the test images.
        rows: What `tabulate_results` returns.

    Returns:
        A dictionary from the only step, "3", to a list of `Need`.
    """
    right, y_true = right_by_seed(pairs, labels), binary_labels(labels)
    contrasts, y_pred = compare(right), predict_three_ways(*pairs[0])
    tested = {way: state_pair(way, y_pred[way], y_pred["binary"], y_true)
              for way in CONTRASTS}  # fmt: skip
    accuracies = [value for row in rows[1:] for value in row[1:-1]]
    needs = [
        need_text(60, "*margin*"),
        need_table("a table of accuracies", *accuracies),
        *(need_said(f"paired test: {NAMES[k]}", said) for k, said in tested.items()),
        need_figure("the figure of seeds", plot_seeds(count_errors(right), pairs)),
        need_figure("the intervals", plot_contrasts(contrasts)),
        *(
            need_said(f"verdict: {NAMES[way]}", state_verdict(contrast))
            for way, contrast in contrasts.items()
        ),
        need_text(30, "cost"),
    ]
    return {"3": needs}
