import base64
import io
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
from edited import EDITED

from fashionnet.publish import editions
from fashionnet.publish.editions import build_colab, build_submission, link_colab
from fashionnet.publish.published import ROOT, ReportError

PATHS = {path.name: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
NAMES = list(PATHS)
REPO_URL = "https://github.com/owner/some.name"
COLAB = "https://colab.research.google.com/github"
ADDRESS = f"{COLAB}/owner/some.name/blob/main/colab/01.ipynb"
MARKED = ("above", "<!-- colab -->", "<!-- /colab -->", "below")


def read_book(path):
    return json.loads(path.read_text(encoding="utf-8"))


def setup_of(book):
    (cell,) = (c for c in book["cells"] if "setup" in c["metadata"].get("tags", []))
    return cell


def other_cells(book):
    return [c for c in book["cells"] if c is not setup_of(book)]


def carried_files(book):
    """Read the package out of a setup cell, without running it."""
    code = "".join(setup_of(book)["source"])
    letters = re.search(r'PACKAGE = """\n(.*?)"""', code, re.DOTALL)[1]
    archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(letters)))
    return {name: archive.read(name) for name in archive.namelist()}


def modules():
    package = ROOT / "fashionnet"
    paths = [*package.glob("*.py"), *package.glob("study/*.py")]
    paths += [package / "search.json", package / "unlike.json"]
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}


@pytest.mark.parametrize("name", NAMES)
def test_copy_beside_the_pages_has_the_cells_of_its_notebook(name):
    if PATHS[name].stem in EDITED:
        pytest.skip(f"{name} is edited")
    copy = ROOT / "reports/colab" / name
    sources = [
        ["".join(cell["source"]) for cell in other_cells(read_book(path))]
        for path in (copy, PATHS[name])
    ]
    assert sources[0] == sources[1], f"{copy} is older: make reports"


def run_alone(folder, *code):
    """Run code in a folder, with a Python that sees neither checkout nor settings."""
    ours = ("FASHIONNET_HOME", "FASHIONNET_DATA", "PYTHONPATH")
    env = {name: value for name, value in os.environ.items() if name not in ours}
    command = [sys.executable, "-I", "-c", "\n".join(code)]
    run = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.fixture
def checkout(tmp_path):
    """Make a small checkout: one module, one notebook, its page, a README, a run."""
    (tmp_path / "tests").mkdir()
    texts = dict.fromkeys(
        [
            *(*editions.FILES, "fashionnet/data.py", "fashionnet/study/pairs.py"),
            *("fashionnet/publish/gate.py", "benchmarks/README.md"),
            *("reports/index.html", "reports/01.html", "reports/01.ipynb"),
            "reports/runs/binary/seed-0/manifest.json",
        ],
        "# text\n",
    )
    texts["README.md"] = "\n".join(MARKED)
    texts["notebooks/01.ipynb"] = json.dumps({"cells": [make_setup()]})
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def make_setup():
    return {"cell_type": "code", "metadata": {"tags": ["setup"]}, "source": []}


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """Pack the real notebooks once."""
    folder = tmp_path_factory.mktemp("colab")
    build_colab(folder)
    return folder


def test_packed_notebooks_differ_in_their_setup_cells_only(colab):
    assert sorted(path.name for path in colab.iterdir()) == NAMES
    for name in NAMES:
        book, packed = read_book(PATHS[name]), read_book(colab / name)
        assert other_cells(packed) == other_cells(book)
        assert setup_of(packed)["id"] == setup_of(book)["id"]
        assert {**packed, "cells": 0} == {**book, "cells": 0}
        assert carried_files(packed) == modules()
    cell = setup_of(packed)
    assert cell["metadata"]["cellView"] == "form"
    assert cell["metadata"]["jupyter"] == {"source_hidden": True}
    assert max(len(line.rstrip("\n")) for line in cell["source"]) <= 88


@pytest.mark.parametrize("folder", ["fashionnet", "fashionnet/study"])
def test_package_consists_of_modules_alone(folder):
    # Another file would not be carried.
    rest = {p for p in (ROOT / folder).iterdir() if p.suffix != ".py"}
    known = {"publish", "study", "zoo", "__pycache__", "search.json", "unlike.json"}
    assert {p.name for p in rest} <= known


def test_setup_cell_brings_the_package_into_an_empty_folder(colab, tmp_path):
    folder = tmp_path / "a räum with spaces"
    folder.mkdir()
    code = """
import inspect
from fashionnet import data, storing
print(data.__file__, inspect.getsource(data.split_train_val).splitlines()[0])
print(storing.home())"""
    setup = setup_of(read_book(colab / NAMES[0]))["source"]
    found, home = run_alone(folder, *setup, code)
    (archive,) = folder.iterdir()
    assert re.fullmatch(r"fashionnet-[0-9a-f]{8}\.zip", archive.name)
    assert found.startswith(f"{archive / 'fashionnet/data.py'} def split_train_val(")
    assert home == str(folder / "reports")


def test_setup_cells_of_different_versions_do_not_disturb_each_other(checkout):
    packed = checkout / "packed"
    for version in ("1.0", "2.0", "1.0"):
        (checkout / "fashionnet/__init__.py").write_text(f"version = {version!r}\n")
        (path,) = build_colab(packed, checkout)
        setup = setup_of(read_book(path))["source"]
        code = (*setup, "import fashionnet", "print(fashionnet.version)")
        assert run_alone(packed, *code) == [version]
    assert len(list(packed.glob("*.zip"))) == 2
    assert not list(packed.glob("*.part"))


def test_same_files_give_the_same_editions_whatever_their_dates(checkout):
    made = []
    for folder in ("build/first", "build/second"):
        (book,) = build_colab(checkout / folder, checkout)
        build_submission(checkout / folder / "a.zip", checkout)
        names = zipfile.ZipFile(checkout / folder / "a.zip").namelist()
        assert names == sorted(names)
        made.append((book.read_bytes(), (checkout / folder / "a.zip").read_bytes()))
        for name in ("LICENSE", "fashionnet/data.py"):
            os.utime(checkout / name, (10**9, 10**9))
            (checkout / name).chmod(0o600)
    assert made[0] == made[1]


@pytest.mark.parametrize("n", [0, 2])
def test_notebook_without_one_setup_cell_is_named_and_nothing_written(n, checkout):
    book = {"cells": [make_setup()] * n}
    (checkout / "notebooks/Untitled.ipynb").write_text(json.dumps(book))
    with pytest.raises(ReportError, match=rf"Untitled\.ipynb: {n} "):
        build_colab(checkout / "packed", checkout)
    assert not (checkout / "packed").exists()


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_links_lead_from_the_readme_to_the_packed_notebooks_in_colab(end, checkout):
    for _ in range(2):
        assert link_colab(REPO_URL + end, checkout) == [checkout / "colab/01.ipynb"]
        above, start, link, *below = (checkout / "README.md").read_text().splitlines()
        assert (above, start, below) == (*MARKED[:2], [*MARKED[2:]])
        assert link.endswith(f"[01]({ADDRESS})")


def test_further_notebooks_copy_the_repository_and_find_its_stored_runs(
    checkout, tmp_path_factory
):
    (checkout / "notebooks/further").mkdir()
    further = json.dumps({"cells": [make_setup()]})
    (checkout / "notebooks/further/04.ipynb").write_text(further)
    for name in ("fashionnet/__init__.py", "fashionnet/storing.py"):
        (checkout / name).write_bytes((ROOT / name).read_bytes())
    *_, packed = link_colab(REPO_URL, checkout)
    assert packed == checkout / "colab/further/04.ipynb"
    assert "colab/further/04.ipynb)" in (checkout / "README.md").read_text()
    setup = "".join(setup_of(read_book(packed))["source"])
    assert setup.count(REPO_URL) == 1
    for command in (["init"], ["add", "."], ["commit", "-m", "All"]):
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", "-C", checkout, *who, *command], check=True)
    # In place of GitHub; a second run finds the copy.
    setup = setup.replace(REPO_URL, checkout.as_uri())
    alone = tmp_path_factory.mktemp("a räum with spaces")
    for _ in range(2):
        code = "from fashionnet import storing; print(storing.home())"
        home = alone / "some.name/reports"
        assert run_alone(alone, setup, code)[-1] == str(home)
        assert (home / "runs/binary/seed-0/manifest.json").is_file()


@pytest.mark.parametrize(
    "bad",
    [
        *("owner/name", "https://github.com/owner", "http://github.com/owner/name"),
        *("https://gitlab.com/owner/name", "https://github.com/owner/name)"),
        "https://github.com/owner/name/tree/main",
    ],
)
def test_address_that_is_no_github_repository_is_refused_by_name(bad, checkout):
    before = (checkout / "README.md").read_text()
    with pytest.raises(ReportError, match=re.escape(repr(bad))):
        link_colab(bad, checkout)
    assert (checkout / "README.md").read_text() == before
    assert not (checkout / "colab").exists()


def test_readme_of_the_checkout_has_the_marks():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search("<!-- colab -->\n(Open in Colab: .*\n)?<!-- /colab -->", text)


def test_committed_colab_notebooks_carry_the_present_package():
    for path in (ROOT / editions.LINKED).glob("*.ipynb"):
        cure = f"{path} is out of date: make colab REPO_URL=…"
        book = read_book(PATHS[path.name])
        assert carried_files(read_book(path)) == modules(), cure
        assert other_cells(read_book(path)) == other_cells(book), cure


def test_submission_holds_what_is_read_and_what_runs(checkout):
    target = checkout / "build/hand-in.zip"
    files = {p for p in checkout.rglob("*") if p.is_file()}
    for name in (
        "reports/runs/binary/seed-0/best.weights.h5",
        "reports/mine/runs/binary/seed-0/manifest.json",
        "reports/cache/squeezenet-0501.npy",
        *("reports/.staging-1/01.html", "reports/01.html.part", "build/another.zip"),
        *("fashionnet/__pycache__/data.pyc", "notebooks/.ipynb_checkpoints/01.ipynb"),
    ):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("left out")
    build_submission(target, checkout)
    expected = {f"hand-in/{path.relative_to(checkout).as_posix()}" for path in files}
    assert set(zipfile.ZipFile(target).namelist()) == expected


def test_submission_of_too_many_bytes_is_refused_with_its_size(checkout, monkeypatch):
    monkeypatch.setattr(editions, "MAX_BYTES", 1_000_000)
    (checkout / "reports/large.png").write_bytes(os.urandom(1_200_000))
    with pytest.raises(ReportError, match=r"1\.2 MB.*1 MB.* reports/large\.png"):
        build_submission(checkout / "build/hand-in.zip", checkout)
    assert not (checkout / "build").exists()


@pytest.mark.parametrize("name", ["index.html", "01.html", "01.ipynb"])
def test_submission_without_a_page_is_refused(name, checkout):
    (checkout / "reports" / name).unlink()
    with pytest.raises(ReportError, match=name):
        build_submission(checkout / "build/hand-in.zip", checkout)


@pytest.mark.integration
def test_unpacked_submission_runs_from_where_it_lies(tmp_path):
    build_submission(tmp_path / "hand-in.zip")
    with zipfile.ZipFile(tmp_path / "hand-in.zip") as archive:
        archive.extractall(tmp_path / "a räum with spaces")
    root = tmp_path / "a räum with spaces/hand-in"
    code = """
from fashionnet import storing
from fashionnet.study import pairs
print(pairs.__file__, len(pairs.find_pairs()), storing.home(), sep="\\n")"""
    setup = setup_of(read_book(root / "notebooks" / NAMES[0]))["source"]
    found, n_pairs, home = run_alone(root / "notebooks", *setup, code)
    assert found == str(root / "fashionnet/study/pairs.py")
    assert home == str(root / "reports")
    stored = ROOT.glob("reports/runs/binary/seed-*/manifest.json")
    assert int(n_pairs) == sum(path.parent.name[5:].isdigit() for path in stored) > 0
