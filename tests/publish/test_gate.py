"""The gate, proven on copies of the stored reports with one thing broken in each."""

import copy
import re
import shutil

import pytest
from nbformat.v4 import new_markdown_cell, new_output

from fashionnet.publish import gate
from fashionnet.publish.contents import read_page
from fashionnet.publish.evidence import read_truth
from fashionnet.publish.published import ROOT, ReportError, read_reports

RULES = {rule.__name__.removeprefix("check_"): rule for rule in gate.RULES}
OUTSIDE = "https://fonts.example.org/sans"


@pytest.fixture
def reports(stored_reports):
    """Copy the stored reports, so that a test may break something."""
    stored = stored_reports[0]
    parts = ("books", "results", "build")
    copies = {name: copy.deepcopy(getattr(stored, name)) for name in parts}
    return stored._replace(**copies, pages=dict(stored.pages))


# Ways to break a report.


def put(start, **values):
    """Change the first cell of Part 1 that starts with these words."""

    def damage(reports):
        cells = reports.books["01_multiclass"].cells
        next(c for c in cells if c.source.startswith(start)).update(values)

    return damage


def output(kind, *values, **named):
    return put("# The same as keras", outputs=[new_output(kind, *values, **named)])


def describe(**metadata):
    picture = {"image/png": "AAAA"}
    return output("display_data", picture, metadata={"image/png": metadata})


def write(text):
    cell = new_markdown_cell(text)
    return lambda reports: reports.books["01_multiclass"].cells.append(cell)


def insert(snippet, name="further/11_backpropagation"):
    """Change a page, one soon read unless it is named, but not its notebook."""

    def damage(reports):
        html = reports.pages[name].html.replace("</main>", f"{snippet}</main>")
        reports.pages[name] = read_page(html)

    return damage


# A rule, something that breaks it, and what the finding has to name.
BROKEN = [
    ("steps", put("model.compile(", source="model.compile()"), "rubric:c"),
    ("steps", put("print(classification_report", outputs=[]), "rubric:g"),
    ("steps", put("# Draw the matrix", outputs=[]), "rubric:g"),
    ("steps", put("model.load_weights", source="model"), ".load_weights("),
    ("execution", put("# The same as keras", execution_count=7), "7"),
    ("execution", output("error", ename="ValueError"), "ValueError"),
    ("execution", output("stream", name="stderr", text="Careful"), "Careful"),
    (
        "execution",
        put("# The same as keras", metadata={"tags": ["raises-exception"]}),
        "# The same as keras",
    ),
    ("figures", put("# Draw the curves", outputs=[]), "# Draw the curves"),
    ("figures", describe(), "None"),
    ("figures", describe(alt="TODO: say what is on this figure."), "TODO"),
    ("pages", insert("<img src='data:,'>", "benchmark"), "image"),
    ("pages", insert(f"<script src='{OUTSIDE}.js'></script>", "index"), OUTSIDE),
    ("pages", insert("<img src='confusion.png' alt=''>"), "confusion.png"),
    ("scripts", insert("<script>alert(1)</script>"), "<script>"),
    ("scripts", insert("<img src='data:,' onerror='alert(1)'>"), "onerror"),
    ("links", insert("<a href='#nowhere'>here</a>"), "#nowhere"),
    ("links", insert("<a href='missing.html'>here</a>", "index"), "missing.html"),
    ("links", insert("<a href='02_binary.html#no'>here</a>", "index"), "#no"),
    ("links", insert("<p id='functions'>"), "functions"),
    ("typed_results", write("It reaches 90.2% on the test set."), "90.2%"),
    ("typed_results", write("The accuracy is 0.902."), "0.902"),
    ("paths", output("stream", text=f"saved in /{'home'}/me/runs"), "/home"),
    ("paths", output("stream", text=r"saved in C:\Users\me"), "Users"),
    ("paths", output("stream", text=f"saved in {ROOT}"), str(ROOT)),
    ("paths", insert(f"<p>/{'tmp'}/kernel/2.py</p>", "index"), "/kernel"),
    ("paths", lambda r: r.results.update(seeds=f"/{'Users'}/me/runs"), "/Users"),
    ("sources", put("SEED = 0", source="SEED = 1"), "cell 5"),
    ("sources", write("One more text."), "01_multiclass.ipynb"),
    ("sums", lambda r: r.build["sha256"].update({"index.html": "0"}), "index.html"),
    ("sums", lambda r: r.build["sha256"].update({"gone.html": "0"}), "gone.html"),
    ("results", lambda r: r.results["multiclass"].update(seed=3), "seed"),
    ("results", lambda r: r.results.pop("comparison"), "comparison.json"),
]


@pytest.mark.parametrize(
    ("rule", "damage", "named"), BROKEN, ids=[f"{b[0]}-{b[2]}" for b in BROKEN]
)
def test_rule_finds_and_names_what_is_broken(
    rule, damage, named, reports, stored_reports
):
    damage(reports)
    findings = RULES[rule](reports, stored_reports[1])
    assert any(named in " ".join(finding) for finding in findings)
    assert all(finding.file and finding.cure for finding in findings)


HARMLESS = [
    ("pages", insert(f"<a href='{OUTSIDE}'>a link to click</a>")),
    ("pages", insert("<img src='data:,' alt=''><use href='#shape'>", "index")),
    ("pages", insert("<script>a = 'http://www.w3.org/2000/svg'</script>")),
    ("scripts", insert("<script type='application/json'>{}</script>")),
    ("scripts", insert("<script>alert(1)</script>", "index")),
    ("links", insert(f"<a href='{OUTSIDE}'>here</a><a href='#functions'>there</a>")),
    ("paths", output("stream", text="read /usr/share/data, kept in runs/seed-0")),
    ("paths", insert("<p>https://example.org/home/me/paper.pdf")),
    ("typed_results", write("10,000 images of 28×28 pixels, numbers from 0 to 1.")),
]


@pytest.mark.parametrize(("rule", "change"), HARMLESS)
def test_rule_lets_pass_what_is_harmless(rule, change, reports, stored_reports):
    change(reports)
    assert RULES[rule](reports, stored_reports[1]) == []


@pytest.mark.parametrize("step", [*"abcdefg", "3"])
def test_step_whose_cells_lost_their_tag_is_missing(step, reports, stored_reports):
    for book in reports.books.values():
        for cell in book.cells:
            kept = [t for t in cell.metadata.get("tags", []) if t != f"rubric:{step}"]
            cell.metadata["tags"] = kept
    found = gate.check_steps(reports, stored_reports[1])
    places = {(f.file, f.place.split()[-1]) for f in found}
    needs = stored_reports[1].needs
    files = [f"{name}.ipynb" for name, steps in needs.items() if step in steps]
    assert places == {(file, f"rubric:{step}") for file in files}


# What is altered afterwards, in files.


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """Copy reports and README, and make the copy the checkout."""
    ignored = shutil.ignore_patterns("*.weights.h5", ".staging-*")
    shutil.copytree(ROOT / "reports", tmp_path / "reports", ignore=ignored)
    shutil.copy2(ROOT / "README.md", tmp_path)
    monkeypatch.setenv("FASHIONNET_HOME", str(tmp_path / "reports"))
    monkeypatch.setattr(gate, "ROOT", tmp_path)
    return tmp_path


def alter_digit(path, after):
    """Change the first digit behind some words."""
    before, words, text = path.read_text("utf-8").partition(after)
    digit = re.search(r"[1-8]", text)[0]
    text = text.replace(digit, str(int(digit) + 1), 1)
    path.write_text(f"{before}{words}{text}", "utf-8")


ALTERED = {
    "README.md": "| ten classes | ",
    "reports/01_multiclass.html": "test images correct",
    "reports/02_binary.ipynb": "lowest validation loss: ",
    "reports/03_comparison.html": 'alt="Dumbbells',
    "reports/03_comparison.ipynb": '"alt": "Points',
    "reports/benchmark.html": "<td>",
    "reports/index.html": "<td>",
    "reports/results/benchmark.json": '"seconds": ',
    "reports/results/comparison.json": '"errors": {',
}


def test_each_altered_digit_is_found_and_its_file_named(copied, stored_reports):
    for name, after in ALTERED.items():
        alter_digit(copied / name, after)
    reports, (_, truth) = read_reports(), stored_reports
    found = {f.file for rule in gate.RULES for f in rule(reports, truth)}
    assert found == {name.removeprefix("reports/") for name in ALTERED}


def test_readme_is_not_held_against_reports_made_elsewhere(copied, stored_reports):
    (copied / "README.md").write_text("old results")
    assert gate.check_readme(*stored_reports) == []


def test_changed_picture_and_deleted_page_are_found(copied, stored_reports):
    (copied / "reports/confusion.png").write_bytes(b"another picture")
    (copied / "reports/explore.html").unlink()
    reports = stored_reports[0]._replace(folder=copied / "reports")
    found = gate.check_sums(reports, stored_reports[1])
    assert [f.file for f in found] == ["confusion.png", "explore.html"]


def test_swapped_runs_are_found(copied, stored_reports):
    runs = copied / "reports/runs/binary"
    for source, target in (("3", "aside"), ("4", "3"), ("aside", "4")):
        (runs / f"seed-{source}").rename(runs / f"seed-{target}")
    found = gate.check_results(stored_reports[0], read_truth())
    assert "results/comparison.json" in {f.file for f in found}


def test_findings_are_printed_with_file_place_and_cure(
    stored_reports, capsys, monkeypatch
):
    found = gate.Finding("02_binary.ipynb", "cell 3", "is gone", "write it")
    stored, truth = stored_reports
    monkeypatch.setattr(gate, "RULES", (lambda reports, truth: [found],))
    monkeypatch.setattr(gate, "read_reports", lambda: stored)
    monkeypatch.setattr(gate, "read_truth", lambda: truth)
    with pytest.raises(ReportError):
        gate.require_evidence()
    *evidence, finding, _ = capsys.readouterr().out.splitlines()
    assert all(part in finding for part in found)
    needed = [
        need for steps in truth.needs.values() for n in steps.values() for need in n
    ]
    assert len(evidence) == 1 + len(needed)
    assert any(re.match(r"Part 2 +g +the confusion matrix", row) for row in evidence)
