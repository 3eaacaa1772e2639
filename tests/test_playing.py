"""Whatever is done with the notebooks, nothing that is published changes."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[1]
LAB = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": "3.12.1",
}
OWN_LAYERS = """
model = keras.Sequential([
    keras.Input((28, 28)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten(),
    keras.layers.Dense(32, activation="tanh"), keras.layers.Dense(10, "softmax"),
])
"""

if not (ROOT / ".git").exists():
    pytest.skip("this is no checkout", allow_module_level=True)


def ask_git(folder, *command):
    """Return what git says."""
    return subprocess.check_output(["git", *command], cwd=folder, text=True)


@pytest.fixture
def checkout(tmp_path):
    """Clone the project, and put the filter that `make setup` installs there."""
    folder = tmp_path / "a clone"
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    clean = ask_git(ROOT, "config", "filter.notebooks.clean").strip()
    ask_git(folder, "config", "filter.notebooks.clean", clean)
    # Of files as new as the index, git cannot tell if they changed, and filters all.
    later = time.time() + 2
    os.utime(folder / ".git/index", (later, later))
    return folder


@pytest.fixture
def notebook(checkout):
    """Return the path of a notebook in the clone."""
    return checkout / "notebooks/01_multiclass.ipynb"


@pytest.mark.integration
def test_executed_and_saved_notebook_is_unchanged_to_git(notebook):
    book = json.loads(notebook.read_text(encoding="utf-8"))
    book["metadata"]["language_info"] = LAB
    book["metadata"]["kernelspec"]["display_name"] = ".venv (3.12.1)"  # as VS Code does
    for number, cell in enumerate(book["cells"]):
        if cell["cell_type"] == "code":
            said = {"output_type": "stream", "name": "stdout", "text": "done"}
            cell |= {"outputs": [said], "execution_count": number}
            cell["metadata"]["execution"] = {"iopub.status.idle": "2026-01-01"}
    notebook.write_text(json.dumps(book, indent=2), encoding="utf-8")
    assert ask_git(notebook.parent, "diff", "--name-only") == ""
    ask_git(notebook.parent, "add", ".")
    assert ask_git(notebook.parent, "status", "--porcelain") == ""
    book["cells"][4]["source"] = "SEED = 1"
    notebook.write_text(json.dumps(book), encoding="utf-8")
    changed = ask_git(notebook.parents[1], "status", "--porcelain").split()
    assert changed == ["M", "notebooks/01_multiclass.ipynb"]


class Reader:
    """Runs the cells of a notebook as a reader does, one after another."""

    def __init__(self, folder):
        """Start a kernel in a folder, without settings of the tests."""
        env = {k: v for k, v in os.environ.items() if k != "FASHIONNET_HOME"}
        specs = KernelSpecManager(kernel_dirs=[])
        self.kernel = KernelManager(
            kernel_name=NATIVE_KERNEL_NAME, kernel_spec_manager=specs
        )
        self.kernel.start_kernel(cwd=str(folder), env=env | {"PYTHONUTF8": "1"})
        self.client = self.kernel.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code, stop_after=None):
        """Run code; return what it says, and the seconds that it took to stop."""
        said, stopped, seconds = [], None, None

        def hear(message):
            """Note what is said; press the stop button at the text given."""
            nonlocal stopped, seconds
            content = message["content"]
            if message["msg_type"] == "error":
                said.append("\n".join(content["traceback"]))
            said.append(str(content.get("text") or content.get("data") or ""))
            if stop_after and stopped is None and stop_after in "".join(said):
                self.kernel.interrupt_kernel()
                stopped = time.perf_counter()

        answer = self.client.execute_interactive(code, output_hook=hear, timeout=300)
        if stopped:
            seconds = time.perf_counter() - stopped
        assert answer["content"]["status"] == "ok", "".join(said)
        return "".join(said), seconds

    def close(self):
        """End the kernel."""
        self.client.stop_channels()
        self.kernel.shutdown_kernel(now=True)


@pytest.fixture
def reader(checkout):
    """Return a reader who sits before the clone."""
    reader = Reader(checkout / "notebooks")
    yield reader
    reader.close()


def read_cells(path):
    """Return the code of a notebook, cell by cell."""
    book = nbformat.read(path, as_version=4)
    return [cell.source for cell in book.cells if cell.cell_type == "code"]


def read_own(checkout):
    """Return the manifests of one's own trainings."""
    paths = (checkout / "reports/mine/runs").glob("*/*/manifest.json")
    return [json.loads(path.read_text()) for path in paths]


def shorten(code):
    """Let a cell train for two epochs."""
    return re.sub(r"(EPOCHS = |epochs=)\d+", r"\g<1>2", code)


def trains(code):
    """Tell the cell that trains the network whose run is stored."""
    return "= model.fit(" in code


@pytest.mark.slow
@pytest.mark.integration
def test_stopped_training_ends_soon_and_is_stored_as_what_it_is(
    reader, notebook, checkout
):
    for code in read_cells(notebook):
        if trains(code):
            _, seconds = reader.run(code, stop_after="Epoch 3/")
            print(f"stopped within {seconds:.2f} s")
            assert seconds < 2
            continue
        said, _ = reader.run(code.replace("epochs=40", "epochs=2"))
        if "save_run" in code:
            assert "Not the usual training" in said
    (own,) = read_own(checkout)
    assert "epochs_run" in own["differences"]
    assert ask_git(checkout, "status", "--porcelain") == ""


@pytest.mark.slow
@pytest.mark.integration
def test_own_layers_and_a_second_fit_are_stored_as_what_they_are(
    reader, notebook, checkout
):
    for code in read_cells(notebook):
        reader.run(shorten(code))
        if "model = keras.Sequential(" in code:
            reader.run(OWN_LAYERS)
        if trains(code):
            said, _ = reader.run(code)
            assert "continues after" in said
    (own,) = read_own(checkout)
    assert {"layers", "first_step"} <= set(own["differences"])
    assert ask_git(checkout, "status", "--porcelain") == ""


@pytest.mark.slow
@pytest.mark.integration
def test_part_3_shows_an_own_pair_beside_the_published_ones(reader, notebook, checkout):
    said = {}
    for path in sorted(notebook.parent.glob("*.ipynb")):
        for code in read_cells(path):
            said[code], _ = reader.run(shorten(code))
    [pair] = [text for code, text in said.items() if "state_own_pairs" in code]
    assert "Your own pair" in pair
    assert "with other epochs" in pair
    assert ask_git(checkout, "status", "--porcelain") == ""
