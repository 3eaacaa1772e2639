import asyncio
import hashlib
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from fashionnet.publish import build, published
from fashionnet.publish.build import find_commit
from fashionnet.publish.published import (
    BUILD,
    PUBLISHING,
    README_BLOCK,
    ReportError,
    write_file,
)
from fashionnet.storing import home, store_files

README = "before\n<!-- results -->\nold\n<!-- /results -->\nafter\n"


async def count_as_executed(name, book, *ways):
    """Stand in for the execution of a notebook."""
    return 1.5


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Make a checkout whose one notebook counts as executed, with earlier reports."""
    reports = tmp_path / "reports"
    (reports / "runs/binary/seed-0").mkdir(parents=True)
    (reports / "results").mkdir()
    (reports / "01.html").write_text("earlier page")
    (reports / "benchmark.html").write_text("altered since")
    sums = {"benchmark.html": "as it was made", "01.html": "old"}
    (reports / BUILD).write_text(json.dumps({"sha256": sums}))
    (tmp_path / "README.md").write_text(README)
    (tmp_path / "notebooks").mkdir()
    book = new_notebook(cells=[new_markdown_cell("# A question?")])
    nbformat.write(book, tmp_path / "notebooks/01.ipynb")
    monkeypatch.setenv("FASHIONNET_HOME", str(reports))
    stand_ins = {
        "ROOT": tmp_path,
        "NOTEBOOKS": ("01",),
        "BOOKS": ("01",),
        "FURTHER": (),
        "execute_notebook": count_as_executed,
        "write_results": lambda folder: (folder / "results").mkdir() or {},
        "write_readme_block": lambda results: "new *block*\n",
        "render_home": lambda *parts: "home",
        "render_explorer": lambda *parts: "explorer",
        "render_systems": lambda *parts: "systems",
        "load_layers": dict,
        "load_cnn": dict,
        "load_near": dict,
        "render_trying": lambda *parts: "trying",
        "build_colab": lambda folder, root: None,
        "require_evidence": lambda: None,
    }
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(build, name, stand_in)
    monkeypatch.setattr(published, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize("at", ["execute_notebook", "require_evidence"])
def test_failing_notebook_or_gate_publishes_nothing(at, checkout, monkeypatch):
    seen = set()

    def refuse(*_):
        seen.update(path.name for path in home().iterdir())
        raise ReportError

    monkeypatch.setattr(build, at, refuse)
    (checkout / "reports/.lock").touch()
    before = {p: p.is_file() and p.read_bytes() for p in checkout.rglob("*")}
    with pytest.raises(ReportError):
        build.build_reports()
    assert before == {p: p.is_file() and p.read_bytes() for p in checkout.rglob("*")}
    # The gate sees the new reports as a whole, where they were made.
    made = {"01.ipynb", "01.html", "index.html", "benchmark.html"}
    assert made <= seen or at == "execute_notebook"


def test_reports_that_pass_are_published_with_their_sums(checkout, capsys):
    build.build_reports()
    reports = checkout / "reports"
    assert "A question?" in (reports / "01.html").read_text()
    assert (reports / "explore.html").read_text() == "explorer"
    assert (reports / "try.html").read_text() == "trying"
    assert not list(reports.glob(".staging-*"))
    assert str(reports / "index.html") in capsys.readouterr().out
    readme = README.replace("old", "new *block*")
    assert (checkout / "README.md").read_text() == readme
    made = json.loads((reports / BUILD).read_text())
    # The benchmark was made earlier: its sum tells whether it was altered since.
    assert made["sha256"].pop("benchmark.html") == "as it was made"
    pages = {"01.html", "explore.html", "index.html", "try.html", "further/index.html"}
    assert set(made["sha256"]) == {*pages, "01.ipynb"}
    for name, found in made["sha256"].items():
        assert hashlib.sha256((reports / name).read_bytes()).hexdigest() == found
    assert made["seconds"] == {"01": 1.5}


def test_further_notebooks_follow_the_parts_that_train_two_at_a_time(
    tmp_path, monkeypatch
):
    parts, further = ("01", "02", "03"), ("04", "05", "06", "07")
    at_work, seen = [], {}

    async def take_a_moment(name, book, *ways):
        """Note which notebooks are at work when this one begins."""
        at_work.append(name)
        seen[name] = list(at_work)
        await asyncio.sleep(0.02 if name in parts else 0.01)
        at_work.remove(name)

    for name in parts + further:
        book = new_notebook(cells=[new_markdown_cell("# A question?")])
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        nbformat.write(book, tmp_path / f"notebooks/{name}.ipynb")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "NOTEBOOKS", parts)
    monkeypatch.setattr(build, "FURTHER", further)
    monkeypatch.setattr(build, "BOOKS", parts + further)
    monkeypatch.setattr(build, "execute_notebook", take_a_moment)
    monkeypatch.setattr(build, "render_page", lambda book, name: name)
    _, pages, _ = asyncio.run(build.make_pages(tmp_path))
    assert list(pages) == [*parts, *further]
    assert {"01", "02", "03"} in map(set, seen.values())
    for name in further:
        assert not {"01", "02"} & set(seen[name])
        assert len(set(seen[name]) - {"03"}) <= 2
    assert any(len(set(seen[name]) - {"03"}) == 2 for name in further)


def test_second_build_in_a_folder_is_refused(checkout):
    reports = checkout / "reports"
    with published.lock(reports), pytest.raises(ReportError, match=str(reports)):
        build.build_reports()
    build.build_reports()


def test_build_that_was_cut_short_is_finished_by_the_next_command(checkout):
    made = checkout / "reports" / PUBLISHING
    write_file(made / "01.html", "new page")
    write_file(made / README_BLOCK, "new *block*\n")
    published.finish_publishing(checkout / "reports")
    assert (checkout / "reports/01.html").read_text() == "new page"
    assert "new *block*" in (checkout / "README.md").read_text()
    assert not made.exists()


def test_reading_waits_while_a_build_moves_its_files(checkout):
    made = checkout / "reports" / PUBLISHING / "01.html"
    write_file(made, "new page")
    with ThreadPoolExecutor(1) as pool:
        with published.lock(checkout / "reports"):
            waiting = pool.submit(published.wait_for_build, checkout / "reports")
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.2)
            assert made.is_file()
        waiting.result(timeout=10)
    assert (checkout / "reports/01.html").read_text() == "new page"


def test_what_belongs_to_no_run_does_not_multiply_with_every_build(checkout):
    run = checkout / "reports/runs/binary/seed-0"
    store_files(run, {"task": "binary"}, {"history.json": b"{}"})
    (run / "best.weights.h5").write_bytes(b"of another training")
    (run / "history.json.part").write_bytes(b"half")
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    for _ in range(2):
        build.build_reports()
        assert before == {path.name: path.read_bytes() for path in run.iterdir()}


# Where a build came from.


def git(folder, *command):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    return subprocess.check_output(
        ["git", "-C", folder, *identity, *command], text=True
    )


def test_commit_is_named_and_changes_of_the_sources_are_told(tmp_path):
    (tmp_path / "reports").mkdir()
    for name in ("source.py", "reports/page.html"):
        (tmp_path / name).write_text("old")
    assert find_commit(tmp_path) is None
    git(tmp_path, "init")
    assert find_commit(tmp_path) is None
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "All")
    commit = git(tmp_path, "rev-parse", "--short", "HEAD").strip()
    (tmp_path / "reports/page.html").write_text("new")
    assert find_commit(tmp_path) == commit
    (tmp_path / "source.py").write_text("new")
    changed = find_commit(tmp_path)
    assert changed != commit
    assert changed.startswith(commit)
