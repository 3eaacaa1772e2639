"""What is drawn of settings; and the range test, one step for each learning rate."""

import keras
import numpy as np
import pandas as pd
import pytest

from fashionnet.zoo import grid, tuning
from fashionnet.zoo.table import build, find_network

NETWORK = find_network("mlp-2x256")
SMALL = NETWORK._replace(settings={"hidden_units": (4,), "dropout": 0.0})


def draw_images(n):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, 28, 28), np.uint8), rng.integers(0, 10, n)


@pytest.mark.integration
def test_rates_grow_as_told_and_the_first_loss_is_that_before_training():
    images, labels = draw_images(4 * tuning.BATCH_SIZE)
    keras.utils.set_random_seed(0)
    model = build(SMALL)
    first = images[: tuning.BATCH_SIZE], labels[: tuning.BATCH_SIZE]
    y_prob = model.predict(first[0], verbose=0)
    by_hand = -np.log(y_prob[np.arange(len(first[1])), first[1]]).mean()
    tried = np.geomspace(1e-3, 1, 4)
    losses = tuning.try_rates(model, "SGD", images, labels, tried)
    assert losses.shape == (4,)
    assert losses[0] == pytest.approx(by_hand, rel=1e-4)
    grown = [float(model.optimizer._learning_rate(step)) for step in range(4)]
    assert grown == pytest.approx(tried.tolist(), rel=1e-4)
    assert model.optimizer.iterations == 4


@pytest.mark.integration
def test_rates_are_tried_with_every_optimizer_and_seed():
    images, labels = draw_images(10 * tuning.BATCH_SIZE)
    tried = np.geomspace(1e-4, 1e-3, 10)
    x, curves = tuning.try_seeds(SMALL, images, labels, tried)
    assert x.tolist() == tried[4:6].tolist()
    assert {name: np.shape(losses) for name, losses in curves.items()} == {
        "Adam": (2, 2),
        "SGD": (2, 2),
    }
    one, other = curves["Adam"]
    assert one[0] != other[0]


def test_heat_map_has_both_depths_and_marks_what_is_missing():
    shares = grid.load_reported()["validation"].drop((2, "SGD 0.1", 128))
    fig = tuning.plot_grid(shares)
    words = [[text.get_text() for text in ax.texts] for ax in fig.axes]
    assert [len(panel) for panel in words] == [12, 12]
    assert words[0][6] == "–" and words[1][3] == "89.78"
    assert "Adam 0.0001, 128: 89.78" in fig.description


def test_agreement_draws_every_setting_and_the_best_of_each():
    reported = grid.load_reported().drop(grid.WORST, level="optimizer")
    fig = tuning.plot_agreement({"one": reported, "other": reported.iloc[:5]})
    scales = set()
    for ax, n in zip(fig.axes, (18, 5), strict=True):
        *marks, across, along = ax.lines
        assert sum(len(line.get_xdata()) for line in marks) == n
        part = reported.iloc[:n] * 100
        faces = [line.get_markerfacecolor() for line in marks]
        three = part.index.get_level_values("layers") == 3
        drawn = [len(m.get_xdata()) for m, f in zip(marks, faces, strict=True)
                 if f != "white"]  # fmt: skip
        assert sum(drawn) == three.sum()
        assert across.get_xdata()[0] == part["validation"].max()
        assert along.get_ydata()[0] == part["test"].max()
        for limits, values in ((ax.get_xlim(), "validation"), (ax.get_ylim(), "test")):
            assert limits[0] < part[values].min() and part[values].max() < limits[1]
        scales.add((round(np.ptp(ax.get_xlim()), 6), round(np.ptp(ax.get_ylim()), 6)))
    assert len(scales) == 1
    assert "the best of each is the same setting" in fig.description
    names = [text.get_text() for text in fig.legends[0].get_texts()]
    assert names == ["Adam 0.001", "Adam 0.0001", "SGD 0.1"]


def test_strips_show_every_value_and_the_mean():
    ax = tuning.plot_strips({"a": [1, 2, 6], "b": [4]}, "points", line=0)
    values, mean = ax.lines[1:3]
    assert values.get_xdata().tolist() == [1, 2, 6]
    assert mean.get_xdata() == [3]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    assert "a, 3 values from 1.00 to 6.00, mean 3.00" in ax.figure.description
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    assert len(tuning.plot_strips(frame, "points").lines) == 4
