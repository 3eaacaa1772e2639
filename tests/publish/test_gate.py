"""The gate, proven on copies of the stored reports with one thing broken in each."""

import copy
import json
import runpy
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from fashionnet.course import agreement, evidence, published, rubric
from fashionnet.course.published import ROOT, Page

RULES = {rule.__name__.removeprefix("check_"): rule for rule in rubric.RULES}
OUTSIDE = "https://fonts.example.org/sans"


@pytest.fixture
def reports(stored_reports):
    """Copy the stored reports, so that a test may break something."""
    books, results = map(copy.deepcopy, (stored_reports.books, stored_reports.results))
    pages = dict(stored_reports.pages)
    return stored_reports._replace(books=books, results=results, pages=pages)


@pytest.fixture(scope="module")
def anyway(stored_reports):
    """List by rule what it finds in the stored reports: nothing, if all is well."""
    return {name: rule(stored_reports) for name, rule in RULES.items()}


@pytest.fixture
def find_new(reports, anyway):
    """Return a function that applies a rule to the broken copy."""
    return lambda rule: [f for f in RULES[rule](reports) if f not in anyway[rule]]


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
        page = Page(reports.pages[name].html.replace(old, new))
        reports.pages[name] = page

    return damage


def insert(snippet, name="01_multiclass"):
    return rewrite("</main>", f"{snippet}</main>", name)


def store(name, **values):
    return lambda reports: reports.results[name].update(values)


STORED = json.loads((ROOT / "reports/results/multiclass.json").read_text())
RIGHT, WRONG = STORED["n_correct"], STORED["n_test"] - STORED["n_correct"]
SENTENCE = (
    "The ten-class network labels 9,999 of 10,000 test images correctly: "
    "accuracy 90.2% (95% interval 89.6% to 90.8%)."
)
BROKEN = [
    ("steps", tag("## f) Test once"), "rubric:f"),
    ("steps", put("steps_per_epoch", source="model.compile()"), "rubric:c"),
    ("steps", put("reporting.table_classes", outputs=[]), "a table of all classes"),
    ("steps", put('axes = plots.plot_history(history, "loss")', outputs=[]), "loss"),
    ("steps", put("model.load_weights", source="model"), ".load_weights("),
    ("counters", put("images, labels", execution_count=7), "counter 7, not 4"),
    ("counters", put("images, labels", execution_count=None), "counter None"),
    ("errors", output("error", ename="ValueError"), "ended in ValueError"),
    ("warnings", output("stream", name="stderr", text="Careful"), "Careful"),
    ("exception_tags", tag("images, labels", "raises-exception"), "may raise"),
    ("figures", put("counts = np.bincount", outputs=[]), "lost a figure"),
    ("alt_texts", describe(None), "None"),
    ("alt_texts", describe(""), "''"),
    ("alt_texts", describe("Bars"), "'Bars'"),
    ("alt_texts", describe("TODO: say what is on this figure."), "TODO"),
    ("alt_texts", insert("<img src='data:,'>"), "None"),
    ("alt_texts", insert("<img src='data:,' alt='Figure 3'>"), "Figure 3"),
    ("alt_texts", insert("<img src='data:,'>", "benchmark"), "None"),
    ("addresses", insert(f"<script src='{OUTSIDE}.js'></script>", "index"), OUTSIDE),
    ("addresses", insert(f"<link rel=stylesheet href='{OUTSIDE}.css'>"), OUTSIDE),
    ("addresses", insert(f"<style>@import '{OUTSIDE}.css'</style>"), OUTSIDE),
    ("addresses", insert(f"<p style='background: url({OUTSIDE}.png)'>"), OUTSIDE),
    ("addresses", insert("<img src='confusion.png'>", "benchmark"), "confusion.png"),
    ("addresses", insert("<script>a = '//example.org/b'</script>"), "example.org"),
    ("addresses", insert("<script>fetch(a)</script>", "index"), "fetch"),
    ("addresses", insert("<meta http-equiv='Refresh' content='0; url=a'>"), "url=a"),
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
    ("pages", rewrite(f"{RIGHT:,}", "9,999"), f"{RIGHT:,}"),
    ("pages", rewrite("Two <em>hidden", "Three <em>hidden"), "A classical"),
    ("pages", rewrite("<td>5400</td>", "<td>5500</td>"), "5400"),
    ("pages", rewrite(">set_random_seed<", ">seed<"), "set_random_seed"),
    ("pages", rewrite('src="data:', 'title="data:'), "each of the 10"),
    ("page_images", insert("<img src='data:image/png;base64,AAAA'>"), "no cell"),
    ("functions", rewrite(">make_callbacks<", ">make<"), "make_callbacks"),
    ("results", store("multiclass", seed=3), "in seed"),
    ("results", store("binary", extra=1), "in extra"),
    ("results", lambda reports: reports.results.pop("comparison"), "comparison.json"),
    ("whole_images", store("multiclass", test_accuracy=0.90194), "0.90194"),
    ("whole_images", store("binary", n_correct=9958.5), "9958.5"),
    ("sentences", insert(f"<p>{SENTENCE}"), "9,999"),
    ("sentences", insert(f"<img src='data:,' alt='{SENTENCE}'>", "index"), "9,999"),
    ("shares", insert(f"<p>{SENTENCE}"), "9,999 of 10,000 is not 90.2%"),
    ("shares", insert("<p>40 of the 10,000 images (0.41%).", "index"), "0.41%"),
    ("home", rewrite(f"<td>{WRONG:,}</td>", "<td>1</td>", "index"), f"{WRONG:,}"),
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
    ("addresses", insert(f"<a href='{OUTSIDE}'>a link to click</a>")),
    ("addresses", insert("<img src='data:,'><use href='#shape'>", "index")),
    ("addresses", insert("<script>a = 'http://www.w3.org/2000/svg'</script>")),
    ("scripts", insert("<script type='application/json'>{}</script>")),
    ("scripts", insert("<script>alert(1)</script>", "index")),
    ("links", insert(f"<a href='{OUTSIDE}'>here</a><a href='#functions'>there</a>")),
    ("paths", say("read from /usr/share/datasets, kept in runs/binary/seed-0")),
    ("paths", insert("<p>https://example.org/home/me/paper.pdf")),
    ("typed_results", write("10,000 images of 28×28 pixels, numbers from 0 to 1.")),
    ("shares", insert("<p>Of 10 seeds, 9 of 10 (90%) and 1 of 3 (33.3%) agree.")),
    ("alt_texts", insert("<img src='data:,' alt=''>", "benchmark")),
]


@pytest.mark.parametrize(("rule", "change"), HARMLESS)
def test_rule_lets_pass_what_is_harmless(rule, change, reports, find_new):
    change(reports)
    assert find_new(rule) == []


def test_readme_of_the_checkout_has_to_show_its_runs(
    stored_reports, tmp_path, monkeypatch
):
    monkeypatch.setattr(agreement, "ROOT", tmp_path)
    (tmp_path / "README.md").write_text("old results")
    own = stored_reports._replace(folder=tmp_path / "reports")
    assert [finding.file for finding in rubric.RULES[-1](own)] == ["README.md"]
    # What is made elsewhere, or not yet published, is not in the README.
    assert rubric.RULES[-1](stored_reports) == []


# Kinds of evidence.


TABLE = "<table><tr><th>Bag</th><td>19</td></tr></table>"
SHOWN = new_code_cell(
    "model.compile(\n    loss='mse',\n    optimizer='adam')\nEPOCHS = 50\n",
    outputs=[
        new_output("display_data", {"text/html": TABLE, "text/plain": "Bag 19"}),
        new_output(
            "display_data",
            {"image/png": "AAAA", "text/plain": "<Image>"},
            metadata={"image/png": {"alt": "Bars."}},
        ),
        new_output("display_data", {"text/markdown": "**Bag** is right 9 times."}),
        new_output("stream", text="lowest val_loss 0.25 in epoch 3"),
    ],
)
TOLD = new_markdown_cell("**Loss.** It is small when the network is right.")
KINDS = [
    (TOLD, evidence.need_text(9, "**Loss"), evidence.need_text(10, "**Loss")),
    (TOLD, evidence.need_text(9), evidence.need_text(9, "Optimizer")),
    (TOLD, evidence.need_text(1), evidence.need_code("Loss")),
    (
        SHOWN,
        evidence.need_code("compile(", "loss=", "optimizer="),
        evidence.need_code("compile(", "metrics="),
    ),
    (SHOWN, evidence.need_code("compile("), evidence.need_text(1)),
    (
        SHOWN,
        evidence.need_table("errors", "Bag", "19"),
        evidence.need_table("errors", "Bag", "20"),
    ),
    (
        SHOWN,
        evidence.need_figure("errors", "Bars."),
        evidence.need_figure("errors", "Lines."),
    ),
    (
        SHOWN,
        evidence.need_said("the rate", "Bag is right **9** times."),
        evidence.need_said("the rate", "Bag is right 8 times."),
    ),
    (
        SHOWN,
        evidence.need_said("the epoch", "0.25 in epoch 3"),
        evidence.need_said("the epoch", "0.25 in epoch 4"),
    ),
]


@pytest.mark.parametrize(("where", "there", "absent"), KINDS)
def test_evidence_is_told_from_its_absence(where, there, absent):
    assert there.is_met(where)
    assert not absent.is_met(where)


@pytest.mark.parametrize(
    ("source", "is_met"),
    [
        ("EPOCHS = 50", True),
        ("EPOCHS = 51", False),
        ("model.fit(\n    x,\n    epochs=60,\n)", False),
        ("model.fit(x, epochs=EPOCHS)", False),
    ],
)
def test_number_of_epochs_is_visible_and_allowed(source, is_met):
    assert evidence.need_few_epochs().is_met(new_code_cell(source)) is is_met


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


# All together, from files.


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """Copy the stored reports to a home of their own."""
    folder = tmp_path / "copied"
    shutil.copytree(
        ROOT / "reports", folder, ignore=shutil.ignore_patterns("*.weights.h5")
    )
    monkeypatch.setenv("FASHIONNET_HOME", str(folder))
    return folder


def test_gate_names_file_cell_and_cure_of_a_bad_notebook(copied, capsys):
    path = copied / "02_binary.ipynb"
    book = nbformat.read(path, as_version=4)
    book.cells[2].execution_count = 9
    nbformat.write(book, path)
    with pytest.raises(SystemExit) as left:
        runpy.run_path(rubric.__file__, run_name="__main__")
    assert left.value.code == 1
    said = capsys.readouterr().out
    assert "02_binary.ipynb, cell 3 (" in said
    assert "has the counter 9, not 2. Cure: run make reports." in said
    assert "Part 2  g     the confusion matrix" in said


def test_gate_names_a_page_that_is_missing(copied, monkeypatch):
    monkeypatch.setattr(rubric, "read_truth", lambda: None)
    (copied / "02_binary.html").unlink()
    with pytest.raises(SystemExit, match=r"02_binary\.html is missing: make reports"):
        rubric.check_reports()


def test_gate_names_a_run_that_is_missing_or_damaged(copied):
    folder = copied / "runs/binary/seed-0"
    (folder / "predictions.npz").write_bytes(b"torn")
    with pytest.raises(SystemExit, match=r"predictions\.npz is missing or damaged"):
        rubric.check_reports()
    shutil.rmtree(folder)
    with pytest.raises(SystemExit, match="binary/seed-0 has no run"):
        rubric.check_reports()


def test_reports_with_a_finding_may_not_be_published(stored_reports, monkeypatch):
    monkeypatch.setattr(rubric, "read_truth", lambda: None)
    monkeypatch.setattr(rubric, "read_reports", lambda truth: stored_reports)
    monkeypatch.setattr(rubric, "RULES", ())
    rubric.require_evidence()
    found = published.Finding("01_multiclass.html", "", "is gone", "write it")
    monkeypatch.setattr(rubric, "RULES", (lambda reports: [found],))
    with pytest.raises(SystemExit, match="nothing was published"):
        rubric.require_evidence()
