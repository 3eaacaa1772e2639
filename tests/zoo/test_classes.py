"""What is drawn of each class, against the numbers it is drawn from."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from fashionnet.data import CLASS_NAMES
from fashionnet.zoo.classes import plot_counts, plot_ranges


def test_bars_are_the_counts_told_apart_without_color():
    counts = pd.DataFrame({"training": range(10, 20), "test": [7] * 10}, CLASS_NAMES)
    fig, (left, right) = plt.subplots(1, 2)
    ax = plot_counts(counts, ax=right)
    assert ax is right
    assert not left.has_data()
    assert plt.get_fignums() == [fig.number]
    for bars, name in zip(ax.containers, counts, strict=True):
        assert [bar.get_width() for bar in bars] == counts[name].tolist()
    assert len({bars[0].get_hatch() for bars in ax.containers}) == 2
    assert "training from 10 to 19; test from 7 to 7" in fig.description


def test_ranges_are_sorted_by_their_medians():
    labels = np.repeat(np.arange(10), 5)
    values = 10 * (9 - labels) + np.tile([0, 1, 2, 3, 30], 10)
    ax = plot_ranges(values, labels, "ink")
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == list(CLASS_NAMES[::-1])
    assert f"medians: {CLASS_NAMES[9]} 2," in ax.figure.description
    assert ax.get_xlabel() == "ink"
    assert ax.lines[0].get_xdata().tolist() == [10 * row + 2 for row in range(10)]
    nine_tenths, half = (lines.get_segments()[0][:, 0] for lines in ax.collections)
    assert nine_tenths[0] < half[0] < 2 < half[1] < nine_tenths[1]
