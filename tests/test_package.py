"""How the modules hang together, as the README tells it."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ORDER = re.findall(r"^\| `fashionnet/(\w+)\.py`", README, re.MULTILINE)


def imported(path):
    """List the modules of the package that a module imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "fashionnet":
                yield from (alias.name for alias in node.names)
            elif node.module.startswith("fashionnet."):
                yield node.module.split(".")[1]


def test_readme_lists_every_module():
    modules = {p.stem for p in (ROOT / "fashionnet").glob("*.py")} - {"__init__"}
    assert set(ORDER) == modules


@pytest.mark.parametrize("name", ORDER)
def test_module_imports_only_from_those_above_it(name):
    above = ORDER[: ORDER.index(name)]
    assert set(imported(ROOT / "fashionnet" / f"{name}.py")) <= set(above)


def loaded_after(statement):
    code = f"{statement}; import sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_importing_the_package_imports_nothing_heavy():
    assert not {"numpy", "keras"} & loaded_after("import fashionnet")


@pytest.mark.integration
def test_reading_results_needs_no_deep_learning_framework():
    light = set(ORDER) - {"models", "training"}
    loaded = loaded_after(f"from fashionnet import {', '.join(sorted(light))}")
    assert not {"keras", "tensorflow"} & loaded
