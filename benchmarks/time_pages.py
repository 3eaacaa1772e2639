"""Time what `make reports` does, with its parts, in the home of `FASHIONNET_HOME`.

    FASHIONNET_HOME=a/scratch/folder python benchmarks/time_pages.py

Prints one line of JSON. Run it in a home of its own: it stores runs there.
"""

import contextlib
import json
import resource
import shutil
import sys
import time
from datetime import datetime

from fashionnet.publish.build import execute_notebook
from fashionnet.publish.page import render_page
from fashionnet.publish.published import NOTEBOOKS, ROOT
from fashionnet.publish.results import write_results
from fashionnet.runs import home

# The first that a cell contains says what it spends its time on.
KINDS = {
    "import keras": "import",
    "load_training_set": "data",
    "load_test_set": "data",
    ".fit(": "training",
    "train_run(": "training",
    "show_figure": "plotting",
}


def kind_of(source):
    """Say what a cell spends its time on."""
    return next((kind for mark, kind in KINDS.items() if mark in source), "other")


def cell_seconds(cell):
    """Return how long a cell ran, from the times that the kernel reported."""
    times = cell.metadata["execution"]
    begin, end = (
        datetime.fromisoformat(times[name].replace("Z", "+00:00"))
        for name in ("iopub.execute_input", "iopub.status.idle")
    )
    return (end - begin).total_seconds()


def main():
    """Execute and render the notebooks, and time each part."""
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    seconds, peak, parts = {}, {}, dict.fromkeys([*KINDS.values(), "other"], 0.0)
    parts["start of kernels"] = parts["rendering"] = 0.0
    for name in NOTEBOOKS:
        start = time.perf_counter()
        path = ROOT / "notebooks" / f"{name}.ipynb"
        book = execute_notebook(path, folder, record_timing=True)
        executed = time.perf_counter()
        render_page(book)
        done = time.perf_counter()
        seconds[name] = done - start
        in_cells = 0.0
        for cell in book.cells:
            if cell.cell_type == "code":
                in_cells += cell_seconds(cell)
                parts[kind_of(cell.source)] += cell_seconds(cell)
        parts["start of kernels"] += executed - start - in_cells
        parts["rendering"] += done - executed
        # The largest of the kernels so far: the notebooks' kernels are the children.
        peak[name] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    start = time.perf_counter()
    shutil.rmtree(folder / "results", ignore_errors=True)
    write_results(folder)
    seconds["results"] = parts["results"] = time.perf_counter() - start
    return {
        "seconds": seconds,
        "peak_gigabytes": peak,
        "share": {k: v / sum(seconds.values()) for k, v in parts.items()},
    }


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        result = main()
    print(json.dumps(result))
