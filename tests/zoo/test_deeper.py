"""What is drawn of depth and of leads, against the numbers it is drawn from."""

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from fashionnet.zoo.deeper import measure_slopes, plot_leads, plot_lines
from fashionnet.zoo.residual import build_resnet


@pytest.mark.parametrize("normalize", [False, True])
def test_slopes_are_those_by_which_the_loss_changes(noise, normalize):
    keras.utils.set_random_seed(0)
    model = build_resnet(10, depth=8, filters=(2, 2, 2))
    images, labels = noise[0][:8].astype("float32"), np.arange(8)
    first = model.trainable_weights[0]
    weights = np.array(first)

    def find_loss(place, step):
        """Return the loss after a step of one weight of the first convolution."""
        changed = weights.copy()
        changed.flat[place] += step
        first.assign(changed)
        y_prob = np.array(model(images, training=normalize), np.float64)
        first.assign(weights)
        return -np.log(y_prob[np.arange(8), labels]).mean()

    step = 1e-2
    by_steps = [
        (find_loss(place, step) - find_loss(place, -step)) / (2 * step)
        for place in range(weights.size)
    ]
    found = measure_slopes(model, images, labels, normalize=normalize)
    assert found == pytest.approx(np.linalg.norm(by_steps), rel=0.05)


def test_lines_are_told_apart_without_color_and_start_at_zero():
    lines = {name: ((8, 20), (2, 1)) for name in "abcdef"}
    fig, (left, right) = plt.subplots(1, 2)
    ax = plot_lines(lines, "layers", "loss", ax=right)
    assert ax is right and not left.has_data()
    assert len({line.get_marker() for line in ax.lines}) == 6
    assert len({(x.get_color(), x.get_linestyle()) for x in ax.lines}) == 6
    assert [list(line.get_ydata()) for line in ax.lines] == [[2, 1]] * 6
    assert ax.get_xticks().tolist() == [8, 20]
    assert ax.get_ylim()[0] == 0
    assert "Line of c: loss 2.000 at 8, 1.000 at 20 (layers)" in fig.description


def test_lines_on_a_logarithmic_axis_say_small_numbers():
    ax = plot_lines({"a": ((8, 44), (0.02, 4e-8))}, "layers", "length", is_log=True)
    assert ax.get_yscale() == "log"
    assert "4e-08 at 44" in ax.figure.description


def test_logarithmic_axis_of_a_small_range_has_more_ticks_than_powers_of_ten():
    ax = plot_lines({"a": ((1, 5), (0.9, 0.13))}, "epoch", "loss", is_log=True)
    low, high = ax.get_ylim()
    seen = [tick for tick in ax.get_yticks() if low <= tick <= high]
    assert seen == pytest.approx([0.2, 0.3, 0.5])
    ax.figure.canvas.draw()
    assert "0.2" in [label.get_text() for label in ax.get_yticklabels()]


def test_leads_have_a_row_a_name_and_a_mark_for_the_side_of_their_interval():
    rows = {"more": (3, 1, 5), "fewer": (-3, -5, -1), "unclear": (1, -1, 3)}
    leads = pd.DataFrame.from_dict(rows, orient="index")
    ax = plot_leads(leads, "images ahead")
    zero, *bars = ax.collections
    pieces, points = np.array(zero.get_segments()), ax.lines
    assert (pieces[..., 0] == 0).all()
    # Below its own name, and above the next one.
    assert [sorted(piece) for piece in pieces[..., 1]] == [
        pytest.approx([row - 0.15, row + 0.3]) for row in range(3)
    ]
    assert [point.get_xdata()[0] for point in points] == [3, -3, 1]
    assert [point.get_marker() for point in points] == [">", "<", "o"]
    assert len({point.get_color() for point in points}) == 3
    assert [text.get_text() for text in ax.texts] == list(rows)
    ends = [bar.get_segments()[0][:, 0].tolist() for bar in bars]
    assert ends == [[1, 5], [-5, -1], [-1, 3]]
    low, high = sorted(ax.get_ylim())
    assert low < 0 and high > 2
    assert "fewer: -3.0, from -5.0 to -1.0" in ax.figure.description


def test_leads_may_be_none():
    ax = plot_leads(pd.DataFrame(), "images ahead")
    assert "no pair is stored yet" in ax.figure.description


@pytest.mark.parametrize("values", [(2.0, 1.0), [2.0, 1.0]])
def test_values_may_be_of_any_kind(values):
    ax = plot_lines({"a": (range(1, 3), values)}, "epoch", "loss")
    assert list(ax.lines[0].get_ydata()) == [2, 1]


@pytest.mark.parametrize("is_log", [False, True])
def test_lines_may_be_none_and_long_names_stand_below_each_other(is_log):
    assert not plot_lines({}, "epoch", "loss", is_log=is_log).lines
    for name, n_columns in (("short", 2), ("resnet-20-without-shortcuts", 1)):
        lines = {name: ((1, 2), (2, 1)), "other": ((1, 2), (3, 1))}
        ax = plot_lines(lines, "epoch", "loss", is_log=is_log)
        assert ax.get_legend()._ncols == n_columns
