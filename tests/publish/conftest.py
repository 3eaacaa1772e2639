"""Pages made by the present code, once for all tests."""

import shutil

import pytest

from fashionnet.publish import build


@pytest.fixture(scope="session")
def remade(stored_reports, tmp_path_factory):
    """Make all pages anew from the stored notebooks and runs. Returns their folder."""
    reports, truth = stored_reports
    folder = tmp_path_factory.mktemp("remade")
    shutil.copytree(reports.folder / "results", folder / "results")
    for path in [*reports.folder.glob("*.ipynb"), reports.folder / "confusion.png"]:
        shutil.copy2(path, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASHIONNET_HOME", str(reports.folder))
        kept = build.keep_benchmark(reports.folder, folder)
        build.write_pages(folder, reports.books, truth.results, reports.build, kept)
    return folder
