"""What is measured and drawn of depth, against the numbers it is drawn from."""

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest

from fashionnet.zoo.deeper import measure_slopes, plot_lines
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


def test_lines_are_told_apart_without_color_on_a_logarithmic_axis():
    lines = {name: (0.02, 4e-8) for name in "abcdef"}
    fig, (left, right) = plt.subplots(1, 2)
    ax = plot_lines((8, 44), lines, "layers", "length", ax=right)
    assert ax is right and not left.has_data()
    assert len({line.get_marker() for line in ax.lines}) == 6
    assert len({(x.get_color(), x.get_linestyle()) for x in ax.lines}) == 6
    assert [list(line.get_ydata()) for line in ax.lines] == [[0.02, 4e-8]] * 6
    assert ax.get_xticks().tolist() == [8, 44]
    assert ax.get_yscale() == "log"
    assert "Line of c (length) by layers: 0.02 at 8, 4e-08 at 44." in fig.description


def test_logarithmic_axis_of_a_small_range_has_more_ticks_than_powers_of_ten():
    ax = plot_lines((1, 5), {"a": (0.9, 0.13)}, "epoch", "loss")
    low, high = ax.get_ylim()
    seen = [tick for tick in ax.get_yticks() if low <= tick <= high]
    assert seen == pytest.approx([0.2, 0.3, 0.5])
    ax.figure.canvas.draw()
    assert "0.2" in [label.get_text() for label in ax.get_yticklabels()]


def test_lines_may_be_none_and_long_names_stand_below_each_other():
    assert not plot_lines((1, 2), {}, "epoch", "loss").lines
    for name, n_columns in (("short", 2), ("resnet-20-without-shortcuts", 1)):
        ax = plot_lines((1, 2), {name: (2, 1), "other": (3, 1)}, "epoch", "loss")
        assert ax.get_legend()._ncols == n_columns
