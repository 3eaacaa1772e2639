"""Which images are wrong how often, against counting them one by one."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_hex
from study_samples import LABELS, draw_pairs, read_numbers

from fashionnet.data import CLASS_NAMES
from fashionnet.study.images import (
    count_by_class,
    pick_galleries,
    plot_by_class,
    plot_galleries,
)
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.words import CLASSIFIERS, STYLES

PAIRS = draw_pairs(400, 300, n_seeds=3)
RIGHT = right_by_seed(PAIRS, LABELS)
# Three trainings of either kind on seven images; a column is an image.
TEN = ~np.array(
    [[0, 1, 1, 0, 0, 1, 0], [0, 1, 1, 0, 0, 0, 0], [0, 1, 0, 0, 0, 1, 1]], bool
)
TWO = ~np.array(
    [[0, 1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 1, 0, 1], [0, 1, 0, 1, 0, 1, 0]], bool
)


def test_errors_are_counted_by_class_and_training():
    counts = count_by_class(RIGHT, LABELS)
    assert list(counts) == list(CLASSIFIERS)
    for name, table in RIGHT.items():
        expected = [
            [int((~row & (label == LABELS)).sum()) for label in range(10)]
            for row in table
        ]
        assert counts[name].tolist() == expected


BY_CLASS = {
    "multiclass_argmax": np.array([[2, 0, 40, *[0] * 7], [4, 0, 43, *[0] * 7]]),
    "binary": np.array([[1, 9, 30, *[0] * 7], [1, 9, 30, *[0] * 7]]),
}


def test_dots_are_means_with_standard_deviations_most_errors_first():
    fig, (left, right) = plt.subplots(1, 2)
    ax = plot_by_class(BY_CLASS, ax=right)
    assert ax is right
    assert not left.has_data()
    assert plt.get_fignums() == [fig.number]
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names[:3] == [CLASS_NAMES[i] for i in (2, 1, 0)]
    ten, two = ax.containers
    assert ten.lines[0].get_xdata()[:3].tolist() == [41.5, 0, 3]
    assert two.lines[0].get_xdata()[:3].tolist() == [30, 9, 1]
    [whiskers] = ten.lines[2]
    low, high = whiskers.get_segments()[0][:, 0]
    spread = BY_CLASS["multiclass_argmax"][:, 2].std(ddof=1)
    assert (low, high) == (41.5 - spread, 41.5 + spread)
    # Dots of a class stand on both sides of its name, told apart without color too.
    heights = [container.lines[0].get_ydata()[0] for container in (ten, two)]
    assert sum(heights) == 0
    assert ten.lines[0].get_marker() != two.lines[0].get_marker()
    for container, name in ((ten, "multiclass_argmax"), (two, "binary")):
        assert to_hex(container.lines[0].get_color()) == to_hex(STYLES[name].color)
    assert read_numbers(ax.figure.description)[:3] == [41.5, 0, 3]


def test_one_training_has_dots_without_spread():
    one = {name: table[:1] for name, table in BY_CLASS.items()}
    [whiskers] = plot_by_class(one).containers[0].lines[2]
    assert all(np.ptp(path[:, 0]) == 0 for path in whiskers.get_segments())


def test_galleries_have_the_largest_difference_first():
    galleries = pick_galleries({"multiclass_argmax": TEN, "binary": TWO})
    assert [g.indices.tolist() for g in galleries.values()] == [[1], [3], [2]]
    assert galleries["ten"].ten.tolist() == [0]
    assert galleries["ten"].two.tolist() == [3]
    swapped = pick_galleries({"multiclass_argmax": TWO, "binary": TEN})
    assert swapped["ten"].indices.tolist() == galleries["two"].indices.tolist()
    one = pick_galleries({"multiclass_argmax": TEN[:1], "binary": TWO[:1]})
    assert [g.indices.tolist() for g in one.values()] == [[1, 5], [3], [2]]


def test_galleries_are_drawn_in_rows_with_their_counts():
    labels = np.array([0, 1, 6, 8, 4, 5, 9])
    images = np.arange(7 * 784, dtype=np.uint16).reshape(7, 28, 28)
    found = pick_galleries({"multiclass_argmax": TEN, "binary": TWO})
    figure = plot_galleries(found, images, labels)
    shown = [int(ax.images[0].get_array()[0, 0]) // 784 for ax in figure.axes]
    assert shown == [1, 3, 2]
    captions = [ax.get_title() for ax in figure.axes]
    assert [read_numbers(text) for text in captions] == [
        [1, 3, 3],
        [3, 0, 3],
        [2, 2, 0],
    ]
    assert captions[1].startswith(CLASS_NAMES[8])
    # Without any image of a kind, its row is left out.
    found = pick_galleries({"multiclass_argmax": TEN, "binary": TEN})
    assert len(plot_galleries(found, images, labels).axes) == 1
