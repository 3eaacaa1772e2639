"""Which images are wrong how often, against counting them one by one."""

import numpy as np
import pytest
from study_samples import BAG, LABELS, draw_pairs

from fashionnet.data import CLASS_NAMES, CLOTHING
from fashionnet.study import CLASSIFIERS, right_by_seed
from fashionnet.study_images import (
    caption_runs_wrong,
    caption_suspects,
    count_bag_errors,
    count_by_class,
    pick_galleries,
    tabulate_runs_wrong,
)

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
    assert list(counts) == list(CLASSIFIERS.values())
    for name, table in RIGHT.items():
        expected = [
            [int((~row & (label == LABELS)).sum()) for label in range(10)]
            for row in table
        ]
        assert counts[CLASSIFIERS[name]].tolist() == expected


def test_classes_without_trainings_are_left_out():
    assert count_by_class(right_by_seed({}, LABELS), LABELS) == {}


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


def test_bag_errors_without_trainings_are_none():
    right = right_by_seed({}, LABELS)
    counts = count_bag_errors(right, {}, LABELS)
    assert {row.total for row in counts.values()} == {0}


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


@pytest.mark.parametrize("n_seeds", [0, 1])
def test_few_trainings_make_galleries_of_what_they_have(n_seeds):
    galleries = pick_galleries(FIRST[:n_seeds], SECOND[:n_seeds])
    found = [gallery.indices.tolist() for gallery in galleries.values()]
    assert found == ([[], [], []] if n_seeds == 0 else [[1, 5], [3], [2]])


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
