"""The notebooks as files, and what is in them."""

import json
from pathlib import Path

import pytest
from edited import EDITED

ROOT = Path(__file__).parents[1]
PATHS = sorted((ROOT / "notebooks").rglob("*.ipynb"))


def cells(path, kind=None):
    book = json.loads(path.read_text(encoding="utf-8"))
    return [c for c in book["cells"] if kind in (None, c["cell_type"])]


def text(cell):
    return "".join(cell["source"])


def skip_edited(path):
    """Return the path of a notebook, or skip the test if somebody has edited it."""
    if path.stem in EDITED:
        pytest.skip(f"{path.name} is edited")
    return path
