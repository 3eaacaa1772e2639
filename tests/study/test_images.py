"""Which images are wrong how often, against counting them one by one."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_hex
from study_samples import BAG, LABELS, draw_pairs

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


def test_galleries_of_drawn_trainings_are_ordered_and_at_least_half_apart():
    first, second = RIGHT["multiclass_argmax"], RIGHT["binary"]
    gallery = pick_galleries(first, second)["first"]
    lead = gallery.second - gallery.first
    assert lead.tolist() == sorted(lead, reverse=True)
    assert len(lead) > 10
    assert lead.min() >= 2
    assert len(np.unique(gallery.indices)) == len(lead)


def test_one_training_makes_galleries_of_what_it_has():
    galleries = pick_galleries(FIRST[:1], SECOND[:1])
    found = [gallery.indices.tolist() for gallery in galleries.values()]
    assert found == [[1, 5], [3], [2]]


def test_captions_come_from_the_counts():
    labels = np.array([0, 1, 6, 8, 4, 5, 9])
    gallery = pick_galleries(FIRST, SECOND)["first"]
    captions = caption_runs_wrong(gallery, labels, 3)
    assert captions == ["Bag\nmulticlass ✗ 0/3\nbinary ✗ 3/3"]


def test_suspects_are_captioned_with_the_commonest_class():
    gallery = pick_galleries(RIGHT["multiclass_argmax"], RIGHT["binary"])["first"]
    captions = caption_suspects(gallery, LABELS, PAIRS)
    assert len(captions) == len(gallery.indices)
    for i, caption in zip(gallery.indices, captions, strict=True):
        said = [ten.y_prob_test[i].argmax() for ten, _ in PAIRS.values()]
        most = max(sorted(set(said)), key=said.count)
        expected = f"labeled {CLASS_NAMES[LABELS[i]]}\nseen as {CLASS_NAMES[most]}"
        assert caption == expected


# Heat map.


# Images by how many of two multiclass (columns) and binary (rows) trainings are wrong.
RUNS_WRONG = np.array([[9000, 12, 3], [20, 0, 1], [5, 4, 955]])


def test_heat_map_writes_every_count_in_its_cell_but_no_zeros():
    ax = plot_runs_wrong(RUNS_WRONG)
    written = {text.get_position(): text.get_text() for text in ax.texts}
    for (row, column), n in np.ndenumerate(RUNS_WRONG):
        assert written[column + 0.5, row + 0.5] == (f"{n:,}" if n else "")


def test_heat_map_counts_trainings_from_none_to_all():
    ax = plot_runs_wrong(RUNS_WRONG)
    for axis, kind in ((ax.xaxis, "multiclass"), (ax.yaxis, "binary")):
        assert [text.get_text() for text in axis.get_ticklabels()] == ["0", "1", "2"]
        assert f"2 {kind} trainings" in axis.get_label_text()


def test_description_of_the_heat_map_says_which_side_is_wrong_more_often():
    text = plot_runs_wrong(RUNS_WRONG).figure.description
    assert "10,000 images" in text
    assert "Never wrong: 9,000; always wrong: 955" in text
    assert "more multiclass trainings: 16; in more binary ones: 29" in text
    turned = plot_runs_wrong(RUNS_WRONG.T).figure.description
    assert "more multiclass trainings: 29; in more binary ones: 16" in turned


def test_heat_map_uses_the_axes_it_is_given():
    fig, (left, right) = plt.subplots(1, 2)
    assert plot_runs_wrong(RUNS_WRONG, ax=right) is right
    assert not left.has_data()
    assert plt.get_fignums() == [fig.number]


def test_bars_by_class_have_the_colors_of_their_classifiers():
    errors = count_by_class(RIGHT, LABELS)
    ax = plot_by_class(errors, marked="Bag")
    bars = {c.get_label(): c[0] for c in ax.containers if c.get_label()}
    for name in ("binary", "multiclass_sum"):
        color = bars[NAMES[name]].get_facecolor()
        assert to_hex(color) == to_hex(STYLES[name].color)
    alone = plot_by_class({"binary": errors["binary"]})
    drawn = [c for c in alone.containers if c.get_label() == "binary"]
    assert to_hex(drawn[0][0].get_facecolor()) == to_hex(STYLES["binary"].color)
    assert "binary: " in alone.figure.description


# Bags and galleries.


def test_bag_sentence_has_counts_and_shares():
    ten, two = BagErrors(200, 80, 100, 110), BagErrors(120, 30, None, 70)
    counts = {"multiclass_argmax": ten, "binary": two}
    text = state_bags(counts)
    assert "180 (90%) have to do with bags: 80 bags taken for clothing, 100" in text
    assert "Of the 120 errors of **binary**, 30 (25%) are bags" in text
    assert "of the 70 pieces of clothing that it loses, it does not say" in text


def test_bag_sentence_without_errors_has_no_share():
    none = dict.fromkeys(("multiclass_argmax", "binary"), BagErrors(0, 0, 0, 0))
    assert "%" not in state_bags(none)


def test_gallery_sentence_counts_images():
    galleries = {
        name: Gallery(*np.zeros((3, n), int))
        for name, n in (("nobody", 12), ("first", 5), ("second", 7))
    }
    text = state_galleries(galleries, 10)
    assert "Of 10 trainings of either kind, none is right on 12 images" in text
    assert "5 are labeled right more often by the multiclass" in text
    assert "7 by the binary" in text
    assert state_galleries(galleries, 1).startswith("Of 1 training of")
