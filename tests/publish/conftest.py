"""Pages made by the present code, once for all tests."""

import shutil

import pytest

from fashionnet.publish import build
from fashionnet.publish.page import render_page


@pytest.fixture(scope="session")
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
