import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from study_samples import LABELS, VAL_LABELS, draw_pairs

from fashionnet import reporting
from fashionnet.data import BINARY_NAMES, CLASS_NAMES
from fashionnet.side_views import (
    compare_sizes,
    measure_costs,
)
from fashionnet.stats import Estimate
from fashionnet.study import (
    Contrast,
    compare,
    cross_tabulate,
    measure,
    measure_fixed_images,
    right_by_seed,
)
from fashionnet.study_scores import calibrate, collect_probabilities, compare_scores


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed."""
    objects = []
    monkeypatch.setattr(reporting, "display", objects.append)
    return objects


def test_shown_figure_carries_its_alt_text_and_is_closed(shown):
    fig, ax = plt.subplots(figsize=(5, 3))
    reporting.show_figure(ax, "one empty panel")
    _, metadata = shown[0]._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == "one empty panel"
    assert metadata["image/png"]["width"] == 5 * 96
    assert not plt.fignum_exists(fig.number)


def test_shown_figure_is_sharp_on_dense_screens(shown):
    fig, _ = plt.subplots(figsize=(5, 3))
    reporting.show_figure(fig, "one empty panel")
    width_in_header = int.from_bytes(shown[0].data[16:20], "big")
    assert width_in_header == 2 * 5 * 96


def test_figure_without_alt_text_is_refused():
    fig, _ = plt.subplots()
    with pytest.raises(ValueError, match="alt is empty"):
        reporting.show_figure(fig, " ")


def test_split_table_counts_every_image():
    labels = np.repeat(np.arange(10), 3)
    table = reporting.table_split(training=labels, validation=labels[::3])
    assert list(table.index) == [*CLASS_NAMES, "all"]
    assert table.loc["all"].tolist() == [30, 10]


def test_class_table_equals_scikit_learn():
    from sklearn.metrics import classification_report

    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(0, 2, (2, 200))
    report = classification_report(
        y_true, y_pred, target_names=BINARY_NAMES, output_dict=True
    )
    table = reporting.table_classes(y_true, y_pred, BINARY_NAMES)
    for name in BINARY_NAMES:
        row = report[name]
        expected = [row["precision"], row["recall"], row["f1-score"], row["support"]]
        np.testing.assert_allclose(table.loc[name], expected, atol=0.0006)


def test_confusion_table_is_ordered_and_has_shares():
    matrix = np.array([[90, 10], [20, 180]])
    table = reporting.table_confusions(matrix, BINARY_NAMES, k=2)
    assert table["images"].tolist() == [20, 10]
    assert table["share of the true class"].tolist() == ["10.0%", "10.0%"]


def test_accuracy_table_follows_the_errors():
    table = reporting.table_accuracies({"binary": 48, "multiclass_sum": 50}, 10_000)
    assert table["accuracy"].tolist() == ["99.52%", "99.50%"]
    assert json.loads(table["errors"].to_json()) == {
        "binary": 48,
        "multiclass (sum)": 50,
    }


def test_contrast_table_follows_the_estimates():
    ahead, midp = np.array([-9, 1, 2]), np.ones(3)
    first = Contrast("multiclass_argmax", ahead, midp, Estimate(-2.0, 1.5, 200), 0.37)
    second = Contrast("multiclass_sum", -ahead, midp, Estimate(15.0, 2.0, 200), 1e-9)
    table = reporting.table_contrasts({c.way: c for c in (first, second)})
    assert list(table) == ["multiclass (likeliest class)", "multiclass (sum)"]
    assert table.loc["errors compared with binary"].tolist() == [
        "2.0 more",
        "15.0 fewer",
    ]
    assert table.loc["verdict"].tolist() == ["equivalent", "better"]
    assert table.loc["… adjusted for two contrasts"].tolist() == ["0.370", "< 0.001"]
    likely = table.loc["probability of over 10 fewer"].tolist()
    chance = measure(second.estimate)["probability"]["multiclass_better"]
    assert likely == ["< 0.001", f"{chance:.3f}"]
    p = measure_fixed_images(ahead)["sign_flip_p"]
    assert table.loc["these images only: p-value"].tolist() == [f"{p:.3f}"] * 2
    won = [
        text.split()[0] for text in table.loc["these images only: share of pairs won"]
    ]
    assert won == ["67%", "33%"]


def test_contrast_table_without_an_estimate_has_the_verdict_only():
    contrast = Contrast("multiclass_sum", np.zeros(1), np.ones(1), None, None)
    table = reporting.table_contrasts({"multiclass_sum": contrast})
    assert table.to_dict() == {"multiclass (sum)": {"verdict": "undecided"}}


def test_agreement_table_names_rows_and_columns_by_network():
    right = np.array([True, True, True, False]), np.array([True, False, False, False])
    table = reporting.table_agreement(cross_tabulate(*right))
    assert table.loc["multiclass right", "binary right"] == 1
    assert table.loc["multiclass right", "binary wrong"] == 2
    assert table.loc["multiclass wrong", "binary right"] == 0


def test_probability_is_never_rounded_to_certainty():
    numbers = (0, 1e-9, 0.0004, 0.0006, 0.25, 0.9999, 1)
    written = [reporting._format_share(p) for p in numbers]
    assert written == ["< 0.001"] * 3 + ["0.001", "0.250", "> 0.999", "1.000"]


# The study.

PAIRS = draw_pairs(60, 40, n_seeds=3)
RIGHT = right_by_seed(PAIRS, LABELS)
NAMES = ["multiclass (likeliest class)", "multiclass (sum)", "binary"]


def test_seed_table_has_errors_differences_and_costs_by_seed():
    table = reporting.table_seeds(RIGHT, PAIRS)
    assert table.index.tolist() == [0, 1, 2]
    for name, wrong in zip(NAMES, RIGHT.values(), strict=True):
        assert table[name].tolist() == (~wrong).sum(axis=1).tolist()
    for name in NAMES[:2]:
        leads = table["binary"] - table[name]
        said = [f"{abs(n)} {'fewer' if n > 0 else 'more'}" for n in leads]
        assert table[f"{name} against binary"].tolist() == said
    assert table["seconds"].tolist() == ["40, 40"] * 3
    assert table["epochs"].tolist() == ["20, 20"] * 3


def test_error_table_takes_any_classifiers():
    right = {"grouped": RIGHT["binary"], "binary": RIGHT["binary"]}
    table = reporting.table_errors(right, [4, 5, 9])
    assert list(table) == ["ten outputs, binary loss", "binary"]
    assert table.index.tolist() == [4, 5, 9]
    assert (table.iloc[:, 0] == table["binary"]).all()


def test_difference_table_names_both_sides():
    contrasts = compare(RIGHT)
    table = reporting.table_differences(contrasts)
    assert table.index.tolist() == [f"{name} against binary" for name in NAMES[:2]]
    estimate = contrasts["multiclass_sum"].estimate
    row = table.loc["multiclass (sum) against binary"]
    assert row["errors"] == f"{-estimate.value:.1f} more"
    assert row["95% interval"] != row["90% interval"]
    assert row["p-value, not adjusted"] == reporting._format_share(estimate.p_value())


def test_difference_table_of_one_seed_has_no_intervals():
    one = compare({name: table[:1] for name, table in RIGHT.items()})
    assert set(reporting.table_differences(one)["95% interval"]) == {"–"}


def test_size_table_has_a_row_for_each_size_and_way():
    table = reporting.table_sizes(compare_sizes({500: PAIRS}, PAIRS, LABELS))
    assert table.index.tolist() == ["500", "500", "54,000", "54,000"]
    assert table["network"].tolist() == NAMES[:2] * 2
    means = [f"{(~table).sum(axis=1).mean():.1f}" for table in RIGHT.values()]
    assert table["errors"].tolist() == means[:2] * 2
    assert table["of binary"].tolist() == means[2:] * 4
    assert all(re.fullmatch("from .* to .*", said) for said in table["95% interval"])


def test_size_table_of_one_seed_has_no_intervals():
    table = reporting.table_sizes(compare_sizes({}, {0: PAIRS[0]}, LABELS))
    assert table["95% interval"].tolist() == ["–"] * 2


def test_probability_table_has_means_and_spreads_over_seeds():
    tables = collect_probabilities(PAIRS, dict.fromkeys(PAIRS, VAL_LABELS), LABELS)
    found = {name: calibrate(table) for name, table in tables.items()}
    scores = compare_scores(tables)
    table = reporting.table_probabilities(scores, found)
    assert list(table.index) == ["multiclass (sum)", "binary"]
    means = scores["Brier score"].means["binary"]
    said = f"{means.mean():.4f} ± {means.std(ddof=1):.4f}"
    assert table.loc["binary", "Brier score"] == said
    assert table.loc["binary", "temperature"].count("±") == 1


def test_cost_table_has_a_spread_only_over_several_seeds():
    table = reporting.table_costs(measure_costs(PAIRS))
    assert table.loc["binary", "parameters"] == "1,000"
    assert table.loc["multiclass", "MFLOP per image"] == "0.538"
    assert table.loc["binary", "seconds per training"] == "40.5 ± 0.0"
    one = reporting.table_costs(measure_costs({0: PAIRS[0]}))
    assert one.loc["binary", "seconds per training"] == "40.5"
