"""The rules that every notebook follows, read from its JSON."""

import ast
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
from books import PATHS, ROOT, cells, skip_edited, text
from edited import EDITED
from nbconvert import MarkdownExporter, PythonExporter

from fashionnet import data, models, recipes
from fashionnet.data import (
    load_test_set,
    load_training_set,
)
from fashionnet.differences import list_layers
from fashionnet.publish.gate import find_measured
from fashionnet.recipes import Recipe
from fashionnet.study.verdict import MARGIN
from fashionnet.training import make_optimizer

NBMAKE = [sys.executable, "-m", "pytest", "--nbmake", "--nbmake-timeout=900"]
STEPS = (
    "Split the data",
    "Build the network",
    "Compile",
    "Train",
    "Watch the training",
)
STEPS += ("Test once", "Look at the errors", "What we found", "Exercises")


def tagged(path, tag):
    return [c for c in cells(path) if tag in c["metadata"].get("tags", [])]


def read_parameters(path):
    names = {}
    for cell in tagged(path, "parameters"):
        exec(text(cell), {"__builtins__": {}}, names)
    return names


def code_lines(cell):
    return [line for line in text(cell).splitlines() if line.strip()]


def headings(path, level):
    prose = "\n".join(text(c) for c in cells(path, "markdown"))
    lines = re.sub(r"```.*?```", "", prose, flags=re.DOTALL).splitlines()
    return [x.lstrip("# ") for x in lines if x.startswith("#" * level + " ")]


def test_there_are_three_notebooks_and_further_ones():
    names = [path.relative_to(ROOT / "notebooks").as_posix() for path in PATHS]
    assert names[:3] == [
        "01_multiclass.ipynb",
        "02_binary.ipynb",
        "03_comparison.ipynb",
    ]
    assert all(name.startswith("further/") for name in names[3:])


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return skip_edited(request.param)


@pytest.fixture(params=PATHS[:2], ids=lambda path: path.stem)
def part(request):
    return skip_edited(request.param)


def test_notebook_stores_no_outputs(path):
    book = json.loads(path.read_text(encoding="utf-8"))
    if (ROOT / ".git").exists():  # in the checkout it may have been executed
        name = path.relative_to(ROOT).as_posix()
        command = ["git", "show", f":{name}"]
        book = json.loads(subprocess.check_output(command, cwd=ROOT))
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)


def test_notebook_starts_with_its_only_h1(path):
    assert text(cells(path)[0]).startswith("# ")
    assert len(headings(path, 1)) == 1


def test_prose_quotes_no_measured_number(path):
    given = tagged(path, "given")
    prose = [text(c) for c in cells(path, "markdown") if c not in given]
    assert [hit for cell in prose for hit in find_measured(cell)] == []


def test_cells_are_short(path):
    code = cells(path, "code")
    assert max(len(code_lines(c)) for c in code) <= 20
    # Part 3 has few cells, and its comparison is in the open.
    most = 11 if path == PATHS[2] else 5
    assert statistics.median(len(code_lines(c)) for c in code) <= most
    prose = [text(c) for c in cells(path, "markdown")]
    assert max(len(said.split()) for said in prose if "<details" not in said) <= 120


def test_text_and_code_alternate(path):
    prose = [c for c in cells(path, "markdown") if "<details" not in text(c)]
    ratio = len(prose) / len(cells(path, "code"))
    assert 0.8 <= ratio <= 1.4


def names_in(tree, kind):
    """List the names that are read (`ast.Load`) or set (`ast.Store`) in some code.

    Those of a comprehension are its own.
    """
    inner = [c.target for c in ast.walk(tree) if isinstance(c, ast.comprehension)]
    own = {n.id for t in inner for n in ast.walk(t) if isinstance(n, ast.Name)}
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
    return {n.id for n in found if isinstance(n.ctx, kind)} - own


def names_from_before(cell):
    """List the names that a cell reads and does not set before."""
    read, already = set(), set()
    for statement in ast.parse(text(cell)).body:
        is_assignment = isinstance(statement, ast.Assign)
        source = statement.value if is_assignment else statement
        own = set() if is_assignment else names_in(statement, ast.Store)
        read |= names_in(source, ast.Load) - own - already
        already |= names_in(statement, ast.Store)
    return read


def test_cell_that_is_run_again_finds_what_it_found_the_first_time(path):
    code = cells(path, "code")
    for i, cell in enumerate(code):
        later = [names_in(ast.parse(text(c)), ast.Store) for c in code[i:]]
        changed = names_from_before(cell) & set().union(*later)
        assert not changed, (
            f"{text(cell)}\n{changed} are set anew in or after this cell"
        )


def test_notebook_defines_no_functions_or_classes(path):
    code = "\n".join(text(c) for c in cells(path, "code"))
    assert not re.findall(r"^\s*(?:def|class) ", code, re.MULTILINE)


def test_cell_ids_are_unique(path):
    ids = [c["id"] for c in cells(path)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", PATHS[:3], ids=lambda path: path.stem)
def test_parameters_are_upper_case_literals(path):
    names = read_parameters(skip_edited(path))
    assert all(name.isupper() for name in names)


def test_every_figure_is_shown_with_its_description(path):
    for cell in cells(path, "code"):
        n_shown, n_drawn = (text(cell).count(w) for w in ("show_figure(", ".plot_"))
        assert (n_shown == n_drawn) or (n_shown == 1 and "plt.subplots(" in text(cell))


def test_every_notebook_ends_with_exercises_and_sources(path):
    *texts, sources = [text(c) for c in cells(path, "markdown")]
    first = next(i for i, t in enumerate(texts) if t.startswith("## Exercises"))
    assert 2 <= len(texts) - first <= 6
    for number, said in enumerate(texts[first:], 1):
        heading = "## Exercises\n\n" if number == 1 else ""
        assert said.startswith(f"{heading}**Exercise {number}.** ")
        assert "*Hint: " in said
        if "(No solution is given" not in said:
            solution = said.split("<details><summary>Solution</summary>")[1]
            assert solution.rstrip().endswith("</details>")
    assert sources.startswith("**Sources.**")


def test_figures_are_numbered_in_order_and_the_text_names_them(path):
    code = "\n".join(text(c) for c in cells(path, "code"))
    numbers = re.findall(r'"Figure (\d+)\. ', code)
    assert numbers == [str(n) for n in range(1, code.count("show_figure(") + 1)]
    prose = " ".join(text(c) for c in cells(path, "markdown"))
    assert all(f"Figure {n}" in prose for n in numbers)


def test_all_notebooks_share_one_setup_cell():
    unedited = [path for path in PATHS if path.stem not in EDITED]
    setups = {text(cell) for path in unedited for cell in tagged(path, "setup")}
    assert len(setups) == 1
    assert len(code_lines({"source": setups.pop()})) <= 6


def test_part_3_begins_with_its_answer_names_the_margin_and_stays_short():
    part_3 = skip_edited(PATHS[2])
    assert headings(part_3, 2)[0] == "The answer"
    texts = [text(c) for c in cells(part_3)]
    start = texts.index(next(t for t in texts if t.startswith("## The answer")))
    assert "state_answer" in texts[start + 1]
    assert "plot_contrasts" in texts[start + 3]
    assert f"fewer than {MARGIN} errors" in texts[start + 2]
    assert len(texts) <= 42
    assert "\n".join(texts).count("show_figure(") <= 7


def test_parts_1_and_2_have_the_steps_of_the_assignment(part):
    titles = [re.sub(r"^[a-g]′?\) ", "", h) for h in headings(part, 2)]
    assert titles[0] == "Load the data"
    found = [t.split(":")[0] for t in titles[1:]]
    others = ("First, a plain network", "Were these good settings?")
    others += ("Thresholds and probabilities",)
    assert [t for t in found if t not in others] == list(STEPS)
    letters = [h[0] for h in headings(part, 2) if h[1:2] in (")", "′")]
    assert letters == list("abcdefg")


def test_parameters_are_the_usual_recipe(part):
    names = read_parameters(part)
    assert names.pop("SEED") == 0
    usual = Recipe()._asdict()
    assert usual.pop("n_train") is None
    chosen = {k.lower(): v for k, v in names.items()}
    assert chosen.items() <= usual.items()
    assert len(chosen) >= 5


def test_test_set_is_not_even_loaded_before_its_section(part):
    before = []
    for cell in cells(part):
        if text(cell).startswith("## f) Test once"):
            break
        before.append(cell)
    code = "\n".join(text(c) for c in before if c["cell_type"] == "code")
    code = re.sub("#.*", "", code)
    assert code.count("load_training_set()") == 1
    assert not re.search(r"\w_test\b|load_test|t10k|keras\.datasets", code)


def test_test_set_is_loaded_at_most_once(path):
    code = "\n".join(text(c) for c in cells(path, "code"))
    assert code.count("load_test_set()") <= 1


def test_notebook_is_valid_and_converts_as_any_other(path, tmp_path):
    nbformat.validate(json.loads(path.read_text(encoding="utf-8")))
    script, _ = PythonExporter().from_filename(str(path))
    compile(script, path.stem, "exec")
    text_alone, _ = MarkdownExporter().from_filename(str(path))
    assert headings(path, 1)[0] in text_alone


# Two notebooks side by side, each with one thread, are done in two thirds of the time.
ALONE = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


def start_nbmake(path, home):
    """Start nbmake on one notebook. Returns the process."""
    return subprocess.Popen(
        [*NBMAKE, str(path.relative_to(ROOT))],
        cwd=ROOT,
        env=os.environ | ALONE | {"FASHIONNET_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.integration
def test_part_3_runs_with_a_single_pair(tmp_path):
    for task in ("multiclass", "binary"):
        place = Path("runs") / task / "seed-0"
        shutil.copytree(ROOT / "reports" / place, tmp_path / place)
    process = start_nbmake(skip_edited(PATHS[2]), tmp_path)
    said, _ = process.communicate()
    assert process.returncode == 0, said


@pytest.mark.integration
def test_parts_1_and_2_run_where_no_run_is_stored_as_in_colab(
    part, tmp_path, monkeypatch
):
    monkeypatch.setenv("FASHIONNET_HOME", str(tmp_path))
    for load, few in ((load_training_set, 6_000), (load_test_set, 2_000)):
        images, labels = load()
        some = images[:few], labels[:few]
        monkeypatch.setattr(data, load.__name__, lambda some=some: some)
    names, code = {}, "\n".join(text(c) for c in cells(skip_edited(part), "code"))
    exec(re.sub(r"(EPOCHS = |epochs=)\d+", r"\g<1>2", code), names)
    [run] = filter(None, names["stored"])
    assert names["stored"].index(run) == names["SEED"] == run.manifest["seed"]
    assert np.array_equal(run.y_prob_test, names["y_prob"])


def run_side_by_side(paths, home):
    """Execute notebooks, two at a time. They need nothing of each other."""
    paths = [path for path in paths if path.stem not in EDITED]
    for start in range(0, len(paths), 2):
        two = paths[start : start + 2]
        running = [start_nbmake(path, home) for path in two]
        for path, process in zip(two, running, strict=True):
            said, _ = process.communicate()
            assert process.returncode == 0, f"{path}:\n{said}"
            assert "1 passed" in said


@pytest.mark.slow
@pytest.mark.integration
def test_longer_further_notebooks_run_from_top_to_bottom(tmp_path):
    shutil.copytree(ROOT / "reports" / "runs", tmp_path / "runs")
    run_side_by_side(PATHS[3:], tmp_path)


@pytest.mark.integration
def test_notebooks_run_from_top_to_bottom(tmp_path):
    shutil.copytree(ROOT / "reports" / "runs", tmp_path / "runs")
    run_side_by_side(PATHS[:3], tmp_path)
    # What was trained is the usual training of its recipe, not one beside it.
    for task in ("multiclass", "binary"):
        folders = {path.name for path in (tmp_path / "runs" / task).iterdir()}
        assert folders == {p.name for p in (ROOT / "reports/runs" / task).iterdir()}
        manifest = json.loads(
            (tmp_path / f"runs/{task}/seed-0/manifest.json").read_text()
        )
        assert manifest["differences"] == {}


def test_small_learning_rate_lowers_the_loss_in_part_1_and_a_large_one_overshoots():
    code = cells(skip_edited(PATHS[0]), "code")
    [source] = [text(c) for c in code if "for rate in (1.1, 0.2):" in text(c)]
    found = {"np": np}
    exec(source, found)
    far, near = map(np.array, found["paths"].values())
    assert (np.diff(np.abs(near)) < 0).all() and (near > 0).all()  # down to w = 0
    assert (np.diff(np.abs(far)) > 0).all()  # and ever further away,
    assert (np.diff(np.sign(far)) != 0).all()  # now on this side, now on that


def test_numbers_worked_out_in_the_texts_of_part_1_are_right():
    prose = "".join(text(c) for c in cells(skip_edited(PATHS[0]), "markdown"))
    half, most = -np.log([0.5, 0.8])
    assert f"{half + most:.3f} = {half:.3f} + {most:.3f}" in prose
    assert f"0.3 = {-np.log(0.3):.2f}$" in prose
    assert f"0.4 = {-np.log(0.4):.2f}$" in prose
    first, second = np.exp([-1, 0]) / np.exp([-1, 0]).sum()
    assert (
        f"1000 and 1001 become −1 and 0, and give {first:.2f} and {second:.2f}" in prose
    )
    assert f"(6 − 4)/2 + 0.5 = {(6 - 4) / np.sqrt(4) + 0.5}" in prose
    # The cosine, halfway between the end of the warm-up and that of the training.
    peak = Recipe().learning_rate
    optimizer = make_optimizer(learning_rate=peak, weight_decay=0, n_steps=2000)
    optimizer.iterations.assign(200 + 900)
    halfway = round(float(optimizer.learning_rate), 6)
    assert halfway == peak / 2
    assert f"η = {halfway}\\,(1 + \\cos" in prose and f"it is {halfway}." in prose


def test_images_that_were_scaled_are_refused_before_the_training(part):
    [check] = [text(c) for c in cells(part, "code") if "check_images(" in text(c)]
    names = {"data": data, "recipes": recipes, **read_parameters(part)}
    names["x_train"] = np.zeros((2, 28, 28))
    with pytest.raises(ValueError, match=r"float64.*scale them themselves"):
        exec(check, names)


@pytest.mark.parametrize(("path", "n_classes"), [(PATHS[0], 10), (PATHS[1], 2)])
def test_notebook_writes_out_the_network_and_optimizer_of_the_package(path, n_classes):
    path = skip_edited(path)
    names = {"keras": keras, "models": models, "np": np, **read_parameters(path)}
    names["layers"] = keras.layers
    names["x_train"] = np.zeros(54_000)
    for made in ("keras.Sequential(", "keras.optimizers.AdamW("):
        # The plain network of Part 1 comes first, and is not the package's.
        *_, source = [text(c) for c in cells(path, "code") if made in text(c)]
        exec(source, names)
    usual = models.build_mlp(n_classes)
    assert list_layers(names["model"]) == list_layers(usual)
    usual = make_optimizer(
        learning_rate=names["LEARNING_RATE"],
        weight_decay=names["WEIGHT_DECAY"],
        n_steps=names["n_steps"],
    )
    made = names["optimizer"].get_config()
    assert made | {"name": ""} == usual.get_config() | {"name": ""}
