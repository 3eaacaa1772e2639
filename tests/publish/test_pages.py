"""What is published in reports/ agrees with the stored runs, word for word."""

import re
from pathlib import Path

import numpy as np
import pytest

from fashionnet.data import binary_labels, load_test_set
from fashionnet.evaluation import count_confusions, merge_groups, predict_labels
from fashionnet.publish.gate import RULES
from fashionnet.publish.published import NOTEBOOKS
from fashionnet.runs import find_run
from fashionnet.study.pairs import predict_three_ways

REPORTS = Path(__file__).parents[2] / "reports"


@pytest.fixture(scope="module")
def labels():
    return load_test_set()[1]


@pytest.fixture(scope="module")
def results(stored_reports):
    return stored_reports[1].results


@pytest.fixture
def stored(monkeypatch):
    monkeypatch.setenv("FASHIONNET_HOME", str(REPORTS))
    return {task: find_run(task, 0) for task in ("multiclass", "binary")}


@pytest.fixture(params=NOTEBOOKS)
def name(request):
    return request.param


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_published_reports_pass_the_gate(rule, stored_reports):
    assert rule(*stored_reports) == []


def test_manifests_count_what_the_predictions_say(stored, labels):
    truth = {"multiclass": labels, "binary": binary_labels(labels)}
    for task, run in stored.items():
        n_correct = int((predict_labels(run.y_prob_test) == truth[task]).sum())
        assert run.manifest["metrics"]["n_correct"] == n_correct


@pytest.mark.parametrize("task", ["multiclass", "binary"])
def test_confusions_add_up_to_the_test_images(task, results):
    assert results[task]["n_test"] == 10_000
    assert np.sum(results[task]["confusion_matrix"]) == 10_000
    assert np.trace(results[task]["confusion_matrix"]) == results[task]["n_correct"]


def test_comparison_adds_up(results):
    pair = results["comparison"]
    for name, n_wrong in pair["errors"].items():
        assert n_wrong == 10_000 - pair["n_correct"][name]
    for name, counts in pair["discordant"].items():
        lead = counts["only_multiclass_right"] - counts["only_binary_right"]
        assert lead == pair["errors"]["binary"] - pair["errors"][name]


def test_binarized_matrix_is_the_block_sum_of_the_ten_class_one(
    stored, labels, results
):
    matrix = np.array(results["multiclass"]["confusion_matrix"])
    y_pred = predict_three_ways(**stored)["multiclass_argmax"]
    direct = count_confusions(binary_labels(labels), y_pred, 2)
    np.testing.assert_array_equal(merge_groups(matrix), direct)


def test_one_recipe_serves_both_tasks_and_keeps_its_limits(stored):
    multiclass, binary = (run.manifest for run in stored.values())
    assert multiclass["recipe"] == binary["recipe"]
    assert multiclass["parameters"] <= 270_000
    assert multiclass["epochs_run"] <= multiclass["recipe"]["epochs"] <= 50


def test_stored_seeds_are_counted_as_in_their_manifests(stored, results):
    for task, run in stored.items():
        counts = results["seeds"]["n_correct"][task]
        assert counts["0"] == run.manifest["metrics"]["n_correct"]


def test_progress_is_one_short_output(name, stored_reports):
    for cell in stored_reports[0].books[name].cells:
        if "model.fit(" in cell.source:
            (output,) = cell.outputs
            assert output.text.count("\n") == 1
            assert not {"\r", "\b"} & set(output.text)


def test_home_page_links_to_every_step(stored_reports):
    home = stored_reports[0].pages["index"].html
    for letter in "abcdefg":
        assert len(re.findall(rf">{letter}′?\) ", home)) == 2


def test_page_has_a_list_of_contents(name, stored_reports):
    links = stored_reports[0].pages[name].links
    assert len({link for link in links if link.startswith("#")}) >= 8


def test_page_is_under_3_mb(name):
    assert (REPORTS / f"{name}.html").stat().st_size < 3_000_000
