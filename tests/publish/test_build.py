import json
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fashionnet.course import render
from fashionnet.runs import home

pytestmark = pytest.mark.integration


def make_book(*code):
    cells = [new_markdown_cell("# A question?")] + [new_code_cell(c) for c in code]
    return new_notebook(cells=cells)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Make a checkout with one notebook and published reports of an earlier run."""
    (tmp_path / "notebooks").mkdir()
    reports = tmp_path / "reports"
    (reports / "runs/binary/seed-0").mkdir(parents=True)
    (reports / "01.html").write_text("earlier page")
    monkeypatch.setenv("FASHIONNET_HOME", str(reports))
    monkeypatch.setattr(render, "ROOT", tmp_path)
    monkeypatch.setattr(render, "NOTEBOOKS", ("01",))
    monkeypatch.setattr(render, "write_results", lambda folder: {"multiclass": {}})
    monkeypatch.setattr(render, "write_readme_block", lambda results: "new *block*\n")
    monkeypatch.setattr(render, "render_home", lambda *parts: "home")
    monkeypatch.setattr(render, "require_evidence", lambda: None)
    monkeypatch.setattr(render, "render_explorer", lambda *parts: "explorer")
    (tmp_path / "README.md").write_text(
        "before\n<!-- results -->\nold\n<!-- /results -->\nafter\n"
    )
    return tmp_path


def write_book(checkout, *code):
    nbformat.write(make_book(*code), checkout / "notebooks" / "01.ipynb")


def test_failing_notebook_publishes_nothing(checkout):
    write_book(checkout, "print('fine')", "1 / 0")
    with pytest.raises(
        SystemExit, match=r"(?s)ZeroDivisionError.*nothing was published"
    ):
        render.build_reports()
    names = sorted(p.name for p in (checkout / "reports").iterdir())
    assert names == ["01.html", "runs"]
    assert (checkout / "reports/01.html").read_text() == "earlier page"
    assert "old" in (checkout / "README.md").read_text()


def test_reports_that_fail_the_gate_are_not_published(checkout, monkeypatch):
    seen = []

    def refuse():
        seen.extend(path.name for path in home().iterdir())
        raise SystemExit("nothing was published")

    monkeypatch.setattr(render, "require_evidence", refuse)
    (checkout / "reports/benchmark.html").write_text("measured before")
    write_book(checkout, "print('fine')")
    with pytest.raises(SystemExit, match="nothing was published"):
        render.build_reports()
    # The gate sees the new reports as a whole, where they were made.
    assert {"01.ipynb", "01.html", "index.html", "benchmark.html"} <= set(seen)
    names = sorted(p.name for p in (checkout / "reports").iterdir())
    assert names == ["01.html", "benchmark.html", "runs"]
    assert (checkout / "reports/01.html").read_text() == "earlier page"
    assert "old" in (checkout / "README.md").read_text()


FIGURE = """
import matplotlib.pyplot as plt
from pathlib import Path
from fashionnet.reporting import show_figure
Path("left.txt").write_text("x")
show_figure(plt.subplots()[0], "an empty panel")
"""


def test_good_notebook_is_published_and_leaves_its_source_alone(
    checkout, capsys, monkeypatch
):
    # A backend in the environment would make figures vanish that IPython draws.
    monkeypatch.setenv("MPLBACKEND", "Agg")
    write_book(checkout, FIGURE)
    source = (checkout / "notebooks/01.ipynb").read_bytes()
    render.build_reports()
    page = (checkout / "reports/01.html").read_text()
    assert "A question?" in page
    assert 'alt="an empty panel"' in page
    assert (checkout / "notebooks/01.ipynb").read_bytes() == source
    assert [p.name for p in (checkout / "notebooks").iterdir()] == ["01.ipynb"]
    assert not list((checkout / "reports").glob(".staging-*"))
    assert str(checkout / "reports/index.html") in capsys.readouterr().out
    assert (checkout / "reports/explore.html").read_text() == "explorer"
    readme = (checkout / "README.md").read_text()
    assert readme == (
        "before\n<!-- results -->\nnew *block*\n<!-- /results -->\nafter\n"
    )


def test_all_pages_are_written_and_lead_to_each_other(tmp_path, monkeypatch):
    reports = Path(render.__file__).parents[2] / "reports"
    monkeypatch.setenv("FASHIONNET_HOME", str(reports))
    paths = {name: reports / f"{name}.ipynb" for name in render.NOTEBOOKS}
    books = {name: nbformat.read(path, as_version=4) for name, path in paths.items()}
    results = render.write_results(tmp_path)
    render.write_pages(tmp_path, books, results, dict.fromkeys(books, 1.0))
    pages = {path.stem: path.read_text() for path in tmp_path.glob("*.html")}
    assert set(pages) == {*render.NOTEBOOKS, "index", "explore"}
    for name, page in pages.items():
        for target in re.findall(r'<a\s[^>]*href="([^"]+)"', page):
            file, _, anchor = target.partition("#")
            assert (tmp_path / (file or f"{name}.html")).is_file()
            place = pages[Path(file).stem if file else name] if anchor else ""
            assert not anchor or f'id="{anchor}"' in place


def test_device_messages_are_dropped_and_warnings_stay():
    book = make_book("a", "b")
    noise = "I0000 00:00:1795.5   4976 cudart_stub.cc:31] Could not find cuda drivers\n"
    stream = {"name": "stderr"}
    book.cells[1].outputs = [new_output("stream", text=noise, **stream)]
    book.cells[2].outputs = [new_output("stream", text=noise + "Careful\n", **stream)]
    render.drop_device_messages(book)
    assert book.cells[1].outputs == []
    assert [o.text for o in book.cells[2].outputs] == ["Careful\n"]


def test_manifests_are_published_last(tmp_path, monkeypatch):
    staging, target = tmp_path / "staging", tmp_path / "target"
    for name in ("manifest.json", "z.npz", "a.json"):
        for folder in (staging, target):
            (folder / "runs").mkdir(parents=True, exist_ok=True)
            (folder / "runs" / name).write_text(json.dumps(folder.name))
    moved = []
    replace = render.os.replace

    def watch(source, place):
        # While files are exchanged there is no manifest, hence no run.
        assert not (target / "runs/manifest.json").exists()
        moved.append(place.name)
        replace(source, place)

    monkeypatch.setattr(render.os, "replace", watch)
    render.publish(staging, target)
    assert moved[-1] == "manifest.json"
    assert json.loads((target / "runs/z.npz").read_text()) == "staging"


def test_dying_kernel_tells_its_last_words(checkout, capfd):
    code = "import os; os.write(2, b'my last words'); os._exit(1)"
    write_book(checkout, code)
    with pytest.raises(SystemExit, match="nothing was published"):
        render.build_reports()
    assert "my last words" in capfd.readouterr().err
