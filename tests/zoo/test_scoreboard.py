"""Accuracy against parameters: what is drawn, and what others published."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from fashionnet.zoo.scoreboard import (
    PUBLISHED,
    find_kind,
    plot_scoreboard,
    table_accuracies,
)
from fashionnet.zoo.table import find_network

OURS = [
    {"network": "mlp-2x256", "parameters": 269_322, "test_accuracy": 0.89},
    {"network": "small-resnet", "parameters": 287_546, "test_accuracy": 0.95},
    {"network": "all", "parameters": 9_000_000, "test_accuracy": 0.955, "members": []},
]


def test_every_point_is_drawn_where_it_belongs_and_has_a_label():
    fig, (left, right) = plt.subplots(1, 2)
    ax = plot_scoreboard(OURS, ax=right)
    assert ax is right
    assert not left.has_data()
    points = {(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines}
    rows = [(r["parameters"], r["test_accuracy"]) for r in OURS]
    assert points == {*rows, *((p.parameters, p.test_accuracy) for p in PUBLISHED)}
    assert len(ax.texts) == len(OURS) + len(PUBLISHED)
    (low, high), (least, most) = ax.get_ylim(), ax.get_xlim()
    assert all(least < x < most and low < y < high for x, y in points)
    assert "ours, small-resnet, convolutional, 287,546, 95.00%" in fig.description


def test_parameters_that_do_not_learn_count_too():
    row = {"network": "b", "parameters": 500, "frozen": 1500, "test_accuracy": 0.9}
    ax = plot_scoreboard([row], [])
    assert [line.get_xdata()[0] for line in ax.lines] == [2000]


def test_accuracies_are_text_of_four_digits_or_a_dash():
    rows = [{"network": "b", "source_accuracy": None, "test_accuracy": 0.9,
             "spread": 0.001}]  # fmt: skip
    assert table_accuracies(rows).loc["b"].tolist() == ["–", "0.9000", "0.0010"]


def test_ours_and_published_differ_by_more_than_color():
    ax = plot_scoreboard(OURS)
    faces = [line.get_markerfacecolor() for line in ax.lines]
    assert faces.count("white") == len(PUBLISHED)
    ours, others = {"■", "●", "▲"}, {"□", "○", "△"}
    signs = [text.get_text()[0] for text in ax.texts]
    assert sum(sign in ours for sign in signs) == len(OURS)
    assert sum(sign in others for sign in signs) == len(PUBLISHED)


def test_labels_are_in_the_order_of_the_points():
    ax = plot_scoreboard(OURS)
    heights = [text.xyann[1] for text in ax.texts]
    assert heights == sorted(heights)
    accuracies = [text.xy[1] for text in ax.texts]
    assert accuracies == sorted(accuracies)
    assert np.diff(heights) == pytest.approx(1 / len(heights))


def test_published_figures_have_a_source_and_those_of_001_are_the_tables():
    assert all(p.source for p in PUBLISHED)
    of_001 = [p for p in PUBLISHED if p.source == "document 001"]
    for point in of_001:
        network = find_network(point.network.removeprefix("001: "))
        assert point.test_accuracy == network.reported
        assert point.parameters == network.parameters
    assert len(of_001) == 5


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"network": "leaky-mlp"}, "dense"),
        ({"network": "taught-mlp"}, "dense"),
        ({"network": "cnn-sgd"}, "convolutional"),
        ({"network": "squeezenet-features"}, "convolutional"),
        ({"network": "each-kind", "members": []}, "committee"),
    ],
)
def test_rows_are_told_apart_by_their_builders(row, kind):
    assert find_kind(row) == kind
