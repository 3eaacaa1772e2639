"""Kill processes at random moments, and look what is left: the old state or the new.

    python tests/kills.py STEP N_KILLS

A process of its own, because it forks: prints how many kills left the old state, and
how many the new one; ends with an error at anything else.
"""

import functools
import http.server
import json
import os
import signal
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
from tqdm import tqdm

from fashionnet import download, runs
from fashionnet.publish import editions
from fashionnet.publish.published import PUBLISHING, finish_publishing, write_file
from fashionnet.recipes import RECIPE, run_key


def make_run(number):
    """Make a run whose every file tells its number."""
    rng = np.random.default_rng(number)
    manifest = {
        "task": "binary",
        "seed": 0,
        "key": run_key("binary", 0),
        "recipe": RECIPE._asdict(),
        "number": number,
    }
    y_prob = rng.random(20_000, np.float32)
    history = {"val_loss": [float(number)] * 50}
    weights = bytes([number]) * 500_000
    return runs.Run(manifest, history, y_prob[:6_000], y_prob, weights=weights)


class Store:
    """A training is stored over another one."""

    def __init__(self, folder):
        os.environ["FASHIONNET_HOME"] = str(folder)
        self.runs = [make_run(0), make_run(1)]

    def reset(self):
        runs.store_run(self.runs[0])

    def act(self):
        runs.store_run(self.runs[1])

    def look(self):
        run = runs.find_run("binary", 0)
        number = run.manifest["number"]
        expected = self.runs[number]
        assert run.history == expected.history
        assert np.array_equal(run.y_prob_test, expected.y_prob_test)
        assert runs.check_weights(run).read_bytes() == expected.weights
        return number


class Publish:
    """Pages and a run are moved to their places."""

    def __init__(self, folder):
        self.home = folder
        os.environ["FASHIONNET_HOME"] = str(folder)

    def write_state(self, number, folder):
        for name in range(30):
            write_file(folder / f"{name}.html", f"page {number}")
        os.environ["FASHIONNET_HOME"] = str(folder)
        runs.store_run(make_run(number))
        os.environ["FASHIONNET_HOME"] = str(self.home)

    def reset(self):
        finish_publishing(self.home)
        self.write_state(0, self.home)
        self.write_state(1, self.home / ".staging-new")

    def act(self):
        os.replace(self.home / ".staging-new", self.home / PUBLISHING)
        finish_publishing(self.home)

    def look(self):
        finish_publishing(self.home)  # as the next command does
        pages = {path.read_text() for path in self.home.glob("*.html")}
        (page,) = pages
        number = int(page.split()[1])
        run = runs.find_run("binary", 0)
        assert run.manifest["number"] == number
        assert runs.check_weights(run).read_bytes()[0] == number
        return number


class Download:
    """The two files of labels are downloaded."""

    def __init__(self, folder):
        self.folder = folder / "cache"
        names = [name for name in download.SHA256 if "labels" in name]
        y = {"train": download.load_part("train")[1]}
        y["t10k"] = download.load_part("t10k")[1]
        server_folder = folder / "server"
        for name in names:
            header = b"\0\0\x08\x01" + len(y[name.split("-")[0]]).to_bytes(4, "big")
            raw = header + y[name.split("-")[0]].tobytes()
            write_file(server_folder / f"{name}.gz", raw)
        download.SHA256 = {name: download.SHA256[name] for name in names}
        handler = functools.partial(QuietHandler, directory=str(server_folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}/"

    def reset(self):
        for path in self.folder.glob("*"):
            path.unlink()

    def act(self):
        download.download_fashion_mnist(self.folder, url=self.url)

    def look(self):
        names = {path.name for path in self.folder.glob("*.gz")}
        for name in names:
            download._decode((self.folder / name).read_bytes(), name[:-3])
        self.act()  # the next try goes on
        assert len(list(self.folder.glob("*.gz"))) == 2
        return int(len(names) == 2)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Say nothing."""


class Pack:
    """An archive is packed over another one."""

    def __init__(self, folder):
        self.target = folder / "archive.zip"
        self.files = {}
        for name in range(40):
            path = folder / "files" / str(name)
            write_file(path, os.urandom(20_000))
            self.files[path.name] = path

    def write(self, files):
        write_file(self.target, editions.zip_files(files))

    def reset(self):
        self.write(dict(list(self.files.items())[:1]))

    def act(self):
        self.write(self.files)

    def look(self):
        with zipfile.ZipFile(self.target) as archive:
            assert archive.testzip() is None
            return int(len(archive.namelist()) == len(self.files))


def kill(act, delay):
    """Run `act` in a process that dies after so many seconds."""
    if not (child := os.fork()):
        act()
        os._exit(0)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main(name, n_kills):
    """Kill, look, and count."""
    rng = np.random.default_rng(0)
    # tqdm's own lock is shared with the dead, who never let go.
    tqdm.set_lock(threading.RLock())
    with tempfile.TemporaryDirectory() as folder:
        step = {s.__name__: s for s in (Store, Publish, Download, Pack)}[name](
            Path(folder)
        )
        step.reset()
        start = time.perf_counter()
        step.act()
        seconds = time.perf_counter() - start
        left = Counter()
        for _ in range(n_kills):
            step.reset()
            kill(step.act, rng.uniform(0, 3 * seconds))
            left[step.look()] += 1
    print(json.dumps({"old": left[0], "new": left[1]}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
