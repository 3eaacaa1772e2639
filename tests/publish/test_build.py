import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fashionnet.publish import build
from fashionnet.publish.build import describe_build, find_commit
from fashionnet.publish.published import BUILD, ReportError
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
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "NOTEBOOKS", ("01",))
    monkeypatch.setattr(build, "write_results", lambda folder: {"multiclass": {}})
    monkeypatch.setattr(build, "write_readme_block", lambda results: "new *block*\n")
    monkeypatch.setattr(build, "render_home", lambda *parts: "home")
    monkeypatch.setattr(build, "require_evidence", lambda: None)
    monkeypatch.setattr(build, "render_explorer", lambda *parts: "explorer")
    (tmp_path / "README.md").write_text(
        "before\n<!-- results -->\nold\n<!-- /results -->\nafter\n"
    )
    return tmp_path


def write_book(checkout, *code):
    nbformat.write(make_book(*code), checkout / "notebooks" / "01.ipynb")


def test_failing_notebook_publishes_nothing(checkout):
    write_book(checkout, "print('fine')", "1 / 0")
    with pytest.raises(
        ReportError, match=r"(?s)ZeroDivisionError.*nothing was published"
    ):
        build.build_reports()
    names = sorted(p.name for p in (checkout / "reports").iterdir())
    assert names == ["01.html", "runs"]
    assert (checkout / "reports/01.html").read_text() == "earlier page"
    assert "old" in (checkout / "README.md").read_text()


def test_reports_that_fail_the_gate_are_not_published(checkout, monkeypatch):
    seen = []

    def refuse():
        seen.extend(path.name for path in home().iterdir())
        raise ReportError("nothing was published")

    monkeypatch.setattr(build, "require_evidence", refuse)
    (checkout / "reports/benchmark.html").write_text("measured before")
    write_book(checkout, "print('fine')")
    with pytest.raises(ReportError, match="nothing was published"):
        build.build_reports()
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
figure = plt.figure()
figure.description = "an empty panel"
show_figure(figure)
"""


def test_good_notebook_is_published_and_leaves_its_source_alone(
    checkout, capsys, monkeypatch
):
    # A backend in the environment would make figures vanish that IPython draws.
    monkeypatch.setenv("MPLBACKEND", "Agg")
    write_book(checkout, FIGURE)
    source = (checkout / "notebooks/01.ipynb").read_bytes()
    build.build_reports()
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
    reports = Path(build.__file__).parents[2] / "reports"
    monkeypatch.setenv("FASHIONNET_HOME", str(reports))
    paths = {name: reports / f"{name}.ipynb" for name in build.NOTEBOOKS}
    books = {name: nbformat.read(path, as_version=4) for name, path in paths.items()}
    results = build.write_results(tmp_path)
    origin = build.describe_build(tmp_path, dict.fromkeys(books, 1.0))
    for path in paths.values():
        shutil.copy2(path, tmp_path)
    build.write_pages(tmp_path, books, results, origin, {})
    pages = {path.stem: path.read_text() for path in tmp_path.glob("*.html")}
    assert set(pages) == {*build.NOTEBOOKS, "index", "explore"}
    for name, page in pages.items():
        for target in re.findall(r'<a\s[^>]*href="([^"]+)"', page):
            file, _, anchor = target.partition("#")
            assert (tmp_path / (file or f"{name}.html")).is_file()
            place = pages[Path(file).stem if file else name] if anchor else ""
            assert not anchor or f'id="{anchor}"' in place


def test_sums_of_all_that_was_made_are_noted(checkout):
    write_book(checkout, "print('fine')")
    build.build_reports()
    reports = checkout / "reports"
    made = json.loads((reports / BUILD).read_text())
    assert set(made["sha256"]) == {"01.html", "01.ipynb", "explore.html", "index.html"}
    for name, found in made["sha256"].items():
        assert hashlib.sha256((reports / name).read_bytes()).hexdigest() == found
    assert set(made["seconds"]) == {"01"}


def test_benchmark_is_taken_along_with_the_sum_it_had(checkout):
    reports = checkout / "reports"
    (reports / "results").mkdir()
    (reports / "benchmark.html").write_text("altered since")
    sums = {"benchmark.html": "as it was made", "01.html": "old"}
    (reports / BUILD).write_text(json.dumps({"sha256": sums}))
    write_book(checkout, "print('fine')")
    build.build_reports()
    made = json.loads((reports / BUILD).read_text())["sha256"]
    assert made["benchmark.html"] == "as it was made"
    assert made["01.html"] != "old"


def test_device_messages_are_dropped_and_warnings_stay():
    book = make_book("a", "b")
    noise = "I0000 00:00:1795.5   4976 cudart_stub.cc:31] Could not find cuda drivers\n"
    stream = {"name": "stderr"}
    book.cells[1].outputs = [new_output("stream", text=noise, **stream)]
    book.cells[2].outputs = [new_output("stream", text=noise + "Careful\n", **stream)]
    build.drop_device_messages(book)
    assert book.cells[1].outputs == []
    assert [o.text for o in book.cells[2].outputs] == ["Careful\n"]


def test_manifests_are_published_last(tmp_path, monkeypatch):
    staging, target = tmp_path / "staging", tmp_path / "target"
    for name in ("manifest.json", "z.npz", "a.json"):
        for folder in (staging, target):
            (folder / "runs").mkdir(parents=True, exist_ok=True)
            (folder / "runs" / name).write_text(json.dumps(folder.name))
    moved = []
    replace = build.os.replace

    def watch(source, place):
        # While files are exchanged there is no manifest, hence no run.
        assert not (target / "runs/manifest.json").exists()
        moved.append(place.name)
        replace(source, place)

    monkeypatch.setattr(build.os, "replace", watch)
    build.publish(staging, target)
    assert moved[-1] == "manifest.json"
    assert json.loads((target / "runs/z.npz").read_text()) == "staging"


def test_dying_kernel_tells_its_last_words(checkout):
    code = "import os; os.write(2, b'my last words'); os._exit(1)"
    write_book(checkout, code)
    with pytest.raises(ReportError, match=r"(?s)my last words.*nothing was published"):
        build.build_reports()


# Where a build came from.


def git(folder, *command):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    command = ["git", "-C", folder, *identity, *command]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return answer.stdout.strip()


def test_commit_is_named_and_changes_of_the_sources_are_told(tmp_path):
    (tmp_path / "reports").mkdir()
    for name in ("source.py", "reports/page.html"):
        (tmp_path / name).write_text("old")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "All")
    commit = git(tmp_path, "rev-parse", "--short", "HEAD")
    (tmp_path / "reports/page.html").write_text("new")
    assert find_commit(tmp_path) == commit
    (tmp_path / "source.py").write_text("new")
    assert find_commit(tmp_path) == f"{commit} with changes"


def test_no_commit_is_named_outside_of_git(tmp_path):
    assert find_commit(tmp_path) is None


def test_no_commit_is_named_before_the_first_one(tmp_path):
    git(tmp_path, "init")
    assert find_commit(tmp_path) is None


def test_build_names_machine_and_times(tmp_path):
    build = describe_build(tmp_path, {"01": 3.2})
    assert f", {os.cpu_count()} cores, " in build["machine"]
    assert build["seconds"] == {"01": 3.2}
    assert build["date"].endswith(" UTC")
