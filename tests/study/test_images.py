"""Which images are wrong how often, against counting them one by one."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from study_samples import LABELS, draw_pairs, read_numbers

from fashionnet.data import CLASS_NAMES
from fashionnet.study.contrasts import CONTRASTS, estimate_images
from fashionnet.study.images import (
    compare_by_class,
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


def test_classes_are_compared_by_the_mean_over_all_images():
    compared = compare_by_class(RIGHT, LABELS)
    assert list(compared) == list(CONTRASTS)
    counts, n = count_by_class(RIGHT, LABELS), len(LABELS)
    for way, found in compared.items():
        more = (counts[way] - counts["binary"]).mean(axis=0)
        values = [estimate.value for estimate in found]
        np.testing.assert_allclose(values, 10_000 * more / n, atol=1e-9)
        whole = estimate_images(RIGHT[way].astype(int) - RIGHT["binary"])
        assert sum(values) == pytest.approx(-whole.value)
    found = compared["multiclass_sum"][3]
    lead = RIGHT["binary"].astype(int) - RIGHT["multiclass_sum"]
    by_image = np.where(LABELS == 3, 10_000 * lead.mean(axis=0), 0)
    assert found.standard_error == pytest.approx(np.std(by_image, ddof=1) / n**0.5)
    assert found.df == n - 1


def test_points_are_differences_with_intervals_most_errors_first():
    fig, (left, right) = plt.subplots(1, 2)
    ax = plot_by_class(RIGHT, LABELS, ax=right)
    assert ax is right
    assert not left.has_data()
    assert plt.get_fignums() == [fig.number]
    means = count_by_class(RIGHT, LABELS)["binary"].mean(axis=0)
    order = sorted(range(10), key=lambda k: -means[k])
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == [f"{CLASS_NAMES[k]} ({means[k]:.1f})" for k in order]
    bottom, top = ax.get_ylim()
    assert top < 0 < 9 < bottom
    assert 0 in [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2]
    compared = compare_by_class(RIGHT, LABELS)
    for container, (way, found) in zip(ax.containers, compared.items(), strict=True):
        points, _, [whiskers] = container.lines
        assert list(points.get_xdata()) == [found[k].value for k in order]
        drawn = [path[:, 0] for path in whiskers.get_segments()]
        np.testing.assert_allclose(drawn, [found[k].interval() for k in order])
        assert points.get_marker() == STYLES[way].marker
        assert to_hex(points.get_color()) == to_hex(STYLES[way].color)
    # Points of a class stand on both sides of its row.
    heights = [container.lines[0].get_ydata()[0] for container in ax.containers]
    assert heights[0] == -heights[1] != 0


@pytest.mark.parametrize(("n_wrong", "rows"), [(2, 1), (0, 10)])
def test_classes_with_less_than_one_error_have_no_row_if_any_has_more(n_wrong, rows):
    answers = np.ones((2, len(LABELS)), bool)
    answers[:, np.flatnonzero(LABELS == 6)[:n_wrong]] = False
    answers[0, np.flatnonzero(LABELS == 3)[: n_wrong // 2]] = False  # half, on average
    right = dict.fromkeys(CLASSIFIERS, answers)
    assert len(plot_by_class(right, LABELS).get_yticks()) == rows


def test_description_has_the_largest_differences_and_counts_clear_ones():
    # With ten classes, all trainings get 20 shirts wrong; binary ones get none wrong.
    ten = np.ones((2, len(LABELS)), bool)
    ten[:, np.flatnonzero(LABELS == 6)[:20]] = False
    right = dict(zip(CLASSIFIERS, (ten, ten, np.ones_like(ten)), strict=True))
    text = plot_by_class(right, LABELS).figure.description
    more = 10_000 * 20 / len(LABELS)
    assert read_numbers(text) == [95, more, more, 0, 2, 20]
    assert text.count(f"{CLASS_NAMES[6]}, {more:.1f} more") == 2


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
