import re

import matplotlib.pyplot as plt
import numpy as np
import PIL.Image
import pytest
from matplotlib.colors import to_rgb

from fashionnet import plots, reporting
from fashionnet.models import build_mlp


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
    assert metadata["image/png"]["width"] == 5 * 120
    assert not plt.fignum_exists(fig.number)


def test_shown_figure_is_sharp_on_dense_screens(shown):
    fig, _ = plt.subplots(figsize=(5, 3))
    plots.describe(fig, "one empty panel")
    reporting.show_figure(fig)
    width_in_header = int.from_bytes(shown[0].data[16:20], "big")
    assert width_in_header == 2 * 5 * 120


def test_saved_figure_has_the_colors_that_were_drawn(tmp_path):
    fig, ax = plt.subplots(figsize=(2, 2))
    colors = (plots.BLUE, plots.ORANGE, plots.GREEN, plots.RED)
    ax.bar(range(4), [1] * 4, color=colors, width=1)
    ax.imshow(np.arange(256).reshape(16, 16), cmap="gray", extent=(0, 1, 0, 0.2))
    ax.set(xlim=(-0.5, 3.5), ylim=(0, 1), aspect="auto")
    path = tmp_path / "figure.png"
    assert reporting.save_figure(fig, path) == 240
    pixels = np.asarray(PIL.Image.open(path).convert("RGB"), int).reshape(-1, 3)
    for color in colors:
        drawn = 255 * np.array(to_rgb(color))
        assert np.abs(pixels - drawn).max(axis=1).min() <= 4


def test_caption_stands_below_the_figure(shown):
    fig, _ = plt.subplots()
    plots.describe(fig, "one empty panel")
    reporting.show_figure(fig, "Figure 1. Nothing.")
    assert shown[1].data == "Figure 1. Nothing."


def test_figure_without_a_description_is_refused(shown):
    fig, _ = plt.subplots()
    with pytest.raises(ValueError, match="description"):
        reporting.show_figure(fig)
    assert shown == []


# Sentences.


def test_environment_line_names_versions_and_data():
    line = reporting.state_environment()
    assert line.count("\n") == 0
    for word in ("Python 3.", "Keras 3.", "TensorFlow 2.", "data d1fd84a877f3"):
        assert word in line


# Source.


def test_source_is_shown_without_its_docstring(shown):
    reporting.show_source(build_mlp)
    [source] = shown
    code = re.sub("<[^>]+>", "", source._repr_html_())
    assert "layers.Flatten()" in code
    assert "Build a multilayer perceptron" not in code
