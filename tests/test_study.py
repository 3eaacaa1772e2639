from types import SimpleNamespace

import numpy as np

from fashionnet.study import cross_tabulate, predict_three_ways


def test_cross_table_counts_who_is_right():
    first = np.array([True, True, True, False, False, False, False])
    second = np.array([True, False, False, True, False, False, False])
    assert cross_tabulate(first, second).tolist() == [[1, 2], [1, 3]]


def test_cross_table_of_one_classifier_with_itself_has_no_disagreement():
    right = np.array([True, False, True])
    assert cross_tabulate(right, right).tolist() == [[2, 0], [0, 1]]


def test_three_ways_differ_where_the_likeliest_class_is_in_the_smaller_group():
    # A bag by its likeliest class, clothing by the sum, and the binary network says no.
    ten = np.zeros((1, 10))
    ten[0, [8, 2, 4]] = 0.4, 0.3, 0.3
    runs = (
        SimpleNamespace(y_prob_test=ten),
        SimpleNamespace(y_prob_test=np.array([0.2])),
    )
    labels = {name: y.tolist() for name, y in predict_three_ways(*runs).items()}
    assert labels == {"multiclass_argmax": [0], "multiclass_sum": [1], "binary": [0]}
