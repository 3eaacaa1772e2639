"""Execute notebooks, each in a kernel of its own, with one bar of progress for all."""

import asyncio
import atexit
import contextlib
import os
import re
import signal
import sys
import tempfile
import time

from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from tqdm import tqdm
from traitlets import default

from fashionnet.publish.published import ReportError, tags_of

CELL_SECONDS = 900
# Processors of one kind add in the same order then, and the texts, which speak of the
# published runs, are true of pages made there. Other kinds may still differ a little.
REPEATABLE = {"TF_ENABLE_ONEDNN_OPTS": "0", "ONEDNN_MAX_CPU_ISA": "AVX2"}
DEVICE_MESSAGE = re.compile(
    r"WARNING: All log messages before absl|[IWE]\d{4} \S+ +\d+ \S+\.cc:\d+\]"
    r"|To enable the following instructions"
)
BAR = "|{bar:20}| {n_fmt} of {total_fmt} cells, {elapsed} passed{postfix}"


class OwnKernelManager(AsyncKernelManager):
    """Starts the kernel of this environment, whatever else is registered as python3."""

    @default("kernel_spec_manager")
    def _find_no_others(self):
        return KernelSpecManager(kernel_dirs=[])


class Progress:
    """A bar over the code cells of all notebooks; beside it, where each of them is."""

    def __init__(self, books):
        """Draw an empty bar for these notebooks, a dictionary by name."""
        self.n_cells = {name: len(_code_of(book)) for name, book in books.items()}
        self.n_done = {}
        self.bar = tqdm(
            total=sum(self.n_cells.values()),
            bar_format=BAR,
            file=sys.stdout,
            # In a terminal a line replaces the one before it, in a log all stay.
            mininterval=0.1 if sys.stdout.isatty() else 5,
        )

    def show(self, name, n_done):
        """Show that so many code cells of a notebook are done."""
        self.n_done[name] = n_done
        places = [
            f"{name} in cell {n + 1} of {self.n_cells[name]}"
            for name, n in self.n_done.items()
            if n < self.n_cells[name]
        ]
        self.bar.set_postfix_str(", ".join(places), refresh=False)
        self.bar.update(sum(self.n_done.values()) - self.bar.n)

    def say(self, text):
        """Write a line above the bar."""
        self.bar.write(text, file=sys.stdout)

    def close(self):
        """Leave the bar as it is."""
        self.bar.close()

    async def keep_clock_running(self):
        """Redraw the bar every second, however long a cell takes."""
        while sys.stdout.isatty():
            await asyncio.sleep(1)
            self.bar.refresh()


async def run_all(*coroutines):
    """Run coroutines side by side. Returns a list of what they return.

    If one fails, the others are cancelled, and its error is raised when all have ended.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


async def execute_notebook(name, book, folder, progress, interrupt, others_stored):
    """Run a notebook in place, in a fresh kernel whose working directory is `folder`.

    A cell tagged `after-others` waits for what the other notebooks store.

    Args:
        name: What it is called.
        book: The notebook; its cells get their outputs.
        folder: Where its kernel runs.
        progress: The `Progress` to show it on.
        interrupt: What Ctrl-C did before any notebook was executed.
        others_stored: An `asyncio.Event`, set when the others have ended.

    Returns:
        How many seconds it took, without waiting for others.

    Raises:
        ReportError: If a cell fails or the kernel dies.
    """
    start = time.perf_counter()
    env = REPEATABLE | {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    env["PYTHONUTF8"] = "1"  # TensorFlow takes no path in the letters of another locale
    code, waited = _code_of(book), 0.0
    progress.show(name, 0)

    async def wait_for_others(cell, **_):
        """Hold up a tagged cell, and time how long."""
        nonlocal waited
        if "after-others" in tags_of(cell):
            since = time.perf_counter()
            await others_stored.wait()
            waited = time.perf_counter() - since

    with tempfile.TemporaryFile("w+") as log:
        client = NotebookClient(
            book,
            kernel_name=NATIVE_KERNEL_NAME,
            kernel_manager_class=OwnKernelManager,
            timeout=CELL_SECONDS,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(folder)}},
            on_cell_start=wait_for_others,
            on_cell_executed=lambda cell, **_: progress.show(
                name, code.index(cell) + 1
            ),
            on_notebook_start=lambda notebook: _put_back(interrupt),
        )
        try:
            # What libraries write past Jupyter would tear the progress bar.
            await client.async_execute(env=env, stderr=log)
        except (CellExecutionError, DeadKernelError) as error:
            if asyncio.current_task().cancelling():  # nbclient calls that a death too
                # What it leaves behind then fails a moment later, and says so.
                asyncio.get_running_loop().set_exception_handler(lambda *_: None)
                raise asyncio.CancelledError from None
            log.seek(0)
            said = f"{log.read()[-2000:]}\n{error}".strip()
            message = f"{said}\n{name} failed: nothing was published."
            raise ReportError(message) from None
        finally:
            atexit.unregister(client._cleanup_kernel)  # cancelled, nbclient forgets to
    drop_device_messages(book)
    seconds = time.perf_counter() - start - waited
    progress.say(f"{name}: executed in {seconds:.0f} s")
    return seconds


def _put_back(interrupt):
    """Let Ctrl-C end the work: nbclient would take it for the kernel's death."""
    with contextlib.suppress(NotImplementedError):  # where signals are not handled so
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
    signal.signal(signal.SIGINT, interrupt)


def _code_of(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


def drop_device_messages(book):
    """Drop what TensorFlow writes about missing GPUs; keep every other warning."""
    for cell in _code_of(book):
        for output in cell.outputs:
            if output.get("name") == "stderr":
                lines = output.text.splitlines(keepends=True)
                output.text = "".join(x for x in lines if not DEVICE_MESSAGE.match(x))
        cell.outputs = [o for o in cell.outputs if o.get("text") != ""]
