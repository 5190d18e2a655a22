"""Questions, search, switch and API documentation in a real browser: what a researcher does with them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from live import served
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from test_browser import FLAGS

pytestmark = pytest.mark.check


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served() as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "apt install chromium"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=FLAGS)


@contextmanager
def clean(context: BrowserContext, base: str, expected: str = "") -> Iterator[Page]:
    """Give a page; at the end nothing went to another host, and the console told of no error but the expected."""
    page, problems = context.new_page(), []
    page.on("console", lambda told: problems.append(told.text) if told.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda sent: problems.append(sent.url) if not sent.url.startswith((base, "data:")) else None)
    yield page
    context.close()
    assert [text for text in problems if not expected or expected not in text] == []


@pytest.mark.parametrize(("lang", "scheme"), [("nl", "dark"), ("en", "light")])
def test_swagger_ui_asks_a_question(browser: Browser, base: str, lang: str, scheme: str) -> None:
    with clean(browser.new_context(color_scheme=scheme), base) as page:  # type: ignore[arg-type]
        page.goto(f"{base}/docs?lang={lang}")
        page.click("#operations-tag-climate .expand-operation")
        page.click("#operations-climate-climateMeasures .opblock-summary-control")
        page.select_option("#operations-climate-climateMeasures select >> nth=0", "pillar/schoon")
        page.click("#operations-climate-climateMeasures .execute")
        shown = page.wait_for_selector("#operations-climate-climateMeasures .live-responses-table .highlight-code")
        assert shown
        assert "id/pillar/schoon" in shown.inner_text()
        colour = page.evaluate("getComputedStyle(document.querySelector('.opblock-summary-path')).color")
        assert (min(map(int, colour[4:-1].split(","))) > 180) == (scheme == "dark"), colour


def test_the_api_without_javascript(browser: Browser, base: str) -> None:
    with clean(browser.new_context(java_script_enabled=False), base) as page:
        page.goto(f"{base}/docs?lang=en")
        assert page.locator("#interactive").is_hidden()
        page.click("summary:has-text('Climate tables')")
        page.click("a.path:has-text('/api/climate/abbreviations')")
        page.wait_for_url("**/api/climate/abbreviations*")
        assert '"question": "climate/abbreviations"' in page.inner_text("body")
