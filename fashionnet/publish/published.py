"""Read and write what is published: executed notebooks, pages, result files."""

import contextlib
import filecmp
import hashlib
import json
import os
import re
import shutil
import warnings
from pathlib import Path
from typing import NamedTuple

import nbformat
from bs4 import BeautifulSoup

from fashionnet import FashionnetError
from fashionnet.publish.contents import Image, Page, read_page
from fashionnet.storing import MANIFEST, finish_store, home, write_file

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ("01_multiclass", "02_binary", "03_comparison")
# Questions of their own, which read what is stored.
FURTHER = tuple(
    f"further/{name}"
    for name in (
        "04_explore",
        "05_tuning",
        "06_convolution",
        "07_residual_and_transfer",
        "08_committees",
        "09_labels_or_outputs",
        "10_own_picture",
        "11_backpropagation",
    )
)
BOOKS = NOTEBOOKS + FURTHER
SYSTEMS = "further/index"  # the page that leads to the further ones
# How the pages were made, with the SHA-256 sums by which later changes are found.
BUILD = "results/build.json"
# Holds a finished build while it is moved to its place.
PUBLISHING, README_BLOCK = ".publishing", "README.block"
BENCHMARK = ("benchmark.html", "results/benchmark.json")


class ReportError(FashionnetError):
    """The reports cannot be made, checked, printed or packed; says the way out."""


class Reports(NamedTuple):
    """What is published in a folder.

    `sources` are the notebooks as they stand in `notebooks/`, `books` as they were
    executed, both by name; `pages` has every page of the folder, `results` the contents
    of `results/*.json`, without those of `BUILD`, which are in `build`.
    """

    folder: Path
    sources: dict
    books: dict
    pages: dict[str, Page]
    results: dict
    build: dict


def read_reports():
    """Read what is published in `home()`.

    Raises:
        ReportError: If a file is missing or unreadable; names it.
    """
    folder = home()
    wait_for_build(folder)
    files = [f"{name}.{end}" for name in BOOKS for end in ("ipynb", "html")]
    for path in [folder / name for name in (*files, f"{SYSTEMS}.html", BUILD)]:
        if not path.is_file():
            raise ReportError(
                f"{path} is missing; `python -m fashionnet reports` writes it"
            )
    results = {p.stem: read_json(p) for p in (folder / "results").glob("*.json")}
    return Reports(
        folder,
        sources=_read_books(ROOT / "notebooks"),
        books=_read_books(folder),
        pages={
            name_page(p, folder): _read(p, read_page)
            for pattern in ("*.html", "further/*.html")
            for p in folder.glob(pattern)
        },
        build=results.pop(Path(BUILD).stem),
        results=results,
    )


def name_page(path, folder):
    """Name a page by its path, such as "further/09_labels_or_outputs"."""
    return path.relative_to(folder).with_suffix("").as_posix()


@contextlib.contextmanager
def lock(folder, *, is_patient=False):
    """Keep a folder for one build at a time; the lock goes with its process.

    Raises:
        ReportError: If another build is at work there, unless one `is_patient`.
    """
    with open(folder / ".lock", "w") as file:
        with contextlib.suppress(ImportError):  # where files are locked otherwise
            import fcntl

            now_or_never = 0 if is_patient else fcntl.LOCK_NB
            try:
                fcntl.flock(file, fcntl.LOCK_EX | now_or_never)
            except BlockingIOError:
                raise ReportError(
                    f"another build is at work in {folder}; wait until it ends"
                ) from None
        yield


def wait_for_build(folder):
    """Wait while a build moves its files here; end one that was killed meanwhile."""
    if (folder / PUBLISHING).is_dir():
        with lock(folder, is_patient=True):
            finish_publishing(folder)


def finish_publishing(folder):
    """Move a finished build to its place; what a kill cut short, the next command ends.

    A run's files come in beside the old ones and count when its manifest is there, as
    when it is stored.
    """
    made = folder / PUBLISHING
    if not made.is_dir():
        return
    block = made / README_BLOCK
    paths = [path for path in made.rglob("*") if path.is_file() and path != block]
    for path in sorted(paths, key=lambda path: path.name == MANIFEST):
        place = folder / path.relative_to(made)
        place.parent.mkdir(parents=True, exist_ok=True)
        is_of_run = "runs" in path.parts and path.name != MANIFEST
        if is_of_run and place.is_file() and filecmp.cmp(path, place, shallow=False):
            continue
        os.replace(path, place.with_name(f"{place.name}.part") if is_of_run else place)
    for manifest in (folder / "runs").rglob(MANIFEST):
        finish_store(manifest.parent)
    if block.is_file():
        fill_place(ROOT / "README.md", "results", block.read_text(encoding="utf-8"))
    shutil.rmtree(made)


def read_json(path):
    """Read a JSON file. Raises a `ReportError` that names it if it is damaged."""
    return _read(path, json.loads)


def _read_books(folder):
    return {name: read_book(folder / f"{name}.ipynb") for name in BOOKS}


def read_book(path):
    """Read a notebook. Raises a `ReportError` that names it if it is damaged."""
    return _read(path, _parse_book)


def _parse_book(text):
    damages = (nbformat.ValidationError, AttributeError, KeyError, TypeError, Warning)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            book = nbformat.reads(text, as_version=4)
            nbformat.validate(book)
    except damages as error:
        raise ValueError(f"no notebook: {str(error).splitlines()[0]}") from error
    return book


def _read(path, parse):
    """Read a file and parse its text, or say that it is damaged."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        cure = "`python -m fashionnet reports` writes it again"
        raise ReportError(f"{path} is damaged ({error}); {cure}") from error


def sum_files(folder):
    """Return the SHA-256 sums of all that is made of the notebooks, by file name.

    Result files are left out: `check` makes them again.
    """
    names = [
        path.relative_to(folder).as_posix()
        for place in (folder, folder / "further")
        for path in place.glob("*")
        if path.suffix in (".html", ".ipynb", ".png")
    ]
    names += [name for name in BENCHMARK[1:] if (folder / name).is_file()]
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in sorted(names)
    }


def seal_benchmark(folder):
    """Note the sums of a new benchmark among those of the pages."""
    build, sums = read_json(folder / BUILD), sum_files(folder)
    build["sha256"] |= {name: sums[name] for name in BENCHMARK}
    write_file(folder / BUILD, json.dumps(build, indent=1) + "\n")


def tags_of(cell):
    """List the tags of a cell."""
    return cell.metadata.get("tags", [])


def sections_of(book):
    """List for each cell the heading that it stands under."""
    sections, heading = [], ""
    for cell in book.cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
            found = re.findall(r"^#+ (.*)", prose, re.MULTILINE)  # no comments in code
            heading = found[-1] if found else heading
        sections.append(heading)
    return sections


def texts_of(cell):
    """List what the outputs of a cell say, tables and sentences without markup."""
    texts = []
    for output in cell.get("outputs", []):
        shown = output.get("data", {})
        if "text/html" in shown:
            soup = BeautifulSoup(shown["text/html"], "html.parser")
            texts.append(soup.get_text(" ", strip=True))
        elif "text/markdown" in shown:
            texts.append(shown["text/markdown"].replace("**", ""))
        elif not any(kind.startswith("image/") for kind in shown):
            texts.append(output.get("text") or shown.get("text/plain", ""))
    return texts


def images_of(cell):
    """List the images among the outputs of a cell, each with its alt text."""
    return [
        Image(output.get("metadata", {}).get(kind, {}).get("alt"), data)
        for output in cell.get("outputs", [])
        for kind, data in output.get("data", {}).items()
        if kind.startswith("image/")
    ]


def fill_place(path, mark, block):
    """Put a block of text between `<!-- mark -->` and `<!-- /mark -->` in a file.

    Raises:
        ReportError: If the file does not have both marks.
    """
    start, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    place = re.compile(f"{start}.*?{end}", re.DOTALL)
    text, n_places = place.subn(
        lambda _: start + block + end, path.read_text(encoding="utf-8")
    )
    if not n_places:
        raise ReportError(f"{path} lacks its marks: add {start.strip()} and {end}")
    write_file(path, text)
