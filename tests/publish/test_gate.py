"""The gate, proven on copies of the stored reports with one thing broken in each."""

import copy
import re
import shutil

import numpy as np
import pytest
from nbformat.v4 import new_markdown_cell, new_output

from fashionnet import FashionnetError
from fashionnet.publish import gate
from fashionnet.publish.published import ROOT, read_page, read_reports

RULES = {rule.__name__.removeprefix("check_"): rule for rule in gate.RULES}
OUTSIDE = "https://fonts.example.org/sans"


@pytest.fixture
def reports(stored_reports):
    """Copy the stored reports, so that a test may break something."""
    stored, _ = stored_reports
    books, results, build = map(
        copy.deepcopy, (stored.books, stored.results, stored.build)
    )
    return stored._replace(
        books=books, results=results, build=build, pages=dict(stored.pages)
    )


@pytest.fixture(scope="module")
def anyway(stored_reports):
    """List by rule what it finds in the stored reports: nothing, if all is well."""
    return {name: rule(*stored_reports) for name, rule in RULES.items()}


@pytest.fixture
def find_new(reports, anyway, stored_reports):
    """Return a function that applies a rule to the broken copy."""
    _, truth = stored_reports
    return lambda rule: [
        f for f in RULES[rule](reports, truth) if f not in anyway[rule]
    ]


# Ways to break a report.


def cell(reports, start):
    (found,) = [
        c for c in reports.books["01_multiclass"].cells if c.source.startswith(start)
    ]
    return found


def tag(start, *tags):
    return lambda reports: cell(reports, start).metadata.update(tags=list(tags))


def put(start, **values):
    return lambda reports: cell(reports, start).update(values)


def output(kind, **values):
    return lambda reports: cell(reports, "images, labels").outputs.append(
        new_output(kind, **values)
    )


def say(text):
    return output("stream", text=text)


def describe(alt):
    def damage(reports):
        (figure,) = cell(reports, "counts = np.bincount").outputs
        figure.metadata["image/png"] = {} if alt is None else {"alt": alt}

    return damage


def write(text):
    return lambda reports: reports.books["01_multiclass"].cells.append(
        new_markdown_cell(text)
    )


def rewrite(old, new, name="01_multiclass"):
    """Change a page, but not its notebook."""

    def damage(reports):
        assert old in reports.pages[name].html
        page = read_page(reports.pages[name].html.replace(old, new))
        reports.pages[name] = page

    return damage


def insert(snippet, name="01_multiclass"):
    return rewrite("</main>", f"{snippet}</main>", name)


def store(name, **values):
    return lambda reports: reports.results[name].update(values)


def note(name, total):
    return lambda reports: reports.build["sha256"].update({name: total})


BROKEN = [
    ("steps", tag("## f) Test once"), "rubric:f"),
    ("steps", put("steps_per_epoch", source="model.compile()"), "rubric:c"),
    ("steps", put("reporting.table_classes", outputs=[]), "a table of all classes"),
    (
        "steps",
        put('reporting.show_figure(plots.plot_history(history, "loss"', outputs=[]),
        "loss",
    ),
    ("steps", put("model.load_weights", source="model"), ".load_weights("),
    ("execution", put("images, labels", execution_count=7), "counter 7, not 4"),
    ("execution", put("images, labels", execution_count=None), "counter None"),
    ("execution", output("error", ename="ValueError"), "ended in ValueError"),
    ("execution", output("stream", name="stderr", text="Careful"), "Careful"),
    ("execution", tag("images, labels", "raises-exception"), "may raise"),
    ("figures", put("counts = np.bincount", outputs=[]), "lost a figure"),
    ("figures", describe(None), "None"),
    ("figures", describe(""), "''"),
    ("figures", describe("Bars"), "'Bars'"),
    ("figures", describe("TODO: say what is on this figure."), "TODO"),
    ("pages", insert("<img src='data:,'>"), "has no alt text"),
    ("pages", insert("<img src='data:,'>", "benchmark"), "has no alt text"),
    ("pages", insert(f"<script src='{OUTSIDE}.js'></script>", "index"), OUTSIDE),
    ("pages", insert(f"<link rel=stylesheet href='{OUTSIDE}.css'>"), OUTSIDE),
    ("pages", insert(f"<style>@import '{OUTSIDE}.css'</style>"), OUTSIDE),
    ("pages", insert(f"<p style='background: url({OUTSIDE}.png)'>"), OUTSIDE),
    ("pages", insert("<img src='confusion.png'>", "benchmark"), "confusion.png"),
    ("pages", insert("<script>a = '//example.org/b'</script>"), "example.org"),
    ("pages", insert("<script>fetch(a)</script>", "index"), "fetch"),
    ("pages", insert("<meta http-equiv='Refresh' content='0; url=a'>"), "url=a"),
    ("scripts", insert("<script>alert(1)</script>"), "<script>"),
    ("scripts", insert("<img src='data:,' onerror='alert(1)'>"), "onerror"),
    ("scripts", insert("<a href=' JavaScript:alert(1)'>here</a>"), "javascript:"),
    ("scripts", insert("<iframe srcdoc='<p>'></iframe>"), "<iframe>"),
    ("links", insert("<a href='#nowhere'>here</a>"), "#nowhere"),
    ("links", insert("<a href='missing.html'>here</a>", "index"), "missing.html"),
    ("links", insert("<a href='02_binary.html#no'>here</a>", "index"), "#no"),
    ("links", insert("<p id='functions'>"), "functions more than once"),
    ("typed_results", write("It reaches 90.2% on the test set."), "90.2%"),
    ("typed_results", write("The accuracy is 0.902."), "0.902"),
    ("paths", say(f"saved in /{'home'}/me/runs"), "/home"),
    ("paths", say(r"saved in C:\Users\me"), "Users"),
    ("paths", say(f"saved in {ROOT}"), str(ROOT)),
    ("paths", insert(f"<p>/{'tmp'}/kernel/2.py</p>", "index"), "/kernel"),
    ("paths", store("seeds", folder=f"/{'Users'}/me/runs"), "/Users"),
    ("sources", put("SEED = 0", source="SEED = 1"), "cell 5"),
    ("sources", write("One more text."), "is not what stands in notebooks"),
    ("sums", note("index.html", "0" * 64), "is not as it was made"),
    ("sums", note("gone.html", "0" * 64), "is missing"),
    ("results", store("multiclass", seed=3), "in seed"),
    ("results", store("binary", extra=1), "in extra"),
    ("results", lambda reports: reports.results.pop("comparison"), "comparison.json"),
]


@pytest.mark.parametrize(
    ("rule", "damage", "words"), BROKEN, ids=[f"{b[0]}-{b[2]}" for b in BROKEN]
)
def test_rule_finds_what_is_broken(rule, damage, words, reports, find_new):
    damage(reports)
    findings = find_new(rule)
    assert any(words in " ".join(finding) for finding in findings)
    assert all(finding.file and finding.cure for finding in findings)


def test_every_rule_is_proven_on_something_broken():
    assert {rule for rule, *_ in BROKEN} | {"readme"} == set(RULES)


HARMLESS = [
    ("pages", insert(f"<a href='{OUTSIDE}'>a link to click</a>")),
    ("pages", insert("<img src='data:,' alt=''><use href='#shape'>", "index")),
    ("pages", insert("<script>a = 'http://www.w3.org/2000/svg'</script>")),
    ("scripts", insert("<script type='application/json'>{}</script>")),
    ("scripts", insert("<script>alert(1)</script>", "index")),
    ("links", insert(f"<a href='{OUTSIDE}'>here</a><a href='#functions'>there</a>")),
    ("paths", say("read from /usr/share/datasets, kept in runs/binary/seed-0")),
    ("paths", insert("<p>https://example.org/home/me/paper.pdf")),
    ("typed_results", write("10,000 images of 28×28 pixels, numbers from 0 to 1.")),
    ("pages", insert("<img src='data:,' alt=''>", "benchmark")),
]


@pytest.mark.parametrize(("rule", "change"), HARMLESS)
def test_rule_lets_pass_what_is_harmless(rule, change, reports, find_new):
    change(reports)
    assert find_new(rule) == []


def test_readme_of_the_checkout_has_to_show_its_runs(
    stored_reports, tmp_path, monkeypatch
):
    stored, truth = stored_reports
    monkeypatch.setattr(gate, "ROOT", tmp_path)
    (tmp_path / "README.md").write_text("old results")
    own = stored._replace(folder=tmp_path / "reports")
    assert [f.file for f in gate.check_readme(own, truth)] == ["README.md"]
    # What is made elsewhere, or not yet published, is not in the README.
    assert gate.check_readme(stored, truth) == []


@pytest.mark.parametrize(
    ("notebook", "step"),
    [
        *(("01_multiclass", step) for step in "abcdefg"),
        *(("02_binary", step) for step in "abcdefg"),
        ("03_comparison", "3"),
    ],
)
def test_step_whose_cells_lost_their_tag_is_missing(notebook, step, reports, find_new):
    for tagged in reports.books[notebook].cells:
        tagged.metadata["tags"] = []
    new = find_new("steps")
    places = {(finding.file, finding.place) for finding in new}
    assert (f"{notebook}.ipynb", f"cells tagged rubric:{step}") in places


# What is altered afterwards, in files.


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """Copy the checkout's reports and README once."""
    root = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("*.weights.h5", ".staging-*")
    shutil.copytree(ROOT / "reports", root / "reports", ignore=ignored)
    shutil.copy2(ROOT / "README.md", root)
    return root


@pytest.fixture
def copied(untouched, monkeypatch):
    """Make the copy the checkout; bring back afterwards what a test alters."""
    monkeypatch.setenv("FASHIONNET_HOME", str(untouched / "reports"))
    monkeypatch.setattr(gate, "ROOT", untouched)
    yield untouched
    for path in untouched.rglob("*"):
        original = ROOT / path.relative_to(untouched)
        if path.is_file() and path.read_bytes() != original.read_bytes():
            shutil.copy2(original, path)


def alter_digit(text, after):
    """Change the first digit behind some words."""
    place = re.search(r"[1-8]", text[text.index(after) + len(after) :]).start()
    place += text.index(after) + len(after)
    return text[:place] + str(int(text[place]) + 1) + text[place + 1 :]


ALTERED = {
    "a digit of a result": ("reports/results/comparison.json", '"errors": {'),
    "a digit of a page": ("reports/01_multiclass.html", "labels "),
    "a digit of an executed notebook": ("reports/02_binary.ipynb", "lowest val_loss "),
    "a digit of the first page": ("reports/index.html", "<td>"),
    "a digit of the README": ("README.md", "| ten classes | "),
    "a digit of the benchmark": ("reports/results/benchmark.json", '"seconds": '),
    "a digit of its page": ("reports/benchmark.html", "<td>"),
    "an alt text of a page": ("reports/03_comparison.html", 'alt="Dumbbells'),
    "an alt text of a notebook": ("reports/03_comparison.ipynb", '"alt": "Points'),
}


@pytest.mark.parametrize("what", ALTERED)
def test_altered_file_is_found_and_named(what, copied, stored_reports):
    name, after = ALTERED[what]
    path, (_, truth) = copied / name, stored_reports
    path.write_text(alter_digit(path.read_text("utf-8"), after), "utf-8")
    reports = read_reports()
    found = {f.file for rule in gate.RULES for f in rule(reports, truth)}
    assert name.removeprefix("reports/") in found


def test_untouched_copy_has_no_finding(copied, stored_reports):
    reports, (_, truth) = read_reports(), stored_reports
    assert [f for rule in gate.RULES for f in rule(reports, truth)] == []


def test_changed_picture_and_deleted_page_are_found(copied, stored_reports):
    (copied / "reports/confusion.png").write_bytes(b"another picture")
    (copied / "reports/explore.html").unlink()
    found = gate.check_sums(read_reports(), stored_reports[1])
    assert [f.file for f in found] == ["confusion.png", "explore.html"]
    shutil.copy2(ROOT / "reports/explore.html", copied / "reports/explore.html")


def test_swapped_runs_are_found(copied):
    runs = copied / "reports/runs/binary"
    for source, target in (
        ("seed-3", "aside"),
        ("seed-4", "seed-3"),
        ("aside", "seed-4"),
    ):
        (runs / source).rename(runs / target)
    findings = gate.check_reports()
    assert "results/comparison.json" in {f.file for f in findings}
    for source, target in (
        ("seed-3", "aside"),
        ("seed-4", "seed-3"),
        ("aside", "seed-4"),
    ):
        (runs / source).rename(runs / target)


def test_changed_prediction_is_found(copied):
    path = copied / "reports/runs/multiclass/seed-5/predictions.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    arrays["y_prob_test"][7] = arrays["y_prob_test"][7][::-1]
    np.savez_compressed(path, **arrays)
    with pytest.raises(FashionnetError, match=r"seed-5.predictions\.npz"):
        gate.check_reports()


def test_missing_run_is_named(copied):
    folder = copied / "reports/runs/binary/seed-0"
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(FashionnetError, match=r"binary.seed-0 has no run"):
        gate.check_reports()
    folder.with_name("elsewhere").rename(folder)


def test_findings_are_printed_with_file_place_and_cure(copied, capsys, monkeypatch):
    found = gate.Finding("02_binary.ipynb", "cell 3", "is gone", "write it")
    monkeypatch.setattr(gate, "RULES", (lambda reports, truth: [found],))
    with pytest.raises(FashionnetError, match="nothing was published"):
        gate.require_evidence()
    said = capsys.readouterr().out
    assert "02_binary.ipynb, cell 3 is gone. Cure: write it." in said
    assert "Part 2  g     the confusion matrix" in said
