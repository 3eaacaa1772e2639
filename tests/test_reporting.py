import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from fashionnet import plots, reporting
from fashionnet.data import BINARY_NAMES, CLASS_NAMES


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed."""
    objects = []
    monkeypatch.setattr(reporting, "display", objects.append)
    return objects


def test_shown_figure_carries_its_alt_text_and_is_closed(shown):
    fig, ax = plt.subplots(figsize=(5, 3))
    plots.describe(ax, "one empty panel")
    reporting.show_figure(ax)
    _, metadata = shown[0]._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == "one empty panel"
    assert metadata["image/png"]["width"] == 5 * 96
    assert not plt.fignum_exists(fig.number)


def test_shown_figure_is_sharp_on_dense_screens(shown):
    fig, _ = plt.subplots(figsize=(5, 3))
    plots.describe(fig, "one empty panel")
    reporting.show_figure(fig)
    width_in_header = int.from_bytes(shown[0].data[16:20], "big")
    assert width_in_header == 2 * 5 * 96


def test_figure_without_a_description_is_refused(shown):
    fig, _ = plt.subplots()
    with pytest.raises(ValueError, match="description"):
        reporting.show_figure(fig)
    assert shown == []


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


# Sentences.


def make_history(train, val, losses, train_losses=None):
    return {
        "loss": train_losses or losses,
        "accuracy": train,
        "val_loss": losses,
        "val_accuracy": val,
        "seconds": [2.0] * len(losses),
    }


def test_accuracy_sentence_has_count_share_and_interval():
    sentence = reporting.state_accuracy("The network", 9_012, 10_000)
    assert "9,012 of 10,000" in sentence
    assert "90.1%" in sentence
    assert "89.5% to 90.7%" in sentence
    assert "99.52%" in reporting.state_accuracy("It", 9_952, 10_000)


def test_training_sentence_has_epochs_time_and_gap():
    history = make_history([0.8, 0.9, 0.95], [0.8, 0.85, 0.84], [0.5, 0.3, 0.4])
    sentence = reporting.state_training(history, 10)
    for number in ("3 of 10", "6 seconds", "epoch 2", "5.00 percentage points"):
        assert number in sentence
    ahead = reporting.state_training(make_history([0.8], [0.81], [0.5]), 1)
    assert "1.00 percentage points" in ahead


def test_training_sentence_tells_how_a_training_ended():
    shares = [0.8, 0.9, 0.95], [0.8, 0.85, 0.84]
    histories = {
        "kept to the end": make_history(*shares, [0.5, 0.4, 0.3]),
        "validation rose": make_history(*shares, [0.5, 0.3, 0.4], [0.5, 0.2, 0.1]),
        "both rose": make_history(*shares, [0.5, 0.3, 0.4]),
    }
    said = {name: reporting.state_training(h, 3) for name, h in histories.items()}
    assert len({sentences.split(".")[-2] for sentences in said.values()}) == 3
    assert "0.1000" in said["validation rose"]


def test_validation_sentence_is_about_the_kept_epoch():
    history = make_history([0.8, 0.9], [0.857, 0.84], [0.3, 0.4])
    assert "85.7%" in reporting.state_validation(history)


def test_constant_answer_is_the_commoner_label():
    sentence = reporting.state_constant_answer(np.repeat([0, 1], [4, 6]))
    assert re.findall(r"“(.+)”.* 6 of 10 .*60%", sentence) == ["Clothing"]
    sentence = reporting.state_constant_answer(np.repeat([0, 1], [7, 3]))
    assert "“Footwear and Bags”" in sentence


def test_confusion_sentence_names_the_worst_pair_and_its_share():
    matrix = np.array([[90, 10, 0], [0, 100, 0], [5, 5, 90]])
    sentence = reporting.state_confusions(matrix, ["a", "b", "c"], k=1)
    assert re.findall(r"a labeled b \(10\).* 50% .* 20 ", sentence)
    assert "100.0%" in sentence
    assert "a labeled b" not in reporting.state_confusions(np.diag([5, 5]), ["a", "b"])


def test_group_sentence_counts_both_directions():
    sentence = reporting.state_groups(np.array([[395, 5], [2, 598]]))
    assert "7 of the 1,000 images" in sentence
    assert "0.70%" in sentence


def test_error_classes_are_named_by_their_counts():
    errors = np.zeros(10, int)
    errors[[8, 6, 0]] = 6, 3, 1
    sentence = reporting.state_error_classes(errors)
    assert re.findall(r"Bag \(6\) and Shirt \(3\) .*90%", sentence)
    assert re.findall(r"\b4 .*\b6 ", sentence)


def test_environment_line_names_versions_and_data():
    line = reporting.state_environment()
    assert line.count("\n") == 0
    for word in ("Python 3.", "Keras 3.", "TensorFlow 2.", "data d1fd84a877f3"):
        assert word in line
