"""What is published in reports/ agrees with the stored runs, word for word."""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest

from fashionnet import plots, study_plots
from fashionnet.course import render
from fashionnet.course.results import (
    compare_pair,
    summarize_run,
    summarize_seeds,
    summarize_study,
    tabulate_results,
    write_readme_block,
)
from fashionnet.data import BINARY_NAMES, CLASS_NAMES, binary_labels, load_fashion_mnist
from fashionnet.evaluation import count_confusions, merge_groups, predict_labels
from fashionnet.runs import find_run
from fashionnet.sentences import state_accuracy, state_verdict
from fashionnet.study import (
    compare,
    find_pairs,
    predict_three_ways,
    right_by_seed,
)

RESULTS = ("multiclass", "binary", "comparison", "seeds")
REPORTS = Path(__file__).parents[1] / "reports"
ADDRESS = re.compile(
    r"(?:src|href)\s*=\s*[\"'](?:https?:)?//|@import|url\(\s*[\"']?http"
)


@pytest.fixture(scope="module")
def labels():
    return load_fashion_mnist()[3]


@pytest.fixture
def stored(monkeypatch):
    monkeypatch.setenv("FASHIONNET_HOME", str(REPORTS))
    return {task: find_run(task, 0) for task in ("multiclass", "binary")}


@pytest.fixture(params=render.NOTEBOOKS)
def name(request):
    return request.param


def read_results(name):
    return json.loads((REPORTS / "results" / f"{name}.json").read_text())


def read_page(name):
    return (REPORTS / f"{name}.html").read_text(encoding="utf-8")


def read_book(name):
    return nbformat.read(REPORTS / f"{name}.ipynb", as_version=4)


def sentences(book):
    outputs = [o for c in book.cells for o in c.get("outputs", [])]
    return [
        o.data["text/markdown"] for o in outputs if "text/markdown" in o.get("data", {})
    ]


class Images(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.alts = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.alts.append(dict(attrs).get("alt"))


def plain(data):
    return json.loads(json.dumps(data))


def test_results_are_those_of_the_stored_runs(stored, labels):
    for task, run in stored.items():
        assert read_results(task) == plain(summarize_run(run, labels))
    pair = compare_pair(**stored, labels=labels)
    study = summarize_study(find_pairs(), labels)
    assert read_results("comparison") == plain(pair | study)


def test_manifests_count_what_the_predictions_say(stored, labels):
    truth = {"multiclass": labels, "binary": binary_labels(labels)}
    for task, run in stored.items():
        n_correct = int((predict_labels(run.y_prob_test) == truth[task]).sum())
        assert run.manifest["metrics"]["n_correct"] == n_correct


@pytest.mark.parametrize("task", ["multiclass", "binary"])
def test_every_accuracy_times_10000_is_an_integer(task):
    results = read_results(task)
    assert results["test_accuracy"] * 10_000 == results["n_correct"]
    assert results["n_test"] == 10_000
    assert np.trace(results["confusion_matrix"]) == results["n_correct"]
    assert np.sum(results["confusion_matrix"]) == 10_000


def test_comparison_adds_up():
    results = read_results("comparison")
    for name, n_wrong in results["errors"].items():
        assert n_wrong == 10_000 - results["n_correct"][name]
        assert results["test_accuracy"][name] * 10_000 == results["n_correct"][name]
    for name, pair in results["discordant"].items():
        lead = pair["only_multiclass_right"] - pair["only_binary_right"]
        assert lead == results["errors"]["binary"] - results["errors"][name]


def test_binarized_matrix_is_the_block_sum_of_the_ten_class_one(stored, labels):
    matrix = np.array(read_results("multiclass")["confusion_matrix"])
    y_pred = predict_three_ways(**stored)["multiclass_argmax"]
    direct = count_confusions(binary_labels(labels), y_pred, 2)
    np.testing.assert_array_equal(merge_groups(matrix), direct)


def test_one_recipe_serves_both_tasks_and_keeps_its_limits(stored):
    multiclass, binary = (run.manifest for run in stored.values())
    assert multiclass["recipe"] == binary["recipe"]
    assert multiclass["parameters"] <= 270_000
    assert multiclass["epochs_run"] <= multiclass["recipe"]["epochs"] <= 50


def test_page_shows_the_accuracy_that_is_stored():
    pages = {"01_multiclass": "multiclass", "02_binary": "binary"}
    names = {"multiclass": "The ten-class network", "binary": "The binary network"}
    for page, task in pages.items():
        results = read_results(task)
        sentence = state_accuracy(names[task], results["n_correct"], results["n_test"])
        assert any(sentence in s for s in sentences(read_book(page)))
        assert sentence.replace("**", "") in re.sub("<[^>]+>", "", read_page(page))


def test_page_shows_the_confusions_that_are_stored():
    for page, task, names in (
        ("01_multiclass", "multiclass", CLASS_NAMES),
        ("02_binary", "binary", BINARY_NAMES),
    ):
        matrix = np.array(read_results(task)["confusion_matrix"])
        alt = plots.describe_confusion(matrix, names)
        assert alt in Images(read_page(page)).alts


def test_page_shows_the_verdict_of_the_stored_pairs(stored, labels):
    contrasts = compare(right_by_seed(find_pairs(), labels))
    said = sentences(read_book("03_comparison"))
    assert [c.way for c in contrasts.values() if state_verdict(c) not in said] == []
    alts = Images(read_page("03_comparison")).alts
    assert study_plots.describe_contrasts(contrasts) in alts


def test_readme_shows_the_stored_results():
    results = {name: read_results(name) for name in RESULTS}
    readme = (REPORTS.parent / "README.md").read_text(encoding="utf-8")
    assert write_readme_block(results) in readme


def test_stored_seeds_are_counted(labels, stored):
    seeds = read_results("seeds")
    assert seeds == summarize_seeds(labels)
    for task, run in stored.items():
        assert seeds["n_correct"][task]["0"] == run.manifest["metrics"]["n_correct"]


def test_page_is_made_from_the_notebook_as_it_is(name):
    source = nbformat.read(REPORTS.parent / "notebooks" / f"{name}.ipynb", as_version=4)
    executed = read_book(name)
    assert [c.source for c in executed.cells] == [c.source for c in source.cells]


def test_notebook_ran_from_top_to_bottom_without_error(name):
    code = [c for c in read_book(name).cells if c.cell_type == "code"]
    assert [c.execution_count for c in code] == list(range(1, len(code) + 1))
    outputs = [o for c in code for o in c.outputs]
    assert not [o for o in outputs if o.output_type == "error"]
    assert not [o.text for o in outputs if o.get("name") == "stderr"]


def test_progress_is_one_short_output(name):
    for cell in read_book(name).cells:
        if "model.fit(" in cell.source:
            (output,) = cell.outputs
            assert output.text.count("\n") == 1
            assert not {"\r", "\b"} & set(output.text)


def test_every_figure_on_the_page_has_a_sentence_as_alt_text(name):
    alts = Images(read_page(name)).alts
    assert alts
    assert all(alt and len(alt) > 20 and alt.endswith(".") for alt in alts)


def test_page_loads_nothing_from_elsewhere(name):
    # Links that a reader may click are text; what a browser fetches by itself is not.
    page = re.sub(r"<a\s[^>]*>", "", read_page(name))
    assert not ADDRESS.search(page)


def test_page_and_notebook_show_no_path_of_a_machine(name):
    private = re.compile(r"(?<![\w.:/])/(?:home|root|Users|tmp)/[\w./-]+")
    for text in (
        html.unescape(read_page(name)),
        (REPORTS / f"{name}.ipynb").read_text(),
    ):
        assert not private.findall(text)


def test_home_page_links_to_every_step_and_file():
    home = read_page("index")
    for target in re.findall(r'href="([^"]+)"', home):
        name, _, anchor = target.partition("#")
        text = (REPORTS / name).read_text(encoding="utf-8")
        assert not anchor or f'id="{anchor}"' in text
    for letter in "abcdefg":
        assert len(re.findall(rf">{letter}′?\) ", home)) == 2


def test_home_page_shows_the_stored_results():
    for row in tabulate_results({name: read_results(name) for name in RESULTS}):
        assert all(f">{cell}<" in read_page("index") for cell in row)


def test_page_links_to_its_own_sections(name):
    page = read_page(name)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(set(ids)) == len(ids)
    links = re.findall(r'href="#([^"]+)"', page)
    assert len(links) >= 8
    assert set(links) <= set(ids)


def test_page_is_under_3_mb(name):
    assert (REPORTS / f"{name}.html").stat().st_size < 3_000_000
