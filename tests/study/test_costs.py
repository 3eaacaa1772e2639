"""Costs against the layers counted by hand."""

from study_samples import draw_pairs

from fashionnet.study.costs import measure_costs

PAIRS = draw_pairs(60, 40, n_seeds=4)


def test_costs_are_counted_from_the_layers():
    costs = measure_costs(PAIRS)
    dense = 784 * 256 + 256 * 256
    assert costs["multiclass"]["mflop_per_image"] == 2 * (dense + 256 * 10) / 1e6
    assert costs["binary"]["mflop_per_image"] == 2 * (dense + 256) / 1e6
    assert costs["binary"]["weights_kb"] == 4.0
    assert costs["binary"]["best_epoch"] == [17] * 4
    assert costs["multiclass"]["train_seconds"] == [40.5] * 4
