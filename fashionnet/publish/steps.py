"""What each step of the assignment has to show, from the stored runs.

What a page must say of a result is written anew from the run, by the functions that the
notebooks call.
"""

from fashionnet import plots, sentences, study_plots, study_sentences
from fashionnet.course.evidence import (
    need_code,
    need_few_epochs,
    need_figure,
    need_said,
    need_table,
    need_text,
)
from fashionnet.course.published import NOTEBOOKS, Truth
from fashionnet.course.results import collect_results, tabulate_results
from fashionnet.data import BINARY_NAMES, CLASS_NAMES, binary_labels, load_fashion_mnist
from fashionnet.evaluation import (
    count_confusions,
    count_errors_by_class,
    predict_labels,
)
from fashionnet.runs import RunError, find_run, run_folder
from fashionnet.study import (
    CLASSIFIERS,
    CONTRASTS,
    compare,
    find_pairs,
    predict_three_ways,
    right_by_seed,
)

SUBJECTS = {"multiclass": "The ten-class network", "binary": "The binary network"}
LOSSES = {
    "multiclass": "sparse_categorical_crossentropy",
    "binary": "binary_crossentropy",
}


def read_truth():
    """Work out from the stored runs what has to be published.

    Raises:
        RunError: If a run is damaged, or one with seed 0 is not there.
    """
    labels = load_fashion_mnist()[3]
    runs = {task: find_run(task, 0) for task in SUBJECTS}
    for task in (task for task, run in runs.items() if run is None):
        folder = run_folder(task, 0)
        raise RunError(f"{folder} has no run of the usual recipe: make reports adds it")
    results = collect_results()
    needs = [list_steps(run, labels) for run in runs.values()]
    needs.append(list_comparison(find_pairs(), labels, tabulate_results(results)))
    return Truth(results, dict(zip(NOTEBOOKS, needs, strict=True)))


def list_steps(run, labels):
    """List what the steps a to g have to show of a run.

    Args:
        run: A `Run` of either task.
        labels: Class ids of the test images.

    Returns:
        A dictionary from step to a list of `Need`.
    """
    task = run.manifest["task"]
    y_true = binary_labels(labels) if task == "binary" else labels
    return {
        "a": _list_data(task),
        "b": _list_network(run),
        "c": [
            need_text(60, "**Loss", "**Optimizer"),
            need_code(".compile(", f'loss="{LOSSES[task]}"', "optimizer="),
        ],
        "d": _list_training(run),
        "e": [need_text(30, "validation"), *_list_history(run)],
        "f": _list_test(run, y_true),
        "g": [need_text(30, "*confusion matrix*"), *_list_errors(run, labels, y_true)],
    }


def _list_data(task):
    needs = [
        need_code("load_fashion_mnist()[:2]"),
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
    allowed = run.manifest["recipe"]["epochs"]
    curves = {m: plots.describe_history(run.history, m) for m in ("loss", "accuracy")}
    ended = sentences.state_training(run.history, allowed)
    return [
        *(need_figure(f"the figure of {m}", alt) for m, alt in curves.items()),
        need_said("how the training ended", ended),
    ]


def _list_test(run, y_true):
    n_correct = int((predict_labels(run.y_prob_test) == y_true).sum())
    subject = SUBJECTS[run.manifest["task"]]
    return [
        need_text(30, "10,000"),
        need_code("load_fashion_mnist()[2:]", ".evaluate("),
        need_said(
            "the accuracy",
            sentences.state_accuracy(subject, n_correct, len(y_true)),
        ),
    ]


def _list_errors(run, labels, y_true):
    y_pred = predict_labels(run.y_prob_test)
    is_binary = run.manifest["task"] == "binary"
    names = BINARY_NAMES if is_binary else CLASS_NAMES
    matrix = count_confusions(y_true, y_pred, len(names))
    worst = sentences.state_confusions(matrix, names)
    if is_binary:
        errors = count_errors_by_class(y_true, y_pred, labels)
        worst = sentences.state_error_classes(errors)
    alt = plots.describe_confusion(matrix, names)
    return [
        need_figure("the confusion matrix", alt),
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
    right = right_by_seed(pairs, labels)
    errors = {CLASSIFIERS[k]: (~r).sum(axis=1) for k, r in right.items()}
    contrasts = compare(right)
    accuracies = [value for row in rows[1:] for value in row[1:-1]]
    verdicts = [
        need_said(
            f"verdict: {CLASSIFIERS[way]}", study_sentences.state_verdict(contrast)
        )
        for way, contrast in contrasts.items()
    ]
    needs = [
        need_text(60, "*margin*"),
        need_table("a table of accuracies", *accuracies),
        *_list_paired_tests(pairs[0], binary_labels(labels)),
        need_figure("the figure of seeds", study_plots.describe_seeds(errors, pairs)),
        need_figure("the intervals", study_plots.describe_contrasts(contrasts)),
        *verdicts,
        need_text(30, "cost"),
    ]
    return {"3": needs}


def _list_paired_tests(pair, y_true):
    y_pred = predict_three_ways(*pair)
    said = {
        way: study_sentences.state_pair(
            CLASSIFIERS[way], "binary", y_pred[way], y_pred["binary"], y_true
        )
        for way in CONTRASTS
    }
    return [need_said(f"paired test: {CLASSIFIERS[w]}", s) for w, s in said.items()]
