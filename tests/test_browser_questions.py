"""Questions, search, switch and API documentation in a real browser: what a researcher does with them."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import openpyxl
import pandas as pd
import pytest
from live import request, served
from playwright.sync_api import Browser, BrowserContext, Page, expect

from kg.files import project_folder
from kg.queries.question import find_questions
from kg.web.questions.charts import MOST

pytestmark = pytest.mark.check
QUESTIONS = find_questions(project_folder() / "queries")
EXPLORED = {"bar": "places/ageing", "point": "policy/targets", "rect": "places/measures-by-pillar"}
HOSTILE = "\"'><img src=x onerror=hit=1>=1+1{{7*7}}"


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served() as url:
        yield url


@contextmanager
def clean(context: BrowserContext, base: str, expected: str = "") -> Iterator[Page]:
    """Give a page; at the end nothing went to another host, and the console told of no error but the expected."""
    context.set_default_timeout(90_000)  # A machine may be busy.
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
        assert page.locator("h1").count() == 1
        page.click("#operations-climate-climateMeasures .opblock-summary-control")
        page.select_option("#operations-climate-climateMeasures select >> nth=0", "pillar/schoon")
        page.click("#operations-climate-climateMeasures .execute")
        shown = page.wait_for_selector("#operations-climate-climateMeasures .live-responses-table .highlight-code")
        assert shown
        assert "id/pillar/schoon" in shown.inner_text()
        colour = page.evaluate("getComputedStyle(document.querySelector('.opblock-summary-path')).color")
        assert (min(map(int, colour[4:-1].split(","))) > 180) == (scheme == "dark"), colour


def test_the_api_without_javascript(browser: Browser, base: str) -> None:
    with clean(browser.new_context(java_script_enabled=False), base, "404") as page:  # JSON has no icon.
        page.goto(f"{base}/docs?lang=en")
        assert page.locator("#interactive").is_hidden()
        page.click("summary:has-text('Climate tables')")
        page.click("a.path:has-text('/api/climate/abbreviations')")
        page.wait_for_url("**/api/climate/abbreviations*")
        assert '"question": "climate/abbreviations"' in page.inner_text("body")


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_each_question_opens_with_its_choices_its_answer_and_its_chart(browser: Browser, base: str, lang: str) -> None:
    with clean(browser.new_context(), base) as page:
        for name, question in QUESTIONS.items():
            answer = page.goto(f"{base}/questions/{name}?lang={lang}")
            assert answer
            assert answer.status == 200, name
            assert page.inner_text("h1") == question.title[lang]
            for parameter in question.parameters:
                field = page.locator(f"[name={parameter.name}]")
                if name != "graph/resource":  # Takes everything that is described: a text.
                    assert field.locator("option").count() > 1, (name, parameter.name)
                assert page.inner_text(f"label[for=p-{parameter.name}]") == parameter.label[lang]
            rows = page.locator("table.answer tbody tr").count()
            told = int(page.inner_text("#answer").split(": ")[1].split()[0].replace(".", "").replace(",", ""))
            assert rows == min(told, 1000), name
            if question.chart and told <= MOST:
                chart = page.locator("figure.chart")
                page.evaluate("[...document.images].forEach(one => one.loading = 'eager')")
                page.evaluate("Promise.all([...document.images].map(one => one.decode().catch(() => 0)))")
                drawn = "one => one.matches('svg') ? one.querySelectorAll('circle').length : one.naturalWidth"
                assert chart.locator("img, svg").first.evaluate(drawn) > 0, name
                assert len(chart.locator("img, svg title").first.evaluate("one => one.alt || one.textContent")) > 40


def test_a_form_narrows_the_answer(browser: Browser, base: str) -> None:
    with clean(browser.new_context(), base) as page:
        page.goto(f"{base}/questions/climate/measures?lang=nl")
        every = page.locator("table.answer tbody tr").count()
        page.focus("[name=pillar]")
        page.select_option("[name=pillar]", label="schoon")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**pillar=pillar*")
        names = set(page.locator("table.answer tbody tr td:first-child").all_inner_texts())
        assert names == {"schoon"}
        assert 0 < page.locator("table.answer tbody tr").count() < every


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_a_value_that_cannot_be_is_400_with_the_choices_on_the_page(browser: Browser, base: str, lang: str) -> None:
    with clean(browser.new_context(), base, "400") as page:
        answer = page.goto(f"{base}/questions/climate/measures?lang={lang}&pillar={quote(HOSTILE)}")
        assert answer
        assert answer.status == 400
        assert HOSTILE in page.inner_text("#wrong")
        links = page.locator("#wrong a")
        assert links.all_inner_texts() == page.locator("[name=pillar] option").all_inner_texts()[1:]
        links.first.click()
        assert page.locator("table.answer tbody tr").count() > 0
        assert page.evaluate("window.hit") is None


def test_downloads_open_again_and_agree(browser: Browser, base: str, tmp_path: Path) -> None:
    with clean(browser.new_context(), base) as page:
        page.goto(f"{base}/questions/labour-market/vacancies-2023q2?lang=en")
        links = {link.inner_text(): link.get_attribute("href") for link in page.locator(".formats a").all()}
        shown = page.locator("table.answer tbody tr td:first-child").all_inner_texts()
        page.click("a[href='#data']")
        with page.expect_download() as waited:
            page.click("text=Excel")
        saved = waited.value
        assert saved.suggested_filename == "vacancies-2023q2.xlsx"
        saved.save_as(tmp_path / "saved.xlsx")
        book = openpyxl.load_workbook(tmp_path / "saved.xlsx")
        cells = ([cell.value for cell in row] for row in book["Data"].iter_rows(min_row=2))
        rows = list(takewhile(any, cells))
    frame = pd.read_csv(base + str(links["CSV"]))
    with urlopen(base + str(links["JSON"])) as answer:
        told = json.load(answer)
    assert list(frame["groupLabel"]) == [row[0] for row in rows] == shown
    assert list(frame["vacancies"]) == [row[2] for row in rows] == [row["vacancies"] for row in told["rows"]]
    assert frame["vacancies"].dtype == "int64"
    assert told["title"] in {row[1].value for row in book["Source"].rows}
    with urlopen(base + str(links["SVG"])) as answer:
        assert answer.read().startswith(b"<svg")


def test_the_lines_to_copy_run(browser: Browser, base: str, tmp_path: Path) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    with clean(context, base) as page:
        page.goto(f"{base}/questions/climate/measures?lang=en&pillar=pillar/schoon")
        lines = dict(
            zip(*(page.locator(part).all_inner_texts() for part in (".of-line", ".of-line ~ pre")), strict=True)
        )
        page.click("a[href='#data']")
        page.evaluate("document.querySelectorAll('#data details').forEach(one => one.open = true)")
        page.click("button.copy >> nth=0")
        assert page.evaluate("navigator.clipboard.readText()") == lines["pandas"]
    python = subprocess.run(
        [sys.executable, "-c", lines["pandas"] + "\nprint(len(frame))"], capture_output=True, text=True
    )
    assert python.stderr == ""
    subprocess.run(["bash", "-c", lines["curl"]], cwd=tmp_path, check=True)
    fetched = (tmp_path / "measures.csv").read_bytes()
    assert len(pd.read_csv(io.BytesIO(fetched))) == int(python.stdout) > 0
    # R is not installed everywhere: its line is checked by fetching its URL, and run where Rscript is there.
    url = re.fullmatch(r'frame <- read\.csv\(("[^"]+"), encoding = "UTF-8"\)', lines["R"])
    assert url
    with urlopen(json.loads(url[1])) as answer:
        assert answer.read() == fetched
    if shutil.which("Rscript"):
        told = subprocess.run(["Rscript", "-e", lines["R"] + "; cat(nrow(frame))"], capture_output=True, text=True)
        assert told.stdout == python.stdout.strip(), told.stderr


def test_too_long_is_said_on_the_page_and_in_the_api(browser: Browser) -> None:
    with served(options=("--timeout", "0.02")) as base, clean(browser.new_context(), base, "503") as page:
        answer = page.goto(f"{base}/questions/graph/resource?lang=en")
        assert answer
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "not even a partial one" in page.inner_text("main")
        assert page.locator("table.answer").count() == 0
        for form in ("json", "csv", "xlsx", "srj"):
            refused = request(base, f"/api/graph/resource.{form}", "GET", None, {})
            assert refused.status == 503
            assert refused.problem["limit"] == "timeout"
            assert int(refused.headers["Retry-After"]) > 0


def test_suggestions_by_keyboard(browser: Browser, base: str) -> None:
    with clean(browser.new_context(), base) as page:
        page.goto(f"{base}/search?lang=en")
        field = page.locator("#q")
        assert (field.get_attribute("role"), field.get_attribute("aria-expanded")) == ("combobox", "false")
        field.focus()
        page.keyboard.type("hydr", delay=20)
        page.wait_for_selector("#q[aria-expanded=true]")
        options = page.locator("[role=listbox] [role=option]")
        assert options.count() > 1
        assert page.inner_text("[role=status].quiet").startswith(f"{options.count()} suggestions")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        marked = page.locator("[role=option][aria-selected=true]")
        assert marked.count() == 1
        assert field.get_attribute("aria-activedescendant") == marked.get_attribute("id")
        assert page.evaluate("document.activeElement.id") == "q"
        page.keyboard.press("Escape")
        assert (field.get_attribute("aria-expanded"), field.input_value()) == ("false", "hydr")
        page.keyboard.press("ArrowDown")
        page.wait_for_selector("#q[aria-expanded=true]")
        page.keyboard.press("ArrowUp")
        assert options.last.get_attribute("aria-selected") == "true"
        page.keyboard.press("Escape")
        page.keyboard.press("ArrowDown")
        page.wait_for_selector("#q[aria-expanded=true]")
        page.keyboard.press("ArrowDown")
        chosen = options.first.inner_text().split()[0]  # Ours; what is ESCO's alone may lead there.
        assert options.first.get_attribute("aria-selected") == "true"
        page.keyboard.press("Enter")
        page.wait_for_url("**/id/**")
        assert chosen in page.inner_text("h1") + page.inner_text("main")


@pytest.mark.parametrize("path", ["/", "/switch"])
def test_a_field_says_that_no_name_begins_so(browser: Browser, base: str, path: str) -> None:
    with clean(browser.new_context(), base) as page:
        page.goto(f"{base}{path}?lang=nl")
        page.fill("#q", "qqzzy")
        told = page.locator(".combobox:has(#q) [role=status]")
        expect(told).to_contain_text("begint zo", timeout=60_000)  # The first time, all of ESCO is read.
        expect(told).to_be_visible()
        assert page.locator("#q").get_attribute("aria-expanded") == "false"
        page.fill("#q", "")
        expect(told).to_have_text("")


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_what_a_picture_says_of_itself_is_not_cut_in_a_wide_face(browser: Browser, base: str, size: str) -> None:
    cut = """() => [...document.querySelectorAll("text")].filter((one) => one.getBBox().x + one.getBBox().width >
      document.documentElement.viewBox.baseVal.width).map((one) => one.textContent)"""
    with clean(browser.new_context(), base, "404") as page:  # A picture alone has no icon.
        for name in ("labour-market/vacancies-2023q2", "learning/routes-to-occupation", "climate/involved-occupations"):
            page.goto(f"{base}/questions/{name}.svg?lang=nl&size={size}")
            assert page.evaluate(cut) == [], name
        if size == "wide":
            page.goto(f"{base}/diagram/climate-table/industrie.svg?lang=nl")
            assert page.evaluate(cut) == []


def test_enter_without_a_choice_searches_and_tab_leaves(browser: Browser, base: str) -> None:
    with clean(browser.new_context(), base) as page:
        page.goto(f"{base}/?lang=nl")
        page.focus("#q")
        page.keyboard.type("lasser", delay=20)
        page.wait_for_selector("#q[aria-expanded=true]")
        page.keyboard.press("Tab")
        assert page.locator(".suggestions").is_hidden()
        assert page.evaluate("document.activeElement.type") == "submit"
        page.focus("#q")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?*q=lasser*")
        assert page.locator("a.name").first.inner_text() == "lasser"


def test_search_without_javascript(browser: Browser, base: str) -> None:
    with clean(browser.new_context(java_script_enabled=False), base) as page:
        page.goto(f"{base}/search?lang=nl")
        page.fill("#q", "procesoperater")
        page.keyboard.press("Enter")
        assert page.locator("a.name").first.inner_text().casefold() == "procesoperator"


def test_from_a_typed_job_to_the_nearest_occupations(browser: Browser, base: str) -> None:
    with clean(browser.new_context(), base) as page:
        page.goto(f"{base}/switch?lang=en")
        page.focus("#q")
        page.keyboard.type("weld", delay=20)
        page.wait_for_selector("#q[aria-expanded=true]")
        page.keyboard.press("ArrowDown")
        name = page.inner_text("[role=option][aria-selected=true]").split()[0]
        page.keyboard.press("Enter")
        page.wait_for_url("**from=http*")
        assert name in page.inner_text("#nearest")
        assert page.locator(".step").count() > 1
        assert "not the same as there being none" in (page.text_content("main") or "")
    with clean(browser.new_context(java_script_enabled=False), base) as page:
        page.goto(f"{base}/switch?lang=nl")
        page.fill("#q", "elektricien")
        page.keyboard.press("Enter")
        page.wait_for_selector(".step")  # What is plain needs no second click.
        page.click("text=Adviesblad")
        page.wait_for_url("**/switch/sheet*")
        assert page.locator("section").count() == 4  # The nearest three, and the first with a route.
        pages = [page.pdf(prefer_css_page_size=True)]
        for diploma in ("mbo-4 elektrotechniek", "mbo-4 werktuigbouwkunde"):
            page.goto(f"{base}/switch/sheet?q={diploma}&lang=nl")
            pages.append(page.pdf(prefer_css_page_size=True))
        assert [len(re.findall(rb"/Type\s*/Page\b", each)) for each in pages] == [1, 1, 1]


@pytest.mark.parametrize("name", EXPLORED.values())
def test_a_chart_is_explored_by_keyboard_with_the_row_of_each_mark(browser: Browser, base: str, name: str) -> None:
    with clean(browser.new_context(), base) as page:
        page.goto(f"{base}/questions/{name}?lang=nl")
        page.evaluate("[...document.images].forEach(one => one.loading = 'eager')")
        page.evaluate("Promise.all([...document.images].map(one => one.decode()))")
        page.focus(".explore")
        page.keyboard.press("Enter")
        page.wait_for_selector("figure svg .lit")
        rows = page.locator("table.answer tbody tr")
        for at in range(rows.count()):
            assert page.locator("tr.lit").count() == 1
            assert rows.nth(at).get_attribute("class") == "lit"
            read = page.inner_text("output.reading")
            assert all(cell in read for cell in rows.nth(at).locator("td").all_inner_texts())
            said = page.evaluate("document.activeElement.dataset.said")
            assert all(part.rpartition(": ")[2] in read for part in re.split("; |\n", said)), (said, read)
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('svg')") is None
