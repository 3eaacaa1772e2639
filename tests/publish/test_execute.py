"""Notebooks run in kernels of their own, with what happens in them kept or told."""

import asyncio
import json
import re
import signal
import sys

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fashionnet.publish.execute import (
    Progress,
    drop_device_messages,
    execute_notebook,
    run_all,
)
from fashionnet.publish.published import ReportError


def make_book(*code):
    cells = [new_markdown_cell("# A question?")] + [new_code_cell(c) for c in code]
    return new_notebook(cells=cells)


def execute(books, folder):
    """Execute notebooks, a dictionary by name, side by side; the last may wait."""
    progress = Progress(books)

    async def all_of_them():
        stored, interrupt = asyncio.Event(), signal.getsignal(signal.SIGINT)
        ways = folder, progress, interrupt, stored
        *others, last = (execute_notebook(*book, *ways) for book in books.items())

        async def execute_others():
            await run_all(*others)
            stored.set()

        await run_all(execute_others(), last)

    try:
        asyncio.run(all_of_them())
    finally:
        progress.close()


FIGURE = """
import matplotlib.pyplot as plt
from pathlib import Path
Path("left.txt").write_text("x")
plt.plot([1, 2]);
"""
# Each waits for the other, which has to be running at the same time.
MEET = """
import time
from pathlib import Path
Path("{mine}").touch()
while not Path("{other}").exists():
    time.sleep(0.01)
"""


@pytest.mark.integration
def test_notebooks_run_side_by_side_where_they_are_told(tmp_path, monkeypatch, capsys):
    # A backend in the environment would make figures vanish that IPython draws.
    monkeypatch.setenv("MPLBACKEND", "Agg")
    left = make_book(MEET.format(mine="left", other="right"), FIGURE)
    right = make_book(MEET.format(mine="right", other="left"))
    last = make_book("'early'", "assert Path('left.txt').is_file()")
    last.cells[1].source = "from pathlib import Path"
    last.cells[2].metadata.tags = ["after-others"]
    execute({"01": left, "02": right, "03": last}, tmp_path)
    assert "image/png" in left.cells[2].outputs[-1].data
    said = capsys.readouterr().out
    assert "5 of 5 cells" in said
    assert re.findall(r"(0\d): ", said)[-1] == "03"


@pytest.mark.integration
@pytest.mark.parametrize(("own", "level"), [(None, "AVX2"), ("SSE41", "SSE41")])
def test_kernel_computes_as_the_published_runs_did_unless_told_otherwise(
    tmp_path, monkeypatch, own, level
):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    if own:
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", own)
    book = make_book("import os; print(os.environ['ONEDNN_MAX_CPU_ISA'])")
    execute({"01": book}, tmp_path)
    assert book.cells[1].outputs[0].text.strip() == level


@pytest.mark.integration
def test_kernel_is_that_of_this_environment(tmp_path, monkeypatch):
    foreign = tmp_path / "kernels" / "python3"
    foreign.mkdir(parents=True)
    spec = {
        "argv": ["no-such-python"],
        "display_name": "Python 3",
        "language": "python",
    }
    (foreign / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    book = make_book("import sys; print(sys.executable)")
    book.metadata["kernelspec"] = {"name": "unheard-of", "display_name": "?"}
    execute({"01": book}, tmp_path)
    assert book.cells[1].outputs[0].text.strip() == sys.executable


@pytest.mark.integration
@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import os; os.write(2, b'my last words'); os._exit(1)", "my last words"),
    ],
)
def test_failing_cell_and_dying_kernel_are_errors_that_say_why(code, named, tmp_path):
    with pytest.raises(ReportError, match=f"(?s){named}.*01"):
        execute({"01": make_book("print('fine')", code)}, tmp_path)


def test_failure_of_one_ends_all_and_is_raised_alone():
    ended = []

    async def wait():
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            ended.append("waited")

    async def fail():
        raise ReportError

    with pytest.raises(ReportError):
        asyncio.run(run_all(wait(), fail()))
    assert ended == ["waited"]


def test_progress_says_which_cell_every_notebook_is_at(capsys):
    progress = Progress({"01": make_book("a", "b"), "02": make_book("c")})
    progress.show("01", 0)
    progress.show("02", 0)
    assert progress.bar.postfix == "01 in cell 1 of 2, 02 in cell 1 of 1"
    progress.show("02", 1)
    progress.show("01", 1)
    assert progress.bar.postfix == "01 in cell 2 of 2"
    assert (progress.bar.n, progress.bar.total) == (2, 3)
    progress.close()


def test_device_messages_are_dropped_and_warnings_stay():
    book = make_book("a", "b")
    noise = "I0000 00:00:1795.5   4976 cudart_stub.cc:31] Could not find cuda drivers\n"
    for cell, text in zip(book.cells[1:], (noise, noise + "Careful\n"), strict=True):
        cell.outputs = [new_output("stream", name="stderr", text=text)]
    drop_device_messages(book)
    assert book.cells[1].outputs == []
    assert [o.text for o in book.cells[2].outputs] == ["Careful\n"]
