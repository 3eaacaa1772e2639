"""Train in a process of its own: on this machine, or as a worker of a cluster."""

import contextlib
import functools
import io
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from fashionnet import FashionnetError

APART = """
import pathlib, pickle, sys
from fashionnet.study.workers import train_alone
run = train_alone(pickle.load(sys.stdin.buffer), int(sys.argv[2]))
pathlib.Path(sys.argv[1]).write_bytes(pickle.dumps(run))
"""


def train_alone(job, caller=None, threads=1):
    """Train a `Job` in silence, on so many threads of this process; store nothing.

    `caller` is the process id of who waits for the result, the job and its `Run`. The
    number of threads holds for the whole process.
    """
    if os.getppid() == caller:
        end_with(caller)
    with silence():
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        return job, job.train()


def train_apart(job, caller):
    """Train in a new process, in which no other thread draws random numbers.

    Takes and returns what `train_alone` does. The new process ends with this one: the
    caller may be on another machine.
    """
    paths = filter(None, [os.environ.get("PYTHONPATH"), *sys.path])
    with tempfile.TemporaryDirectory(prefix="fashionnet-") as folder:
        target = Path(folder, "run")
        done = subprocess.run(
            [sys.executable, "-c", APART, str(target), str(os.getpid())],
            input=pickle.dumps(job),
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise RuntimeError(f"training {job} failed: {said}")
        return pickle.loads(target.read_bytes())


def connect(address):
    """Connect to the scheduler of a Dask cluster. Returns the client, to use in `with`.

    Raises:
        FashionnetError: If Dask is missing, nobody answers, or a worker would train
            several networks at a time, with threads that count for one.
    """
    try:
        from dask.distributed import Client
    except ImportError:
        message = "--cluster needs Dask, which is missing: pip install '.[cluster]'"
        raise FashionnetError(message) from None
    try:
        client = Client(address)
    except (OSError, ValueError) as error:
        message = f"no Dask scheduler answers at {address}: {error}"
        raise FashionnetError(message) from error
    if shared := [name for name, n in client.nthreads().items() if n > 1]:
        client.close()
        names = ", ".join(shared)
        raise FashionnetError(
            f"start each worker with --nthreads 1; more have: {names}"
        )
    return client


@contextlib.contextmanager
def silence():
    """Drop what is printed, and what TensorFlow's C++ writes past Python to fd 2."""
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


@contextlib.contextmanager
def deafen_others():
    """Let processes that are started meanwhile hear no Ctrl-C; they end with theirs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@functools.cache
def end_with(parent):
    """End this process when its parent has died: nobody takes its outcome any more."""

    def watch():
        """Look once a second whether the parent is still there."""
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
