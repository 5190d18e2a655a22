"""WCAG 2.2 AA in a real browser: axe on every kind of page, the keyboard, widths, layout shift, what a reader hears."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import PAGES, in_language, kinds, told, watched
from live import served
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.check
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FOREIGN = "/docs"  # Swagger UI is not ours: WCAG holds for it, the rest is its own.
WIDTHS = (320, 390, 768, 1024, 1280, 1920)
READ = (
    "/",
    "/id/occupation/procesoperator",
    "/id/occupation",
    "/questions/labour-market/vacancies-2023q2",
    "/search?q=waterstof",
)
LOW = ("/", "/questions", "/shapes")  # What leads to all else is seen in a few screens.
STOPS = """() => [...document.querySelectorAll(`a[href], button, input:not([type=hidden]), select, textarea, summary,
  [tabindex]:not([tabindex="-1"])`)].filter(one => !one.disabled && one.checkVisibility({visibilityProperty: true})
  && !one.closest('[inert]')).length"""
SHIFT = """() => new Promise(done => { let sum = 0;
  new PerformanceObserver(list => { for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value })
    .observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(sum), 150) })"""
OUTLINE = """() => { const one = document.activeElement; if (one === document.body) return null;
  const style = getComputedStyle(one); const box = one.getBoundingClientRect();
  return {what: one.outerHTML.slice(0, 80), seen: parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== 'none'
    || style.boxShadow !== 'none', inside: box.width > 0 && box.height > 0} }"""
TABLES = """() => [...document.querySelectorAll('table')].filter(one => !one.querySelector('th[scope]')).length"""
CUT = """() => { for (const one of document.querySelectorAll('.tabs > section')) one.style.display = 'block';
  return [...document.querySelectorAll('main table .number, .stacked td, .tabs [role=tab]')].filter(one =>
    one.checkVisibility() && one.getBoundingClientRect().right > innerWidth).map(one => one.textContent) }"""


@pytest.fixture(scope="module")
def base(installed: Path) -> Iterator[str]:
    with served(str(installed)) as url:
        yield url


def breaches(page: Page, *rules: str) -> list[str]:
    """Return what axe finds on a page as it is now: by all rules of WCAG 2.2 AA, or by those named."""
    tags = RULES[:-1] if page.url.partition("?")[0].endswith(FOREIGN) else RULES
    chosen = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": tags}
    found = Axe().run(page, options={"runOnly": chosen, "resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"][:2]]


def both_schemes(page: Page) -> list[str]:
    """Return what axe finds in light, and what differs in dark, which is colour alone."""
    page.emulate_media(color_scheme="light")
    found = breaches(page)
    page.emulate_media(color_scheme="dark")
    return found + [f"dark {one}" for one in breaches(page, "color-contrast")]


@pytest.mark.parametrize(("lang", "scheme"), [("nl", "light"), ("en", "dark")])
def test_axe_finds_nothing_on_pages_of_each_design(browser: Browser, base: str, lang: str, scheme: str) -> None:
    """All rules in each language; colours, which no language changes, once in light and once in dark."""
    found: dict[str, object] = {}
    with watched(browser, base, color_scheme=scheme) as (page, _):
        for path in PAGES:
            page.goto(base + in_language(path, lang))
            found[path] = breaches(page)
    assert told(found) == ""


def test_axe_finds_nothing_on_a_page_of_any_kind_of_thing(browser: Browser, base: str) -> None:
    found: dict[str, object] = {}
    with watched(browser, base) as (page, _):
        for place, path in enumerate(kinds(base)):
            page.emulate_media(color_scheme=("light", "dark")[place // 2 % 2])
            page.goto(base + in_language(path, ("nl", "en")[place % 2]))
            found[path] = breaches(page)
    assert len(found) > 50
    assert told(found) == ""


def test_axe_finds_nothing_where_evidence_and_menu_are_open(browser: Browser, base: str) -> None:
    with watched(browser, base, viewport={"width": 390, "height": 800}) as (page, _):
        page.goto(f"{base}/id/measure/ccs?lang=nl")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert both_schemes(page) == []
        page.click(".menu-button")
        assert both_schemes(page) == []


def test_pages_fit_from_320_to_1920_pixels(browser: Browser, base: str) -> None:
    found: dict[str, object] = {}
    with watched(browser, base) as (page, _):
        for path in PAGES:
            page.goto(base + in_language(path, "nl"))
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                found[f"{path} at {width}"] = over
                found[f"{path} at {width} cuts"] = page.evaluate(CUT)
                high = page.evaluate("document.documentElement.scrollHeight")
                found[f"{path} is high"] = high if path in LOW and width == 1280 and high > 4000 else 0
    assert told(found) == ""


def test_nothing_shifts_while_a_page_loads(browser: Browser, base: str) -> None:
    shifts: dict[str, float] = {}
    with watched(browser, base, viewport={"width": 390, "height": 800}) as (page, _):
        for path in (path for path in PAGES if path != FOREIGN):
            page.goto(base + in_language(path, "nl"), wait_until="load")
            shifts[path] = page.evaluate(SHIFT)
    assert {path: shift for path, shift in shifts.items() if shift > 0.01} == {}


@pytest.mark.parametrize(
    "path", [*READ, "/switch", "/switch?q=werkvoorbereider", "/id/measure/ccs", "/shapes", "/dataset"]
)
@pytest.mark.parametrize("width", [1280, 390])
def test_tab_reaches_everything_shows_where_it_is_and_leaves(
    browser: Browser, base: str, path: str, width: int
) -> None:
    with watched(browser, base, viewport={"width": width, "height": 800}) as (page, _):
        page.goto(base + in_language(path, "en"))
        stops, hidden, places = page.evaluate(STOPS), [], 0
        for _ in range(stops + 5):
            page.keyboard.press("Tab")
            here = page.evaluate(OUTLINE)
            if here is None:
                break
            places += 1
            hidden += [] if here["seen"] and here["inside"] else [here["what"]]
        assert page.evaluate("document.activeElement === document.body"), "the keyboard does not leave the page"
        assert places >= stops - 1
        assert hidden == []


def test_the_first_tab_leads_to_the_content(browser: Browser, base: str) -> None:
    with watched(browser, base) as (page, _):
        page.goto(f"{base}/id/measure/ccs?lang=en")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


def test_escape_closes_the_menu_and_evidence_opens_by_key(browser: Browser, base: str) -> None:
    with watched(browser, base, viewport={"width": 390, "height": 800}) as (page, _):
        page.goto(f"{base}/id/measure/ccs?lang=nl")
        page.focus(".menu-button")
        page.keyboard.press("Enter")
        assert page.locator("#menu").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("#menu").is_visible()
        assert page.evaluate("document.activeElement.className") == "menu-button"
        page.locator("details.why > summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("details.why[open] .evidence").first.is_visible()


@pytest.mark.parametrize("width", [390, 320])
def test_the_button_of_the_menu_stays_in_sight_and_closes_it(browser: Browser, base: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=False)
    page = context.new_page()
    for lang in ("nl", "en"):
        page.goto(f"{base}/?lang={lang}")
        for opened in (True, False):
            page.click(".menu-button")
            assert page.locator("#menu").is_visible() is opened
            assert page.url == f"{base}/?lang={lang}"
    context.close()


SPLIT = """() => { document.body.style.hyphens = 'manual'; const split = [];
  for (const cell of document.querySelectorAll('.answer td')) { cell.style.hyphens = 'manual';
    const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) for (const word of walk.currentNode.data.matchAll(/[\\p{L}\\d]+/gu)) {
      const range = new Range(); range.setStart(walk.currentNode, word.index);
      range.setEnd(walk.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(one => Math.round(one.top))).size > 1) split.push(word[0]) } }
  return split }"""


@pytest.mark.parametrize("name", ["labour-market/vacancies-2023q2", "places/ageing", "climate/measures-per-pillar"])
def test_no_word_of_a_table_is_split_on_a_phone(browser: Browser, base: str, name: str) -> None:
    """Where hyphens are off, what still breaks inside a word broke without one."""
    with watched(browser, base, viewport={"width": 390, "height": 844}) as (page, _):
        page.goto(f"{base}/questions/{name}?lang=nl#answer")
        assert page.locator(".answer td").first.is_visible()
        assert page.evaluate(SPLIT) == []


def test_every_table_has_headers(browser: Browser, base: str) -> None:
    found: dict[str, object] = {}
    with watched(browser, base) as (page, _):
        for path in PAGES:
            page.goto(base + in_language(path, "nl"))
            found[path] = page.evaluate(TABLES)
    assert told(found) == ""


@pytest.mark.parametrize("path", READ)
def test_what_a_screen_reader_gets(browser: Browser, base: str, path: str) -> None:
    with watched(browser, base) as (page, _):
        page.goto(base + in_language(path, "en"))
        heard = page.locator("body").aria_snapshot()
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(one => Number(one.tagName[1]))")
        names = page.evaluate("[...document.querySelectorAll('nav')].map(one => one.getAttribute('aria-label'))")
    for part in ("- banner:", "- main:", "- contentinfo:", '- navigation "Main menu":', "- heading "):
        assert part in heard, part
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    assert len(set(names)) == len(names), "two navigations have one name"
    assert "- link:" not in heard, "a link without a name"
    assert "- button:" not in heard, "a button without a name"
    assert "- img\n" not in heard, "a picture without a text"
    assert "- textbox:" not in heard
    assert "- searchbox:" not in heard
