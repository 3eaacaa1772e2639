"""The search for the recipe: by validation only, and the table says what is stored."""

import importlib.util
import re
from pathlib import Path

import pytest

from fashionnet.recipes import RECIPE, load_search

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def search():
    spec = importlib.util.spec_from_file_location("search", BENCHMARKS / "search.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_search_loads_no_test_image():
    code = (BENCHMARKS / "search.py").read_text()
    assert code.count("load_training_set()") == 1
    assert "load_test_set" not in code


def test_table_in_the_readme_is_that_of_the_stored_trainings(search):
    table = search.make_table(load_search())
    assert table in (BENCHMARKS / "README.md").read_text(encoding="utf-8")


def test_every_candidate_was_tried_with_every_seed(search):
    tried = [(r["task"], r["seed"], r["recipe"]) for r in load_search()]
    for changes in search.CANDIDATES.values():
        for task in search.TASKS:
            for seed in search.SEEDS:
                assert (task, seed, search.as_stored(changes)) in tried


def test_recipe_is_the_candidate_without_changes(search):
    assert [n for n, c in search.CANDIDATES.items() if not c] == ["the recipe"]
    fields = set(RECIPE._fields)
    assert all(set(changes) <= fields for changes in search.CANDIDATES.values())


def test_table_ranks_by_mean_validation_accuracy(search):
    table = search.make_table(load_search())
    means = [float(x) for x in re.findall(r"^\| [^|]+ \| (\d+\.\d+) ±", table, re.M)]
    assert len(means) == len(search.CANDIDATES)
    assert means == sorted(means, reverse=True)
