"""Which images are wrong how often, against counting them one by one."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_hex
from study_samples import BAG, LABELS, draw_pairs, read_numbers

from fashionnet.data import CLASS_NAMES, CLOTHING
from fashionnet.study.images import (
    BagErrors,
    Gallery,
    caption_runs_wrong,
    caption_suspects,
    count_bag_errors,
    count_by_class,
    pick_galleries,
    plot_by_class,
    plot_runs_wrong,
    state_bags,
    state_galleries,
    tabulate_runs_wrong,
)
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.words import CLASSIFIERS, NAMES, STYLES

PAIRS = draw_pairs(400, 300, n_seeds=3)
RIGHT = right_by_seed(PAIRS, LABELS)
# Three trainings of either kind on seven images; a column is an image.
FIRST = ~np.array(
    [[0, 1, 1, 0, 0, 1, 0], [0, 1, 1, 0, 0, 0, 0], [0, 1, 0, 0, 0, 1, 1]], bool
)
SECOND = ~np.array(
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


def test_bag_errors_are_counted_image_by_image():
    counts = count_bag_errors(RIGHT, PAIRS, LABELS)
    ten, two = counts["multiclass_argmax"], counts["binary"]
    said = {"true": 0, "given": 0, "clothing": 0, "all": 0}
    for multiclass, _ in PAIRS.values():
        likeliest = multiclass.y_prob_test.argmax(axis=1)
        for label, given in zip(LABELS.tolist(), likeliest.tolist(), strict=True):
            if (label in CLOTHING) != (given in CLOTHING):
                said["all"] += 1
                said["true"] += label == BAG
                said["given"] += given == BAG
                said["clothing"] += label in CLOTHING
    assert tuple(ten) == tuple(said[k] for k in ("all", "true", "given", "clothing"))
    wrong = ~RIGHT["binary"]
    assert two.total == wrong.sum()
    assert two.true_bag == wrong[:, LABELS == BAG].sum()
    assert two.given_bag is None


def test_table_has_every_image_once_where_its_trainings_put_it():
    table = tabulate_runs_wrong(FIRST, SECOND)
    assert table.shape == (4, 4)
    assert table.sum() == 7
    # Rows by the second kind, columns by the first.
    assert table[0, 0] == table[3, 3] == table[0, 2] == table[3, 0] == 1
    assert table[1, 0] == table[2, 2] == table[1, 1] == 1
    np.testing.assert_array_equal(tabulate_runs_wrong(SECOND, FIRST), table.T)


def test_galleries_have_the_largest_difference_first():
    galleries = pick_galleries(FIRST, SECOND)
    assert [g.indices.tolist() for g in galleries.values()] == [[1], [3], [2]]
    assert galleries["first"].first.tolist() == [0]
    assert galleries["first"].second.tolist() == [3]
    swapped = pick_galleries(SECOND, FIRST)
    assert swapped["first"].indices.tolist() == galleries["second"].indices.tolist()
    one = pick_galleries(FIRST[:1], SECOND[:1])
    assert [g.indices.tolist() for g in one.values()] == [[1, 5], [3], [2]]


def test_captions_come_from_the_counts():
    labels = np.array([0, 1, 6, 8, 4, 5, 9])
    gallery = pick_galleries(FIRST, SECOND)["first"]
    captions = caption_runs_wrong(gallery, labels, 3)
    assert [caption.splitlines()[0] for caption in captions] == ["Bag"]
    assert [read_numbers(caption) for caption in captions] == [[0, 3, 3, 3]]


def test_suspects_are_captioned_with_the_commonest_class():
    gallery = pick_galleries(RIGHT["multiclass_argmax"], RIGHT["binary"])["first"]
    captions = caption_suspects(gallery, LABELS, PAIRS)
    assert len(captions) == len(gallery.indices)
    for i, caption in zip(gallery.indices, captions, strict=True):
        said = [ten.y_prob_test[i].argmax() for ten, _ in PAIRS.values()]
        most = max(sorted(set(said)), key=said.count)
        label, seen = caption.splitlines()
        assert label.endswith(CLASS_NAMES[LABELS[i]])
        assert seen.endswith(CLASS_NAMES[most])


# Heat map.


# Images by how many of two multiclass (columns) and binary (rows) trainings are wrong.
RUNS_WRONG = np.array([[9000, 12, 3], [20, 0, 1], [5, 4, 955]])


def test_heat_map_writes_every_count_but_zeros_in_its_cell():
    fig, (left, right) = plt.subplots(1, 2)
    ax = plot_runs_wrong(RUNS_WRONG, ax=right)
    assert ax is right
    assert not left.has_data()
    assert plt.get_fignums() == [fig.number]
    written = {text.get_position(): text.get_text() for text in ax.texts}
    for (row, column), n in np.ndenumerate(RUNS_WRONG):
        assert written[column + 0.5, row + 0.5] == (f"{n:,}" if n else "")
    for axis, kind in ((ax.xaxis, "multiclass"), (ax.yaxis, "binary")):
        assert [text.get_text() for text in axis.get_ticklabels()] == ["0", "1", "2"]
        assert f"2 {kind}" in axis.get_label_text()


def test_description_of_the_heat_map_counts_which_side_is_wrong_more_often():
    # All, of 2 and 2 trainings; wrong never, always, in more multiclass ones, binary.
    for table, sides in ((RUNS_WRONG, [16, 29]), (RUNS_WRONG.T, [29, 16])):
        text = plot_runs_wrong(table).figure.description
        assert read_numbers(text) == [10_000, 2, 2, 9000, 955, *sides]


def test_bars_by_class_have_the_colors_of_their_classifiers():
    ax = plot_by_class(count_by_class(RIGHT, LABELS), marked="Bag")
    bars = {c.get_label(): c[0] for c in ax.containers if c.get_label()}
    for name in CLASSIFIERS:
        color = bars[NAMES[name]].get_facecolor()
        assert to_hex(color) == to_hex(STYLES[name].color)


# Bags and galleries.


def test_bag_sentence_has_counts_and_shares():
    ten, two = BagErrors(200, 80, 100, 110), BagErrors(120, 30, None, 70)
    text = state_bags({"multiclass_argmax": ten, "binary": two})
    assert read_numbers(text) == [200, 180, 90, 80, 100, 120, 30, 25, 70]
    none = dict.fromkeys(("multiclass_argmax", "binary"), BagErrors(0, 0, 0, 0))
    assert read_numbers(state_bags(none)) == []


def test_gallery_sentence_counts_images():
    galleries = {
        name: Gallery(*np.zeros((3, n), int))
        for name, n in (("nobody", 12), ("first", 5), ("second", 7))
    }
    assert read_numbers(state_galleries(galleries, 10)) == [10, 12, 5, 7]
