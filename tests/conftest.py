"""Shared by all tests: no window, no network, nothing of the checkout is changed."""

import gc
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from edited import EDITED
from hypothesis import Phase, settings

from fashionnet import data
from fashionnet.recipes import Recipe

ROOT = Path(__file__).parents[1]


def pytest_report_header():
    """Say which notebooks the tests leave out."""
    if EDITED:
        return f"Edited, so their cells and pages are not tested: {sorted(EDITED)}"
    return None


WIDE = {"width": 1600, "height": 900}
NEEDS_NETWORK = re.compile(r"^(?!file:|data:)")

# Of a mutant, the first counterexample is enough, and the score must not vary.
PHASES = [Phase.explicit, Phase.generate]
settings.register_profile("mutation", phases=PHASES, derandomize=True, database=None)


# Fixtures that start a browser, or the processes of a study.
STARTERS = {"browser", "workplace"}
# Fixtures that read what is published.
PUBLISHED = {"stored_reports", "layers", "cnn", "near"}
# Files side by side are done sooner if none of these is left for the end.
LONGEST = {"test_browser", "test_notebooks", "test_trying"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what starts processes or holds what is published; begin with the longest."""
    for item in items:
        if STARTERS & set(item.fixturenames):
            item.add_marker(pytest.mark.integration)
        is_claim = item.path.stem.startswith("test_claims")
        if is_claim or PUBLISHED & set(item.fixturenames):
            item.add_marker(pytest.mark.evidence)
    items.sort(key=lambda item: item.path.stem not in LONGEST)


def pytest_collection_finish():
    """Spare the garbage collector what was imported: it would search it every time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def data_set():
    """Read and verify each part of the data set once for all tests.

    No test can change it for the others. Those of reading it ask `download` itself.
    """
    read = cache(data.load_part)

    def load_part(part, folder=None):
        arrays = read(part, folder)
        for array in arrays:
            array.flags.writeable = False
        return arrays

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load_part", load_part)
        yield


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
    from fashionnet.publish.evidence import read_truth
    from fashionnet.publish.published import read_reports

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))
        reports = read_reports()
        # Whoever edits a notebook has not broken the page that was made of it.
        books = reports.books.items()
        as_executed = {name: book for name, book in books if Path(name).stem in EDITED}
        return reports._replace(sources=reports.sources | as_executed), read_truth()


@pytest.fixture(scope="session")
def layers():
    """Read the layers of the published networks from the page that carries them.

    Git does not carry weights; those of the page are they, as numbers of 16 bits.
    """
    from fashionnet.publish.trying import read_layers

    return read_layers(read_trying())


@pytest.fixture(scope="session")
def cnn():
    """Read our convolutional network from the page that carries it."""
    from fashionnet.publish.trying import read_data

    return read_data(read_trying())["cnn"]


@pytest.fixture(scope="session")
def near():
    """Read what the published page for trying knows of the training images."""
    from fashionnet.publish.trying import read_data

    return read_data(read_trying())["near"]


def read_trying():
    """Read the published page for trying, which has the weights."""
    path = ROOT / "reports/try.html"
    if not path.is_file():
        pytest.skip("no reports/try.html, which has the weights: make reports")
    return path.read_text(encoding="utf-8")


class Tab(NamedTuple):
    """One open page, the addresses it asked for, and its complaints."""

    page: object
    path: Path
    asked: list
    complaints: list


@pytest.fixture(scope="module")
def browser():
    """Start Chromium or Chrome, where it is installed."""
    from fashionnet.publish.report import find_chromium

    why = "no playwright; it is in the dev extra: make setup"
    sync_api = pytest.importorskip("playwright.sync_api", reason=why)
    if (path := find_chromium()) is None:
        pytest.skip("no Chromium or Chrome on the path: apt install chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path)
        yield started
        started.close()


@pytest.fixture(scope="module")
def open_tab(browser):
    """Return a function that opens a page from the file system, without a network."""

    def open_tab(path, **options):
        context = browser.new_context(
            offline=True, reduced_motion="reduce", **{"viewport": WIDE, **options}
        )
        context.route(NEEDS_NETWORK, lambda route: route.abort())
        tab = Tab(context.new_page(), path, [], [])
        tab.page.on("request", lambda asked: tab.asked.append(asked.url))
        tab.page.on("requestfailed", lambda failed: tab.complaints.append(failed.url))
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.page.on("console", lambda said: tab.complaints.append(said.text))
        tab.page.goto(path.as_uri())
        return tab

    return open_tab


@pytest.fixture
def eager(monkeypatch):
    """Train step by step: to draw up a graph takes longer than a few small steps do."""
    import keras

    def compile_eagerly(model, *args, compile=keras.Model.compile, **settings):
        compile(model, *args, **settings, run_eagerly=True)

    monkeypatch.setattr(keras.Model, "compile", compile_eagerly)
