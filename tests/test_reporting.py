import json

import matplotlib.pyplot as plt
import numpy as np
import pytest

from fashionnet import reporting
from fashionnet.data import BINARY_NAMES, CLASS_NAMES


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
