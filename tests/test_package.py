"""How the modules hang together: imports point one way, and the layout names all."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYOUT = (ROOT / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
PICTURE = LAYOUT.split("```text")[1].split("```")[0]
FLOORS = {"fashionnet": 0, "study": 1, "zoo": 2, "publish": 3}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(
        ".__init__"
    ): path
    for path in sorted((ROOT / "fashionnet").rglob("*.py"))
}


def imports_of(path):
    """List what a module imports, anywhere in it, of the package."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            names = (f"{node.module}.{a.name}" for a in node.names)
            yield from (n for n in (node.module, *names) if n in MODULES)


def floor(name):
    return FLOORS[MODULES[name].parent.name]


@pytest.mark.parametrize("name", sorted(set(MODULES) - {"fashionnet.__main__"}))
def test_module_imports_nothing_from_a_higher_floor(name):
    above = [other for other in imports_of(MODULES[name]) if floor(other) > floor(name)]
    assert above == []


def test_no_imports_run_in_a_circle():
    graph = {name: set(imports_of(path)) for name, path in MODULES.items()}
    order = list(TopologicalSorter(graph).static_order())
    assert order[-1] == "fashionnet.__main__"


def test_layout_names_every_module_where_it_is():
    parts = re.split(r"(publish/|zoo/|study/|the core)", PICTURE)[1:]
    named = {
        title: set(re.findall(r"\b(\w+)\.py", body))
        for title, body in zip(parts[::2], parts[1::2], strict=True)
    }
    there = {title: set() for title in named}
    titles = {"fashionnet": "the core"}
    titles |= {floor: f"{floor}/" for floor in ("study", "zoo", "publish")}
    for path in MODULES.values():
        if path.name not in ("__init__.py", "__main__.py"):
            there[titles[path.parent.name]].add(path.stem)
    assert named == there


def test_layout_names_no_file_that_is_not_there():
    for name in re.findall(r"`(fashionnet/[\w/]+\.py)`", LAYOUT):
        assert (ROOT / name).is_file()


# They take seconds to load, and what they load is none of the package's.
WITHOUT_TENSORFLOW = (
    "import sys; from unittest.mock import MagicMock; "
    "sys.modules.update(dict.fromkeys(('keras', 'tensorflow'), MagicMock())); "
)


def loaded_after(statement, before=""):
    code = f"{before}{statement}; import sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    answer = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(answer.stdout.split())


def test_importing_the_package_imports_nothing_heavy():
    assert not {"numpy", "keras"} & loaded_after("import fashionnet")


@pytest.mark.integration
def test_notebooks_1_and_2_load_the_core_alone():
    names = "data, evaluation, models, plots, reporting, runs, training"
    loaded = loaded_after(f"from fashionnet import {names}", WITHOUT_TENSORFLOW)
    assert "fashionnet.training" in loaded
    others = [name for name in loaded if re.match(r"fashionnet\.(study|publish)", name)]
    assert others == []


@pytest.mark.integration
def test_reading_results_needs_no_deep_learning_framework():
    names = "calibration, contrasts, controls, images, pairs, sizes, trainings, verdict"
    loaded = loaded_after(f"from fashionnet.study import {names}")
    assert not {"keras", "tensorflow"} & loaded
