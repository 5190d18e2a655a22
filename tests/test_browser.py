"""The pages in a real browser: Debian's chromium, driven by playwright, at 1280 and 390 pixels, in nl and en."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import watched
from live import served
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.check
PAGES = [
    "/",
    "/sparql",
    "/id/measure/ccs",
    "/id/occupation/procesoperator",
    "/def",
    "/graph/industrie-2023",
    "/id/nowhere/x",
]


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served() as url:
        yield url


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["1280-light", "390-dark"])
def page(browser: Browser, base: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    size = {"width": width, "height": 900}
    with watched(browser, base, viewport=size, color_scheme=scheme) as (page, problems):
        yield page
    assert [text for text in problems if "404" not in text] == []


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_page_fits_and_has_one_heading(page: Page, base: str, path: str, lang: str) -> None:
    page.goto(f"{base}{path}?lang={lang}")
    assert page.locator("html").get_attribute("lang") == lang
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_language_switch_stays_on_the_page(page: Page, base: str) -> None:
    page.goto(f"{base}/id/measure/ccs?lang=nl")
    page.click("a.switch")
    assert page.url == f"{base}/id/measure/ccs?lang=en"
    assert "carbon capture" in page.inner_text("h1")


def test_without_javascript(browser: Browser, base: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{base}/?lang=en")
    page.fill("#q", "process operator")
    page.click("form.ask button")
    assert page.url.startswith(f"{base}/search?")
    assert "process operator" in page.inner_text("main")
    page.goto(f"{base}/sparql?lang=en")
    page.fill("#query", "SELECT ?p { ?p a kb:Pillar }")
    page.click("form.ask button")
    assert "3 rows" in page.inner_text("#answer")
    context.close()
