"""Pack the editions that travel: notebooks that need no other file, and the hand-in.

Both are reproducible: the same files give the same bytes.
"""

import base64
import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

from fashionnet.publish.published import ROOT, ReportError, fill_place, write_file

BUILD, LINKED = Path("build/colab"), Path("colab")
SUBMISSION = Path("build/fashionnet-submission.zip")
MAX_BYTES = 30_000_000
# Any will do, as long as no time zone moves it before 1980, where zip files begin.
ZIP_DATE = (2000, 1, 1, 0, 0, 0)

GITHUB = re.compile(r"https://github\.com/(\w[\w-]*)/(\w[\w.-]*?)(\.git)?/?", re.ASCII)
COLAB = "https://colab.research.google.com/github/{}/{}/blob/main/{}"
# Colab folds a cell with a title and this view, Jupyter one with hidden source.
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}
SETUP = '''\
# @title Setup: the package fashionnet, carried by this notebook
# Nothing is installed. The letters below are a zip file with the package's modules; the
# cell puts it beside the notebook, and Python imports from there. To read a function,
# type its name and two question marks in a new cell: data.split_train_val??
# The stored runs are not in it. Where the text speaks of ten runs, you will see only
# those that you train here, and with a single pair, Part 3 cannot decide.
import base64
import os
import sys
from pathlib import Path

PACKAGE = """
{letters}"""
archive = Path("{name}").resolve()
part = archive.with_name(f"{{archive.name}}.{{os.getpid()}}.part")
part.write_bytes(base64.b64decode(PACKAGE))
os.replace(part, archive)
sys.path.insert(0, str(archive))
'''

CLONE = """\
# @title Setup: a copy of the repository, with the stored runs that this notebook reads
# Nothing is installed: Python imports the package from the copy.
import subprocess
import sys
from pathlib import Path

folder = Path("{name}").resolve()
if not folder.is_dir():
    command = ["git", "clone", "--depth", "1", "{address}", str(folder)]
    subprocess.run(command, check=True)
sys.path.insert(0, str(folder))
"""

FILES = (
    *(".github/CONTRIBUTING.md", ".github/SUPPORT.md", ".github/try.png"),
    *("LICENSE", "Makefile"),
    *("README.md", "pyproject.toml", "requirements.txt"),
)
FOLDERS = ("benchmarks", "fashionnet", "notebooks", "reports", "tests")
# Hidden and half-written things, what Python makes anew, weights, own trainings.
LEFT_OUT = re.compile(
    r"(^|/)(\.|__pycache__/)|\.(part|weights\.h5)$|/weights\.npz$|^reports/(mine|cache)/"
)


def build_colab(folder, root=ROOT):
    """Write the three notebooks so that each runs alone, with the package inside.

    The further ones read stored runs, which are too large to carry: see `link_colab`.

    Args:
        folder: Where they go.
        root: The checkout with `notebooks/` and `fashionnet/`.

    Returns:
        The paths of the new notebooks.

    Raises:
        ReportError: If a notebook does not have one cell tagged "setup".
    """
    package = root / "fashionnet"
    modules = [
        f for kind in ("*.py", "*.json", "study/*.py") for f in package.glob(kind)
    ]
    archive = zip_files({path.relative_to(root).as_posix(): path for path in modules})
    targets = {path: folder / path.name for path in list_parts(root)}
    return write_notebooks(targets, write_setup(archive))


def write_notebooks(targets, setup):
    """Write notebooks with another setup cell.

    Args:
        targets: Where each goes, by its path.
        setup: Code of the setup cell.

    Returns:
        The paths of the new notebooks.

    Raises:
        ReportError: If a notebook does not have one cell tagged "setup"; then none is
            written.
    """
    books = {}
    for path, target in targets.items():
        book = json.loads(path.read_text(encoding="utf-8"))
        try:
            books[target] = replace_setup(book, setup)
        except ReportError as error:
            raise ReportError(f"{path}: {error}") from error
    for target, book in books.items():
        write_file(target, json.dumps(book, indent=1, ensure_ascii=False) + "\n")
    return list(books)


def list_parts(root):
    """List the three notebooks, which run alone; the further ones do not."""
    return sorted((root / "notebooks").glob("*.ipynb"))


def list_further(root):
    """List the further notebooks, which read stored runs."""
    return sorted((root / "notebooks/further").glob("*.ipynb"))


def list_notebooks(root):
    """List the paths of all notebooks of a checkout, the further ones last."""
    return list_parts(root) + list_further(root)


def replace_setup(book, setup):
    """Return a notebook with other code in its setup cell, which is folded.

    Args:
        book: The notebook, as read from its JSON.
        setup: The code.

    Raises:
        ReportError: If not exactly one cell is tagged "setup".
    """
    places = [
        i
        for i, cell in enumerate(book["cells"])
        if "setup" in cell["metadata"].get("tags", [])
    ]
    if len(places) != 1:
        raise ReportError(f'{len(places)} cells are tagged "setup"; one has to be')
    cells, (place,) = book["cells"].copy(), places
    cells[place] = {
        **cells[place],
        "metadata": FOLDED | cells[place]["metadata"],
        "source": setup.splitlines(keepends=True),
    }
    return {**book, "cells": cells}


def write_setup(archive):
    """Write the code of a setup cell that brings the package along.

    The file it makes has the package's fingerprint in its name, so notebooks that carry
    different versions can lie in one folder and run at the same time.
    """
    letters = base64.encodebytes(archive).decode()
    name = f"fashionnet-{hashlib.sha256(archive).hexdigest()[:8]}.zip"
    return SETUP.format(letters=letters, name=name).removesuffix("\n")


def read_address(repo_url):
    """Read owner and name of a repository from its address on GitHub.

    Raises:
        ReportError: If it is no such address.
    """
    found = GITHUB.fullmatch(repo_url)
    if not found:
        raise ReportError(
            f"{repo_url!r} is not a repository: expected https://github.com/OWNER/NAME"
        )
    return found.groups()[:2]


def link_colab(repo_url, root=ROOT):
    """Write the notebooks where links to GitHub find them, and links into the README.

    The three carry the package; the further ones copy the repository first.

    Returns:
        The paths of the new notebooks.

    Raises:
        ReportError: If the address is none of GitHub's, before anything is written.
    """
    owner, name = read_address(repo_url)
    setup = CLONE.format(name=name, address=f"https://github.com/{owner}/{name}")
    targets = {p: root / LINKED / "further" / p.name for p in list_further(root)}
    paths = build_colab(root / LINKED, root) + write_notebooks(targets, setup)
    links = [
        f"[{path.stem}]({COLAB.format(owner, name, path.relative_to(root).as_posix())})"
        for path in paths
    ]
    fill_place(root / "README.md", "colab", f"Open in Colab: {' · '.join(links)}\n")
    return paths


def build_submission(target, root=ROOT):
    """Write one archive with all that the course asks for, and all that runs it.

    Args:
        target: Path of the archive.
        root: The checkout, with finished reports.

    Raises:
        ReportError: If a page is missing, or the archive would be too large.
    """
    check_pages(root)
    files = {name: root / name for name in FILES}
    for folder in FOLDERS:
        for path in (root / folder).rglob("*"):
            name = path.relative_to(root).as_posix()
            if path.is_file() and not LEFT_OUT.search(name):
                files[name] = path
    archive = zip_files({f"{target.stem}/{name}": p for name, p in files.items()})
    if len(archive) > MAX_BYTES:
        largest = sorted(files, key=lambda name: -files[name].stat().st_size)[:3]
        raise ReportError(
            f"{target} would have {len(archive) / 1e6:.1f} MB, more than the "
            f"{MAX_BYTES / 1e6:.0f} MB allowed; the largest files: {', '.join(largest)}"
        )
    write_file(target, archive)


def check_pages(root):
    """Raise a `ReportError` unless each notebook is there executed and as a page."""
    names = {"index.html"}
    for path in list_notebooks(root):
        place = path.relative_to(root / "notebooks")
        names |= {place.as_posix(), place.with_suffix(".html").as_posix()}
    for path in sorted(root / "reports" / name for name in names):
        if not path.is_file():
            cure = "`python -m fashionnet reports` writes it"
            raise ReportError(f"{path} is missing; {cure}")


def zip_files(files):
    """Zip files so that equal contents give equal bytes, whatever their dates.

    Args:
        files: Maps names inside the archive to paths.

    Returns:
        The bytes of the archive.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes(), compresslevel=9)
    return buffer.getvalue()
