"""The published pages in a real browser: offline, narrow, dark, on paper."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

REPORTS = Path(__file__).parents[2] / "reports"
# One template makes the pages of all notebooks; of the further ones, one is enough.
PAGES = [
    pytest.param(path, marks=pytest.mark.slow)
    if re.match("0[4-9]|10", path.name)
    else path
    for path in sorted([*REPORTS.glob("*.html"), *REPORTS.glob("further/*.html")])
]
WIDE, NARROW = {"width": 1600, "height": 900}, {"width": 360, "height": 740}
LOW = {"width": 1600, "height": 500}  # the contents are longer
PAPER = {"width": 700, "height": 990}  # A4 with narrow margins, in CSS pixels

CONTRASTS = Path(__file__).parents[1] / "contrast.js"
CLICK_LINKS = """() =>
  [...document.querySelectorAll('a[href^="#"]:not(.gallery a, #back)')].map(link => {
    scrollTo(0, 0);
    link.click();
    const target = document.querySelector(':target');
    return [link.getAttribute('href'), target && target.getBoundingClientRect().top];
  })"""
# What ends beyond the text would be cut on paper.
FIND_CUT = """() => {
  const end = document.querySelector('main').getBoundingClientRect().right + 1;
  return [...document.querySelectorAll('main :is(table, img, pre)')]
    .filter(box => box.getBoundingClientRect().right > end)
    .map(box => box.outerHTML.slice(0, 120));
}"""
# `contrast.js` does this rule's work, also in the dark and for single letters.
AXE_OPTIONS = {
    "rules": {"color-contrast": {"enabled": False}},
    "resultTypes": ["violations"],
}


@pytest.fixture(scope="module", params=PAGES, ids=lambda path: path.stem)
def tab(open_tab, request):
    opened = open_tab(request.param)
    yield opened
    opened.page.context.close()


def unfold(page):
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=lambda size: f"{size['width']} px")
def test_page_never_scrolls_sideways(tab, size):
    tab.page.set_viewport_size(size)
    unfold(tab.page)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_every_link_within_the_page_leads_to_its_section(tab):
    tab.page.set_viewport_size(WIDE)
    jumps = tab.page.evaluate(CLICK_LINKS)
    assert [to for to, top in jumps if top is None or not -1 <= top < 900] == []
    assert len(jumps) >= 8 or not tab.path.with_suffix(".ipynb").is_file()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_light_or_dark_and_its_text_stands_out(tab, scheme):
    tab.page.emulate_media(color_scheme=scheme)
    unfold(tab.page)
    ground = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    shade = sum(map(int, re.findall(r"\d+", ground)[:3]))
    assert shade < 200 if scheme == "dark" else shade > 600
    contrasts = tab.page.evaluate(CONTRASTS.read_text("utf-8"))
    assert len(contrasts) >= 20
    assert sorted(pair for pair in contrasts if pair[0] < 4.5)[:10] == []


def test_printed_page_cuts_no_table_and_no_figure(tab):
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
    faults = Axe().run(tab.page, options=AXE_OPTIONS).response["violations"]
    assert faults == []


def test_contents_follow_the_reader(tab):
    links = tab.page.locator(".contents a")
    if not tab.path.with_suffix(".ipynb").is_file():
        assert not links.count()
        return
    exercises = tab.page.locator(".contents a[href='#exercises']")
    read = [(size, links.nth(n)) for size in (WIDE, NARROW) for n in (2, 0)]
    for size, link in [*read, (LOW, exercises)]:
        tab.page.set_viewport_size(size)
        tab.page.evaluate(f"location.hash = {link.get_attribute('href')!r}")
        current = tab.page.locator(".contents [aria-current]")
        expect(current).to_have_count(1)
        expect(current).to_have_text(link.text_content())
        expect(current).to_be_in_viewport()


def test_link_to_a_folded_section_opens_it(tab):
    for heading in tab.page.locator(".section > summary :is(h2, h3)").all():
        tab.page.evaluate(
            "document.querySelectorAll('.section').forEach(x => x.open = 0)"
        )
        tab.page.evaluate(f"location.hash = {heading.get_attribute('id')!r}")
        expect(heading.locator("xpath=ancestor::details[1]")).to_have_attribute(
            "open", ""
        )


def test_link_to_a_listing_opens_it(tab):
    for heading in tab.page.locator("h3[id^=copy-]").all():
        tab.page.evaluate(f"location.hash = {heading.get_attribute('id')!r}")
        listing = heading.locator("xpath=following-sibling::details[1]")
        expect(listing).to_have_attribute("open", "")
        expect(listing).to_contain_text("import keras")


def test_code_is_copied_by_a_button(tab):
    code = tab.page.locator("details.code[open]")
    if not tab.path.with_suffix(".ipynb").is_file():
        assert not tab.page.locator(".copy").count()
        return
    unfold(tab.page)  # what is folded in a text has a button, too
    expect(tab.page.locator(".copy")).to_have_count(
        tab.page.locator("details .highlight").count()
    )
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.page.set_viewport_size(WIDE)
    code.first.locator("button").click()
    expect(code.first.locator("button")).to_have_text("Copied")
    copied = tab.page.evaluate("navigator.clipboard.readText()")
    assert copied == code.first.locator("pre").text_content().rstrip()


def test_page_asked_for_nothing_else_and_never_complained(tab):
    # The last test of a page: all that the others did to it counts.
    tab.page.mouse.wheel(0, 100_000)
    addresses = {url for url in tab.asked if not url.startswith("data:")}
    assert addresses == {tab.path.as_uri()}
    assert tab.complaints == []
