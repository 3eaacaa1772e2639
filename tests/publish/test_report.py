import html
import json
import re
import sys

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fashionnet.publish import report as printing
from fashionnet.publish.published import ROOT, ReportError

REPORTS = ROOT / "reports"


@pytest.fixture(scope="module")
def report():
    return printing.render_report(REPORTS)


def make_book():
    said = new_output("display_data", {"text/markdown": "It is **so**."})
    alt = {"image/png": {"alt": "a line"}}
    seen = new_output("display_data", {"image/png": "AAAA\n"}, metadata=alt)
    result = new_code_cell("print(n)", metadata={"tags": ["report"]})
    result.outputs = [new_output("stream", text="5 of 6 right\n5 is $n$\n")]
    cells = [
        result,
        new_markdown_cell("## b′) Build\n\nTwo layers."),
        new_code_cell("plots.plot_history(history)", outputs=[seen, said]),
        new_markdown_cell("## Verdict"),
        new_code_cell("reporting.say(verdict)"),
        *map(new_markdown_cell, ("**Limits.** One data set.", "**Exercises**")),
        *map(new_markdown_cell, ("## Afterwards", "Nothing of this.")),
    ]
    return new_notebook(cells=cells)


def test_missing_browser_and_missing_pages_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReportError, match="chromium"):
        printing.make_pdfs(REPORTS, tmp_path / "pdf")
    assert not (tmp_path / "pdf").exists()
    monkeypatch.setattr(printing, "find_chromium", lambda: "browser")
    with pytest.raises(ReportError, match=str(tmp_path)):
        printing.make_pdfs(tmp_path, tmp_path / "pdf")


def test_prepared_page_is_unfolded_and_names_no_file():
    page = (
        '<details class="code"><summary>Code</summary></details>'
        "<details open></details>"
        '<a class="x" href="index.html#top">all</a><a href="#b">b</a>'
        '<a href="https://example.org">far</a>'
    )
    assert printing.prepare_page(page) == (
        '<details open class="code"><summary>Code</summary></details>'
        "<details open></details>"
        '<a class="x">all</a><a href="#b">b</a><a href="https://example.org">far</a>'
    )


def test_pieces_of_a_report_are_found_by_step_section_and_function():
    book = make_book()
    step = html.unescape(printing.explain_step(book, "b"))
    assert step.replace("\n", "") == "<h3>b′) Build</h3><p>Two layers.</p>"
    assert "It is <strong>so</strong>." in printing.find_sentences(book, "plot_history")
    printed = printing.find_printed(book, "report")
    assert re.sub("<(?!br)[^>]+>", "", printed).split("<br/>") == [
        "5 of 6 right",
        "\n5 is n\n",
    ]
    assert printing.find_figures(book, "plot_history") == [("AAAA", "a line")]
    remarks = printing.conclude(book, "Verdict")
    assert re.sub("<[^>]+>", "", remarks).strip() == "Limits. One data set."


def test_gap_in_the_report_is_named():
    gaps = {"c": "explain_step", "Limits": "conclude", "plot": "find_sentences"}
    gaps |= {"say": "find_figures", "summary": "find_printed"}
    for name, find in gaps.items():
        with pytest.raises(ReportError, match=name):
            getattr(printing, find)(make_book(), name)


def test_report_shows_figures_and_numbers_of_the_stored_results(report):
    text = html.unescape(re.sub("<[^>]+>", "", report))
    for task in ("multiclass", "binary"):
        result = json.loads((REPORTS / "results" / f"{task}.json").read_text())
        for number in ("n_correct", "n_test", "parameters"):
            assert f"{result[number]:,}" in text
    alts = re.findall(r'<img[^>]* alt="([^"]*)"', report)
    assert len(alts) >= 6
    assert all(len(alt) > 20 for alt in alts)


def test_report_that_is_too_long_is_refused(tmp_path, monkeypatch, report):
    def fake(browser, pages):
        for target in pages:
            target.write_bytes(b"/Type /Pages " + b"/Type /Page\n" * 5)

    monkeypatch.setattr(printing, "find_chromium", lambda: "browser")
    monkeypatch.setattr(printing, "print_pages", fake)
    monkeypatch.setattr(printing, "render_report", lambda reports: report)
    with pytest.raises(ReportError, match=r"report\.pdf has 5 .* 4 "):
        printing.make_pdfs(REPORTS, tmp_path)


def test_failing_browser_is_named_and_leaves_the_old_file(tmp_path):
    target = tmp_path / "page.pdf"
    target.write_text("old")
    with pytest.raises(ReportError, match=sys.executable):
        printing.print_pages(sys.executable, {target: "<p>text</p>"})
    assert [*tmp_path.iterdir()] == [target]
    assert target.read_text() == "old"


@pytest.mark.integration
@pytest.mark.skipif(
    printing.find_chromium() is None,
    reason="no Chromium or Chrome on the path: apt install chromium",
)
def test_report_has_at_most_four_tagged_pages_and_others_show_what_is_folded(
    report, tmp_path
):
    lines = "<p>line</p>" * 200
    folded = f"<details><summary>Code</summary>{lines}</details>"
    paths = tmp_path / "report.pdf", tmp_path / "page.pdf"
    pages = dict(zip(paths, (report, printing.prepare_page(folded)), strict=True))
    printing.print_pages(printing.find_chromium(), pages)
    lengths = [printing.count_pages(path) for path in paths]
    assert 1 <= lengths[0] <= printing.MAX_REPORT_PAGES
    assert lengths[1] > 1
    for mark in (b"/MarkInfo", b"/StructTreeRoot", b"/Outlines", b"/Lang"):
        assert mark in paths[0].read_bytes()
