"""Shared by all tests: no window, no network, nothing of the checkout is changed."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from fashionnet.runs import Recipe

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def scratch_home(tmp_path, monkeypatch):
    """Give every test a home for runs of its own, and close its figures."""
    monkeypatch.setenv("FASHIONNET_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    plt.close("all")


@pytest.fixture
def noise():
    """Make noise in the real shape and type: 300 images, 30 of each class."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (300, 28, 28), dtype=np.uint8)
    return images, np.repeat(np.arange(10, dtype=np.uint8), 30)


@pytest.fixture
def short_recipe():
    """Return a recipe that trains in seconds."""
    return Recipe(hidden_units=(16, 16), batch_size=64, epochs=2, patience=2)


@pytest.fixture(scope="session")
def stored_reports():
    """Read what is published in the checkout, and what its stored runs say."""
    from fashionnet.course.published import read_reports
    from fashionnet.course.steps import read_truth

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))
        return read_reports(read_truth())
