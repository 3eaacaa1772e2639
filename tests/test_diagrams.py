"""Drawings of networks: what is drawn is what the network has."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from fashionnet import plots
from fashionnet.diagrams import (
    N_DRAWN,
    plot_curves,
    plot_network,
    plot_schedule,
    plot_units,
)
from fashionnet.models import build_mlp
from fashionnet.training import make_schedule

NETWORK = build_mlp(10, hidden_units=(64, 4), input_dropout=0.2)
NAMES = [f"class {c}" for c in range(10)]


def texts_of(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("plot", [plot_network, lambda m: plot_units(m, NAMES)])
def test_drawing_neither_shows_nor_changes_settings(plot, monkeypatch):
    settings = dict(plt.rcParams)
    monkeypatch.setattr(plt, "show", pytest.fail)
    plot(NETWORK).figure.canvas.draw()  # a mark that the font lacks would warn
    assert dict(plt.rcParams) == settings


def test_units_are_drawn_all_or_some_with_dots_and_all_connected():
    ax = plot_units(NETWORK, NAMES)
    drawn = [len(column.get_offsets()) for column in ax.collections]
    assert drawn == [N_DRAWN, N_DRAWN, 4, 10]
    assert len(ax.lines) == 10 * 10 + 10 * 4 + 4 * 10
    assert texts_of(ax).count("⋮") == 2
    assert {"784\npixels", "64\nunits", "4\nunits", "10\nclasses"} <= {*texts_of(ax)}
    assert texts_of(ax)[-10:] == NAMES
    assert "784 pixels; 64 units; 4 units; 10 classes" in ax.figure.description


def test_network_has_a_bar_for_the_input_and_for_each_layer():
    ax = plot_network(NETWORK)
    assert len(ax.patches) == 1 + len(NETWORK.layers)
    assert texts_of(ax)[0] == "784"
    trained = [bool(layer.trainable_weights) for layer in NETWORK.layers]
    orange = [to_hex(bar.get_facecolor()).upper() == plots.ORANGE for bar in ax.patches]
    assert orange == [False, *trained]
    widths = [bar.get_width() for bar in ax.patches]
    assert widths[-1] / widths[0] == pytest.approx(10 / 784)
    said = " ".join(texts_of(ax))
    assert NETWORK.count_params() - 2 * (64 + 4) == sum(
        int(n.replace(",", "")) for n in re.findall(r"([\d,]+) parameters", said)
    )


def test_description_of_a_network_has_the_numbers_that_are_drawn():
    said = plot_network(NETWORK).figure.description
    for number in ("784 values", "Dropout (20%)", "50,176 parameters", "50 parameters"):
        assert number in said


def test_schedule_is_drawn_by_epoch():
    schedule = make_schedule(0.01, n_steps=100)
    ax = plot_schedule(schedule, n_steps=100, per_epoch=10)
    epochs, rates = ax.lines[0].get_data()
    assert (epochs[0], epochs[-1]) == (0, 10)
    assert max(rates) == pytest.approx(0.01)
    assert epochs[np.argmax(rates)] == pytest.approx(1)
    assert rates[-1] == pytest.approx(0, abs=1e-6)
    assert "up to 0.01 in epoch 1.0" in ax.figure.description


def test_curves_have_a_style_and_a_name_each():
    x = np.linspace(-1, 1, 21)
    ax = plot_curves(x, {"line": x, "square": x**2}, "score", "value")
    assert [line.get_label() for line in ax.lines] == ["line", "square"]
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines}) == 2
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("score", "value")
    told = "Line of square (value) by score: from 1.00 at -1, lowest 0.00 at 0, to 1.00"
    assert told in ax.figure.description
    assert plot_curves(x, {"line": x}, "", "").get_legend() is None


def test_curves_of_one_name_look_alike_and_are_named_once():
    curves = {"a": [(1, 2, 3), (2, 3, 4)], "b": (3, np.nan, 2000)}
    fig, (left, right) = plt.subplots(1, 2)
    ax = plot_curves((1, 10, 100), curves, "tries", "loss", ax=right)
    assert ax is right and not left.has_data()
    first, second, third = ax.lines
    assert list(second.get_ydata()) == [2, 3, 4]
    assert first.get_color() == second.get_color() != third.get_color()
    assert first.get_linestyle() == second.get_linestyle() != third.get_linestyle()
    assert ax.get_legend_handles_labels()[1] == ["a", "b"]
    assert "Line of a (loss) by tries: 2 at 1, 3 at 10, 4 at 100." in fig.description
