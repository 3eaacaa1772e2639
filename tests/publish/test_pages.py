"""What is published in reports/ agrees with the stored runs."""

import re

import numpy as np
import pytest

from fashionnet.data import CLOTHING
from fashionnet.publish.gate import RULES
from fashionnet.publish.published import NOTEBOOKS, ROOT
from fashionnet.runs import find_run
from fashionnet.study.tasks import MAIN_TASKS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_published_reports_pass_the_gate(rule, stored_reports):
    assert rule(*stored_reports) == []


def test_published_numbers_agree_with_each_other_and_with_the_manifests(
    stored_reports, monkeypatch
):
    monkeypatch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))
    results = stored_reports[0].results
    for task in MAIN_TASKS:
        matrix, n_correct = (
            results[task]["confusion_matrix"],
            results[task]["n_correct"],
        )
        assert results[task]["n_test"] == np.sum(matrix) == 10_000
        assert np.trace(matrix) == n_correct
        assert n_correct == results["seeds"]["n_correct"][task]["0"]
        assert n_correct == find_run(task, 0).manifest["metrics"]["n_correct"]
    pair = results["comparison"]
    for name, n_wrong in pair["errors"].items():
        assert n_wrong == 10_000 - pair["n_correct"][name]
    matrix = np.array(results["multiclass"]["confusion_matrix"])
    groups = np.isin(range(10), CLOTHING)
    within = matrix[groups][:, groups].sum() + matrix[~groups][:, ~groups].sum()
    assert within == pair["n_correct"]["multiclass_argmax"]
    for name, counts in pair["discordant"].items():
        lead = counts["only_multiclass_right"] - counts["only_binary_right"]
        assert lead == pair["errors"]["binary"] - pair["errors"][name]


def test_one_recipe_serves_both_tasks_and_keeps_its_limits(monkeypatch):
    monkeypatch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))
    multiclass, binary = (find_run(task, 0).manifest for task in MAIN_TASKS)
    assert multiclass["recipe"] == binary["recipe"]
    assert multiclass["parameters"] <= 270_000
    assert multiclass["epochs_run"] <= multiclass["recipe"]["epochs"] <= 50


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_training_prints_keras_own_lines_and_the_page_is_under_3_mb(
    name, stored_reports
):
    for cell in stored_reports[0].books[name].cells:
        if cell.cell_type == "code" and "model.fit(" in cell.source:
            (output,) = cell.outputs
            assert re.findall(r"^Epoch (\d+)/20$", output.text, re.MULTILINE) == [
                str(n) for n in range(1, 21)
            ]
            assert output.text.count(" - val_loss: ") == 20
            assert not {"\r", "\b"} & set(output.text)
    assert (ROOT / f"reports/{name}.html").stat().st_size < 3_000_000


def test_home_page_is_light(stored_reports):
    assert (ROOT / "reports/index.html").stat().st_size < 400_000
    assert len(stored_reports[0].pages["index"].images) == len(NOTEBOOKS)


def test_home_page_links_to_every_step(stored_reports):
    home = stored_reports[0].pages["index"].html
    for letter in "abcdefg":
        assert len(re.findall(rf">{letter}′?\) ", home)) == 2
