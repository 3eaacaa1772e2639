"""The published pages, made anew by the present code from what is stored."""

import json
import posixpath
import re
import shutil
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup

from fashionnet.publish import build
from fashionnet.publish.gate import RULES
from fashionnet.publish.page import render_page
from fashionnet.publish.published import (
    BOOKS,
    NOTEBOOKS,
    ROOT,
    SYSTEMS,
    read_reports,
)

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def remade(stored_reports, layers, cnn, near, tmp_path_factory):
    """Make all pages anew from the stored notebooks and runs. Returns their folder."""
    reports, truth = stored_reports
    folder = tmp_path_factory.mktemp("remade")
    shutil.copytree(reports.folder / "results", folder / "results")
    (folder / "further").mkdir()
    for name in [*(f"{book}.ipynb" for book in reports.books), "confusion.png"]:
        shutil.copy2(reports.folder / name, folder / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASHIONNET_HOME", str(reports.folder))
        patch.setattr(build, "load_layers", lambda: layers)
        patch.setattr(build, "load_cnn", lambda: cnn)
        patch.setattr(build, "load_near", lambda: near)
        kept = build.keep_benchmark(reports.folder, folder)
        pages = {name: render_page(book, name) for name, book in reports.books.items()}
        made = (pages, truth.results, reports.build, kept)
        build.write_pages(folder, reports.books, *made)
    return folder


def test_pages_made_anew_pass_the_gate_and_lead_to_files_that_are_there(
    remade, stored_reports, monkeypatch
):
    monkeypatch.setenv("FASHIONNET_HOME", str(remade))
    reports, (_, truth) = read_reports(), stored_reports
    assert [found for rule in RULES for found in rule(reports, truth)] == []
    assert set(reports.pages) == {
        *BOOKS,
        "index",
        "explore",
        "try",
        "benchmark",
        SYSTEMS,
    }
    files = {
        posixpath.normpath(posixpath.join(posixpath.dirname(name), link.split("#")[0]))
        for name, page in reports.pages.items()
        for link in page.links
        if "://" not in link and not link.startswith("#")
    }
    assert {f"{name}.html" for name in reports.pages} <= files
    assert [name for name in files if not (remade / name).is_file()] == []


@pytest.fixture(scope="module", params=NOTEBOOKS)
def stored(request, stored_reports, remade):
    """Return a stored notebook and the page that is made of it."""
    page = (remade / f"{request.param}.html").read_text(encoding="utf-8")
    return stored_reports[0].books[request.param], page


def test_code_is_copied_as_it_is_in_the_notebook(stored):
    book, page = stored
    folds = BeautifulSoup(page, "html.parser").select(".cell details.code")
    sources = [cell.source for cell in book.cells if cell.cell_type == "code"]
    assert [fold.pre.get_text().rstrip("\n") for fold in folds] == sources


def test_stored_notebook_makes_a_page_that_is_easy_to_use(stored):
    soup = BeautifulSoup(stored[1], "html.parser")
    levels = [int(tag.name[1]) for tag in soup(re.compile("^h[1-6]$"))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert soup("table")
    for table in soup("table"):
        assert table.parent["tabindex"] == "0"
        assert all(th.get("scope") and th.text for th in table("th"))
    assert soup.body.a["href"] == "#main"
    # Formulas would have to be MathML: as TeX, a reader could not read them.
    assert "$" not in soup.get_text()


def test_published_explorer_shows_the_stored_runs_in_under_6_mb(remade):
    shown = []
    for path in (ROOT / "reports/explore.html", remade / "explore.html"):
        assert path.stat().st_size < 6_000_000
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        data = json.loads(soup.find(id="data").text)
        # Another release of Pillow may write other bytes.
        pictures = ("png", "training")
        shown.append({name: data[name] for name in data if name not in pictures})
    assert shown[0] == shown[1]


def test_published_page_for_trying_is_the_one_that_would_be_made_now(remade):
    published = (ROOT / "reports/try.html").read_text(encoding="utf-8")
    assert (remade / "try.html").read_text(encoding="utf-8") == published
