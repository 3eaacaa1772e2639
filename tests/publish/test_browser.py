"""The published pages in a real browser: offline, narrow, dark, by keyboard."""

import re
from pathlib import Path

import pytest

from fashionnet.publish.report import UNPRINTED

REPORTS = Path(__file__).parents[2] / "reports"
PAGES = sorted(REPORTS.glob("*.html"))
WIDE, NARROW = {"width": 1600, "height": 900}, {"width": 360, "height": 740}
PAPER = {"width": 700, "height": 990}  # A4 with narrow margins, in CSS pixels

MEASURE_CONTRASTS = (Path(__file__).parents[1] / "contrast.js").read_text(
    encoding="utf-8"
)
CLICK_LINKS = """() =>
  [...document.querySelectorAll('a[href^="#"]')].map(link => {
    scrollTo(0, 0);
    link.click();
    const target = document.querySelector(':target');
    return [link.getAttribute('href'), target && target.getBoundingClientRect().top];
  })"""
GO_TO = """hash => {
  location.hash = hash;
  const target = document.querySelector(':target');
  return target && target.getBoundingClientRect().top;
}"""
# What ends beyond the text would be cut on paper.
FIND_CUT = """() => {
  const end = document.querySelector('main').getBoundingClientRect().right + 1;
  return [...document.querySelectorAll('main :is(table, img, pre)')]
    .filter(box => box.getBoundingClientRect().right > end)
    .map(box => box.outerHTML.slice(0, 120));
}"""
# `contrast.js` does this rule's work, also in the dark and for single letters.
AXE_OPTIONS = {"rules": {"color-contrast": {"enabled": False}}}


@pytest.fixture(scope="module", params=PAGES, ids=lambda path: path.stem)
def tab(open_tab, request):
    opened = open_tab(request.param)
    yield opened
    opened.page.context.close()


def addresses_of(tab):
    return {url for url in tab.asked if not url.startswith("data:")}


def find_barriers(page):
    """List what axe-core calls serious or critical: rule and place."""
    why = "no axe-core; it is in the dev extra: make setup"
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=why)
    return [
        (fault["id"], node["html"][:120])
        for fault in axe.Axe().run(page, options=AXE_OPTIONS).response["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"][:5]
    ]


def unfold(page):
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


def is_in_view(top):
    return top is not None and -1 <= top < WIDE["height"]


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=lambda size: f"{size['width']} px")
def test_page_never_scrolls_sideways(tab, size):
    tab.page.set_viewport_size(size)
    unfold(tab.page)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_every_link_within_the_page_leads_to_its_section(tab):
    tab.page.set_viewport_size(WIDE)
    jumps = tab.page.evaluate(CLICK_LINKS)
    assert [to for to, top in jumps if not is_in_view(top)] == []
    assert len(jumps) >= 8 or not tab.path.with_suffix(".ipynb").is_file()


def test_code_folds_by_keyboard(tab):
    folds = tab.page.locator("details")
    assert folds.count() or not tab.path.with_suffix(".ipynb").is_file()
    for fold in folds.all()[:3]:
        was_open = fold.evaluate("fold => fold.open")
        for key, is_open in (("Enter", not was_open), ("Space", was_open)):
            fold.locator(":scope > summary").press(key)
            assert fold.evaluate("fold => fold.open") is is_open


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_code_stand_out(tab, scheme):
    tab.page.emulate_media(color_scheme=scheme)
    unfold(tab.page)
    contrasts = tab.page.evaluate(MEASURE_CONTRASTS)
    assert len(contrasts) >= 20
    assert sorted(pair for pair in contrasts if pair[0] < 4.5)[:10] == []


def test_dark_page_is_dark(tab):
    ground = "getComputedStyle(document.body).backgroundColor"
    shades = []
    for scheme in ("dark", "light"):
        tab.page.emulate_media(color_scheme=scheme)
        shades.append(sum(map(int, re.findall(r"\d+", tab.page.evaluate(ground))[:3])))
    assert shades[0] < 200 < 600 < shades[1]


def test_printed_page_cuts_no_table_and_no_figure(tab):
    if tab.path.stem in UNPRINTED:
        pytest.skip("this page is not made for paper")
    tab.page.emulate_media(media="print")
    tab.page.set_viewport_size(PAPER)
    unfold(tab.page)
    cut = tab.page.evaluate(FIND_CUT)
    tab.page.emulate_media(media="screen")
    assert cut == []


def test_page_is_accessible(tab):
    tab.page.emulate_media(color_scheme="light")
    tab.page.set_viewport_size(NARROW)
    unfold(tab.page)
    assert find_barriers(tab.page) == []


def test_page_asked_for_nothing_else_and_never_complained(tab):
    # The last test of a page: all that the others did to it counts.
    tab.page.mouse.wheel(0, 100_000)
    assert addresses_of(tab) == {tab.path.as_uri()}
    assert tab.complaints == []


def test_home_page_leads_to_the_very_place(open_tab):
    page = open_tab(REPORTS / "index.html").page
    steps = "links => links.map(link => link.getAttribute('href').split('#'))"
    places = page.locator("a[href*='.html#']").evaluate_all(steps)
    assert len(places) >= 14
    for name in sorted({name for name, _ in places}):
        page.goto((REPORTS / name).as_uri())
        sections = [section for to, section in places if to == name]
        tops = [(section, page.evaluate(GO_TO, section)) for section in sections]
        assert [section for section, top in tops if not is_in_view(top)] == []
    page.context.close()


BAD_PAGE = """<!DOCTYPE html><html lang="en"><title>bad</title><body style="margin: 0">
<div style="width: 500px; color: #777">gray</div><img src="https://example.org/a.png">
<p style="color: black; opacity: 0.5">half</p><script>console.error("no")</script>"""


def test_faults_of_a_bad_page_are_noticed(open_tab, tmp_path):
    (tmp_path / "bad.html").write_text(BAD_PAGE, encoding="utf-8")
    bad = open_tab(tmp_path / "bad.html", viewport=NARROW)
    address = "https://example.org/a.png"
    assert addresses_of(bad) == {(tmp_path / "bad.html").as_uri(), address}
    assert {"no", address} <= set(bad.complaints)
    assert bad.page.evaluate("document.documentElement.scrollWidth") == 500
    assert {rule for rule, _ in find_barriers(bad.page)} >= {"image-alt"}
    contrasts = {text: ratio for ratio, text in bad.page.evaluate(MEASURE_CONTRASTS)}
    assert contrasts == pytest.approx({"gray": 4.48, "half": 3.98}, abs=0.01)
    bad.page.context.close()
