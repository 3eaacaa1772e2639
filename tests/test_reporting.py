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
    with pytest.raises(ValueError, match="no description"):
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
    assert "95% interval 89.5% to 90.7%" in sentence


def test_accuracy_near_the_ceiling_has_two_decimals():
    assert "99.52%" in reporting.state_accuracy("It", 9_952, 10_000)


def test_training_sentence_tells_early_stopping_from_the_last_epoch():
    history = make_history([0.8, 0.9, 0.95], [0.8, 0.85, 0.84], [0.5, 0.3, 0.4])
    sentence = reporting.state_training(history, 10)
    assert "stopped early: 3 of 10 epochs in 6 seconds" in sentence
    assert "epoch 2" in sentence
    assert "5.00 percentage points above" in sentence
    assert "ran to its end" in reporting.state_training(history, 3)


def test_training_sentence_knows_when_validation_is_ahead():
    history = make_history([0.8], [0.81], [0.5])
    assert "1.00 percentage points below" in reporting.state_training(history, 1)


def test_training_sentence_judges_overfitting_by_both_losses():
    shares = [0.8, 0.9, 0.95], [0.8, 0.85, 0.84]
    at_end = reporting.state_training(make_history(*shares, [0.5, 0.4, 0.3]), 3)
    assert "more of them did no harm" in at_end
    history = make_history(*shares, [0.5, 0.3, 0.4], [0.5, 0.2, 0.1])
    parted = reporting.state_training(history, 3)
    assert "still fell, to 0.1000" in parted
    assert "ended at 0.4000: what was learnt then did not help" in parted
    stuck = reporting.state_training(make_history(*shares, [0.5, 0.3, 0.4]), 3)
    assert "neither loss was lower at the end" in stuck


def test_validation_sentence_is_about_the_kept_epoch():
    history = make_history([0.8, 0.9], [0.857, 0.84], [0.3, 0.4])
    assert "validation images it was 85.7%" in reporting.state_validation(history)


def test_constant_answer_is_the_commoner_label():
    sentence = reporting.state_constant_answer(np.repeat([0, 1], [4, 6]))
    assert "“Clothing” would be right for 6 of 10 images (60%)" in sentence
    sentence = reporting.state_constant_answer(np.repeat([0, 1], [7, 3]))
    assert "“Footwear and Bags”" in sentence


def test_confusion_sentence_names_the_worst_pair_and_its_share():
    matrix = np.array([[90, 10, 0], [0, 100, 0], [5, 5, 90]])
    sentence = reporting.state_confusions(matrix, ["a", "b", "c"], k=1)
    assert "a labeled b (10): together 50% of the 20 errors" in sentence
    assert "the easiest (100.0%)" in sentence


def test_perfect_network_has_no_commonest_confusion():
    assert "No two classes" in reporting.state_confusions(np.diag([5, 5]), ["a", "b"])


def test_group_sentence_counts_both_directions():
    sentence = reporting.state_groups(np.array([[395, 5], [2, 598]]))
    assert "7 of the 1,000 images" in sentence
    assert "0.70%" in sentence


def test_error_classes_are_named_by_their_counts():
    errors = np.zeros(10, int)
    errors[[8, 6, 0]] = 6, 3, 1
    sentence = reporting.state_error_classes(errors)
    assert "Of the 10 errors, Bag (6) and Shirt (3) make up 90%" in sentence
    assert "4 are clothing taken for footwear or a bag, 6 the reverse" in sentence


def test_environment_line_names_versions_and_data():
    line = reporting.state_environment()
    assert line.count("\n") == 0
    for word in ("Python 3.", "Keras 3.", "TensorFlow 2.", "data d1fd84a877f3"):
        assert word in line
